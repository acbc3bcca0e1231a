using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Agents.Plans;

/// <summary>
/// Bulk actions: a plan says what would be done with each agent; applying it does exactly that, or is refused with the difference. Up to
/// <see cref="PlanWork.Part"/> rows are done in one transaction with the call; more are worked off in parts, each of which commits by itself.
/// </summary>
public sealed class BulkPlanService
{
    /// <summary>As many characters of a digest are shown.</summary>
    public const int ShownDigest = 12;

    private const int RowsPerWrite = 2000;
    private const int MostName = 100; // of a slug, and of a row's name in the store
    private const int Tries = 5;

    private readonly ConsoleStore _store;
    private readonly AccessDirectory _access;
    private readonly TimeProvider _clock;
    private readonly PlanReading _reading;
    private readonly PlanWork _work;
    private readonly BulkPlanRunner _runner;

    internal BulkPlanService(
        ConsoleStore store,
        AccessDirectory access,
        TimeProvider clock,
        PlanReading reading,
        PlanWork work,
        BulkPlanRunner runner
    ) => (_store, _access, _clock, _reading, _work, _runner) = (store, access, clock, reading, work, runner);

    /// <summary>Makes a plan; no agent is changed.</summary>
    public async Task<Outcome<PlanBody>> MakeAsync(Actor by, Outcome<MakePlan> input, CancellationToken cancellationToken)
    {
        if (by.TeamsWith(Permission.EditAgents) is { All: false, Ids.Length: 0 })
            return Actor.MissingRole(Permission.EditAgents, null);
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var read = BulkOrder.Read(_access.Current, by, body, errors);
        if (!read.Try(out var order, out var refusal))
            return refusal;
        if (order.Action is BulkAction.Delete or BulkAction.Restore && !by.HasScope(TokenScopes.AgentsDelete))
            return PlanProblems.DeleteScope;
        var reason = Texts.Block(body.Reason, "reason", 500, errors);
        if (body.Agents is null == body.Filter is null)
            errors.Add("agents", "Give either agents, a list of ids or slugs, or filter.");
        if (body.Agents?.Any(name => string.IsNullOrEmpty(name) || Texts.Fault(name, MostName, multiline: false) is not null) == true)
            errors.Add("agents", $"Each must be the id or slug of an agent, of at most {MostName} characters.");
        var filter = body is { Filter: { } members, Agents: null } ? PlanFilters.Read(_access.Current, by, members, errors) : null;
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var selection = new PlanSelection(body.Agents, filter);
        await using var db = await _store.ReadAsync(cancellationToken);
        return await WriteAsync(db, by, order, selection, reason, cancellationToken);
    }

