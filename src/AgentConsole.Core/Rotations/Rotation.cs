using AgentConsole.Core.Data;

namespace AgentConsole.Core.Rotations;

/// <summary>Where a rotation stands.</summary>
public enum RotationState
{
    /// <summary>Nothing was made yet.</summary>
    Planned,

    /// <summary>The new version is accepted; nobody said that it was stored, and nobody used it.</summary>
    Issued,

    /// <summary>The new version was stored or used; callers move to it.</summary>
    Observing,

    /// <summary>Every caller has moved, or a person says so: the old version may go.</summary>
    Ready,

    /// <summary>The old version is refused, reversibly.</summary>
    OldDisabled,
    Completed,
    Aborted,
}

/// <summary>What began a rotation.</summary>
public enum RotationTrigger
{
    Person,
    Leak,
    Schedule,
    Agent,
    Bulk,
}

/// <summary>A key's change of its secret, as an operation that survives whoever began it. At most one of a key is open.</summary>
public sealed class Rotation : IRevised, IFollowed
{
    FollowedRow IFollowed.Followed => new(FollowedRow.Key, OrganizationId, KeyId);

    public static readonly TimeSpan UsualGrace = TimeSpan.FromDays(1);
    public static readonly TimeSpan LongestGrace = TimeSpan.FromDays(30);
    public static readonly TimeSpan UsualWindow = TimeSpan.FromDays(7);

    /// <summary>A try ends sooner; what is left lets a node that died be told from one that is slow.</summary>
    public static readonly TimeSpan LongestDelivery = TimeSpan.FromSeconds(30);

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }

    /// <summary>While it is open, whose agent it is says the agent; this is the team of its end.</summary>
    public Guid TeamId { get; set; }
    public Guid AgentId { get; init; }
    public Guid KeyId { get; init; }
    public RotationState State { get; set; }

    /// <summary>Numbers of key versions; the replaced one is null where none was accepted.</summary>
    public int? FromVersion { get; set; }
    public int? ToVersion { get; set; }
    public RotationTrigger Trigger { get; init; }
    public string? Reason { get; set; }
    public required string CreatedBy { get; init; }
    public DateTimeOffset PlannedAt { get; init; }

    public int GraceSeconds { get; set; }
    public bool RevokeImmediately { get; set; }
    public bool AutoExtend { get; set; }

    /// <summary>When the console last lengthened the grace by itself, and how often it did.</summary>
    public DateTimeOffset? AutoExtendedAt { get; set; }
    public int AutoExtensions { get; set; }

    /// <summary>Days until the new version expires; null for never.</summary>
    public int? TtlDays { get; set; }

    /// <summary>Where the new secret is delivered; null where a person or the agent takes it.</summary>
    public string? Sink { get; set; }
    public DateTimeOffset? DeliveredAt { get; set; }

    /// <summary>
    /// Some node is delivering until then at the latest. Another delivery beside it could be overtaken, and leave a revoked secret in the sink.
    /// </summary>
    public DateTimeOffset? DeliveringUntil { get; set; }

    public DateTimeOffset? IssuedAt { get; set; }

    /// <summary>Who got the secret: the only one who may be shown it again.</summary>
    public Guid? IssuerId { get; set; }
    public string? IssuedBy { get; set; }

    /// <summary>The stored answer that holds the secret, sealed; it is replaced once the secret was acknowledged or is dead.</summary>
    public byte[]? RetryScope { get; set; }
    public Guid? HolderId { get; set; }
    public string? HeldBy { get; set; }
    public DateTimeOffset? AcknowledgedAt { get; set; }
    public DateTimeOffset? ReadyAt { get; set; }
    public DateTimeOffset? OverriddenAt { get; set; }
    public string? OverriddenBy { get; set; }
    public string? OverrideReason { get; set; }
    public DateTimeOffset? OldDisabledAt { get; set; }
    public DateTimeOffset? OldDisabledUntil { get; set; }

    /// <summary>When it was completed or aborted; null while it is open.</summary>
    public DateTimeOffset? ClosedAt { get; set; }
    public Guid? SupersededBy { get; set; }

    /// <summary>What keeps it from going on, in a sentence for people.</summary>
    public string? Failure { get; set; }
    public long Revision { get; set; } = 1;

    public bool IsOpen => ClosedAt is null;
}
