namespace AgentConsole.Contracts;

/// <summary>
/// Answer of <c>GET /api/v1/deployments/timeline</c>: a page of lanes over one window of time. What lies closer together than a thirty-second of the window is
/// one mark, so that an answer is bounded by its lanes however many snapshots there are.
/// </summary>
public sealed record DeploymentTimeline(
    DateTimeOffset From,
    DateTimeOffset To,
    IReadOnlyList<TimelineLane> Data,
    bool HasMore,
    string? NextCursor
);

/// <summary>One agent in one environment.</summary>
public sealed record TimelineLane
{
    public required string Agent { get; init; }
    public required string AgentId { get; init; }
    public required string AgentName { get; init; }

    /// <summary>Slug of the team that the agent is in.</summary>
    public required string Team { get; init; }
    public required string TeamName { get; init; }
    public string? Environment { get; init; }

    /// <summary>By their beginning.</summary>
    public required IReadOnlyList<TimelineSpan> Spans { get; init; }

    /// <summary>By their time.</summary>
    public required IReadOnlyList<TimelineMark> Marks { get; init; }

    /// <summary>When deployments to it are frozen, by their beginning.</summary>
    public required IReadOnlyList<TimelineFreeze> Freezes { get; init; }
}

/// <summary>A version that was active, or a canary, for a time of which some part lies in the window.</summary>
/// <param name="Status"><c>active</c> or <c>canary</c>.</param>
/// <param name="EndedAt">Null while it is current.</param>
/// <param name="Picked">Whether it is among what was asked for by version, status, outcome and trigger.</param>
public sealed record TimelineSpan(
    string Snapshot,
    string Version,
    string Status,
    string Outcome,
    double? TrafficPercent,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    bool Picked
);

/// <summary>Something that happened, or several things that are too close together to be told apart.</summary>
/// <param name="Kind"><c>deployed</c>, <c>canary</c>, <c>canary-step</c>, <c>promoted</c>, <c>rolled-back</c>, <c>retired</c>; <c>several</c> of different kinds. Others will come: take what you do not know for a mark.</param>
/// <param name="At">Of the first.</param>
/// <param name="Until">Of the last.</param>
/// <param name="Kinds">How many of each kind.</param>
/// <param name="Snapshot">The last of them.</param>
/// <param name="Version">Of the last.</param>
/// <param name="TrafficPercent">Of the last.</param>
public sealed record TimelineMark(
    string Kind,
    DateTimeOffset At,
    DateTimeOffset Until,
    int Count,
    IReadOnlyDictionary<string, int> Kinds,
    string? Snapshot,
    string? Version,
    double? TrafficPercent
);

/// <summary>A time in which deployments to the lane are frozen; several that are too close together to be told apart are one.</summary>
/// <param name="FreezeId">Of the first.</param>
/// <param name="Name">Of the first.</param>
public sealed record TimelineFreeze(string FreezeId, string Name, int Count, DateTimeOffset StartsAt, DateTimeOffset EndsAt);
