using AgentConsole.Contracts;
using AgentConsole.Core.Deployments.Verdicts;

namespace AgentConsole.Core.Deployments.Rollouts;

/// <summary>What a step costs in runs and time, at the traffic and the errors of the last day.</summary>
/// <param name="InHold">Canary runs that come while it holds.</param>
/// <param name="ForMinimum">Until the minimum has come; null without traffic.</param>
/// <param name="ToPass">Canary runs that a version as good as the stable one needs to pass; null where that cannot be said or nobody waits for it.</param>
/// <param name="ToFail">Those that one with twice the errors needs to fail; likewise.</param>
public sealed record PlanCost(
    decimal Percent,
    TimeSpan Hold,
    long InHold,
    TimeSpan? ForMinimum,
    TimeSpan? ForPlanned,
    long? ToPass,
    long? ToFail,
    long Planned
)
{
    /// <summary>Its last look will most likely find neither pass nor fail.</summary>
    public bool IsTooShort => ToPass > Planned;

    /// <param name="plan">One that <see cref="RolloutPlan.Read"/> takes.</param>
    /// <param name="runsOfDay">Runs of the agent that ended in the last day.</param>
    /// <param name="errorRate">Of the last day; null without runs.</param>
    public static IReadOnlyList<PlanCost> Of(RolloutPlanBody plan, long runsOfDay, double? errorRate)
    {
        var margin = Margin(plan);
        var deciding = Math.Max(1, plan.Metrics!.Count(m => m.DryRun != true));
        var budget = new ErrorBudget(plan.FalseRollback ?? 0.05m, plan.FalsePass ?? 0.05m);
        return
        [
            .. plan.Steps!.Select(step =>
            {
                var share = (double)step.Percent!.Value / 100;
                var (canaryDay, stableDay) = (runsOfDay * share, runsOfDay * (1 - share));
                var hold = TimeSpan.FromMinutes(step.HoldMinutes ?? 0);
                var (rate, known) = (errorRate ?? 0, errorRate is > 0 and < 1 && margin is > 0);
                return new PlanCost(
                    step.Percent.Value,
                    hold,
                    (long)(canaryDay * hold.TotalDays),
                    After(step.MinimumRuns ?? 0, Math.Min(canaryDay, stableDay)),
                    After(step.PlannedRuns ?? 0, canaryDay),
                    known ? Sizing.RunsToPass(rate, margin!.Value, share, budget) : null,
                    known && rate * 2 - rate > margin && rate * 2 < 1
                        ? Sizing.RunsToFail(rate, rate * 2, margin.Value, share, deciding, plan.Steps!.Count, budget)
                        : null,
                    step.PlannedRuns ?? 0
                );
            }),
        ];
    }

    /// <summary>Of the error rate, where it decides and is absolute: only then the runs can be said beforehand.</summary>
    public static double? Margin(RolloutPlanBody plan) =>
        (double?)plan.Metrics?.FirstOrDefault(m => m is { Metric: "error-rate", Relative: not true, DryRun: not true })?.Margin;

    /// <summary>Canary runs, none of which failed, after which an upper bound of 95 % on the rate is within the margin: the rule of three.</summary>
    public static long ToPassWithoutFailures(double margin) => (long)Math.Ceiling(3 / Math.Max(margin, 1e-6));

    private static TimeSpan? After(long runs, double perDay) => perDay <= 0 ? null : TimeSpan.FromDays(Math.Min(runs / perDay, 3650));
}
