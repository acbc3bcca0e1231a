using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Deployments.Rollouts;

/// <summary>Rollouts as the API, the pages and listeners see them.</summary>
public sealed class RolloutBodies(AccessDirectory access, AgentDirectory agents)
{
    /// <param name="arms">Of the present step.</param>
    internal RolloutBody Of(Rollout rollout, IReadOnlyCollection<RolloutArm> arms, DateTimeOffset now)
    {
        var plan = RolloutPlan.Parse(rollout.Plan);
        var step = plan.Steps[rollout.Step - 1];
        var canary = arms.FirstOrDefault(a => a.IsCanary);
        var stable = arms.FirstOrDefault(a => !a.IsCanary);
        var seen = (canary?.Runs ?? 0) + (stable?.Runs ?? 0);
        return new RolloutBody
        {
            Id = IdText.Format(IdText.Rollout, rollout.Id),
            Agent = agents.Find(rollout.AgentId)?.Slug ?? "",
            AgentId = IdText.Format(IdText.Agent, rollout.AgentId),
            Team = access.Current.Teams.GetValueOrDefault(rollout.TeamId)?.Slug ?? "",
            Environment = rollout.Environment.Length == 0 ? null : rollout.Environment,
            State = KebabCase.Of(rollout.State),
            WaitsFor = rollout.Waits is { } waits ? KebabCase.Of(waits) : null,
            Says = Say(rollout, plan, canary, stable, now),
            StableVersion = rollout.StableVersion,
            CanaryVersion = rollout.CanaryVersion,
            StableSnapshot = IdText.Format(IdText.Snapshot, rollout.StableSnapshotId),
            CanarySnapshot = IdText.Format(IdText.Snapshot, rollout.CanarySnapshotId),
            Plan = plan.Body(),
            Template = rollout.Template,
            Step = rollout.Step,
            StepStartedAt = rollout.StepStartedAt,
            HoldUntil = rollout.State == RolloutState.Running ? now + (step.Hold - rollout.HeldFor(now)) : null,
            TargetPercent = rollout.State switch
            {
                RolloutState.Promoted => 100,
                RolloutState.RolledBack or RolloutState.Aborted => 0,
                _ => step.Percent,
            },
            MeasuredPercent = seen == 0 ? null : Math.Round(100.0 * canary!.Runs / seen, 2),
            Canary = Arm(canary),
            Stable = Arm(stable),
            Verdict = rollout.Verdict is { } verdict ? KebabCase.Of(verdict) : null,
            Reason = rollout.Reason,
            StartedAt = rollout.StartedAt,
            StartedBy = rollout.StartedBy,
            EndedAt = rollout.EndedAt,
            EndedBy = rollout.EndedBy,
            EndedReason = rollout.EndedReason,
            Revision = rollout.Revision,
        };
    }

    internal RolloutTemplateBody Of(RolloutTemplate template) =>
        new()
        {
            Id = IdText.Format(IdText.RolloutTemplate, template.Id),
            Team = template.TeamId is { } team ? access.Current.Teams.GetValueOrDefault(team)?.Slug : null,
            Name = template.Name,
            Description = template.Description,
            Plan = RolloutPlan.Parse(template.Plan).Body(),
            CreatedAt = template.CreatedAt,
            UpdatedAt = template.UpdatedAt,
            UpdatedBy = template.UpdatedBy,
            Revision = template.Revision,
        };

    private static RolloutArmBody Arm(RolloutArm? arm) => new(arm?.Runs ?? 0, arm?.Failed ?? 0, arm?.ToolFailed ?? 0, arm?.Blocked ?? 0);

    private static string Say(Rollout rollout, RolloutPlan plan, RolloutArm? canary, RolloutArm? stable, DateTimeOffset now)
    {
        var step = plan.Steps[rollout.Step - 1];
        var at = string.Create(CultureInfo.InvariantCulture, $"Step {rollout.Step} of {plan.Steps.Count}");
        var (seen, fewest) = (canary?.Runs ?? 0, Math.Min(canary?.Runs ?? 0, stable?.Runs ?? 0));
        switch (rollout.State)
        {
            case RolloutState.Promoted:
                return $"Promoted: {rollout.CanaryVersion} is active.";
            case RolloutState.RolledBack:
                return $"Rolled back: {rollout.CanaryVersion} was shown to be worse than {rollout.StableVersion}.";
            case RolloutState.Aborted:
                return $"Aborted: {rollout.EndedReason}";
            case RolloutState.Paused:
                return rollout.Waits switch
                {
                    RolloutWait.Inconclusive =>
                        $"{at} is inconclusive: neither better nor worse than its margins could be shown. Advance, promote or abort.",
                    RolloutWait.Fail => $"{at} failed: {rollout.CanaryVersion} was shown to be worse. Abort, or advance with a reason.",
                    RolloutWait.NotEnoughData => string.Create(
                        CultureInfo.InvariantCulture,
                        $"{at} has not enough data: {fewest:#,0} of {step.MinimumRuns:#,0} runs came. Advance, promote or abort."
                    ),
                    _ => $"{at} is paused.",
                };
            default:
                if (rollout.Waits == RolloutWait.Freeze)
                    return $"{at} has passed and waits for a freeze to end.";
                if (fewest < step.MinimumRuns)
                    return string.Create(
                        CultureInfo.InvariantCulture,
                        $"{at}: {fewest:#,0} of {step.MinimumRuns:#,0} runs of each version, before which nothing is judged."
                    );
                var left = step.Hold - rollout.HeldFor(now);
                var hold =
                    left > TimeSpan.Zero
                        ? string.Create(CultureInfo.InvariantCulture, $", {Math.Ceiling(left.TotalMinutes):#,0} min to hold")
                        : "";
                return string.Create(CultureInfo.InvariantCulture, $"{at}: {seen:#,0} of {step.PlannedRuns:#,0} canary runs{hold}.");
        }
    }
}
