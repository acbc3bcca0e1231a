using System.Globalization;
using AgentConsole.Core.Deployments.Verdicts;

namespace AgentConsole.Core.Tests.Deployments.Verdicts;

public sealed class VerdictEngineTests
{
    private static readonly Metric Errors = new(MetricKind.ErrorRate, 0.01m);
    private static readonly Metric Cost = new(MetricKind.Cost, 0.2m, Relative: true);
    private static readonly ErrorBudget Budget = new();

    private static Look Last(long runs, int step = 1, int steps = 1) => new(step, steps, runs, 50, 0, runs);

    private static Decision Decide(Look look, params Observed[] metrics) => VerdictEngine.Decide(new Evidence(look, Budget, metrics));

    private static Observed Rates(long canaryHits, long canaryRuns, long stableHits, long stableRuns, Metric? metric = null) =>
        Observed.Counts(metric ?? Errors, new Tally(canaryHits, canaryRuns), new Tally(stableHits, stableRuns));

    private static Observed Values(Metric metric, Func<int, long> canary, Func<int, long> stable, int runs = 300) =>
        Observed.Values(
            metric,
            new Sample(runs, [.. Enumerable.Range(0, runs).Select(canary).Order()]),
            new Sample(runs, [.. Enumerable.Range(0, runs).Select(stable).Order()])
        );

    [Theory]
    [InlineData(90, 1000, 300, 9000, Verdict.Fail)] // 9 % against 3.3 %
    [InlineData(55, 1000, 450, 9000, Verdict.Inconclusive)] // 5.5 % against 5 %
    [InlineData(3, 1000, 45, 9000, Verdict.Pass)] // 0.3 % against 0.5 %
    [InlineData(40, 49, 0, 9000, Verdict.NotEnoughData)] // terrible, but below the minimum
    [InlineData(0, 1000, 0, 49, Verdict.NotEnoughData)] // nothing to compare with
    public void Error_rates_get_the_verdict_that_their_bounds_say(long hits, long runs, long stableHits, long stableRuns, Verdict verdict)
    {
        var decision = Decide(Last(1000), Rates(hits, runs, stableHits, stableRuns));
        Assert.Equal(verdict, decision.Verdict);
        var reading = Assert.Single(decision.Readings);
        Assert.Equal(verdict, reading.Verdict);
        Assert.Equal(
            verdict,
            reading.Lower is null ? Verdict.NotEnoughData
                : reading.Lower > 0.01 ? Verdict.Fail
                : reading.Upper < 0.01 ? Verdict.Pass
                : Verdict.Inconclusive
        );
    }

    [Fact]
    public void A_relative_margin_of_a_rate_grows_with_the_stable_arm()
    {
        var metric = new Metric(MetricKind.BlockedDecisions, 0.5m, Relative: true);
        Assert.Equal(Verdict.Pass, Decide(Last(2000), Rates(600, 2000, 5400, 18_000, metric)).Verdict); // 30 %, up to 45 % allowed
        Assert.Equal(Verdict.Fail, Decide(Last(2000), Rates(60, 2000, 180, 18_000, metric)).Verdict); // 3 %, up to 1.5 % allowed
    }

    [Fact]
    public void Durations_fail_and_pass_by_ranks_whatever_a_few_outliers_do()
    {
        var p50 = new Metric(MetricKind.DurationP50, 0.2m, Relative: true);
        // One stable run hung for an hour: a mean would be far above the canary's.
        long Stable(int i) => i == 0 ? 3_600_000 : 1000 + i;

        var slow = Decide(Last(300), Values(p50, i => 1500 + (i * 3 / 2), Stable));
        Assert.Equal(Verdict.Fail, slow.Verdict);
        Assert.Equal(1.5, slow.Readings[0].Estimate!.Value, 0.02);
        Assert.True(slow.Readings[0].RankZ > 10);
        Assert.Equal(Verdict.Pass, Decide(Last(300), Values(p50, i => 1010 + i, Stable)).Verdict);
        Assert.Equal(Verdict.Inconclusive, Decide(Last(300), Values(p50, i => 1210 + (i * 6 / 5), Stable)).Verdict);
    }

