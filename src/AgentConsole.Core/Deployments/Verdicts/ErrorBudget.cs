namespace AgentConsole.Core.Deployments.Verdicts;

/// <summary>How often a rollout may be wrong in each direction, over all its metrics, steps and looks together.</summary>
/// <param name="FalseRollback">A version no worse than its margins is failed.</param>
/// <param name="FalsePass">A version worse than a margin passes all its steps.</param>
public sealed record ErrorBudget(decimal FalseRollback = 0.05m, decimal FalsePass = 0.05m)
{
    public string? Fault() =>
        FalseRollback is >= 0.000001m and <= 0.5m
        && FalsePass is >= 0.000001m and <= 0.5m
        && FalseRollback == decimal.Round(FalseRollback, 6)
        && FalsePass == decimal.Round(FalsePass, 6)
            ? null
            : "A budget lies between 0.000001 and 0.5, with at most six decimals.";

    /// <summary>
    /// The part of a step's budget spent by a look: the Lan-DeMets spending function t² (Kim and DeMets 1987), t being the share of the
    /// step's planned canary runs. What earlier looks spent is gone; the last look spends all that is left.
    /// </summary>
    internal static double Spent(Look look)
    {
        var before = Fraction(look.RunsBefore, look);
        var now = look.IsLast ? 1 : Fraction(look.RunsNow, look);
        return (now * now) - (before * before);
    }

    private static double Fraction(long runs, Look look) => Math.Min(1, (double)runs / look.PlannedRuns);
}

/// <summary>One look at a step. Steps have windows of their own, so that a split that changes cannot pass for a difference of versions.</summary>
/// <param name="Step">From 1.</param>
/// <param name="PlannedRuns">Canary runs after which the step's budget is spent.</param>
/// <param name="MinimumRuns">Of each arm, below which nothing is judged.</param>
/// <param name="RunsBefore">Canary runs at the look before this in the step; 0 at the first.</param>
/// <param name="IsLast">The step ends now, whatever it has seen.</param>
public sealed record Look(int Step, int Steps, long PlannedRuns, long MinimumRuns, long RunsBefore, long RunsNow, bool IsLast = false)
{
    public const int MostSteps = 20;
    public const long MostPlannedRuns = 100_000_000;

    public string? Fault() =>
        Step < 1 || Step > Steps || Steps > MostSteps ? $"A step is one of 1 to {MostSteps}."
        : PlannedRuns is < 1 or > MostPlannedRuns || MinimumRuns < 1 || MinimumRuns > PlannedRuns
            ? "A step plans 1 to 100,000,000 runs and needs at least 1 and at most those."
        : RunsBefore < 0 || RunsNow < RunsBefore ? "A look sees no fewer runs than the one before."
        : RunsBefore >= PlannedRuns || (RunsNow == RunsBefore && !IsLast) ? "The step has no budget left for a look at these runs."
        : null;

    /// <summary>
    /// Whether it is time to look: one of so many evenly spread marks was passed since the look before. No mark lies below the minimum.
    /// </summary>
    public static bool IsDue(long plannedRuns, int looks, long minimumRuns, long runsBefore, long runsNow)
    {
        for (var k = 1; k <= looks; k++)
        {
            var mark = Math.Max(minimumRuns, ((plannedRuns * k) + looks - 1) / looks);
            if (runsBefore < mark && mark <= runsNow)
                return true;
        }
        return false;
    }
}
