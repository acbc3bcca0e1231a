using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Runs;

/// <summary>
/// Asking an agent to stop a run. The console cannot stop foreign code: it asks, says what the agent answered, and calls a run cancelled only once its
/// agent did.
/// </summary>
public sealed class RunCancelService(
    ConsoleStore store,
    RunService runs,
    CancelBodies bodies,
    OpenCancels open,
    AgentDirectory agents,
    AccessDirectory access,
    TimeProvider clock
)
{
    /// <summary>Most runs that one request covers, itself included.</summary>
    public const int MostRuns = 500;

    /// <summary>Most open requests of an organization.</summary>
    public const int MostOpen = 10_000;

    private static readonly Problem NotAsked = new(
        ProblemKind.Conflict,
        "cancel_not_asked",
        "Nobody asked to cancel this run: there is nothing to acknowledge. To end it by your own decision, report it as cancelled."
    );
    private static readonly Problem TooManyOpen = new(
        ProblemKind.TooMany,
        "too_many_cancels",
        $"{MostOpen} requests to cancel are open already. Let agents answer some of them first."
    );

    /// <summary>
    /// Asks for a run and for those it started. A request that waits for its answer stands as it is; one that was not confirmed in time is made anew, and
    /// the agent hears of it again, also where it had acknowledged; without a reason it keeps the earlier one. A run that the actor may not act on is named as not
    /// included, or counted when it may not be seen.
    /// </summary>
    /// <param name="input">The reason; may be empty.</param>
    public async Task<Outcome<CancelBody>> AskAsync(
        Actor by,
        string idOrExternalId,
        string? agent,
        Outcome<string> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var db = write.Db;
        if (!(await runs.FindAsync(db, by, idOrExternalId, agent, cancellationToken)).Try(out var run, out var problem))
            return problem;
        if (!by.May(Permission.EditAgents, run.TeamId))
            return Actor.MissingRole(Permission.EditAgents, access.Current.Teams.GetValueOrDefault(run.TeamId)?.Name);
        if (!input.Try(out var given, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var reason = Texts.Block(given, "reason", 500, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (run.Status.IsFinal())
            return RunProblems.Finished(run.Status);

        var tree = await CancelTree.WalkAsync(db, by, run, cancellationToken);
        var known = await CancelBodies.AskedAsync(db, by.OrganizationId, tree, cancellationToken);
        var more = 0;
        var asked = new List<(RunCancel Row, TreeRun Run)>();
        foreach (var one in tree.Included)
        {
            var stands = CancelBodies.IsAsked(known, one, write.Now);
            if (known.TryGetValue(one.Id, out var row) && stands && write.Now < open.ConfirmBy(row.RequestedAt))
                continue;
            more += stands ? 0 : 1;
            if (row is null)
            {
                row = new RunCancel
                {
                    OrganizationId = run.OrganizationId,
                    RunId = one.Id,
                    AgentId = one.AgentId,
                    TeamId = one.TeamId,
                    RequestedBy = by.Label,
                };
                db.Add(row);
                known[one.Id] = row;
            }
            // One that stands and is only asked for again stays with what it was asked for with, and keeps its reason where none is given now.
            if (!stands)
                (row.RootRunId, row.Reason) = (run.Id, null);
            (row.RequestedAt, row.RequestedById, row.RequestedBy) = (write.Now, by.Id, by.Label);
            (row.Reason, row.AcknowledgedAt) = (reason ?? row.Reason, null);
            asked.Add((row, one));
        }
        if (open.CountOf(by.OrganizationId) + more > MostOpen)
            return TooManyOpen;
        var ids = asked.ConvertAll(a => a.Run.Id);
        var names = await db
            .Runs.Where(r => r.OrganizationId == run.OrganizationId && ids.Contains(r.Id))
            .Select(r => new
            {
                r.Id,
                r.ExternalId,
                r.Summary,
            })
            .ToDictionaryAsync(r => r.Id, cancellationToken);
        foreach (var (row, one) in asked)
        {
            var name = names[one.Id];
            write.Trail(
                by,
                "run.cancel-requested",
                new TrailTarget("run", one.Id, name.Summary ?? name.ExternalId, one.TeamId),
                after: new { Agent = agents.Find(one.AgentId)?.Slug, With = one.Id == run.Id ? null : IdText.Format(IdText.Run, run.Id) },
                reason: reason
            );
            write.AfterCommit(() => open.Put(row, name.ExternalId));
            write.Tell(new LiveEvent("run", run.OrganizationId, one.TeamId, one.AgentId, one.Id));
        }
        var children = tree
            .Seen.Where(r => r.Id != run.Id && CancelBodies.IsAsked(known, r, write.Now))
            .Select(r => bodies.Child(r.Id, r.AgentId, r.Status, known[r.Id], write.Now));
        return await write.CommitAsync(by, bodies.Of(run, known[run.Id], children, tree, known, write.Now), cancellationToken);
    }

    /// <summary>What a request would cover, before it is made.</summary>
    public async Task<Outcome<CancelPlan>> PlanAsync(Actor by, string idOrExternalId, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (!(await runs.FindAsync(db, by, idOrExternalId, null, cancellationToken)).Try(out var run, out var problem))
            return problem;
        var tree = await CancelTree.WalkAsync(db, by, run, cancellationToken);
        var asked = await CancelBodies.AskedAsync(db, by.OrganizationId, tree, cancellationToken);
        var now = clock.Now();
        bool GoesOn(TreeRun one) => !CancelBodies.IsAsked(asked, one, now);
        var notIncluded = tree.NotIncluded.Where(GoesOn).ToList();
        var others = notIncluded.Select(r => agents.Find(r.AgentId)?.DisplayName ?? "").Distinct(StringComparer.Ordinal).ToList();
        return new CancelPlan(
            run.Status,
            run.TeamId,
            tree.Included.Count(r => r.Id != run.Id),
            notIncluded.Count,
            tree.Hidden.Count(GoesOn),
            [.. others.Take(CancelPlan.MostNamed)],
            Math.Max(0, others.Count - CancelPlan.MostNamed),
            tree.More
        );
    }

    /// <summary>How a request stands, also long after it ended; 404 <c>cancel_not_found</c> when nobody asked.</summary>
    public async Task<Outcome<CancelBody>> GetAsync(Actor by, string idOrExternalId, string? agent, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (!(await runs.FindAsync(db, by, idOrExternalId, agent, cancellationToken)).Try(out var run, out var problem))
            return problem;
        return await bodies.OfAsync(db, by, run, cancellationToken) is { } body ? body : RunProblems.CancelNotFound;
    }

    /// <summary>The agent has heard. Says nothing of how it will end: only a report of the run does.</summary>
    public async Task<Outcome<CancelNotice>> AcknowledgeAsync(Actor by, string idOrExternalId, CancellationToken cancellationToken)
    {
        if (by.AgentId is null)
            return RunProblems.AgentKeyRequired;
        await using var write = await store.WriteAsync(cancellationToken);
        var db = write.Db;
        if (!(await runs.FindAsync(db, by, idOrExternalId, null, cancellationToken)).Try(out var run, out var problem))
            return problem;
        var row = await db
            .RunCancels.AsTracking()
            .FirstOrDefaultAsync(c => c.OrganizationId == run.OrganizationId && c.RunId == run.Id, cancellationToken);
        if (row is null)
            return NotAsked;
        if (row.AcknowledgedAt is null && RunCancel.IsOpen(row.StateOf(run.Status, write.Now)))
        {
            row.AcknowledgedAt = write.Now;
            write.AfterCommit(() => open.Put(row, run.ExternalId));
            write.Tell(new LiveEvent("run", run.OrganizationId, run.TeamId, run.AgentId, run.Id));
        }
        var notice = new CancelNotice(
            IdText.Format(IdText.Run, run.Id),
            run.ExternalId,
            KebabCase.Of(row.StateOf(run.Status, write.Now)),
            row.RequestedAt,
            row.Reason
        );
        return await write.CommitAsync(by, notice, cancellationToken);
    }
}

/// <summary>What a request to cancel would cover.</summary>
/// <param name="TeamId">Of the run: whoever asks needs a role in it.</param>
/// <param name="Children">Open runs that it started and that would be asked for as well.</param>
/// <param name="NotIncluded">Open runs that it started, which the actor sees and may not cancel.</param>
/// <param name="NotVisible">Open runs that it started in teams that the actor does not see.</param>
/// <param name="NotIncludedAgents">Names of agents of those that are not included; the first few.</param>
/// <param name="OtherAgents">How many agents there are beyond those.</param>
/// <param name="More">There are more runs below it than one request covers.</param>
public sealed record CancelPlan(
    RunStatus Status,
    Guid TeamId,
    int Children,
    int NotIncluded,
    int NotVisible,
    IReadOnlyList<string> NotIncludedAgents,
    int OtherAgents,
    bool More
)
{
    public const int MostNamed = 5;
}

/// <summary>As much of a run as one must know to walk through what it started.</summary>
internal sealed record TreeRun(Guid Id, Guid AgentId, Guid TeamId, RunStatus Status);

/// <summary>A run and what it started, sorted by what the actor may do. Below a run that is not included nothing is looked at.</summary>
/// <param name="Included">Open runs to ask for, the named one first.</param>
/// <param name="NotIncluded">Open, seen, and not the actor's to cancel.</param>
/// <param name="Hidden">Open, in teams that the actor does not see: nothing of them may be told but how many.</param>
/// <param name="More">There are more than one request covers.</param>
internal sealed record CancelTree(List<TreeRun> Included, List<TreeRun> NotIncluded, List<TreeRun> Hidden, bool More)
{
    private const int Deepest = 32;

    public IEnumerable<TreeRun> Seen => Included.Concat(NotIncluded);

    public static async Task<CancelTree> WalkAsync(ConsoleDbContext db, Actor by, Run root, CancellationToken cancellationToken)
    {
        var included = new List<TreeRun>();
        if (!root.Status.IsFinal())
            included.Add(new TreeRun(root.Id, root.AgentId, root.TeamId, root.Status));
        var notIncluded = new List<TreeRun>();
        var hidden = new List<TreeRun>();
        var more = false;
        var seen = new HashSet<Guid> { root.Id };
        Guid[] level = [root.Id];
        for (var depth = 0; level.Length > 0 && !more; depth++)
        {
            var left = RunCancelService.MostRuns - seen.Count;
            if (left <= 0 || depth == Deepest)
            {
                more = true;
                break;
            }
            var parents = level;
            var children = await db
                .Runs.Where(r => r.OrganizationId == root.OrganizationId && r.ParentRunId != null && parents.Contains(r.ParentRunId.Value))
                // Open ones first: those that ended a while ago must not take their places.
                .OrderBy(r => r.FinishedAt != null && r.Status != RunStatus.Lost)
                .ThenByDescending(r => r.Id)
                .Take(left + 1)
                .Select(r => new TreeRun(r.Id, r.AgentId, r.TeamId, r.Status))
                .ToListAsync(cancellationToken);
            more = children.Count > left;
            var next = new List<Guid>();
            foreach (var child in children.Take(left))
            {
                if (!seen.Add(child.Id))
                    continue; // a ring
                if (by.May(Permission.EditAgents, child.TeamId))
                {
                    next.Add(child.Id);
                    if (!child.Status.IsFinal())
                        included.Add(child);
                }
                else if (!child.Status.IsFinal())
                {
                    if (by.May(Permission.ReadFleet, child.TeamId) || child.AgentId == by.AgentId)
                        notIncluded.Add(child);
                    else
                        hidden.Add(child);
                }
            }
            level = [.. next];
        }
        return new CancelTree(included, notIncluded, hidden, more);
    }
}
