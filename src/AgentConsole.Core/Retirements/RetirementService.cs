using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Retirements;

/// <summary>
/// Takes an agent out of service for good: begun with a reason, done step by step (<see cref="RetirementSteps"/>, <see cref="RetirementExports"/>), finished when no
/// step is open. What the agent was and did stays readable.
/// </summary>
public sealed class RetirementService(
    ConsoleStore store,
    AccessDirectory access,
    AgentDirectory directory,
    SnapshotBook book,
    RolloutBook rollouts,
    RetirementBodies bodies
)
{
    /// <summary>The one that is open, or else the latest.</summary>
    public async Task<Outcome<RetirementBody>> GetAsync(Actor by, string agentIdOrSlug, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (await db.Agents.VisibleTo(by).Named(agentIdOrSlug).FirstOrDefaultAsync(cancellationToken) is not { } agent)
            return AgentProblems.NotFound;
        return await LatestAsync(db, agent, cancellationToken) is { } retirement
            ? await bodies.OfAsync(db, by, agent, retirement, cancellationToken)
            : RetirementProblems.NotFound;
    }

    /// <summary>By its own id.</summary>
    public async Task<Outcome<RetirementBody>> FindAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var organization = by.OrganizationId;
        if (
            !IdText.TryParse(IdText.Retirement, id, out var retirementId)
            || await db.Retirements.FirstOrDefaultAsync(r => r.OrganizationId == organization && r.Id == retirementId, cancellationToken)
                is not { } retirement
            || await db.Agents.VisibleTo(by).FirstOrDefaultAsync(a => a.Id == retirement.AgentId, cancellationToken) is not { } agent
        )
            return RetirementProblems.NotFound;
        return await bodies.OfAsync(db, by, agent, retirement, cancellationToken);
    }

    /// <summary>Opens the checklist; nothing else happens yet.</summary>
    public async Task<Outcome<RetirementBody>> StartAsync(
        Actor by,
        string agentIdOrSlug,
        Outcome<RetirementReason> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await BeginAsync(store, by, cancellationToken);
        if (!(await BeginAsync(write, by, agentIdOrSlug, input, cancellationToken)).Try(out var begun, out var refusal))
            return refusal;
        var (agent, retirement) = begun;
        return await write.CommitAsync(by, await bodies.OfAsync(write.Db, by, agent, retirement, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// Begins and finishes at once, for an agent that has no linked gateway, no open run and no living key any more. The export is skipped, and the record
    /// says so.
    /// </summary>
    public async Task<Outcome<RetirementBody>> RetireAsync(
        Actor by,
        string agentIdOrSlug,
        Outcome<RetirementReason> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await BeginAsync(store, by, cancellationToken);
        if (!(await BeginAsync(write, by, agentIdOrSlug, input, cancellationToken)).Try(out var begun, out var refusal))
            return refusal;
        var (agent, retirement) = begun;
        retirement.Mark(
            new StepMark(KebabCase.Of(RetirementStep.Export), true, write.Now, Texts.Clip(by.Label, 256)!, "Retired in one call")
        );
        if (await CloseAsync(write, by, agent, retirement, null, cancellationToken) is { } open)
            return open;
        return await write.CommitAsync(by, await bodies.OfAsync(write.Db, by, agent, retirement, cancellationToken), cancellationToken);
    }

    /// <summary>The agent is retired from now on, in every environment; refused while a step is open.</summary>
    public Task<Outcome<RetirementBody>> FinishAsync(
        Actor by,
        string agentIdOrSlug,
        Outcome<RetirementReason> input,
        CancellationToken cancellationToken
    ) =>
        EndAsync(
            by,
            agentIdOrSlug,
            input,
            required: false,
            (write, agent, retirement, reason) => CloseAsync(write, by, agent, retirement, reason, cancellationToken),
            cancellationToken
        );

    /// <summary>The agent stays in service. What was done stays done: keys that were revoked do not come back.</summary>
    public Task<Outcome<RetirementBody>> AbandonAsync(
        Actor by,
        string agentIdOrSlug,
        Outcome<RetirementReason> input,
        CancellationToken cancellationToken
    ) =>
        EndAsync(
            by,
            agentIdOrSlug,
            input,
            required: true,
            (write, agent, retirement, reason) =>
            {
                retirement.End(RetirementState.Abandoned, Texts.Clip(by.Label, 256)!, reason, write.Now);
                write.Trail(by, "retirement.abandoned", Target(agent, retirement), reason: reason);
                return Task.FromResult<Problem?>(null);
            },
            cancellationToken
        );

    internal static TrailTarget Target(Agent agent, Retirement retirement) => new("retirement", retirement.Id, agent.Slug, agent.TeamId);

    /// <summary>Whoever looks at the agent hears of it.</summary>
    internal static void Tell(Write write, Agent agent) =>
        write.Tell(new LiveEvent("agent", agent.OrganizationId, agent.TeamId, agent.Id, agent.Id));

    internal static Task<Retirement?> LatestAsync(ConsoleDbContext db, Agent agent, CancellationToken cancellationToken)
    {
        var (organization, id) = (agent.OrganizationId, agent.Id);
        return db
            .Retirements.Where(r => r.OrganizationId == organization && r.AgentId == id)
            .OrderByDescending(r => r.Id)
            .FirstOrDefaultAsync(cancellationToken);
    }

    /// <summary>A write in which nobody else changes anything of the organization: who comes second sees what the first has done.</summary>
    internal static async Task<Write> BeginAsync(ConsoleStore store, Actor by, CancellationToken cancellationToken)
    {
        var write = await store.WriteAsync(cancellationToken);
        try
        {
            await write.Db.Engine.LockTrailHeadAsync(write.Db, by.OrganizationId, cancellationToken);
            return write;
        }
        catch
        {
            await write.DisposeAsync();
            throw;
        }
    }

    private async Task<Outcome<(Agent, Retirement)>> BeginAsync(
        Write write,
        Actor by,
        string agentIdOrSlug,
        Outcome<RetirementReason> input,
        CancellationToken cancellationToken
    )
    {
        var found = await AgentAsync(write, by, agentIdOrSlug, cancellationToken);
        if (!found.Try(out var agent, out var refusal))
            return refusal;
        if (!Reason(input, required: true).Try(out var reason, out var invalid))
            return invalid;
        if (agent.Lifecycle == Lifecycle.Deleted)
            return AgentProblems.Deleted;
        if (agent.Lifecycle == Lifecycle.Retired)
            return AgentProblems.Retired;
        if (await LatestAsync(write.Db, agent, cancellationToken) is { State: RetirementState.Open })
            return RetirementProblems.Open;
        var retirement = new Retirement
        {
            Id = write.NewId(),
            OrganizationId = agent.OrganizationId,
            AgentId = agent.Id,
            Reason = reason,
            StartedAt = write.Now,
            StartedBy = Texts.Clip(by.Label, 256)!,
        };
        write.Db.Add(retirement);
        write.Trail(by, "retirement.started", Target(agent, retirement), reason: reason);
        Tell(write, agent);
        return (agent, retirement);
    }

    private async Task<Outcome<RetirementBody>> EndAsync(
        Actor by,
        string agentIdOrSlug,
        Outcome<RetirementReason> input,
        bool required,
        Func<Write, Agent, Retirement, string?, Task<Problem?>> end,
        CancellationToken cancellationToken
    )
    {
        await using var write = await BeginAsync(store, by, cancellationToken);
        var found = await AgentAsync(write, by, agentIdOrSlug, cancellationToken);
        if (!found.Try(out var agent, out var refusal))
            return refusal;
        if (!Reason(input, required).Try(out var reason, out var invalid))
            return invalid;
        if (await LatestAsync(write.Db, agent, cancellationToken) is not { } retirement)
            return RetirementProblems.NotFound;
        if (retirement.State != RetirementState.Open)
            return RetirementProblems.Closed;
        if (await end(write, agent, retirement, reason.Length == 0 ? null : reason) is { } impossible)
            return impossible;
        Tell(write, agent);
        return await write.CommitAsync(by, await bodies.OfAsync(write.Db, by, agent, retirement, cancellationToken), cancellationToken);
    }

    private async Task<Problem?> CloseAsync(
        Write write,
        Actor by,
        Agent agent,
        Retirement retirement,
        string? reason,
        CancellationToken cancellationToken
    )
    {
        if (agent.Lifecycle == Lifecycle.Deleted)
            return AgentProblems.Deleted;
        var standings = await bodies.StandingsAsync(write.Db, by, agent, retirement, cancellationToken);
        if (standings.Find(s => s.IsOpen) is { } open)
            return RetirementProblems.Order(open.Step, open.Left);
        var who = Texts.Clip(by.Label, 256)!;
        var why = reason ?? retirement.Reason;
        if (await SetRetiredAsync(write, by, agent, why, cancellationToken) is { } refused)
            return refused;
        // What needed nothing was done by whoever finishes.
        foreach (var step in standings.Where(s => s.Mark is null))
            retirement.Mark(new StepMark(KebabCase.Of(step.Step), false, write.Now, who, Count: 0));
        var before = agent.Lifecycle;
        if (AgentMoves.Retire(agent) is { } impossible)
            return impossible;
        retirement.End(RetirementState.Finished, who, reason, write.Now);
        var changes = new Dictionary<string, (object?, object?)>(StringComparer.Ordinal)
        {
            ["lifecycle"] = (KebabCase.Of(before), KebabCase.Of(agent.Lifecycle)),
        };
        AgentService.Record(write, directory, by, agent, "agent.retired", changes, why);
        write.Trail(
            by,
            "retirement.finished",
            Target(agent, retirement),
            after: new
            {
                steps = retirement.Marks.Select(m => new
                {
                    step = m.Step,
                    skipped = m.Skipped,
                    by = m.By,
                    at = m.At,
                    reason = m.Reason,
                    sha256 = m.Export?.Sha256,
                }),
            },
            reason: why
        );
        return null;
    }

    // Every environment in which something runs gets a snapshot that says that nothing does any more.
    private async Task<Problem?> SetRetiredAsync(Write write, Actor by, Agent agent, string reason, CancellationToken cancellationToken)
    {
        var (organization, id) = (agent.OrganizationId, agent.Id);
        var current = await write
            .Db.Snapshots.AsNoTracking()
            .Where(s => s.OrganizationId == organization && s.AgentId == id && s.Outcome == SnapshotOutcome.Current)
            .Where(s => s.Status != SnapshotStatus.Retired)
            .ToListAsync(cancellationToken);
        foreach (var place in current.GroupBy(s => s.Environment, StringComparer.Ordinal))
        {
            var environment = place.Key.Length == 0 ? null : place.Key;
            if (
                await FreezeService.RefusalAsync(
                    write.Db,
                    by,
                    agent.TeamId,
                    environment,
                    reason,
                    rollback: false,
                    write.Now,
                    cancellationToken
                ) is
                { } frozen
            )
                return frozen;
            var last = place.FirstOrDefault(s => s.Status == SnapshotStatus.Active) ?? place.First();
            var draft = new SnapshotDraft(last.Version, place.Key, reason, new SnapshotContent(last.Content));
            var snapshot = SnapshotBook.Make(write, by, agent, draft, SnapshotStatus.Retired);
            await rollouts.OverrunAsync(write, by, agent, place.Key, reason, cancellationToken);
            if (!await book.AppendAsync(write, by, agent, snapshot, cancellationToken))
                return Write.LostRace();
        }
        return null;
    }

    private async Task<Outcome<Agent>> AgentAsync(Write write, Actor by, string agentIdOrSlug, CancellationToken cancellationToken)
    {
        if (await write.Db.Agents.VisibleTo(by).Named(agentIdOrSlug).FirstOrDefaultAsync(cancellationToken) is not { } agent)
            return AgentProblems.NotFound;
        return by.May(Permission.EditAgents, agent.TeamId)
            ? agent
            : Actor.MissingRole(Permission.EditAgents, access.Current.Teams.GetValueOrDefault(agent.TeamId)?.Name);
    }

    private static Outcome<string> Reason(Outcome<RetirementReason> input, bool required)
    {
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var reason = Texts.Why(body.Reason, errors, required);
        return errors.ToProblem() is { } invalid ? invalid : reason ?? "";
    }
}
