using AgentConsole.Core.Deployments.Verdicts;

namespace AgentConsole.Core.Deployments.Rollouts;

/// <summary>What a rollout does next. Pure: the caller looks up and writes.</summary>
internal static class RolloutMachine
{
    /// <summary>Whether to look now, and if it is the step's last look; null when it is not time.</summary>
    public static Look? DueLook(Rollout rollout, RolloutPlan plan, RolloutArm canary, RolloutArm stable, DateTimeOffset now)
    {
        var step = plan.Steps[rollout.Step - 1];
        if (rollout.StepDone)
            return null;
        var (held, fewest) = (rollout.HeldFor(now), Math.Min(canary.Runs, stable.Runs));
        var isOver = held >= step.Hold;
        Look At(bool isLast) =>
            new(
                rollout.Step,
                plan.Steps.Count,
                step.PlannedRuns,
                step.MinimumRuns,
                rollout.RunsLooked,
                Math.Max(canary.Runs, rollout.RunsLooked),
                isLast
            );
        if (held >= step.Hold + plan.Patience)
            return At(isLast: true);
        if (fewest < step.MinimumRuns)
            return null;
        // What came since a look that has passed is looked at before the step ends by it.
        if (canary.Runs >= step.PlannedRuns || (isOver && rollout.Verdict == Verdict.Pass && canary.Runs > rollout.RunsLooked))
            return At(isLast: true);
        return Look.IsDue(step.PlannedRuns, plan.Looks, step.MinimumRuns, rollout.RunsLooked, canary.Runs) ? At(isLast: false) : null;
    }

    public static Evidence Gather(RolloutPlan plan, Look look, RolloutArm canary, RolloutArm stable)
    {
        var (canarySamples, stableSamples) = (
            ArmSamples.Read(plan.ValueMetrics, canary.Samples),
            ArmSamples.Read(plan.ValueMetrics, stable.Samples)
        );
        return new Evidence(
            look,
            plan.Budget,
            [
                .. plan.Metrics.Select(m =>
                    m.CountsRuns
                        ? Observed.Counts(m, TallyOf(canary, m.Kind), TallyOf(stable, m.Kind))
                        : Observed.Values(m, canarySamples.Of(m), stableSamples.Of(m))
                ),
            ]
        );
    }

    /// <summary>What comes of the latest verdict; asked after each look, and again when the hold of a step that has passed is over.</summary>
    public static RolloutMove Next(Rollout rollout, RolloutPlan plan, DateTimeOffset now)
    {
        var step = plan.Steps[rollout.Step - 1];
        switch (rollout.Verdict)
        {
            case Verdict.Fail when rollout.StepDone || rollout.FailsInRow >= plan.ConsecutiveFails:
                return plan.OnFail == OnFail.RollBack ? RolloutMove.RollBack : RolloutMove.Pause;
            case Verdict.Inconclusive or Verdict.NotEnoughData when rollout.StepDone:
                return RolloutMove.Pause;
            case Verdict.Pass when rollout.HeldFor(now) >= step.Hold:
                return rollout.Step < plan.Steps.Count ? RolloutMove.Advance : RolloutMove.Promote;
            default:
                return RolloutMove.None;
        }
    }

    /// <summary>What a running one waits for.</summary>
    public static RolloutWait WaitOf(Rollout rollout, RolloutPlan plan, DateTimeOffset now) =>
        rollout.Waits == RolloutWait.Freeze && rollout.Verdict == Verdict.Pass ? RolloutWait.Freeze
        : rollout.Verdict == Verdict.Pass && rollout.HeldFor(now) < plan.Steps[rollout.Step - 1].Hold ? RolloutWait.Hold
        : RolloutWait.Runs;

    private static Tally TallyOf(RolloutArm arm, MetricKind kind)
    {
        var hits = kind switch
        {
            MetricKind.ErrorRate => arm.Failed,
            MetricKind.ToolFailures => arm.ToolFailed,
            _ => arm.Blocked,
        };
        return new Tally(Math.Clamp(hits, 0, arm.Runs), arm.Runs);
    }
}