    /// <summary>Asks the question of a plan of one's own once more: another plan, of the fleet as it is now. It takes the place of one that was not applied.</summary>
    public async Task<Outcome<PlanBody>> MakeAgainAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        var mine = await MineAsync(by, id, cancellationToken);
        if (!mine.Try(out var plan, out var refusal))
            return refusal;
        await using var db = await _store.ReadAsync(cancellationToken);
        var errors = new FieldErrors();
        // Read anew: an exclusion whose team or owner went since would leave nobody out.
        var selection = plan.Filter is { } filter
            ? new PlanSelection(null, PlanFilters.Read(_access.Current, by, QueryText.Read(filter), errors))
            : SelectionOf(plan, await PlannedAsync(db, plan, cancellationToken));
        return errors.ToProblem() is { } invalid
            ? invalid
            : await WriteAsync(db, by, BulkOrder.Of(plan), selection, plan.Reason, cancellationToken, plan);
    }

    /// <summary>Throws away a plan of one's own that was not applied; the answer is what it was. As nothing was done, nothing stands on the trail.</summary>
    public async Task<Outcome<PlanBody>> DiscardAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        var mine = await MineAsync(by, id, cancellationToken);
        if (!mine.Try(out var seen, out var refusal))
            return refusal;
        await using var write = await _store.WriteAsync(cancellationToken);
        var plan = await TrackAsync(write, seen, cancellationToken);
        var body = PlanBodies.Of(plan, _access.Current, write.Now);
        if (plan.Discard(write.Now) is { } state)
            return state;
        PlanWork.Tell(write, plan);
        return await write.CommitAsync(by, body, cancellationToken);
    }

    // Why no plan of so many rows can be made now in the place of that one; null when it can.
    private static async Task<Problem?> FullAsync(
        ConsoleDbContext db,
        Actor by,
        int rows,
        Guid? instead,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var (organization, maker) = (by.OrganizationId, by.Id ?? Guid.Empty);
        var replaced = instead ?? Guid.Empty;
        var waiting = db.BulkPlans.Where(p =>
            p.OrganizationId == organization
            && p.Id != replaced
            && p.ExpiresAt > now
            && (p.State == PlanState.Planned || p.State == PlanState.Draft)
        );
        var open = await waiting
            .Where(p => p.MakerId == maker)
            .OrderBy(p => p.ExpiresAt)
            .Select(p => p.ExpiresAt)
            .Take(BulkPlan.MostOpen)
            .ToListAsync(cancellationToken);
        if (open.Count == BulkPlan.MostOpen)
            return PlanProblems.TooManyOpen((int)Math.Ceiling((open[0] - now).TotalSeconds));
        return await waiting.SumAsync(p => (long)p.Total, cancellationToken) + rows > BulkPlan.MostWaitingRows
            ? PlanProblems.TooManyRows
            : null;
    }

    private async Task<Outcome<PlanBody>> WriteAsync(
        ConsoleDbContext db,
        Actor by,
        BulkOrder order,
        PlanSelection selection,
        string? reason,
        CancellationToken cancellationToken,
        BulkPlan? instead = null
    )
    {
        var expected = await _reading.CountAsync(db, by, selection, cancellationToken);
        if (expected > BulkPlan.MostRows)
            return PlanProblems.TooMany;
        if (await FullAsync(db, by, expected, instead?.Id, _clock.Now(), cancellationToken) is { } full)
            return full; // before anything is read or written; asked again where the first rows are
        BulkPlan? plan = null;
        RowsDigest? digest = null;
        var waiting = new List<PlannedRow>();
        var written = 0;
        try
        {
            await foreach (var row in _reading.RowsAsync(db, by, order, selection, null, cancellationToken))
            {
                if (waiting.Count == RowsPerWrite && await FlushAsync() is { } refused)
                    return refused;
                plan ??= NewPlan(by, order, selection, reason);
                digest ??= PlanDigest.Begin(plan);
                digest.Add(row.Sign);
                plan.Total++;
                plan.Change += row.Effect == RowEffect.Change ? 1 : 0;
                plan.NoChange += row.Effect == RowEffect.NoChange ? 1 : 0;
                plan.Refused += row.Effect == RowEffect.Refused ? 1 : 0;
                waiting.Add(row);
            }
            plan ??= NewPlan(by, order, selection, reason);
            digest ??= PlanDigest.Begin(plan);
            plan.Digest = digest.End();
            plan.State = PlanState.Planned;
            await using var write = await _store.WriteAsync(cancellationToken);
            plan.ExpiresAt = write.Now + BulkPlan.Life;
            if (await PutAsync(write) is { } late)
                return late;
            if (instead is not null)
                await ReplaceAsync(write, instead, cancellationToken);
            return await write.CommitAsync(by, PlanBodies.Of(plan, _access.Current, write.Now), cancellationToken);
        }
        finally
        {
            digest?.Dispose();
        }

        async Task<Problem?> FlushAsync()
        {
            await using var write = await _store.WriteAsync(cancellationToken);
            if (await PutAsync(write) is { } refused)
                return refused;
            return await write.TryCommitAsync(cancellationToken)
                ? null
                : throw new InvalidOperationException("A draft of a plan is nobody else's, and could not be written.");
        }

        async Task<Problem?> PutAsync(Write write)
        {
            if (written == 0 && await FullAsync(write.Db, by, expected, instead?.Id, write.Now, cancellationToken) is { } refused)
                return refused;
            if (written == 0)
                write.Db.Add(plan!);
            else
                write.Db.Update(plan!);
            await write.Db.SaveChangesAsync(cancellationToken);
            await PlanRows.InsertAsync(write, plan!, waiting, written, cancellationToken);
            written += waiting.Count;
            waiting.Clear();
            return null;
        }
    }

    // One that somebody applied meanwhile stays, and so does its history.
    private static async Task ReplaceAsync(Write write, BulkPlan seen, CancellationToken cancellationToken)
    {
        var old = await write.Db.BulkPlans.SingleOrDefaultAsync(
            p => p.OrganizationId == seen.OrganizationId && p.Id == seen.Id,
            cancellationToken
        );
        if (old?.Discard(write.Now) is null && old is not null)
            PlanWork.Tell(write, old);
    }

    private BulkPlan NewPlan(Actor by, BulkOrder order, PlanSelection selection, string? reason) =>
        new()
        {
            Id = _store.NewId(),
            OrganizationId = by.OrganizationId,
            Action = order.Action,
            AddTags = order.AddTags,
            RemoveTags = order.RemoveTags,
            OwnerId = order.OwnerId,
            TargetTeamId = order.TeamId,
            Reason = reason,
            Filter = selection.Filter is { } filter ? PlanFilters.Text(filter) : null,
            MakerId = by.Id ?? Guid.Empty,
            MakerLabel = by.Label,
            CreatedAt = _clock.Now(),
            ExpiresAt = _clock.Now() + BulkPlan.Life,
        };

    public async Task<Outcome<PlanBody>> GetAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await _store.ReadAsync(cancellationToken);
        return await FindAsync(db, by, id, cancellationToken) is { } plan
            ? PlanBodies.Of(plan, _access.Current, _clock.Now())
            : PlanProblems.NotFound;
    }

    /// <summary>Plans of one's own whose digest begins so, newest first.</summary>
    /// <param name="beginning">At least <see cref="ShownDigest"/> hexadecimal digits.</param>
    internal async Task<IReadOnlyList<PlanBody>> WithDigestAsync(Actor by, string beginning, int most, CancellationToken cancellationToken)
    {
        var maker = by.Id ?? Guid.Empty;
        await using var db = await _store.ReadAsync(cancellationToken);
        var plans = await db
            .BulkPlans.VisibleTo(by)
            .AsNoTracking()
            .Where(p => p.MakerId == maker && p.Digest.StartsWith(beginning))
            .OrderByDescending(p => p.Id)
            .Take(most)
            .ToListAsync(cancellationToken);
        return [.. plans.Select(plan => PlanBodies.Of(plan, _access.Current, _clock.Now()))];
    }

    /// <summary>Rows in their order, those of one effect or outcome where one is named.</summary>
    public async Task<Outcome<Paged<PlanRowBody>>> RowsAsync(
        Actor by,
        string id,
        RowEffect? effect,
        RowOutcome? outcome,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        await using var db = await _store.ReadAsync(cancellationToken);
        if (await FindAsync(db, by, id, cancellationToken) is not { } plan)
            return PlanProblems.NotFound;
        var after = 0;
        if (
            page.Cursor is not null
            && (
                !Cursor.TryDecode(page.Cursor, 1, out var key)
                || !int.TryParse(key[0], System.Globalization.CultureInfo.InvariantCulture, out after)
            )
        )
            return Cursor.Bad();
        var rows = db.BulkPlanRows.VisibleTo(by, plan).Where(r => r.Ordinal > after);
        if (effect is { } wanted)
            rows = rows.Where(r => r.Effect == wanted);
        if (outcome is { } came)
            rows = rows.Where(r => r.Outcome == came);
        var found = await rows.OrderBy(r => r.Ordinal).Take(page.Limit + 1).ToListAsync(cancellationToken);
        var now = _access.Current;
        return Paged<BulkPlanRow>
            .Of(found, page.Limit, last => [last.Ordinal.ToString(System.Globalization.CultureInfo.InvariantCulture)])
            .Map(row => PlanBodies.Of(row, now));
    }

    /// <summary>
    /// Does what the plan says. 409 <c>plan_changed</c>, naming the difference, when the same question would get another plan by now. With more rows
    /// than one part has, the answer is the plan in state <c>applying</c>, and the work goes on without the caller. To delete, a session must have
    /// proven its person lately.
    /// </summary>
    public async Task<Outcome<PlanBody>> ApplyAsync(Actor by, string id, Outcome<ApplyPlan> input, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var mine = await MineAsync(by, id, cancellationToken);
            if (!mine.Try(out var seen, out var refusal))
                return refusal;
            if (!input.Try(out var body, out var unreadable))
                return unreadable;
            if (string.IsNullOrEmpty(body.Digest))
                return Problem.Invalid("digest", "Send the digest of the plan you read.");
            if (seen.State != PlanState.Planned)
                return PlanProblems.AppliedAlready;
            if (seen.ExpiresAt <= _clock.Now())
                return PlanProblems.Expired;
            if (!string.Equals(body.Digest, seen.Digest, StringComparison.Ordinal))
                return PlanProblems.OtherDigest;
            if (seen.Action == BulkAction.Delete && StepUp.Require(by) is { } first)
                return first;
            var small = seen.Total <= PlanWork.Part;
            if (!small)
            {
                await using var db = await _store.ReadAsync(cancellationToken);
                if (await DifferenceAsync(db, by, seen, cancellationToken) is { } difference)
                    return await IsPlannedAsync(seen, cancellationToken) ? difference : PlanProblems.AppliedAlready;
            }
            await using (var write = await _store.WriteAsync(cancellationToken))
            {
                var plan = await TrackAsync(write, seen, cancellationToken);
                if (plan.Begin(_store.NewId(), write.Now) is { } state)
                    return state;
                if (small && await DifferenceAsync(write.Db, by, plan, cancellationToken) is { } difference)
                    return await IsPlannedAsync(seen, cancellationToken) ? difference : PlanProblems.AppliedAlready;
                var workId = plan.WorkId!.Value;
                write.Trail(
                    by,
                    "plan.applied",
                    new TrailTarget("plan", plan.Id, IdText.Format(IdText.Plan, plan.Id)),
                    after: new
                    {
                        action = KebabCase.Of(plan.Action),
                        agents = plan.Change,
                        refused = plan.Refused,
                        digest = plan.Digest,
                    },
                    reason: plan.Reason
                );
                if (small)
                    await _work.DoPartAsync(write, plan, by, cancellationToken);
                PlanWork.Tell(write, plan);
                var done = await write.CommitAsync(by, PlanBodies.Of(plan, _access.Current, write.Now), cancellationToken);
                if (done.Problem is null)
                {
                    if (!small)
                        _runner.Start(plan.OrganizationId, plan.Id, workId, by);
                    return done;
                }
                if (attempt == Tries)
                    return done;
            }
        }
    }

    /// <summary>Goes on with what is not done yet: after a crash, a stop of the console, or a fault. A row that was done or refused is not done again.</summary>
    public Task<Outcome<PlanBody>> ResumeAsync(Actor by, string id, CancellationToken cancellationToken) =>
        WorkAsync(by, id, BulkAction.Delete, (plan, workId, now) => plan.Resume(workId, now), "plan.resumed", cancellationToken);

    /// <summary>Puts every agent that was changed back as it was, but for those that somebody changed since: their rows say so.</summary>
    public Task<Outcome<PlanBody>> UndoAsync(Actor by, string id, CancellationToken cancellationToken) =>
        WorkAsync(by, id, BulkAction.Restore, (plan, workId, now) => plan.BeginUndo(workId, now), "plan.undone", cancellationToken);

    /// <param name="deletes">The action of plans by which this deletes agents.</param>
    private async Task<Outcome<PlanBody>> WorkAsync(
        Actor by,
        string id,
        BulkAction deletes,
        Func<BulkPlan, Guid, DateTimeOffset, Problem?> begin,
        string action,
        CancellationToken cancellationToken
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            var mine = await MineAsync(by, id, cancellationToken);
            if (!mine.Try(out var seen, out var refusal))
                return refusal;
            if (seen.Action == deletes && StepUp.Require(by) is { } first)
                return first;
            await using var write = await _store.WriteAsync(cancellationToken);
            var plan = await TrackAsync(write, seen, cancellationToken);
            var workId = _store.NewId();
            if (begin(plan, workId, write.Now) is { } state)
                return state;
            var rest = plan.State == PlanState.Undoing ? plan.Done : plan.Pending;
            write.Trail(
                by,
                action,
                new TrailTarget("plan", plan.Id, IdText.Format(IdText.Plan, plan.Id)),
                after: new { action = KebabCase.Of(plan.Action), agents = rest }
            );
            var small = rest <= PlanWork.Part;
            if (small)
                await _work.DoPartAsync(write, plan, by, cancellationToken);
            PlanWork.Tell(write, plan);
            var done = await write.CommitAsync(by, PlanBodies.Of(plan, _access.Current, write.Now), cancellationToken);
            if (done.Problem is null)
            {
                if (!small)
                    _runner.Start(plan.OrganizationId, plan.Id, workId, by);
                return done;
            }
            if (attempt == Tries)
                return done;
        }
    }

    // Visible, the caller's own, and still within the caller's scopes.
    private async Task<Outcome<BulkPlan>> MineAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await _store.ReadAsync(cancellationToken);
        if (await FindAsync(db, by, id, cancellationToken) is not { } plan)
            return PlanProblems.NotFound;
        if (plan.MakerId != (by.Id ?? Guid.Empty))
            return PlanProblems.NotTheMaker;
        if (by.TeamsWith(Permission.EditAgents) is { All: false, Ids.Length: 0 })
            return Actor.MissingRole(Permission.EditAgents, null);
        return plan.Action is BulkAction.Delete or BulkAction.Restore && !by.HasScope(TokenScopes.AgentsDelete)
            ? PlanProblems.DeleteScope
            : plan;
    }

    private static async Task<BulkPlan?> FindAsync(ConsoleDbContext db, Actor by, string id, CancellationToken cancellationToken) =>
        IdText.TryParse(IdText.Plan, id, out var key)
            ? await db.BulkPlans.VisibleTo(by).AsNoTracking().FirstOrDefaultAsync(p => p.Id == key, cancellationToken)
            : null;

    private static Task<BulkPlan> TrackAsync(Write write, BulkPlan seen, CancellationToken cancellationToken) =>
        write.Db.BulkPlans.SingleAsync(p => p.OrganizationId == seen.OrganizationId && p.Id == seen.Id, cancellationToken);

    // On another node somebody may have applied it since it was read: then the difference is what they did.
    private async Task<bool> IsPlannedAsync(BulkPlan seen, CancellationToken cancellationToken)
    {
        await using var db = await _store.ReadAsync(cancellationToken);
        return await db.BulkPlans.AnyAsync(
            p => p.OrganizationId == seen.OrganizationId && p.Id == seen.Id && p.State == PlanState.Planned,
            cancellationToken
        );
    }

    // What would be planned now, against what was planned; null when it is the same.
    private async Task<Problem?> DifferenceAsync(ConsoleDbContext db, Actor by, BulkPlan plan, CancellationToken cancellationToken)
    {
        var planned = await PlannedAsync(db, plan, cancellationToken);
        var selection = SelectionOf(plan, planned);
        var difference = new RowsDifference(planned.Select(r => (r.Key, r.Name, r.Sign)));
        using var digest = PlanDigest.Begin(plan);
        // A small plan is compared while other writers wait: a filter that matches the whole fleet by now is not read to its end.
        int? most = plan.Total <= PlanWork.Part ? plan.Total + PlanWork.Part + 1 : null;
        var read = 0;
        await foreach (var row in _reading.RowsAsync(db, by, BulkOrder.Of(plan), selection, most, cancellationToken))
        {
            read++;
            digest.Add(row.Sign);
            difference.Add(row.Key, row.Name, row.Sign);
        }
        if (digest.End() == plan.Digest)
            return null;
        return difference.ToProblem(
            "agents",
            read == most
                ? $"Since the plan was made more than {PlanWork.Part} agents came; the rest was not looked at. Nothing was done. Make the plan anew."
                : null
        );
    }

    private static Task<List<PlannedRow>> PlannedAsync(ConsoleDbContext db, BulkPlan plan, CancellationToken cancellationToken) =>
        db
            .BulkPlanRows.AsNoTracking()
            .Where(r => r.OrganizationId == plan.OrganizationId && r.PlanId == plan.Id)
            .OrderBy(r => r.Ordinal)
            .Select(r => new PlannedRow(
                r.AgentId,
                r.Name,
                null,
                null,
                r.AgentRevision,
                r.Effect,
                r.Code == null ? null : new Problem(ProblemKind.Conflict, r.Code, ""),
                null,
                r.After
            ))
            .ToListAsync(cancellationToken);

    private static PlanSelection SelectionOf(BulkPlan plan, List<PlannedRow> planned) =>
        plan.Filter is { } filter
            ? new PlanSelection(null, PlanFilters.Parse(filter))
            : new PlanSelection([.. planned.Select(r => IdText.Format(IdText.Agent, r.AgentId) ?? r.Name)], null);
}