    [Fact]
    public void A_tail_that_grows_under_the_same_median_fails_by_p95_only()
    {
        long Canary(int i) => i % 5 == 0 ? 9000 : 1000 + i;
        var tail = Values(new Metric(MetricKind.DurationP95, 0.2m, Relative: true), Canary, i => 1000 + i);
        var middle = Values(new Metric(MetricKind.DurationP50, 0.2m, Relative: true), Canary, i => 1000 + i);
        var decision = Decide(Last(300), middle, tail);
        Assert.Equal([("duration-p50", Verdict.Pass), ("duration-p95", Verdict.Fail)], decision.Readings.Select(r => (r.Key, r.Verdict)));
        Assert.Equal(Verdict.Fail, decision.Verdict);
        Assert.Equal(9000, decision.Readings[1].Canary);
        Assert.Equal(1284, decision.Readings[1].Stable);
    }

    [Fact]
    public void Cost_is_compared_in_dollars_and_a_score_may_fall()
    {
        var cost = Decide(Last(300), Values(new Metric(MetricKind.Cost, 0.01m), i => 60_000 + i, i => 20_000 + i)).Readings[0];
        Assert.Equal((Verdict.Fail, 0.04), (cost.Verdict, cost.Estimate));
        var score = new Metric(MetricKind.Field, 0.05m, Field: "score", LowerIsWorse: true);
        var fell = Decide(Last(300), Values(score, i => 700_000 + i, i => 900_000 + i)).Readings[0];
        Assert.Equal(("field:score", Verdict.Fail, 0.2), (fell.Key, fell.Verdict, fell.Estimate));
        Assert.Equal(Verdict.Pass, Decide(Last(300), Values(score, i => 950_000 + i, i => 900_000 + i)).Verdict);
    }

    [Fact]
    public void Runs_that_cost_nothing_compare_as_alike()
    {
        Assert.Equal(Verdict.Pass, Decide(Last(300), Values(Cost, _ => 0, _ => 0)).Verdict);
        var begun = Decide(Last(300), Values(Cost, _ => 5, _ => 0));
        Assert.Equal((Verdict.Fail, 1e9), (begun.Verdict, begun.Readings[0].Lower));
    }

    [Fact]
    public void A_dry_run_metric_reports_and_decides_nothing()
    {
        var bad = Values(Cost with { DryRun = true }, i => 90_000 + i, i => 20_000 + i);
        var decision = Decide(Last(1000), Rates(3, 1000, 45, 9000), bad);
        Assert.Equal(Verdict.Pass, decision.Verdict);
        Assert.Equal(Verdict.Fail, decision.Readings.Single(r => r.DryRun).Verdict);
        // Nor does it take a part of the budget.
        Assert.Equal(Decide(Last(1000), Rates(3, 1000, 45, 9000)).FailZ, decision.FailZ);
    }

    [Fact]
    public void The_worst_of_the_deciding_metrics_is_the_verdict()
    {
        var pass = Rates(3, 1000, 45, 9000);
        var none = Values(Cost, _ => 1, _ => 1, runs: 10);
        var fail = Rates(300, 1000, 45, 9000, Errors with { Kind = MetricKind.ToolFailures });
        Assert.Equal(Verdict.NotEnoughData, Decide(Last(1000), pass, none).Verdict);
        Assert.Equal(Verdict.Fail, Decide(Last(1000), pass, none, fail).Verdict);
    }

    [Fact]
    public void The_budget_is_divided_among_metrics_steps_and_looks()
    {
        var errors = Rates(3, 1000, 45, 9000);
        var tools = Rates(3, 1000, 45, 9000, Errors with { Kind = MetricKind.ToolFailures });
        // 5 % one-sided; 0.05 / 2; 0.05 / (2 · 5).
        Assert.Equal(1.644854, Decide(Last(1000), errors).FailZ);
        Assert.Equal(1.959964, Decide(Last(1000), errors, tools).FailZ);
        Assert.Equal(2.575829, Decide(Last(1000, 2, 5), errors, tools).FailZ);
        Assert.Equal(1.644854, Decide(Last(1000, 2, 5), errors, tools).PassZ);

        // Looks spend t²: 1/9, 3/9 and 5/9 of it; one that comes late spends what the missed ones left.
        Look[] looks = [new(1, 1, 900, 50, 0, 300), new(1, 1, 900, 50, 300, 600), new(1, 1, 900, 50, 600, 1100)];
        Assert.Equal([0.111111, 0.333333, 0.555556], looks.Select(l => Decide(l, errors).Spent));
        Assert.Equal(1, Decide(new Look(1, 1, 900, 50, 0, 900), errors).Spent);
        Assert.Equal(0.888889, Decide(new Look(1, 1, 900, 50, 300, 350, IsLast: true), errors).Spent);
    }

