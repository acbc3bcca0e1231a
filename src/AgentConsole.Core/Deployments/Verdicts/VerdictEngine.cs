namespace AgentConsole.Core.Deployments.Verdicts;

/// <summary>What a reading's figures are.</summary>
public enum Measure
{
    /// <summary>Canary's share of runs less the stable arm's; the limit is the margin.</summary>
    RateDifference,

    /// <summary>Canary's share of runs less the share allowed, which is relative to the stable arm's; the limit is 0.</summary>
    RateAboveAllowed,

    /// <summary>How many times as high; the limit is 1 + margin.</summary>
    Ratio,

    /// <summary>How much higher (lower, where lower is worse), in the margin's unit; the limit is the margin.</summary>
    Shift,

    /// <summary>Share of canary runs slower than the stable p95 plus margin, less the share of stable runs above it; the limit is 0.</summary>
    SlowShare,
}

/// <summary>One metric at one look.</summary>
/// <param name="Verdict">For a dry-run metric what it would have been.</param>
/// <param name="Canary">Share, median or p95 of the arm; null without runs.</param>
/// <param name="Lower">At the level for failing; null where unbounded or where nothing was judged.</param>
/// <param name="Upper">At the level for passing; likewise.</param>
/// <param name="RankZ">Mann and Whitney's statistic in standard deviations, corrected for ties; for metrics that compare values.</param>
public sealed record Reading(
    string Key,
    bool DryRun,
    Verdict Verdict,
    Measure Measure,
    long CanaryRuns,
    long StableRuns,
    double? Canary,
    double? Stable,
    double? Estimate,
    double? Lower,
    double? Upper,
    double Limit,
    double? RankZ
);

/// <summary>All that a verdict depends on.</summary>
/// <param name="Metrics">Every metric of the plan, those without data too: how many there are is part of the correction.</param>
public sealed record Evidence(Look Look, ErrorBudget Budget, IReadOnlyList<Observed> Metrics)
{
    public const int MostMetrics = 20;

    /// <summary>Why there can be no verdict on this, or null when there can.</summary>
    public string? Fault()
    {
        if ((Look.Fault() ?? Budget.Fault()) is { } fault)
            return fault;
        if (Metrics.Count is 0 or > MostMetrics || Metrics.All(m => m.Metric.DryRun))
            return $"A plan has 1 to {MostMetrics} metrics, of which at least one decides.";
        if (Metrics.Select(m => m.Metric.Key).Distinct(StringComparer.Ordinal).Count() != Metrics.Count)
            return "A metric stands in a plan once.";
        foreach (var observed in Metrics)
        {
            if (observed.Metric.Fault() is { } wrong)
                return $"{observed.Metric.Key}: {wrong}";
            if (!Whole(observed.Canary) || !Whole(observed.Stable) || !Ordered(observed.CanarySample) || !Ordered(observed.StableSample))
                return $"{observed.Metric.Key}: what was seen is not well formed.";
            if (observed.Metric.Relative && (IsNegative(observed.CanarySample) || IsNegative(observed.StableSample)))
                return $"{observed.Metric.Key}: a relative margin needs values from 0 on.";
        }
        return null;
    }

    private static bool Whole(Tally tally) => tally.Hits >= 0 && tally.Hits <= tally.Runs;

    private static bool Ordered(Sample sample)
    {
        for (var i = 0; i < sample.Values.Count; i++)
        {
            if (Math.Abs(sample.Values[i]) > Sample.MostValue || (i > 0 && sample.Values[i] < sample.Values[i - 1]))
                return false;
        }
        return sample.Runs >= sample.Values.Count;
    }

    private static bool IsNegative(Sample sample) => sample.Values is [< 0, ..];
}

/// <summary>A verdict with what it was reached by.</summary>
/// <param name="Spent">The part of the step's budget that this look spent.</param>
/// <param name="FailZ">Standard deviations of the bound that must lie above the limit to fail.</param>
/// <param name="PassZ">And of the bound that must lie below it to pass.</param>
public sealed record Decision(Verdict Verdict, double Spent, double FailZ, double PassZ, IReadOnlyList<Reading> Readings);

/// <summary>
/// The honest verdict. <c>fail</c>: with the level that this look may spend, some metric is worse than its margin. <c>pass</c>: every
/// metric is shown to be within its margin. Neither is <c>inconclusive</c>, and with fewer runs than the minimum
/// <c>not-enough-data</c>. Method, corrections and sources stand in docs/deployments.md.
/// </summary>
/// <remarks>
/// A false rollback needs one error among metrics, steps and looks, so its budget is divided among them all. A false pass needs an
/// error in every metric and step, so its budget is divided among looks only (Berger 1982).
/// </remarks>
public static class VerdictEngine
{
    public static Decision Decide(Evidence evidence)
    {
        if (evidence.Fault() is { } fault)
            throw new ArgumentException(fault, nameof(evidence));
        var deciding = evidence.Metrics.Count(m => !m.Metric.DryRun);
        var spent = ErrorBudget.Spent(evidence.Look);
        var failZ = StableMath.UpperQuantile((double)evidence.Budget.FalseRollback / (deciding * evidence.Look.Steps) * spent);
        var passZ = StableMath.UpperQuantile((double)evidence.Budget.FalsePass * spent);
        var readings = evidence
            .Metrics.OrderBy(m => m.Metric.Key, StringComparer.Ordinal)
            .Select(m => Read(m, evidence.Look.MinimumRuns, failZ, passZ))
            .ToList();
        return new Decision(
            Together([.. readings.Where(r => !r.DryRun).Select(r => r.Verdict)]),
            Round(spent),
            Round(failZ),
            Round(passZ),
            readings
        );
    }

