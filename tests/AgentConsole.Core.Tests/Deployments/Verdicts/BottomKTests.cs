using AgentConsole.Core.Deployments.Verdicts;

namespace AgentConsole.Core.Tests.Deployments.Verdicts;

public sealed class BottomKTests
{
    private static readonly (Guid Id, long Value)[] Runs = Take(5000);

    private static (Guid Id, long Value)[] Take(int count)
    {
        var noise = new Noise(3);
        return [.. Enumerable.Range(0, count).Select(i => (noise.Id(), (long)i))];
    }

    private static BottomK Of(IEnumerable<(Guid Id, long Value)> runs, int capacity = BottomK.DefaultCapacity)
    {
        var sample = new BottomK(capacity);
        foreach (var (id, value) in runs)
            sample.Add(id, value);
        return sample;
    }

    [Fact]
    public void Parts_in_any_order_merge_into_the_sample_of_the_whole()
    {
        var whole = Of(Runs).Write();
        var merged = new BottomK();
        foreach (var part in Runs.Reverse().Chunk(777))
            merged.Merge(BottomK.Read(Of(part).Write()));
        Assert.Equal(BottomK.DefaultCapacity, merged.Count);
        Assert.Equal(whole, merged.Write());
    }

    [Fact]
    public void A_run_that_is_reported_twice_counts_once()
    {
        var sample = Of(Runs.Concat(Runs).Concat(Runs.Select(r => (r.Id, -1L))));
        Assert.Equal(Of(Runs).Write(), sample.Write());
    }

    [Fact]
    public void Every_run_has_the_same_chance_whenever_it_ran()
    {
        // The thousand of five thousand: a fifth of the early and of the late ones, within four deviations.
        var values = Of(Runs).Values();
        Assert.Equal(values.Order(), values);
        for (var part = 0; part < 5; part++)
            Assert.InRange(values.Count(v => v / 1000 == part), 200 - 52, 200 + 52);
    }

    [Fact]
    public void Few_runs_are_all_of_them() => Assert.Equal([0, 1, 2], Of(Runs.Take(3)).Values());

    [Fact]
    public void A_torn_sample_is_refused() => Assert.Throws<FormatException>(() => BottomK.Read(new byte[17]));
}
