using System.Text;
using AgentConsole.Core.Deployments.Verdicts;

namespace AgentConsole.Core.Tests.Deployments.Verdicts;

public sealed class DecisionRecordTests
{
    private static Evidence Evidence()
    {
        var noise = new Noise(42);
        return new Evidence(
            new Look(2, 3, 600, 100, 200, 412),
            new ErrorBudget(),
            [
                Observed.Counts(new Metric(MetricKind.ErrorRate, 0.005m), new Tally(31, 412), new Tally(190, 3800)),
                Observed.Counts(new Metric(MetricKind.ToolFailures, 0.1m, Relative: true), new Tally(40, 412), new Tally(350, 3800)),
                Observed.Values(new Metric(MetricKind.DurationP50, 0.15m, Relative: true), Take(412, 21_000), Take(1000, 20_000)),
                Observed.Values(new Metric(MetricKind.DurationP95, 2500, DryRun: true), Take(412, 21_000), Take(1000, 20_000)),
                Observed.Values(
                    new Metric(MetricKind.Field, 0.25m, Field: "score \"a\"", LowerIsWorse: true),
                    new Sample(2, [-5_000_000, 1]),
                    new Sample(0, [])
                ),
            ]
        );

        Sample Take(int runs, double median) => new(runs * 3L, [.. Enumerable.Range(0, runs).Select(_ => noise.Duration(median)).Order()]);
    }

    [Fact]
    public void A_stored_decision_replays_bit_for_bit()
    {
        var evidence = Evidence();
        var record = DecisionRecord.Write(evidence, VerdictEngine.Decide(evidence));
        Assert.True(DecisionRecord.Replays(record));
        var again = DecisionRecord.ReadEvidence(record);
        Assert.Equal(record, DecisionRecord.Write(again, VerdictEngine.Decide(again)));
    }

    [Fact]
    public void The_digest_of_a_known_decision_never_changes()
    {
        // The bounds of a run of whole numbers, so that nothing but the engine's own arithmetic is in it.
        long[] canary = [.. Enumerable.Range(0, 400).Select(i => 900L + (i * 37 % 1009)).Order()];
        long[] stable = [.. Enumerable.Range(0, 900).Select(i => 800L + (i * 53 % 1013)).Order()];
        var evidence = new Evidence(
            new Look(1, 3, 600, 100, 0, 400),
            new ErrorBudget(),
            [
                Observed.Counts(new Metric(MetricKind.ErrorRate, 0.005m), new Tally(31, 400), new Tally(190, 3800)),
                Observed.Values(
                    new Metric(MetricKind.DurationP50, 0.2m, Relative: true),
                    new Sample(400, canary),
                    new Sample(3800, stable)
                ),
                Observed.Values(
                    new Metric(MetricKind.DurationP95, 0.2m, Relative: true),
                    new Sample(400, canary),
                    new Sample(3800, stable)
                ),
            ]
        );
        var record = DecisionRecord.Write(evidence, VerdictEngine.Decide(evidence));
        Assert.Equal("b2dd635df37599d33ad462d8e9517241d4668452faceb0f8d3a62d48de1bbb98", DecisionRecord.Digest(record));
    }

    [Theory]
    [InlineData("\"hits\":31", "\"hits\":30")]
    [InlineData("\"verdict\":\"inconclusive\"", "\"verdict\":\"pass\"")]
    [InlineData("\"margin\":0.005", "\"margin\":0.006")]
    [InlineData("\"margin\":0.005", "\"margin\":0.0050")]
    [InlineData("\"runs_before\":200", "\"runs_before\":199")]
    [InlineData("\"dry_run\":true", "\"dry_run\":false")]
    [InlineData("\"format\":1", "\"format\":2")]
    [InlineData("\"hits\":31", "\"hits\":\"31\"")]
    [InlineData("\"hits\":31", "\"hits\":3100000000000000000000")]
    [InlineData("\"kind\":\"error-rate\"", "\"kind\":\"luck\"")]
    public void What_was_changed_afterwards_does_not_replay(string was, string now)
    {
        var evidence = Evidence();
        var text = Encoding.UTF8.GetString(DecisionRecord.Write(evidence, VerdictEngine.Decide(evidence)));
        Assert.Contains(was, text, StringComparison.Ordinal);
        var place = text.IndexOf(was, StringComparison.Ordinal);
        var changed = string.Concat(text.AsSpan(0, place), now, text.AsSpan(place + was.Length));
        Assert.False(DecisionRecord.Replays(Encoding.UTF8.GetBytes(changed)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"format\":1}")]
    [InlineData("{\"format\":1,\"evidence\":{\"look\":3,\"budget\":[],\"metrics\":{}}}")]
    public void What_is_no_record_does_not_replay(string text) => Assert.False(DecisionRecord.Replays(Encoding.UTF8.GetBytes(text)));
}