    private static Verdict Together(Verdict[] verdicts) =>
        verdicts.Contains(Verdict.Fail) ? Verdict.Fail
        : verdicts.Contains(Verdict.NotEnoughData) ? Verdict.NotEnoughData
        : verdicts.Contains(Verdict.Inconclusive) ? Verdict.Inconclusive
        : Verdict.Pass;

    private static Reading Read(Observed observed, long minimumRuns, double failZ, double passZ) =>
        observed.Metric.CountsRuns ? ReadRates(observed, minimumRuns, failZ, passZ) : ReadValues(observed, minimumRuns, failZ, passZ);

    private static Reading ReadRates(Observed observed, long minimumRuns, double failZ, double passZ)
    {
        var (metric, canary, stable) = (observed.Metric, observed.Canary, observed.Stable);
        var factor = metric.Relative ? (double)(1 + metric.Margin) : 1;
        var reading = new Reading(
            metric.Key,
            metric.DryRun,
            Verdict.NotEnoughData,
            metric.Relative ? Measure.RateAboveAllowed : Measure.RateDifference,
            canary.Runs,
            stable.Runs,
            canary.Runs == 0 ? null : Round(canary.Rate),
            stable.Runs == 0 ? null : Round(stable.Rate),
            Estimate: null,
            Lower: null,
            Upper: null,
            metric.Relative ? 0 : (double)metric.Margin,
            RankZ: null
        );
        if (canary.Runs < minimumRuns || stable.Runs < minimumRuns)
            return reading;
        var bounds = Proportions.Contrast(canary, stable, factor, failZ, passZ);
        return Judged(reading, canary.Rate - (factor * stable.Rate), bounds);
    }

    private static Reading ReadValues(Observed observed, long minimumRuns, double failZ, double passZ)
    {
        var metric = observed.Metric;
        long[] canary = [.. observed.CanarySample.Values];
        long[] stable = [.. observed.StableSample.Values];
        double scale = metric.Scale;
        var isTail = metric.Kind == MetricKind.DurationP95;
        var quantile = isTail ? 0.95 : 0.5;
        var reading = new Reading(
            metric.Key,
            metric.DryRun,
            Verdict.NotEnoughData,
            isTail ? Measure.SlowShare
                : metric.Relative ? Measure.Ratio
                : Measure.Shift,
            observed.CanarySample.Runs,
            observed.StableSample.Runs,
            canary.Length == 0 ? null : Round(Ranks.Quantile(canary, quantile) / scale),
            stable.Length == 0 ? null : Round(Ranks.Quantile(stable, quantile) / scale),
            Estimate: null,
            Lower: null,
            Upper: null,
            isTail ? 0
                : metric.Relative ? (double)(1 + metric.Margin)
                : (double)metric.Margin,
            RankZ: null
        );
        // A sample is never larger than its capacity, however large the minimum.
        var least = Math.Min(minimumRuns, BottomK.DefaultCapacity);
        if (canary.Length < least || stable.Length < least)
            return reading;
        reading = reading with { RankZ = Round(Ranks.MannWhitney(canary, stable).Z) };
        if (isTail)
        {
            var margin = (double)(metric.Relative ? 1 + metric.Margin : metric.Margin);
            var (above, stableAbove) = Ranks.Above(canary, stable, quantile, p95 => metric.Relative ? p95 * margin : p95 + margin);
            return Judged(reading, above.Rate - stableAbove.Rate, Proportions.Contrast(above, stableAbove, 1, failZ, passZ));
        }
        if (metric.Relative)
        {
            var (ratio, bounds) = Ranks.Ratio(canary, stable, failZ, passZ);
            return Judged(reading, ratio, bounds);
        }
        var (shift, ends) = metric.LowerIsWorse ? Ranks.Shift(stable, canary, failZ, passZ) : Ranks.Shift(canary, stable, failZ, passZ);
        return Judged(reading, shift / scale, new Interval(ends.Lower / scale, ends.Upper / scale));
    }

    // Decided by the figures as they are shown, so that nobody sees a bound equal to the limit and another verdict.
    private static Reading Judged(Reading reading, double estimate, Interval bounds)
    {
        var lower = Round(bounds.Lower);
        var upper = Round(bounds.Upper);
        return reading with
        {
            Verdict =
                lower > reading.Limit ? Verdict.Fail
                : upper < reading.Limit ? Verdict.Pass
                : Verdict.Inconclusive,
            Estimate = Round(estimate),
            Lower = lower,
            Upper = upper,
        };
    }

    private static double Round(double value) => Math.Round(value, 6, MidpointRounding.ToEven);

    private static double? Round(double? value) => value is { } known ? Round(known) : null;
}
