namespace AgentConsole.Core.Deployments.Verdicts;

/// <summary>The rank test of two samples.</summary>
/// <param name="U">Pairs in which the canary's value is the higher; a tie counts half.</param>
/// <param name="Z">U in standard deviations from its middle, the deviation corrected for ties; 0 when all values are alike.</param>
internal readonly record struct RankTest(double U, double Z);

/// <summary>
/// Mann and Whitney's test (1947) and what belongs to it: Hodges and Lehmann's estimate of the shift (1963), the median of all
/// pairs, with its distribution-free interval from two ordered pairs (Lehmann 1975). Samples are sorted, lowest first. The pairs,
/// a million of them, are never written out: the k-th is found by halving the range of possible values and counting.
/// </summary>
internal static class Ranks
{
    public const double MostRatio = 1e9;

    // Sorting so many is cheaper than halving on.
    private const int FewPairs = 4096;

    public static RankTest MannWhitney(ReadOnlySpan<long> canary, ReadOnlySpan<long> stable)
    {
        double m = stable.Length;
        double n = canary.Length;
        var twiceU = 0L;
        var ties = 0.0;
        int below = 0,
            upTo = 0,
            i = 0,
            j = 0;
        foreach (var value in canary)
        {
            while (below < stable.Length && stable[below] < value)
                below++;
            while (upTo < stable.Length && stable[upTo] <= value)
                upTo++;
            twiceU += below + upTo;
        }
        while (i < canary.Length || j < stable.Length)
        {
            var value = j == stable.Length || (i < canary.Length && canary[i] <= stable[j]) ? canary[i] : stable[j];
            double alike = 0;
            for (; i < canary.Length && canary[i] == value; i++)
                alike++;
            for (; j < stable.Length && stable[j] == value; j++)
                alike++;
            ties += (alike * alike * alike) - alike;
        }
        var all = m + n;
        var variance = m * n / 12 * (all + 1 - (ties / (all * (all - 1))));
        var u = twiceU / 2.0;
        return new RankTest(u, variance > 0 ? (u - (m * n / 2)) / Math.Sqrt(variance) : 0);
    }

    /// <summary>How much higher the canary's values lie, in their own unit.</summary>
    public static (double Estimate, Interval Bounds) Shift(long[] canary, long[] stable, double zLower, double zUpper)
    {
        var pairs = (long)canary.Length * stable.Length;
        var (low, high) = Places(canary.Length, stable.Length, zLower, zUpper);
        return (
            (Difference((pairs + 1) / 2) + Difference((pairs + 2) / 2)) / 2.0,
            new Interval(low is { } l ? Difference(l) : null, high is { } h ? Difference(h) : null)
        );

        double Difference(long place) => KthDifference(canary, stable, place);
    }

    /// <summary>
    /// How many times as high the canary's values lie, <see cref="MostRatio"/> at most. Needs values from 0 on; 0 to 0 counts as alike.
    /// </summary>
    public static (double Estimate, Interval Bounds) Ratio(long[] canary, long[] stable, double zLower, double zUpper)
    {
        var pairs = (long)canary.Length * stable.Length;
        var (low, high) = Places(canary.Length, stable.Length, zLower, zUpper);
        return (
            (Quotient((pairs + 1) / 2) + Quotient((pairs + 2) / 2)) / 2,
            new Interval(low is { } l ? Quotient(l) : null, high is { } h ? Quotient(h) : null)
        );

        double Quotient(long place) => KthRatio(canary, stable, place);
    }

    /// <summary>
    /// The control quantile test (Mathisen 1943; Gastwirth 1968): runs above the stable arm's quantile, the canary's allowed to be this
    /// much higher. Where the quantiles stand as allowed, both shares are alike.
    /// </summary>
    public static (Tally Canary, Tally Stable) Above(long[] canary, long[] stable, double share, Func<double, double> allowed)
    {
        var quantile = Quantile(stable, share);
        var limit = allowed(quantile);
        return (
            new Tally(canary.LongCount(value => value > limit), canary.Length),
            new Tally(stable.LongCount(value => value > quantile), stable.Length)
        );
    }

    /// <summary>The smallest value that at least this share of the sample does not exceed.</summary>
    public static long Quantile(long[] sorted, double share) => sorted[Math.Max(1, (int)Math.Ceiling(share * sorted.Length)) - 1];

    // Which of the ordered pairs are the bounds. The deviation is that without ties, which is never the smaller one.
    private static (long? Low, long? High) Places(long canary, long stable, double zLower, double zUpper)
    {
        var pairs = canary * stable;
        var deviation = Math.Sqrt((double)pairs * (canary + stable + 1) / 12);
        var low = (long)Math.Floor((pairs / 2.0) - (zLower * deviation));
        var high = (long)Math.Floor((pairs / 2.0) - (zUpper * deviation));
        return (low < 1 ? null : low, high < 1 ? null : pairs + 1 - high);
    }

    private static long KthDifference(long[] canary, long[] stable, long place)
    {
        var low = canary[0] - stable[^1];
        var high = canary[^1] - stable[0];
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            long count = 0;
            var upTo = 0;
            for (var i = 0; i < stable.Length && count < place; i++)
            {
                while (upTo < canary.Length && canary[upTo] - stable[i] <= middle)
                    upTo++;
                count += upTo;
            }
            if (count >= place)
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }

    private static double KthRatio(long[] canary, long[] stable, long place)
    {
        // Doubles from 0 on are ordered as their bits are, so halving the bits ends at exactly the k-th.
        var low = BitConverter.DoubleToInt64Bits(Quotient(canary[0], stable[^1]));
        var high = BitConverter.DoubleToInt64Bits(Quotient(canary[^1], stable[0]));
        var below = 0L; // pairs under low
        var upTo = (long)canary.Length * stable.Length; // and up to high
        while (low < high && upTo - below > FewPairs)
        {
            var middle = low + ((high - low) / 2);
            var count = CountUpTo(canary, stable, BitConverter.Int64BitsToDouble(middle));
            if (count >= place)
                (high, upTo) = (middle, count);
            else
                (low, below) = (middle + 1, count);
        }
        return low == high
            ? BitConverter.Int64BitsToDouble(low)
            : Between(canary, stable, BitConverter.Int64BitsToDouble(low), BitConverter.Int64BitsToDouble(high))[(int)(place - below - 1)];
    }

    private static long CountUpTo(long[] canary, long[] stable, double ratio)
    {
        var count = 0L;
        var upTo = 0;
        foreach (var x in stable)
        {
            while (upTo < canary.Length && Quotient(canary[upTo], x) <= ratio)
                upTo++;
            count += upTo;
        }
        return count;
    }

    private static List<double> Between(long[] canary, long[] stable, double least, double most)
    {
        var ratios = new List<double>(FewPairs);
        var from = 0;
        foreach (var x in stable)
        {
            while (from < canary.Length && Quotient(canary[from], x) < least)
                from++;
            for (var i = from; i < canary.Length && Quotient(canary[i], x) is var ratio && ratio <= most; i++)
                ratios.Add(ratio);
        }
        ratios.Sort();
        return ratios;
    }

    private static double Quotient(long y, long x)
    {
        if (x == 0)
            return y == 0 ? 1 : MostRatio;
        return Math.Min(MostRatio, (double)y / x);
    }
}
