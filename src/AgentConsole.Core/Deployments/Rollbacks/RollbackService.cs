using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Deployments.Rollbacks;

/// <summary>
/// Takes a version back: one that was active before becomes active again, with the same content. A rollback waits for no step of a canary, and in a freeze
/// its reason is enough, whoever does it.
/// </summary>
public sealed class RollbackService(
    ConsoleStore store,
    AccessDirectory access,
    SnapshotBook book,
    RolloutBook rollouts,
    SnapshotBodies bodies,
    RollbackFacts facts
)
{
    /// <summary>What would be taken back, what would come back, and what hangs on it. Changes nothing.</summary>
    /// <param name="environment">Null for that of <paramref name="to"/>, or else the agent's own.</param>
    /// <param name="to">Id of an earlier active snapshot; the last good one when null.</param>
    /// <param name="known">What sinks have answered already, so that whoever reads again and again does not ask them as often.</param>
    public async Task<Outcome<RollbackPreview>> PreviewAsync(
        Actor by,
        string agentIdOrSlug,
        string? environment,
        string? to,
        CancellationToken cancellationToken,
        IReadOnlyList<RollbackSecret>? known = null
    )
    {
        Agent? agent;
        RollbackPlan plan;
        await using (var db = await store.ReadAsync(cancellationToken))
        {
            agent = await db.Agents.VisibleTo(by).Named(agentIdOrSlug).FirstOrDefaultAsync(cancellationToken);
            if (agent is null)
                return AgentProblems.NotFound;
            if (!(await RollbackPlan.MakeAsync(db, by, agent, environment, to, cancellationToken)).Try(out var made, out var problem))
                return problem;
            plan = made;
        }
        return await facts.OfAsync(by, agent, plan, known, cancellationToken);
    }

    /// <summary>Appends the snapshot that takes the present one back.</summary>
    public async Task<Outcome<SnapshotBody>> RollBackAsync(
        Actor by,
        string agentIdOrSlug,
        Outcome<RollBack> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        // Whoever comes second sees what the first has done.
        await write.Db.Engine.LockTrailHeadAsync(write.Db, by.OrganizationId, cancellationToken);
        var agent = await write.Db.Agents.VisibleTo(by).Named(agentIdOrSlug).FirstOrDefaultAsync(cancellationToken);
        if (agent is null)
            return AgentProblems.NotFound;
        if (!by.May(Permission.EditAgents, agent.TeamId))
            return Actor.MissingRole(Permission.EditAgents, access.Current.Teams.GetValueOrDefault(agent.TeamId)?.Name);
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var reason = Texts.Why(body.Reason, errors, required: true);
        var preview = Texts.Line(body.Preview, "preview", 64, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (
            !(await RollbackPlan.MakeAsync(write.Db, by, agent, body.Environment, body.To, cancellationToken)).Try(
                out var plan,
                out var none
            )
        )
            return none;
        if (agent.Lifecycle is Lifecycle.Deleted or Lifecycle.Retired)
            return AgentProblems.State("rolled back", agent.Lifecycle);
        if (preview is not null && preview != plan.Preview)
            return DeploymentProblems.PreviewChanged;
        var environment = plan.To.Environment.Length == 0 ? null : plan.To.Environment;
        if (
            await FreezeService.RefusalAsync(
                write.Db,
                by,
                agent.TeamId,
                environment,
                reason,
                rollback: true,
                write.Now,
                cancellationToken
            ) is
            { } frozen
        )
            return frozen;
        var (from, to) = (plan.From, plan.To);
        await rollouts.OverrunAsync(write, by, agent, from.Environment, reason!, cancellationToken);
        var snapshot = SnapshotBook.Make(
            write,
            by,
            agent,
            new SnapshotDraft(to.Version, from.Environment, reason, new SnapshotContent(to.Content)),
            SnapshotStatus.Active,
            SnapshotTrigger.Rollback,
            (from.Id, from.Version)
        );
        return await book.AppendAsync(write, by, agent, snapshot, cancellationToken)
            ? await write.CommitAsync(by, bodies.Of(snapshot), cancellationToken)
            : Write.LostRace();
    }
}
