using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs.Arms;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Deployments.Rollouts;

/// <summary>
/// What is written when a rollout moves, whoever moves it. The caller holds the trail's head of the organization, so that of two who would move it the second
/// sees what the first has done.
/// </summary>
public sealed class RolloutBook(SnapshotBook snapshots, RolloutDirectory directory)
{
    /// <summary>Publishes the share of a step and begins to count its runs.</summary>
    /// <returns>False when somebody else was faster: leave, and nothing was written.</returns>
    internal async Task<bool> BeginStepAsync(
        Write write,
        Actor by,
        Agent agent,
        Rollout rollout,
        SnapshotContent content,
        int step,
        string? reason,
        CancellationToken cancellationToken
    )
    {
        var share = RolloutPlan.Parse(rollout.Plan).Steps[step - 1].Percent;
        var draft = new SnapshotDraft(rollout.CanaryVersion, rollout.Environment, reason, content.WithTraffic(share));
        var canary = SnapshotBook.Make(write, by, agent, draft, SnapshotStatus.Canary, SnapshotTrigger.Rollout);
        await CloseStepAsync(write, rollout, cancellationToken);
        // A node that has not heard of the store for two seconds takes no reports: from then on each one that does knows of this step.
        rollout.BeginStep(step, write.Db.Engine.HasSingleWriter ? write.Now : write.Now + NodeLink.LongestSilence);
        rollout.CanarySnapshotId = canary.Id;
        foreach (var isCanary in (bool[])[true, false])
        {
            write.Db.Add(
                new RolloutArm
                {
                    OrganizationId = rollout.OrganizationId,
                    RolloutId = rollout.Id,
                    Step = step,
                    IsCanary = isCanary,
                }
            );
        }
        Tell(write, agent, rollout);
        return await snapshots.AppendAsync(write, by, agent, canary, cancellationToken);
    }

    /// <summary>Makes the canary the active version.</summary>
    /// <returns>As <see cref="BeginStepAsync"/>.</returns>
    internal async Task<bool> PromoteAsync(
        Write write,
        Actor by,
        Agent agent,
        Rollout rollout,
        string? reason,
        CancellationToken cancellationToken
    )
    {
        var content = await ContentAsync(write.Db, rollout, rollout.CanarySnapshotId, cancellationToken);
        var draft = new SnapshotDraft(rollout.CanaryVersion, rollout.Environment, reason, content.WithTraffic(null));
        var active = SnapshotBook.Make(write, by, agent, draft, SnapshotStatus.Active, SnapshotTrigger.Rollout);
        await EndAsync(write, by, agent, rollout, RolloutState.Promoted, reason, cancellationToken);
        return await snapshots.AppendAsync(write, by, agent, active, cancellationToken);
    }

    /// <summary>Gives all traffic back to the stable version: sets it active once more, with the content it had.</summary>
    /// <param name="failed">A verdict said so; otherwise a person did.</param>
    /// <returns>As <see cref="BeginStepAsync"/>.</returns>
    internal async Task<bool> RollBackAsync(
        Write write,
        Actor by,
        Agent agent,
        Rollout rollout,
        bool failed,
        string reason,
        CancellationToken cancellationToken
    )
    {
        var content = await ContentAsync(write.Db, rollout, rollout.StableSnapshotId, cancellationToken);
        var active = SnapshotBook.Make(
            write,
            by,
            agent,
            new SnapshotDraft(rollout.StableVersion, rollout.Environment, reason, content),
            SnapshotStatus.Active,
            SnapshotTrigger.Rollback,
            (rollout.CanarySnapshotId, rollout.CanaryVersion)
        );
        await EndAsync(write, by, agent, rollout, failed ? RolloutState.RolledBack : RolloutState.Aborted, reason, cancellationToken);
        return await snapshots.AppendAsync(write, by, agent, active, cancellationToken, failed);
    }

    /// <summary>Ends what is open here, because somebody deploys something else in its place.</summary>
    internal async Task OverrunAsync(
        Write write,
        Actor by,
        Agent agent,
        string environment,
        string reason,
        CancellationToken cancellationToken
    )
    {
        if (await RolloutLists.OpenAsync(write.Db, agent, environment, cancellationToken) is { } open)
            await OverrunAsync(write, by, agent, open, reason, cancellationToken);
    }

    /// <summary>Ends a rollout whose ground was taken away by somebody else's snapshot, or whose agent is gone; deploys nothing.</summary>
    internal Task OverrunAsync(Write write, Actor by, Agent agent, Rollout rollout, string reason, CancellationToken cancellationToken) =>
        EndAsync(write, by, agent, rollout, RolloutState.Aborted, reason, cancellationToken);

    internal void Pause(Write write, Actor by, Agent agent, Rollout rollout, RolloutWait why, string? reason)
    {
        rollout.Pause(why, write.Now);
        Record(write, by, agent, rollout, "rollout.paused", reason, new { step = rollout.Step, waits_for = KebabCase.Of(why) });
        Tell(write, agent, rollout);
    }

    internal static void Record(Write write, Actor by, Agent agent, Rollout rollout, string action, string? reason, object? after = null) =>
        write.Trail(
            by,
            action,
            new TrailTarget("rollout", rollout.Id, $"{agent.Slug} {rollout.CanaryVersion}", agent.TeamId),
            after: after,
            reason: reason
        );

    /// <summary>Listeners hear of it, and ingest follows what is to be counted.</summary>
    internal void Tell(Write write, Agent agent, Rollout rollout)
    {
        write.Tell(new LiveEvent("rollout", rollout.OrganizationId, agent.TeamId, rollout.AgentId, rollout.Id));
        var id = rollout.Id;
        write.AfterCommit(() => directory.ReloadAsync(id));
    }

    internal static async Task<SnapshotContent> ContentAsync(
        ConsoleDbContext db,
        Rollout rollout,
        Guid snapshotId,
        CancellationToken cancellationToken
    ) =>
        new(
            await db
                .Snapshots.Where(s => s.OrganizationId == rollout.OrganizationId && s.Id == snapshotId)
                .Select(s => s.Content)
                .SingleAsync(cancellationToken)
        );

    private async Task EndAsync(
        Write write,
        Actor by,
        Agent agent,
        Rollout rollout,
        RolloutState state,
        string? reason,
        CancellationToken cancellationToken
    )
    {
        await CloseStepAsync(write, rollout, cancellationToken);
        rollout.End(state, by.Label, reason, write.Now);
        Record(
            write,
            by,
            agent,
            rollout,
            state switch
            {
                RolloutState.Promoted => "rollout.promoted",
                RolloutState.RolledBack => "rollout.rolled-back",
                _ => "rollout.aborted",
            },
            reason,
            new
            {
                step = rollout.Step,
                canary = rollout.CanaryVersion,
                stable = rollout.StableVersion,
            }
        );
        Tell(write, agent, rollout);
        var (organization, id) = (rollout.OrganizationId, rollout.Id);
        await write.Db.ArmEntries.Where(e => e.OrganizationId == organization && e.RolloutId == id).ExecuteDeleteAsync(cancellationToken);
    }

    // Its decisions hold the samples that they were reached by.
    private static async Task CloseStepAsync(Write write, Rollout rollout, CancellationToken cancellationToken)
    {
        var (organization, id) = (rollout.OrganizationId, rollout.Id);
        foreach (
            var arm in await write
                .Db.RolloutArms.Where(a => a.OrganizationId == organization && a.RolloutId == id && a.Step == rollout.Step)
                .ToListAsync(cancellationToken)
        )
            arm.Samples = [];
    }
}
