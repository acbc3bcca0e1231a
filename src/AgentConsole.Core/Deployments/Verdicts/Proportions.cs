namespace AgentConsole.Core.Deployments.Verdicts;

/// <summary>So many of so many runs.</summary>
public readonly record struct Tally(long Hits, long Runs)
{
    internal double Rate => Runs == 0 ? 0 : (double)Hits / Runs;
}

/// <summary>Null where that side is unbounded.</summary>
internal readonly record struct Interval(double? Lower, double? Upper);

/// <summary>Intervals for one proportion (Wilson 1927) and for a contrast of two (Newcombe 1998, method 10; Zou and Donner 2008).</summary>
internal static class Proportions
{
    /// <summary>
    /// The interval of <c>canary − factor × stable</c>, each rate's Wilson bounds squared and added (MOVER). With a factor of 1 it is
    /// Newcombe's hybrid score interval of a difference. The two sides may have levels of their own.
    /// </summary>
    public static Interval Contrast(Tally canary, Tally stable, double factor, double zLower, double zUpper)
    {
        var estimate = canary.Rate - (factor * stable.Rate);
        var down = Root(canary.Rate - WilsonLower(canary, zLower), factor * (WilsonUpper(stable, zLower) - stable.Rate));
        var up = Root(WilsonUpper(canary, zUpper) - canary.Rate, factor * (stable.Rate - WilsonLower(stable, zUpper)));
        return new Interval(estimate - down, estimate + up);
    }

    private static double WilsonLower(Tally tally, double z) => tally.Hits == 0 ? 0 : WilsonBound(tally.Hits, tally.Runs, z, -1);

    private static double WilsonUpper(Tally tally, double z) => tally.Hits == tally.Runs ? 1 : WilsonBound(tally.Hits, tally.Runs, z, 1);

    /// <param name="side">−1 for the lower bound, 1 for the upper.</param>
    internal static double WilsonBound(double hits, double runs, double z, int side)
    {
        var square = z * z;
        var half = z * Math.Sqrt(square + (4 * hits * ((runs - hits) / runs)));
        return ((2 * hits) + square + (side * half)) / (2 * (runs + square));
    }

    private static double Root(double a, double b) => Math.Sqrt((a * a) + (b * b));
}
