using AgentConsole.Core.Deployments.Verdicts;

namespace AgentConsole.Core.Tests.Deployments.Verdicts;

public sealed class RanksTests
{
    // Hollander and Wolfe, Nonparametric Statistical Methods: permeability of the human chorioamnion, in hundredths. At term; at 12 to 26 weeks.
    private static readonly long[] Term = [73, 80, 83, 104, 138, 145, 146, 164, 189, 191];
    private static readonly long[] Early = [74, 88, 90, 115, 121];

    [Fact]
    public void The_textbook_example_has_its_statistic_estimate_and_interval()
    {
        var test = Ranks.MannWhitney(Early, Term);
        Assert.Equal(15, test.U); // of 50 pairs; seen from the other sample 35
        Assert.Equal(-10 / Math.Sqrt(50.0 * 16 / 12), test.Z, 1e-12);

        // The ninth of the ordered pairs from either end, as in the book's 96 % interval.
        var (estimate, bounds) = Ranks.Shift(Early, Term, 1.9, 1.9);
        Assert.Equal(-30.5, estimate);
        Assert.Equal(-76, bounds.Lower);
        Assert.Equal(15, bounds.Upper);
    }

    [Fact]
    public void With_ties_the_deviation_is_that_of_every_way_to_deal_the_values()
    {
        long[] all = [1, 2, 2, 2, 3, 5, 5, 8, 9];
        var squares = 0.0;
        var deals = 0;
        for (var mask = 0; mask < 1 << all.Length; mask++)
        {
            if (int.PopCount(mask) != 4)
                continue;
            var u = Ranks.MannWhitney(Dealt(mask, 1), Dealt(mask, 0)).U - 10;
            squares += u * u;
            deals++;
        }
        Assert.Equal(126, deals);
        var test = Ranks.MannWhitney([3, 5, 8, 9], [1, 2, 2, 2, 5]);
        Assert.Equal(18.5, test.U);
        Assert.Equal(8.5 / Math.Sqrt(squares / deals), test.Z, 1e-12);

        long[] Dealt(int mask, int side) => [.. all.Where((_, i) => ((mask >> i) & 1) == side)];
    }

    [Fact]
    public void Samples_that_are_all_alike_say_nothing()
    {
        Assert.Equal(0, Ranks.MannWhitney([7, 7, 7], [7, 7]).Z);
        var (ratio, bounds) = Ranks.Ratio([7, 7, 7, 7, 7], [7, 7, 7, 7, 7], 1, 1);
        Assert.Equal((1, new Interval(1, 1)), (ratio, bounds));
    }

    [Fact]
    public void The_pairs_that_are_found_by_counting_are_those_found_by_sorting()
    {
        var noise = new Noise(7);
        for (var round = 0; round < 50; round++)
        {
            long[] canary = [.. Enumerable.Range(0, 17).Select(_ => (long)(noise.Next() * 40)).Order()];
            long[] stable = [.. Enumerable.Range(0, 23).Select(_ => (long)(noise.Next() * 40)).Order()];
            double[] shifts = [.. from y in canary from x in stable select (double)(y - x)];
            double[] ratios =
            [
                .. from y in canary
                from x in stable
                select x != 0 ? Math.Min(1e9, (double)y / x)
                : y == 0 ? 1
                : 1e9,
            ];
            Array.Sort(shifts);
            Array.Sort(ratios);
            // 391 pairs: the 196th is the middle one.
            var low = (int)Math.Floor(195.5 - (2.5 * Math.Sqrt(391.0 * 41 / 12)));

            var shift = Ranks.Shift(canary, stable, 2.5, 2.5);
            Assert.Equal((shifts[195], new Interval(shifts[low - 1], shifts[391 - low])), shift);
            var ratio = Ranks.Ratio(canary, stable, 2.5, 2.5);
            Assert.Equal((ratios[195], new Interval(ratios[low - 1], ratios[391 - low])), ratio);
        }
    }

    [Fact]
    public void Too_few_pairs_for_the_level_leave_the_side_open()
    {
        var (_, bounds) = Ranks.Shift([1, 2, 3], [1, 2, 3], 5, 1);
        Assert.Null(bounds.Lower);
        Assert.NotNull(bounds.Upper);
    }

    [Fact]
    public void A_runs_above_the_control_quantile_are_counted_against_what_is_allowed()
    {
        long[] stable = [.. Enumerable.Range(1, 100).Select(i => (long)i)];
        long[] canary = [.. Enumerable.Range(1, 100).Select(i => i * 2L)];
        var (above, stableAbove) = Ranks.Above(canary, stable, 0.95, p95 => p95 * 1.2);
        Assert.Equal(new Tally(5, 100), stableAbove);
        Assert.Equal(new Tally(43, 100), above); // 116 to 200
    }

    [Fact]
    public void The_interval_covers_a_true_ratio_as_often_as_it_says()
    {
        var noise = new Noise(11);
        var covered = 0;
        const int Times = 600;
        for (var i = 0; i < Times; i++)
        {
            long[] canary = [.. Enumerable.Range(0, 80).Select(_ => noise.Duration(13_000)).Order()];
            long[] stable = [.. Enumerable.Range(0, 200).Select(_ => noise.Duration(10_000)).Order()];
            var (_, bounds) = Ranks.Ratio(canary, stable, 1.959963984540054, 1.959963984540054);
            if (bounds.Lower <= 1.3 && 1.3 <= bounds.Upper)
                covered++;
        }
        Assert.InRange(covered / (double)Times, 0.93, 0.975);
    }
}
