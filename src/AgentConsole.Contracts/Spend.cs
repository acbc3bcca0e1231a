namespace AgentConsole.Contracts;

/// <summary>What ended runs cost in a stretch of time, split by one thing, and along time. The sum of <c>rows</c> and <c>other</c> is <c>total</c>, and so is the sum of <c>series</c>.</summary>
public sealed record SpendBody
{
    /// <summary><c>agent</c>, <c>team</c>, <c>organization</c>, <c>model</c> or <c>version</c>.</summary>
    public required string By { get; init; }

    /// <summary>IANA id of the zone in which days, hours and months begin.</summary>
    public required string Zone { get; init; }

    /// <summary><c>hour</c>, <c>day</c> or <c>month</c>.</summary>
    public required string Bucket { get; init; }
    public required DateTimeOffset From { get; init; }

    /// <summary>Exclusive.</summary>
    public required DateTimeOffset To { get; init; }
    public required SpendFigures Total { get; init; }

    /// <summary>The dearest first.</summary>
    public required IReadOnlyList<SpendRow> Rows { get; init; }

    /// <summary>What is beyond <c>limit</c>, in one row; null when nothing is.</summary>
    public SpendRow? Other { get; init; }
    public required IReadOnlyList<SpendBucket> Series { get; init; }

    /// <summary>Models with tokens and without a price, the most runs first; at most 50.</summary>
    public required IReadOnlyList<UnpricedModel> Unpriced { get; init; }
}

/// <param name="Cost">USD, decimal string: reported and computed costs. Unpriced runs are not in it.</param>
/// <param name="Unpriced">Runs with tokens and without a price.</param>
public sealed record SpendFigures(string Cost, long Runs, long Unpriced, long InputTokens, long OutputTokens);

/// <param name="Key">Id of the agent, team or organization; the model or version.</param>
/// <param name="Agent">Slug of the agent, by agent and version.</param>
/// <param name="Team">Slug of the team, by agent (as it is now) and by team.</param>
public sealed record SpendRow(string Key, string Label, string? Agent, string? Team, SpendFigures Figures);

/// <param name="Start">First instant, UTC.</param>
/// <param name="Label">The local time at which it begins: <c>2026-03-29</c>, <c>2026-03-29T02:00</c>, <c>2026-03</c>.</param>
/// <param name="Minutes">A local day has 23 to 25 hours.</param>
public sealed record SpendBucket(DateTimeOffset Start, string Label, int Minutes, string Cost, long Runs, long Unpriced);

/// <param name="PricedNow">The model has a price by now: runs that end from now on get it, and a re-rating gives it to these.</param>
public sealed record UnpricedModel(string Model, long Runs, long InputTokens, long OutputTokens, bool PricedNow);

/// <summary>Body of <c>POST /api/v1/reratings</c>.</summary>
public sealed record PlanRerating
{
    /// <summary>First day in the organization's zone, or an instant on a quarter of an hour.</summary>
    public string? From { get; init; }

    /// <summary>Last day (inclusive), or an instant (exclusive); today when absent.</summary>
    public string? To { get; init; }

    /// <summary>Only runs of this model, exactly.</summary>
    public string? Model { get; init; }

    /// <summary>Runs that reported a cost too, where a price is known.</summary>
    public bool IncludeReported { get; init; }
}

/// <summary>Body of <c>POST /api/v1/reratings/{id}/apply</c>.</summary>
public sealed record ApplyRerating
{
    /// <summary>Of the plan as it was shown.</summary>
    public string? Digest { get; init; }
    public string? Reason { get; init; }
}

public sealed record RerateBody
{
    public required string Id { get; init; }

    /// <summary><c>planning</c>, <c>planned</c>, <c>applying</c>, <c>done</c> or <c>expired</c>.</summary>
    public required string State { get; init; }
    public required DateTimeOffset From { get; init; }

    /// <summary>Exclusive.</summary>
    public required DateTimeOffset To { get; init; }
    public string? Model { get; init; }
    public bool IncludeReported { get; init; }
    public required string Digest { get; init; }

    /// <summary>Runs of the period that were looked at.</summary>
    public long LookedAt { get; init; }

    /// <summary>Runs whose cost changes.</summary>
    public long Runs { get; init; }
    public required string OldCost { get; init; }
    public required string NewCost { get; init; }
    public required string Difference { get; init; }
    public required IReadOnlyList<RerateGroup> ByModel { get; init; }
    public required IReadOnlyList<RerateGroup> ByAgent { get; init; }
    public required IReadOnlyList<RerateGroup> ByTeam { get; init; }
    public required DateTimeOffset PlannedAt { get; init; }
    public required string PlannedBy { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? AppliedAt { get; init; }
    public string? AppliedBy { get; init; }
    public string? Reason { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public long Changed { get; init; }

    /// <summary>Runs that changed or went between plan and application, and were left as they are.</summary>
    public long Skipped { get; init; }
}

public sealed record RerateGroup(string Key, string Label, long Runs, string OldCost, string NewCost, string Difference);

/// <summary>The changes of a plan, by what they belong to; at most 200 of each, the largest first.</summary>
public sealed record RerateGroups(
    IReadOnlyList<RerateGroup> ByModel,
    IReadOnlyList<RerateGroup> ByAgent,
    IReadOnlyList<RerateGroup> ByTeam
);
