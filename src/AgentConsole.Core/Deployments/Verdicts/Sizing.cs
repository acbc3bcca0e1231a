namespace AgentConsole.Core.Deployments.Verdicts;

/// <summary>
/// How many canary runs a step needs, said before it starts: at its last look of three, with a chance of nine in ten, for metrics that
/// count runs and have an absolute margin. A plan that cannot reach a verdict should not look as if it could.
/// </summary>
public static class Sizing
{
    private const double NineInTen = 0.1;
    private const int Looks = 3;

    /// <summary>More than this is answered as null: nobody waits for it.</summary>
    public const long MostRuns = 10_000_000;

    /// <summary>Until a version that is as good as the stable one passes.</summary>
    /// <param name="share">Canary's share of traffic, above 0 and below 1.</param>
    public static long? RunsToPass(double rate, double margin, double share, ErrorBudget budget)
    {
        var z = StableMath.UpperQuantile((double)budget.FalsePass * LastShare);
        return Fewest(runs =>
        {
            var stable = runs * (1 - share) / share;
            var up = Root(Above(rate, runs, z), rate - Math.Max(0, Proportions.WilsonBound(rate * stable, stable, z, -1)));
            return up + Chance(rate, runs, rate, stable) <= margin;
        });
    }

    /// <summary>Until a version that fails this much more often fails.</summary>
    public static long? RunsToFail(double rate, double raised, double margin, double share, int metrics, int steps, ErrorBudget budget)
    {
        var z = StableMath.UpperQuantile((double)budget.FalseRollback / (metrics * steps) * LastShare);
        return Fewest(runs =>
        {
            var stable = runs * (1 - share) / share;
            var down = Root(raised - Proportions.WilsonBound(raised * runs, runs, z, -1), Above(rate, stable, z));
            return down + Chance(raised, runs, rate, stable) <= raised - rate - margin;
        });
    }

    private static double LastShare => ErrorBudget.Spent(new Look(1, 1, Looks, 1, Looks - 1, Looks));

    private static double Above(double rate, double runs, double z) => Proportions.WilsonBound(rate * runs, runs, z, 1) - rate;

    private static double Chance(double canary, double canaryRuns, double stable, double stableRuns) =>
        StableMath.UpperQuantile(NineInTen) * Math.Sqrt((canary * (1 - canary) / canaryRuns) + (stable * (1 - stable) / stableRuns));

    private static double Root(double a, double b) => Math.Sqrt((a * a) + (b * b));

    private static long? Fewest(Func<double, bool> isEnough)
    {
        if (!isEnough(MostRuns))
            return null;
        long low = 1,
            high = MostRuns;
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (isEnough(middle))
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }
}
