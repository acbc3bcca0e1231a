using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Deployments.Rollouts;

/// <summary>What people and programs do with rollouts. What they do by themselves is <see cref="RolloutWatch"/>.</summary>
public sealed class RolloutService(ConsoleStore store, AccessDirectory access, RolloutBook book, RolloutLists lists)
{
    /// <summary>Deploys a canary with the share of the plan's first step, and watches it from then on.</summary>
    public async Task<Outcome<RolloutBody>> StartAsync(
        Actor by,
        string agentIdOrSlug,
        Outcome<StartRollout> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        await write.Db.Engine.LockTrailHeadAsync(write.Db, by.OrganizationId, cancellationToken);
        var agent = await write.Db.Agents.VisibleTo(by).Named(agentIdOrSlug).FirstOrDefaultAsync(cancellationToken);
        if (agent is null)
            return AgentProblems.NotFound;
        if (MayNot(by, agent) is { } missing)
            return missing;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        if (body.Snapshot is null)
            errors.Add("snapshot", "This is required.");
        if (body.Snapshot?.Status is not (null or "canary"))
            errors.Add("snapshot.status", "Comes from the rollout: leave it out.");
        if (body.Snapshot?.TrafficPercent is not null)
            errors.Add("snapshot.traffic_percent", "Comes from the plan: leave it out.");
        var (plan, template) = await PlanAsync(write.Db, by, body, errors, cancellationToken);
        var draft = body.Snapshot is null
            ? null
            : await DeploymentService.ReadAsync(write.Db, by, agent, body.Snapshot, "snapshot.", errors, cancellationToken);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (agent.Lifecycle is Lifecycle.Deleted or Lifecycle.Retired)
            return AgentProblems.State("deployed", agent.Lifecycle);
        if (
            await FreezeService.RefusalAsync(
                write.Db,
                by,
                agent.TeamId,
                draft!.Environment,
                draft.Reason,
                rollback: false,
                write.Now,
                cancellationToken
            ) is
            { } frozen
        )
            return frozen;
        if (await RolloutLists.OpenAsync(write.Db, agent, draft.Environment, cancellationToken) is { } open)
            return RolloutProblems.Open(open);
        var stable = await write.Db.Snapshots.FirstOrDefaultAsync(
            s =>
                s.OrganizationId == agent.OrganizationId
                && s.AgentId == agent.Id
                && s.Environment == draft.Environment
                && s.Status == SnapshotStatus.Active
                && s.Outcome == SnapshotOutcome.Current,
            cancellationToken
        );
        if (stable is null)
            return RolloutProblems.NothingActive;
        if (stable.Version == draft.Version)
            return Problem.Invalid("snapshot.version", "Is the active version: runs could not be told apart.");
        var rollout = new Rollout
        {
            Id = write.NewId(),
            OrganizationId = agent.OrganizationId,
            AgentId = agent.Id,
            TeamId = agent.TeamId,
            Environment = draft.Environment,
            StableSnapshotId = stable.Id,
            StableVersion = stable.Version,
            CanaryVersion = draft.Version,
            Plan = plan!.Write(),
            Template = template,
            Reason = draft.Reason,
            StartedAt = write.Now,
            StartedBy = Texts.Clip(by.Label, 256)!,
        };
        write.Db.Add(rollout);
        RolloutBook.Record(
            write,
            by,
            agent,
            rollout,
            "rollout.started",
            draft.Reason,
            new
            {
                canary = rollout.CanaryVersion,
                stable = rollout.StableVersion,
                environment = rollout.Environment,
                template,
                plan = System.Text.Json.JsonElement.Parse(rollout.Plan),
            }
        );
        return await book.BeginStepAsync(write, by, agent, rollout, draft.Content, 1, draft.Reason, cancellationToken)
            ? await CommitAsync(write, by, rollout, cancellationToken)
            : Write.LostRace();
    }

    /// <summary>Stays at its share, and is not judged meanwhile; its runs are counted on.</summary>
    public Task<Outcome<RolloutBody>> PauseAsync(Actor by, string id, Outcome<RolloutAct> input, CancellationToken cancellationToken) =>
        ActAsync(
            by,
            id,
            input,
            needsReason: _ => false,
            (write, agent, rollout, reason) =>
            {
                if (rollout.State != RolloutState.Running)
                    return Task.FromResult<Problem?>(RolloutProblems.State("paused", rollout));
                book.Pause(write, by, agent, rollout, RolloutWait.Person, reason);
                return Task.FromResult<Problem?>(null);
            },
            cancellationToken
        );

    /// <summary>Goes on with the step it was paused in, while there is something left to be seen of it.</summary>
    public Task<Outcome<RolloutBody>> ResumeAsync(Actor by, string id, Outcome<RolloutAct> input, CancellationToken cancellationToken) =>
        ActAsync(
            by,
            id,
            input,
            needsReason: r => r.Waits != RolloutWait.Person,
            (write, agent, rollout, reason) =>
            {
                if (rollout.State != RolloutState.Paused)
                    return Task.FromResult<Problem?>(RolloutProblems.State("resumed", rollout));
                if (rollout.Waits != RolloutWait.Person && rollout.StepDone)
                    return Task.FromResult<Problem?>(RolloutProblems.StepSpent);
                rollout.Resume(write.Now);
                RolloutBook.Record(write, by, agent, rollout, "rollout.resumed", reason, new { step = rollout.Step });
                book.Tell(write, agent, rollout);
                return Task.FromResult<Problem?>(null);
            },
            cancellationToken
        );

