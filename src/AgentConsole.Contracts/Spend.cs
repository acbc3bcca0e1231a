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

public sealed record UnpricedModel(string Model, long Runs, long InputTokens, long OutputTokens);
