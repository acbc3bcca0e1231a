using AgentConsole.Core.Common;

namespace AgentConsole.Core.Deployments.Verdicts;

public enum Verdict
{
    Pass,
    Fail,
    Inconclusive,
    NotEnoughData,
}

public enum MetricKind
{
    ErrorRate,
    ToolFailures,
    BlockedDecisions,
    DurationP50,
    DurationP95,
    Cost,
    Field,
}

/// <summary>What a rollout watches and how much worse the canary may be.</summary>
/// <param name="Margin">
/// Six decimals at most. Absolute: a share of runs (0.005 is half a point), ms, USD, or the field's unit. Relative: a share of the stable
/// arm's value (0.2 is a fifth more).
/// </param>
/// <param name="DryRun">Is reported and decides nothing.</param>
/// <param name="Field">The name of a numeric run field, for <see cref="MetricKind.Field"/> only.</param>
/// <param name="LowerIsWorse">For fields such as a score; with an absolute margin only.</param>
public sealed record Metric(
    MetricKind Kind,
    decimal Margin,
    bool Relative = false,
    bool DryRun = false,
    string? Field = null,
    bool LowerIsWorse = false
)
{
    public const int FieldLength = 100;

    /// <summary>Distinct within a plan; also the order of readings in a record.</summary>
    public string Key => Kind == MetricKind.Field ? $"field:{Field}" : KebabCase.Of(Kind);

    /// <summary>Whether it counts runs; otherwise it compares samples of values.</summary>
    public bool CountsRuns => Kind is MetricKind.ErrorRate or MetricKind.ToolFailures or MetricKind.BlockedDecisions;

    /// <summary>Sample values in one unit of the margin: samples hold whole numbers of ms, 10⁻⁶ USD or 10⁻⁶ of the field's unit.</summary>
    internal long Scale => Kind is MetricKind.Cost or MetricKind.Field ? 1_000_000 : 1;

    /// <summary>Why this is no metric, or null when it is one.</summary>
    public string? Fault()
    {
        if (Kind == MetricKind.Field != Field is { Length: > 0 and <= FieldLength })
            return $"A field has a name of 1 to {FieldLength} characters; other metrics have none.";
        if (LowerIsWorse && (Kind != MetricKind.Field || Relative))
            return "Lower is worse only for a field with an absolute margin.";
        if (Margin < 0 || Margin != decimal.Round(Margin, 6))
            return "A margin is 0 or more, with at most six decimals.";
        return (CountsRuns, Relative) switch
        {
            (_, true) when Margin > 10 => "A relative margin is at most 10, which allows elevenfold.",
            (true, false) when Margin >= 1 => "A margin of a share of runs is below 1 (0.005 is half a point).",
            (false, false) when Margin > MostMargin => "A margin is at most 1,000,000,000.",
            _ => null,
        };
    }

    private const decimal MostMargin = 1_000_000_000;
}

/// <summary>The values of some runs of one arm.</summary>
/// <param name="Runs">Of which these are the sample.</param>
/// <param name="Values">Lowest first; see <see cref="BottomK.Values"/>.</param>
public sealed record Sample(long Runs, IReadOnlyList<long> Values)
{
    /// <summary>So that differences, and numbers in JSON, stay exact.</summary>
    public const long MostValue = 1_000_000_000_000_000;

    internal static readonly Sample None = new(0, []);
}

/// <summary>What was seen of one metric: tallies where it counts runs, samples where it compares values.</summary>
public sealed record Observed(Metric Metric, Tally Canary, Tally Stable, Sample CanarySample, Sample StableSample)
{
    public static Observed Counts(Metric metric, Tally canary, Tally stable) => new(metric, canary, stable, Sample.None, Sample.None);

    public static Observed Values(Metric metric, Sample canary, Sample stable) => new(metric, default, default, canary, stable);
}