    /// <summary>Goes to the next step now, or promotes after the last, whatever was seen.</summary>
    public Task<Outcome<RolloutBody>> AdvanceAsync(Actor by, string id, Outcome<RolloutAct> input, CancellationToken cancellationToken) =>
        ActAsync(
            by,
            id,
            input,
            needsReason: _ => true,
            async (write, agent, rollout, reason) =>
            {
                if (await FrozenAsync(write, by, agent, rollout, reason, cancellationToken) is { } frozen)
                    return frozen;
                if (rollout.Step == RolloutPlan.Parse(rollout.Plan).Steps.Count)
                    return await book.PromoteAsync(write, by, agent, rollout, reason, cancellationToken) ? null : Write.LostRace();
                RolloutBook.Record(write, by, agent, rollout, "rollout.advanced", reason, new { step = rollout.Step + 1 });
                var content = await RolloutBook.ContentAsync(write.Db, rollout, rollout.CanarySnapshotId, cancellationToken);
                return await book.BeginStepAsync(write, by, agent, rollout, content, rollout.Step + 1, reason, cancellationToken)
                    ? null
                    : Write.LostRace();
            },
            cancellationToken
        );

    /// <summary>Makes the canary active now, whatever was seen.</summary>
    public Task<Outcome<RolloutBody>> PromoteAsync(Actor by, string id, Outcome<RolloutAct> input, CancellationToken cancellationToken) =>
        ActAsync(
            by,
            id,
            input,
            needsReason: _ => true,
            async (write, agent, rollout, reason) =>
                await FrozenAsync(write, by, agent, rollout, reason, cancellationToken) is { } frozen ? frozen
                : await book.PromoteAsync(write, by, agent, rollout, reason, cancellationToken) ? null
                : Write.LostRace(),
            cancellationToken
        );

    /// <summary>Gives all traffic back to the stable version; allowed in a freeze.</summary>
    public Task<Outcome<RolloutBody>> AbortAsync(Actor by, string id, Outcome<RolloutAct> input, CancellationToken cancellationToken) =>
        ActAsync(
            by,
            id,
            input,
            needsReason: _ => true,
            async (write, agent, rollout, reason) =>
                await book.RollBackAsync(write, by, agent, rollout, failed: false, reason!, cancellationToken) ? null : Write.LostRace(),
            cancellationToken
        );

    private async Task<Outcome<RolloutBody>> ActAsync(
        Actor by,
        string id,
        Outcome<RolloutAct> input,
        Func<Rollout, bool> needsReason,
        Func<Write, Agent, Rollout, string?, Task<Problem?>> act,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        await write.Db.Engine.LockTrailHeadAsync(write.Db, by.OrganizationId, cancellationToken);
        if (await RolloutLists.FindAsync(write.Db, by, id, cancellationToken) is not { } rollout)
            return RolloutProblems.NotFound;
        var agent = await write.Db.Agents.FirstAsync(
            a => a.OrganizationId == rollout.OrganizationId && a.Id == rollout.AgentId,
            cancellationToken
        );
        if (MayNot(by, agent) is { } missing)
            return missing;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var reason = Texts.Why(body.Reason, errors, needsReason(rollout));
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (!rollout.IsOpen)
            return RolloutProblems.State("changed", rollout);
        if (await act(write, agent, rollout, reason) is { } refused)
            return refused;
        return await CommitAsync(write, by, rollout, cancellationToken);
    }

    private async Task<Outcome<RolloutBody>> CommitAsync(Write write, Actor by, Rollout rollout, CancellationToken cancellationToken)
    {
        if (!await write.TryFlushAsync(cancellationToken))
            return Write.LostRace();
        return await write.CommitAsync(by, await lists.BodyAsync(write.Db, rollout, write.Now, cancellationToken), cancellationToken);
    }

    private static Task<Problem?> FrozenAsync(
        Write write,
        Actor by,
        Agent agent,
        Rollout rollout,
        string? reason,
        CancellationToken cancellationToken
    ) => FreezeService.RefusalAsync(write.Db, by, agent.TeamId, rollout.Environment, reason, rollback: false, write.Now, cancellationToken);

    private Problem? MayNot(Actor by, Agent agent) =>
        by.May(Permission.EditAgents, agent.TeamId)
            ? null
            : Actor.MissingRole(Permission.EditAgents, access.Current.Teams.GetValueOrDefault(agent.TeamId)?.Name);

    private static async Task<(RolloutPlan? Plan, string? Template)> PlanAsync(
        ConsoleDbContext db,
        Actor by,
        StartRollout body,
        FieldErrors errors,
        CancellationToken cancellationToken
    )
    {
        if (body.Plan is not null == !string.IsNullOrEmpty(body.Template))
        {
            errors.Add("plan", "Either a plan or the id or name of a template is required.");
            return (null, null);
        }
        if (body.Plan is not null)
            return (RolloutPlan.Read(body.Plan, "plan", errors), null);
        var template = await RolloutTemplates.FindAsync(db, by, body.Template!, cancellationToken);
        if (template is not null)
            return (RolloutPlan.Parse(template.Plan), template.Name);
        errors.Add("template", "There is no such template that you see.");
        return (null, null);
    }
}
