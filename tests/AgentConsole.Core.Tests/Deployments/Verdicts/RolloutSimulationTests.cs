using System.Globalization;
using AgentConsole.Core.Deployments.Verdicts;

namespace AgentConsole.Core.Tests.Deployments.Verdicts;

/// <summary>
/// Rollouts with known effects, by the plan of docs/deployments.md: error rate (half a point), p95 duration and cost per run (a fifth),
/// three steps of 600 canary runs at a tenth of the traffic, three looks each.
/// </summary>
public sealed class RolloutSimulationTests(ITestOutputHelper output)
{
    private const int Steps = 3;
    private const int Looks = 3;
    private const double Share = 0.1;

    private static readonly Metric Errors = new(MetricKind.ErrorRate, 0.005m);
    private static readonly Metric Cost = new(MetricKind.Cost, 0.2m, Relative: true);

    /// <summary>One step of two arms that fill up look by look.</summary>
    /// <param name="slower">How many times as long, and as dear, the canary's runs are.</param>
    private sealed class Arms(Noise noise, double canaryErrors, double stableErrors, double slower = 1, decimal tail = 0.2m)
    {
        private readonly List<long> _canaryTimes = [];
        private readonly List<long> _stableTimes = [];
        private readonly List<long> _canaryCosts = [];
        private readonly List<long> _stableCosts = [];
        private long _canaryHits,
            _stableHits,
            _stableRuns;

        /// <param name="samples">Whether values are drawn too; a sample holds its thousand of the stable arm at most.</param>
        public Observed[] RunTo(int canaryRuns, bool samples, Metric errors, int canaryRunsBefore)
        {
            var more = canaryRuns - canaryRunsBefore;
            var stable = (int)(more * (1 - Share) / Share);
            _canaryHits += noise.Hits(more, canaryErrors);
            _stableHits += noise.Hits(stable, stableErrors);
            _stableRuns += stable;
            if (samples)
            {
                Fill(_canaryTimes, canaryRuns, slower);
                Fill(_canaryCosts, canaryRuns, slower);
                Fill(_stableTimes, _stableRuns, 1);
                Fill(_stableCosts, _stableRuns, 1);
            }
            return
            [
                Observed.Counts(errors, new Tally(_canaryHits, canaryRuns), new Tally(_stableHits, _stableRuns)),
                Observed.Values(
                    new Metric(MetricKind.DurationP95, tail, Relative: true),
                    Sampled(_canaryTimes, canaryRuns),
                    Sampled(_stableTimes, _stableRuns)
                ),
                Observed.Values(Cost, Sampled(_canaryCosts, canaryRuns), Sampled(_stableCosts, _stableRuns)),
            ];
        }

        private void Fill(List<long> values, long runs, double times)
        {
            while (values.Count < Math.Min(runs, BottomK.DefaultCapacity))
                values.Add(noise.Duration(20_000 * times));
        }

        private static Sample Sampled(List<long> values, long runs) => new(values.Count == 0 ? 0 : runs, [.. values.Order()]);
    }

    private static IEnumerable<Decision> Step(Arms arms, int step, int runs, bool samples, Metric errors)
    {
        var before = 0;
        for (var look = 1; look <= Looks; look++)
        {
            var now = runs * look / Looks;
            yield return VerdictEngine.Decide(
                new Evidence(new Look(step, Steps, runs, 100, before, now), new ErrorBudget(), arms.RunTo(now, samples, errors, before))
            );
            before = now;
        }
    }

    /// <summary>The worst case: a person resumes whatever is inconclusive, so that every look of every step is taken.</summary>
    private static bool IsRolledBack(Noise noise, double canaryErrors, double slower) =>
        Enumerable
            .Range(1, Steps)
            .SelectMany(step => Step(new Arms(noise, canaryErrors, 0.05, slower), step, 600, true, Errors))
            .Any(d => d.Verdict == Verdict.Fail);

    private static int Count(int rollouts, ulong seed, Func<Noise, bool> what) =>
        Enumerable.Range(0, rollouts).Count(i => what(new Noise(seed + (ulong)i)));

    [Fact]
    public void Of_a_thousand_healthy_rollouts_few_are_rolled_back()
    {
        var rolledBack = Count(1000, 1000, noise => IsRolledBack(noise, 0.05, 1));
        output.WriteLine($"Rolled back of 1,000 healthy rollouts: {rolledBack}");
        Assert.InRange(rolledBack, 0, 73); // a rate of 5 % stays within this in 999 of 1,000 tries
    }

