using AgentConsole.Core.Live;

namespace AgentConsole.Core.Deployments;

/// <summary>What somebody set a version to.</summary>
public enum SnapshotStatus
{
    Active,
    Canary,
    Retired,
}

/// <summary>What became of a snapshot.</summary>
public enum SnapshotOutcome
{
    Current,
    Superseded,
    RolledBack,
    Failed,
}

public enum SnapshotTrigger
{
    Person,
    Api,
    Rollout,
    Rollback,
}

/// <summary>What setting a snapshot meant, seen from what was there before.</summary>
public enum SnapshotMove
{
    Deployed,
    Canary,

    /// <summary>A canary that goes on with another share.</summary>
    CanaryStep,
    Promoted,
    RolledBack,
    Retired,
}

/// <summary>
/// One deployment change of one agent. Nothing of it changes but what became of it, which follows from those that came after: of each agent,
/// environment and status at most one is current.
/// </summary>
public sealed class Snapshot : IHeldInMemory
{
    HeldRow IHeldInMemory.Held => new(HeldNouns.Route, OrganizationId, OrganizationId);

    public const int MostVersion = 64;

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public Guid AgentId { get; init; }

    /// <summary>Of its time.</summary>
    public Guid TeamId
    {
        get;
        init => (field, VisibleTeamId) = (value, value);
    }

    /// <summary>The team that sees it: while it is current the agent's, which <see cref="SnapshotTeams"/> keeps, and that of its time afterwards.</summary>
    public Guid VisibleTeamId { get; private set; }

    /// <summary>Never changes for an agent, so the lanes of the timeline are found in order by it.</summary>
    public string AgentSlug { get; private set; } = "";

    /// <summary>Empty where the agent has none: a null would be no value that an index could hold to be unique.</summary>
    public required string Environment { get; init; }
    public required string Version { get; init; }
    public SnapshotStatus Status { get; init; }

    /// <summary>Canonical JSON, see <see cref="SnapshotContent"/>.</summary>
    public required string Content
    {
        get;
        init => (field, TrafficPercent) = (value, SnapshotContent.ShareOf(value));
    }

    /// <summary>Of <see cref="Content"/>, to be read without it.</summary>
    public double? TrafficPercent { get; private set; }

    /// <summary>SHA-256 of <see cref="Content"/> in hexadecimal.</summary>
    public required string Digest { get; init; }

    /// <summary>The definition that <see cref="Content"/> names, to be found by; it is filled in when the snapshot is appended.</summary>
    public int? DefinitionNumber { get; internal set; }
    public string? Reason { get; init; }
    public SnapshotTrigger Trigger { get; init; }
    public SnapshotMove Move { get; private set; }

    /// <summary>What a rollback took back.</summary>
    public Guid? RolledBackFrom { get; init; }

    /// <summary>Version of what was taken back.</summary>
    public string? RolledBackVersion { get; init; }
    public DateTimeOffset DeployedAt { get; init; }
    public required string DeployedBy { get; init; }
    public SnapshotOutcome Outcome { get; private set; } = SnapshotOutcome.Current;
    public DateTimeOffset? EndedAt { get; private set; }
    public Guid? EndedBy { get; private set; }

    /// <summary>Whether this one ends, because another is set in its environment: a canary leaves the active one where it is.</summary>
    public bool EndsWith(SnapshotStatus next) =>
        Outcome == SnapshotOutcome.Current && (next != SnapshotStatus.Canary || Status != SnapshotStatus.Active);

    /// <param name="failed">It is taken back because it was found to be worse.</param>
    public void End(Snapshot next, bool failed = false)
    {
        Outcome =
            next.RolledBackFrom != Id ? SnapshotOutcome.Superseded
            : failed ? SnapshotOutcome.Failed
            : SnapshotOutcome.RolledBack;
        (EndedAt, EndedBy, VisibleTeamId) = (next.DeployedAt, next.Id, TeamId);
    }

    /// <param name="ended">What was current and ends with this one.</param>
    public void Begin(string agentSlug, IReadOnlyCollection<Snapshot> ended)
    {
        AgentSlug = agentSlug;
        var canary = ended.FirstOrDefault(s => s.Status == SnapshotStatus.Canary);
        var goesOn = canary is not null && (Trigger == SnapshotTrigger.Rollout || canary.Version == Version);
        Move = Status switch
        {
            _ when RolledBackFrom is not null => SnapshotMove.RolledBack,
            SnapshotStatus.Retired => SnapshotMove.Retired,
            SnapshotStatus.Canary => goesOn ? SnapshotMove.CanaryStep : SnapshotMove.Canary,
            _ => goesOn || Trigger == SnapshotTrigger.Rollout ? SnapshotMove.Promoted : SnapshotMove.Deployed,
        };
    }
}
