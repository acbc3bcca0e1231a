namespace AgentConsole.Contracts;

/// <summary>Body of <c>POST /api/v1/agents/{id}/rollback</c>.</summary>
public sealed record RollBack
{
    /// <summary>Id of an earlier active snapshot of the agent and environment; the last good one when absent.</summary>
    public string? To { get; init; }

    /// <summary>That of <c>to</c> when absent, or else the agent's own.</summary>
    public string? Environment { get; init; }

    /// <summary>Required, 3 to 500 characters: it stands with the version for good.</summary>
    public string? Reason { get; init; }

    /// <summary><c>preview</c> of the preview that was decided on: refused when something was deployed since.</summary>
    public string? Preview { get; init; }
}

/// <summary>What a rollback would do, before it is done.</summary>
public sealed record RollbackPreview
{
    public required string Agent { get; init; }
    public required string AgentId { get; init; }
    public string? Environment { get; init; }

    /// <summary>What is taken back.</summary>
    public required SnapshotBody From { get; init; }

    /// <summary>What becomes active again, with the same content and so the same digest.</summary>
    public required SnapshotBody To { get; init; }

    /// <summary>What else ends, such as a canary beside the active one.</summary>
    public required IReadOnlyList<SnapshotBody> AlsoEnds { get; init; }

    /// <summary>Stands for what is current and what is chosen; send it with the rollback.</summary>
    public required string Preview { get; init; }

    /// <summary>How the content of <c>to</c> differs from that of <c>from</c>.</summary>
    public required IReadOnlyList<SnapshotChange> Changes { get; init; }

    /// <summary>Those in either content, and those that the agent is linked to.</summary>
    public required IReadOnlyList<RollbackGateway> Gateways { get; init; }
    public required RollbackRuns RunsInFlight { get; init; }

    /// <summary>What the content of <c>to</c> refers to.</summary>
    public required IReadOnlyList<RollbackSecret> Secrets { get; init; }

    /// <summary>Since <c>from</c> was deployed.</summary>
    public required RollbackFigures Since { get; init; }

    /// <summary>The version before it over a time of the same length; beside a canary, the active one over the same time. Null where there was none.</summary>
    public RollbackFigures? Before { get; init; }

    /// <summary>Those that bite now. A rollback passes them with its reason.</summary>
    public required IReadOnlyList<FreezeWindow> Freezes { get; init; }
}

/// <param name="In"><c>both</c>, <c>from</c>, <c>to</c>, or <c>none</c> for one that the agent is linked to although neither content names it.</param>
/// <param name="Known">False where there is no such gateway any more, or it is of a team that you do not see; the members after it say nothing then.</param>
public sealed record RollbackGateway(string Name, string In, bool Known, bool Linked, bool InRouting, string Health);

/// <summary>Open runs of the version that is taken back. They go on: cancel them if they should not.</summary>
/// <param name="Ids">The newest, 20 at most.</param>
/// <param name="WithoutVersion">Open runs that did not say of which version they are.</param>
public sealed record RollbackRuns(string Version, int Count, IReadOnlyList<string> Ids, int WithoutVersion);

/// <param name="State"><c>exists</c>, <c>missing</c> or <c>unchecked</c>.</param>
/// <param name="Why">What keeps it from being checked, or how it is missing.</param>
public sealed record RollbackSecret(string Reference, string State, string? Why);

/// <param name="Runs">That ended in this time, in whatever environment.</param>
/// <param name="Failures">Failed, timed out and lost ones.</param>
/// <param name="ErrorRate">Null when none ended.</param>
public sealed record RollbackFigures(
    string Version,
    DateTimeOffset From,
    DateTimeOffset To,
    long Runs,
    long Failures,
    double? ErrorRate,
    string Cost
);
