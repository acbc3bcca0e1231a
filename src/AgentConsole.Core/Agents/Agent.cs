using AgentConsole.Core.Data;
using AgentConsole.Core.Live;

namespace AgentConsole.Core.Agents;

/// <summary>First fact about an agent: where it stands in its life.</summary>
public enum Lifecycle
{
    /// <summary>Known, but it has not called yet.</summary>
    Registered,
    Active,

    /// <summary>Its keys answer 403 <c>agent_paused</c>.</summary>
    Paused,
    Retired,
    Deleted,
}

/// <summary>Second fact: whether it shows signs of life.</summary>
public enum Liveness
{
    /// <summary>Never heard of.</summary>
    Unknown,
    Live,

    /// <summary>The lease ran out; the grace has not.</summary>
    Late,
    Silent,
}

/// <summary>Third fact: whether its work goes well.</summary>
public enum Health
{
    Ok,
    Degraded,
    Failing,
}

/// <summary>What is kept of the content of runs and steps.</summary>
public enum CaptureMode
{
    /// <summary>Neither content nor metadata.</summary>
    None,

    /// <summary>Names, sizes, metadata; no content.</summary>
    Metadata,
    Full,
}

/// <summary>A registered piece of software that acts.</summary>
public sealed class Agent : IRevised, IHeldInMemory, IFollowed
{
    FollowedRow IFollowed.Followed => new(FollowedRow.Agent, OrganizationId, Id);

    HeldRow IHeldInMemory.Held => new(HeldNouns.AgentCard, OrganizationId, Id);

    public const int DefaultLeaseSeconds = 60;
    public const int DefaultGraceSeconds = 120;

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public Guid TeamId { get; set; }

    /// <summary>Immutable; unique in the organization among undeleted agents.</summary>
    public required string Slug
    {
        get;
        init
        {
            field = value;
            SearchText = FoldForSearch(value, DisplayName);
        }
    }
    public required string DisplayName
    {
        get;
        set
        {
            field = value;
            SearchText = FoldForSearch(Slug, value);
        }
    }

    /// <summary>Slug and display name in lower case: what a search by part of a name looks at, in the same way on both databases.</summary>
    public string SearchText { get; private set; } = "";
    public string? Description { get; set; }

    /// <summary>A user; null is <em>ownerless</em>.</summary>
    public Guid? OwnerId { get; set; }
    public string? Environment { get; set; }
    public List<string> Tags { get; set; } = [];

    /// <summary>A JSON object as canonical text; null when none was given.</summary>
    public string? Metadata { get; set; }

    /// <summary>Provider to its scopes.</summary>
    public Dictionary<string, List<string>> Scopes { get; set; } = [];
    public Lifecycle Lifecycle { get; set; } = Lifecycle.Registered;

    /// <summary>Version as declared.</summary>
    public string? Version { get; set; }
    public CaptureMode CaptureMode { get; set; } = CaptureMode.Metadata;

    /// <summary>Regular expressions whose matches are replaced before the write.</summary>
    public List<string> Redactions { get; set; } = [];
    public int LeaseSeconds { get; set; } = DefaultLeaseSeconds;
    public int GraceSeconds { get; set; } = DefaultGraceSeconds;
    public DateTimeOffset CreatedAt { get; init; }
    public required string CreatedBy { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }
    public DateTimeOffset? DeletedAt { get; set; }

    /// <summary>Lifecycle to go back to on resume or restore.</summary>
    public Lifecycle? LifecycleBefore { get; set; }
    public long Revision { get; set; } = 1;

    // What follows is telemetry: written by ingest and watches with their own statements, never counted in Revision.
    public Liveness Liveness { get; set; } = Liveness.Unknown;
    public DateTimeOffset? LivenessSince { get; set; }

    /// <summary>When the present liveness ends unless something is heard; null when nothing is expected.</summary>
    public DateTimeOffset? LivenessDeadline { get; set; }
    public DateTimeOffset? LastSeenAt { get; set; }
    public DateTimeOffset? LastHeartbeatAt { get; set; }
    public Guid? LastRunId { get; set; }
    public DateTimeOffset? LastRunAt { get; set; }
    public string? LastRunStatus { get; set; }
    public string? SeenVersion { get; set; }

    /// <summary>Instance that sent the latest heartbeat, as it calls itself.</summary>
    public string? SeenInstance { get; set; }
    public Health Health { get; set; } = Health.Ok;
    public DateTimeOffset? HealthSince { get; set; }

    /// <summary>Rank in the order "needs attention first", computed by the database from the three facts; 0 is the most urgent.</summary>
    public int Attention { get; private set; }

    /// <summary>Last sign of life as microseconds, 0 for none, computed by the database: a place in an order that both databases agree on.</summary>
    public long SeenOrder { get; private set; }

    internal const string AttentionSql =
        "CASE WHEN lifecycle IN ('retired', 'deleted') THEN 6 WHEN health = 'failing' THEN 0 WHEN lifecycle <> 'paused' AND liveness = 'silent' THEN 1 "
        + "WHEN health = 'degraded' THEN 2 WHEN lifecycle <> 'paused' AND liveness = 'late' THEN 3 WHEN lifecycle = 'paused' THEN 5 ELSE 4 END";

    /// <summary>One sentence with value, limit and since-when.</summary>
    public string? HealthReason { get; set; }

    // One is not yet set while the other is being set for the first time.
    private static string FoldForSearch(string? slug, string? displayName) => $"{slug}\n{displayName}".ToLowerInvariant();
}

/// <summary>A tag of an agent once more, as a row, so that filtering by tag is an index seek.</summary>
public sealed class AgentTag
{
    public Guid OrganizationId { get; init; }
    public Guid AgentId { get; init; }
    public required string Tag { get; init; }
}

/// <summary>A change of liveness; feeds the agent's history and, later, alerts.</summary>
public sealed class LivenessChange
{
    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public Guid AgentId { get; init; }
    public Guid TeamId { get; init; }
    public Liveness From { get; init; }
    public Liveness To { get; init; }
    public DateTimeOffset At { get; init; }
}