    [Fact]
    public void A_step_looks_at_its_marks_and_never_below_the_minimum()
    {
        long[] seen = [0, 99, 150, 199, 200, 399, 405, 599, 600, 700];
        Assert.Equal([200, 405, 600], Looked(100));
        Assert.Equal([399, 405, 600], Looked(250)); // the first mark moves up to the minimum
        Assert.False(Look.IsDue(600, 3, 100, 600, 10_000));

        IEnumerable<long> Looked(long minimum)
        {
            var before = 0L;
            foreach (var now in seen)
            {
                if (!Look.IsDue(600, 3, minimum, before, now))
                    continue;
                before = now;
                yield return now;
            }
        }
    }

    [Fact]
    public void Neither_order_nor_culture_changes_a_bit()
    {
        var metrics = new[]
        {
            Rates(55, 1000, 450, 9000),
            Values(Cost, i => 20_500 + (i * 7 % 5000), i => 20_000 + (i * 11 % 5000)),
            Values(new Metric(MetricKind.DurationP95, 0.2m, Relative: true), i => 1000 + (i * 7 % 900), i => 1000 + (i * 13 % 900)),
        };
        var evidence = new Evidence(Last(1000, 2, 3), Budget, metrics);
        var record = DecisionRecord.Write(evidence, VerdictEngine.Decide(evidence));
        var before = CultureInfo.CurrentCulture;
        try
        {
            var foreign = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            foreign.NumberFormat.NumberDecimalSeparator = ",";
            foreign.NumberFormat.NegativeSign = "−";
            CultureInfo.CurrentCulture = foreign;
            var other = evidence with { Metrics = [.. metrics.Reverse()] };
            Assert.Equal(record, DecisionRecord.Write(other, VerdictEngine.Decide(other)));
            Assert.True(DecisionRecord.Replays(record));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Evidence_that_allows_no_verdict_is_refused_with_a_reason()
    {
        Refused("no budget left", new Look(1, 1, 600, 50, 600, 700), Rates(1, 100, 1, 100));
        Refused("no budget left", new Look(1, 1, 600, 50, 300, 300), Rates(1, 100, 1, 100));
        Refused("fewer runs", new Look(1, 1, 600, 50, 300, 200), Rates(1, 100, 1, 100));
        Refused("A step is one of", new Look(4, 3, 600, 50, 0, 200), Rates(1, 100, 1, 100));
        Refused("at least one decides", Last(600), Rates(1, 100, 1, 100, Errors with { DryRun = true }));
        Refused("once", Last(600), Rates(1, 100, 1, 100), Rates(1, 100, 1, 100));
        Refused("not well formed", Last(600), Rates(101, 100, 1, 100));
        Refused("not well formed", Last(600), Observed.Values(Cost, new Sample(2, [2, 1]), new Sample(1, [1])));
        Refused("from 0 on", Last(600), Observed.Values(Cost, new Sample(2, [-1, 1]), new Sample(1, [1])));
        Refused("below 1", Last(600), Rates(1, 100, 1, 100, Errors with { Margin = 5 }));
        Refused("six decimals", Last(600), Rates(1, 100, 1, 100, Errors with { Margin = 0.0000001m }));
        Refused("has a name", Last(600), Rates(1, 100, 1, 100, Errors with { Field = "x" }));
        Refused("Lower is worse", Last(600), Rates(1, 100, 1, 100, Errors with { LowerIsWorse = true }));

        static void Refused(string reason, Look look, params Observed[] metrics) =>
            Assert.Contains(reason, Assert.Throws<ArgumentException>(() => Decide(look, metrics)).Message, StringComparison.Ordinal);
    }
}