    [Fact]
    public void Even_a_version_that_is_as_bad_as_all_its_margins_allow_is_rarely_rolled_back()
    {
        var rolledBack = Count(500, 5_000_000, noise => IsRolledBack(noise, 0.055, 1.2));
        output.WriteLine($"Rolled back of 500 rollouts at all their margins: {rolledBack}");
        Assert.InRange(rolledBack, 0, 41); // likewise
    }

    [Fact]
    public void Errors_that_double_from_five_percent_fail_within_600_canary_runs()
    {
        var found = Count(
            1000,
            20_000,
            noise => Step(new Arms(noise, 0.10, 0.05), 1, 600, false, Errors).Any(d => d.Verdict == Verdict.Fail)
        );
        output.WriteLine($"Failed of 1,000 rollouts with 5 % against 10 % errors: {found}");
        Assert.InRange(found, 900, 1000);
    }

    [Theory] // by error rate alone, of 1,000
    [InlineData(0.05, 0.05, 0.005, 600, 68)]
    [InlineData(0.05, 0.05, 0.02, 1500, 884)]
    [InlineData(0.01, 0.01, 0.01, 1500, 858)]
    [InlineData(0.001, 0.001, 0.01, 600, 895)]
    [InlineData(0.07, 0.05, 0.02, 1500, 0)] // at the margin: never more than the budget of 5 %
    public void Steps_pass_as_often_as_the_documentation_says(double canary, double stable, double margin, int runs, int said)
    {
        var metric = Errors with { Margin = (decimal)margin };
        var passed = Count(
            1000,
            900_000,
            noise =>
                Step(new Arms(noise, canary, stable), 1, runs, false, metric)
                    .Select(d => d.Readings.Single(r => r.Key == "error-rate").Verdict)
                    .SkipWhile(v => v == Verdict.Inconclusive)
                    .FirstOrDefault(Verdict.Inconclusive) == Verdict.Pass
        );
        output.WriteLine($"Passed of 1,000 steps of {runs} runs, {canary} against {stable}, margin {margin}: {passed}");
        Assert.InRange(passed, said - 5, canary > stable ? 73 : said + 5);
    }

    [Theory] // of 200, by the margin of the p95: a sample of a thousand runs holds fifty slow ones
    [InlineData("0.2", 69)]
    [InlineData("0.5", 199)]
    public void Whole_healthy_rollouts_pass_as_often_as_the_documentation_says(string tail, int said)
    {
        var margin = decimal.Parse(tail, CultureInfo.InvariantCulture);
        var errors = Errors with { Margin = 0.01m };
        var passed = Count(
            200,
            70_000,
            noise =>
                Enumerable
                    .Range(1, Steps)
                    .All(step =>
                        Step(new Arms(noise, 0.001, 0.001, tail: margin), step, 1500, true, errors).Any(d => d.Verdict == Verdict.Pass)
                    )
        );
        output.WriteLine($"Passed of 200 healthy rollouts with a p95 margin of {tail}: {passed}");
        Assert.InRange(passed, said - 3, said + 3);
    }

    [Theory]
    [InlineData(0.001, 0.01, 506L)]
    [InlineData(0.01, 0.005, 5177L)]
    [InlineData(0.01, 0.01, 1474L)]
    [InlineData(0.05, 0.005, 22_171L)]
    [InlineData(0.05, 0.02, 1502L)]
    [InlineData(0.1, 0.02, 2688L)]
    [InlineData(0.3, 0.0001, null)]
    public void How_many_runs_it_takes_to_pass_is_known_before(double rate, double margin, long? runs) =>
        Assert.Equal(runs, Sizing.RunsToPass(rate, margin, Share, new ErrorBudget()));

    [Theory]
    [InlineData(0.01, 0.02, 0.0025, 5069L)]
    [InlineData(0.01, 0.06, 0.005, 324L)]
    [InlineData(0.05, 0.1, 0.005, 637L)]
    [InlineData(0.05, 0.1, 0.02, 1524L)]
    [InlineData(0.1, 0.2, 0.005, 258L)]
    [InlineData(0.01, 0.02, 0.01, null)]
    public void How_many_runs_it_takes_to_fail_is_known_before(double rate, double raised, double margin, long? runs) =>
        Assert.Equal(runs, Sizing.RunsToFail(rate, raised, margin, Share, metrics: 3, steps: Steps, new ErrorBudget()));
}
