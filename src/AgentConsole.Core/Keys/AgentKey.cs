using AgentConsole.Core.Data;
using AgentConsole.Core.Live;

namespace AgentConsole.Core.Keys;

/// <summary>State of one key version.</summary>
public enum KeyState
{
    Active,

    /// <summary>Replaced, and accepted until its grace ends.</summary>
    Retiring,

    /// <summary>Refused, reversibly.</summary>
    Disabled,
    Revoked,
    Expired,
}

/// <summary>A credential of an agent with a stable id; its secrets are its versions.</summary>
public sealed class AgentKey : IRevised
{
    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public Guid AgentId { get; init; }
    public required string Name { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public required string CreatedBy { get; init; }

    /// <summary>Whether an agent that calls with this key may give it a new version by itself. A leak takes this back.</summary>
    public bool SelfRotation { get; set; }
    public long Revision { get; set; } = 1;

    /// <summary>When it last had more callers than are kept; telemetry, as the use of its versions.</summary>
    public DateTimeOffset? CallersOverflowedAt { get; set; }
}

/// <summary>One secret of a key. Only a keyed hash is stored.</summary>
public sealed class KeyVersion : IRevised, IHeldInMemory, IFollowed
{
    FollowedRow IFollowed.Followed => new(FollowedRow.Key, OrganizationId, KeyId);

    HeldRow IHeldInMemory.Held => new(HeldNouns.KeyCard, OrganizationId, Id);

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public Guid KeyId { get; init; }
    public Guid AgentId { get; init; }

    /// <summary>1 for the first secret of the key.</summary>
    public int Number { get; init; }
    public KeyState State { get; set; } = KeyState.Active;
    public required byte[] Hash { get; init; }
    public required string PepperId { get; init; }

    /// <summary>What may be shown: form prefix and the first 4 random characters.</summary>
    public required string Prefix { get; init; }
    public required string Last4 { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>End of the grace while retiring.</summary>
    public DateTimeOffset? RetiresAt { get; set; }
    public DateTimeOffset? DisabledAt { get; set; }
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>Why it was disabled or revoked.</summary>
    public string? Reason { get; set; }
    public DateTimeOffset? LeakReportedAt { get; set; }
    public long Revision { get; set; } = 1;

    // Telemetry, written in batches with its own statements and not counted in Revision.
    public DateTimeOffset? FirstUsedAt { get; set; }
    public DateTimeOffset? LastUsedAt { get; set; }
    public string? LastUsedAddress { get; set; }
    public string? LastUsedUserAgent { get; set; }
    public string? LastUsedRoute { get; set; }
    public long UseCount { get; set; }

    /// <summary>Last use as microseconds, 0 for never, computed by the database: a place in an order that both databases agree on.</summary>
    public long UsedOrder { get; private set; }
}

/// <summary>Refused calls with one code from one address in one minute; bounded in number, so that guessing cannot fill the disk.</summary>
public sealed class KeyRefusal
{
    public Guid Id { get; init; }
    public Guid? OrganizationId { get; init; }

    /// <summary>The dead version that knocked; null for an unknown secret.</summary>
    public Guid? KeyVersionId { get; init; }
    public required string Code { get; init; }
    public required string Address { get; init; }
    public DateTimeOffset Minute { get; init; }
    public DateTimeOffset LastAt { get; set; }
    public long Count { get; set; }
}

/// <summary>
/// One caller's use of one version of a key, written in batches: an instance that names itself, or else a user agent at an address. A use more than
/// <see cref="VisitGap"/> after the last begins a visit, so that the time between visits tells how long it usually stays away.
/// </summary>
public sealed class KeyCaller
{
    /// <summary>Most callers that are kept of one key.</summary>
    public const int Most = 10_000;
    public static readonly TimeSpan VisitGap = TimeSpan.FromMinutes(10);

    public Guid OrganizationId { get; init; }
    public Guid KeyId { get; init; }

    /// <summary>First 16 bytes of a hash over what makes the caller this one.</summary>
    public required byte[] Caller { get; init; }

    /// <summary>Number of the version.</summary>
    public int Version { get; init; }
    public string? Instance { get; init; }
    public string? UserAgent { get; init; }
    public string? Address { get; init; }
    public DateTimeOffset FirstUsedAt { get; init; }
    public DateTimeOffset LastUsedAt { get; init; }
    public DateTimeOffset LastVisitAt { get; init; }
    public long Calls { get; init; }
    public long Visits { get; init; }
}

/// <summary>Calls with one version of a key in one minute; kept for 48 hours.</summary>
public sealed class KeyMinute
{
    public Guid OrganizationId { get; init; }
    public Guid KeyId { get; init; }
    public DateTimeOffset Minute { get; init; }
    public int Version { get; init; }
    public long Calls { get; init; }
}
