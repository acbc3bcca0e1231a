using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Runs;

/// <summary>What people, programs and agents read of runs. Writing is <see cref="RunIngest"/>; figures are <see cref="StatsService"/>.</summary>
public sealed class RunService(
    ConsoleStore store,
    AgentDirectory agents,
    AccessDirectory access,
    RunBodies bodies,
    OpenCancels cancels,
    CancelBodies cancelBodies,
    TimeProvider clock
)
{
    /// <summary>Most rows that a page asks for again after a burst of changes.</summary>
    public const int MostAtOnce = 200;

    private const int MostPages = 10;

    /// <param name="agent">Whose external id it is; needed unless an agent asks or the run is named by its id.</param>
    public async Task<Outcome<RunBody>> GetAsync(Actor by, string idOrExternalId, string? agent, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var run = await FindAsync(db, by, idOrExternalId, agent, cancellationToken);
        return run.Map(bodies.Of);
    }

    /// <summary>One page for programs, newest first. A page may be shorter than its limit and yet have a next one.</summary>
    public async Task<Outcome<Paged<RunBody>>> ListAsync(Actor by, RunFilter filter, PageRequest page, CancellationToken cancellationToken)
    {
        var read = await ReadAsync(by, filter, page, r => r, r => r.Id, cancellationToken);
        return read.Map(p => p.Map(bodies.Of));
    }

    /// <summary>How many match, counted no further than <paramref name="most"/> and no further than ten pages reach.</summary>
    public async Task<int> CountAsync(Actor by, RunFilter filter, int most, CancellationToken cancellationToken)
    {
        var (count, cursor, pages) = (0, (string?)null, 0);
        do
        {
            var page = await ReadAsync(by, filter, new PageRequest(PageRequest.MaxLimit, cursor), r => r.Id, id => id, cancellationToken);
            count += page.Value.Items.Count;
            cursor = page.Value.NextCursor;
        } while (cursor is not null && count < most && ++pages < MostPages);
        return Math.Min(count, most);
    }

    /// <summary>One page for people, newest first. A page may be shorter than its limit and yet have a next one.</summary>
    public async Task<Outcome<Paged<RunRow>>> RowsAsync(Actor by, RunFilter filter, PageRequest page, CancellationToken cancellationToken)
    {
        var read = await ReadAsync(by, filter, page, RunRow.Of, r => r.Id, cancellationToken);
        return read.Map(p => p.Map(Named));
    }

    /// <summary>Those of these runs that the actor may see and that match, as they are now; for a page that heard of changes.</summary>
    /// <param name="ids">At most <see cref="MostAtOnce"/>; further ones are not looked at.</param>
    public async Task<IReadOnlyList<RunRow>> RowsAsync(
        Actor by,
        RunFilter filter,
        IReadOnlyCollection<Guid> ids,
        CancellationToken cancellationToken
    )
    {
        if (ids.Count == 0 || RunSearch.For(by, filter, agents, access.Current, clock.Now()) is not { } search)
            return [];
        await using var db = await store.ReadAsync(cancellationToken);
        var wanted = ids.Take(MostAtOnce).ToArray();
        var rows = await search.AmongAsync(db.Runs, wanted, RunRow.Of, r => r.Id, cancellationToken);
        return [.. rows.OrderByDescending(r => r.Id).Select(Named)];
    }

    /// <summary>Where a list goes on below this run; for a page whose last rows fell off.</summary>
    public static string CursorAfter(Guid run) => Cursor.Encode(IdText.Format(IdText.Run, run));

    /// <summary>One line as it is now; null when it is not visible.</summary>
    public async Task<RunRow?> RowAsync(Actor by, Guid id, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await db.Runs.VisibleTo(by).Where(r => r.Id == id).Select(RunRow.Of).FirstOrDefaultAsync(cancellationToken) is { } row
            ? Named(row)
            : null;
    }

    /// <summary>Runs that carry exactly this external id, newest first.</summary>
    public async Task<IReadOnlyList<RunRow>> NamedAsync(Actor by, string externalId, int most, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var rows = await db
            .Runs.VisibleTo(by)
            .Where(r => r.ExternalId == externalId)
            .OrderByDescending(r => r.Id)
            .Take(most)
            .Select(RunRow.Of)
            .ToListAsync(cancellationToken);
        return [.. rows.Select(Named)];
    }

    /// <summary>The run in which this step was reported; null when the actor may not see it.</summary>
    public async Task<RunRow?> OfStepAsync(Actor by, Guid stepId, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var organization = by.OrganizationId;
        var run = await db
            .RunEvents.Where(e => e.OrganizationId == organization && e.Id == stepId)
            .Select(e => (Guid?)e.RunId)
            .FirstOrDefaultAsync(cancellationToken);
        if (run is not { } id)
            return null;
        var row = await db.Runs.VisibleTo(by).Where(r => r.Id == id).Select(RunRow.Of).FirstOrDefaultAsync(cancellationToken);
        return row is null ? null : Named(row);
    }

    /// <summary>The steps of a run in the order in which they were received.</summary>
    public async Task<Outcome<Paged<EventBody>>> EventsAsync(
        Actor by,
        string idOrExternalId,
        string? agent,
        Outcome<PageRequest> page,
        CancellationToken cancellationToken
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (!(await FindAsync(db, by, idOrExternalId, agent, cancellationToken)).Try(out var run, out var problem))
            return problem;
        if (!page.Try(out var request, out var bad))
            return bad;
        var steps = db.RunEvents.Where(e => e.OrganizationId == run.OrganizationId && e.RunId == run.Id);
        if (request.Cursor is not null)
        {
            if (ReadCursor(request.Cursor, IdText.Event) is not { } after)
                return Cursor.Bad();
            steps = steps.Where(e => e.Id.CompareTo(after) > 0);
        }
        var rows = await steps.OrderBy(e => e.Id).Take(request.Limit + 1).ToListAsync(cancellationToken);
        return Paged<RunEvent>.Of(rows, request.Limit, last => [IdText.Format(IdText.Event, last.Id)]).Map(RunBodies.Of);
    }

    /// <summary>A run with everything its page shows: steps as a tree in time, the runs it started, and where the time went.</summary>
    public async Task<Outcome<RunView>> ViewAsync(Actor by, string idOrExternalId, string? agent, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (!(await FindAsync(db, by, idOrExternalId, agent, cancellationToken)).Try(out var run, out var problem))
            return problem;
        var steps = await db
            .RunEvents.Where(e => e.OrganizationId == run.OrganizationId && e.RunId == run.Id)
            .OrderBy(e => e.Id)
            .Take(RunWaterfall.MostSteps + 1)
            .ToListAsync(cancellationToken);
        var children = await db
            .Runs.VisibleTo(by)
            .Where(r => r.ParentRunId == run.Id)
            .Take(MostAtOnce)
            .Select(RunRow.Of)
            .ToListAsync(cancellationToken);
        var parent = run.ParentRunId is { } parentId
            ? await db.Runs.VisibleTo(by).Where(r => r.Id == parentId).Select(RunRow.Of).FirstOrDefaultAsync(cancellationToken)
            : null;
        return new RunView(
            bodies.Of(run),
            Named(RunRow.From(run)),
            RunWaterfall.Of(run, steps, clock.Now()),
            [.. children.OrderBy(r => r.Id).Select(Named)],
            parent is null ? null : Named(parent)
        )
        {
            Cancel = await cancelBodies.OfAsync(db, by, run, cancellationToken),
        };
    }

    /// <summary>Where a run's time went.</summary>
    public async Task<Outcome<ExplainBody>> ExplainAsync(
        Actor by,
        string idOrExternalId,
        string? agent,
        CancellationToken cancellationToken
    )
    {
        var view = await ViewAsync(by, idOrExternalId, agent, cancellationToken);
        return view.Map(v => v.Waterfall.Explanation.ToBody(v.Run, v.Waterfall.Truncated));
    }

    /// <summary>Two runs side by side; each must be visible.</summary>
    public async Task<Outcome<RunComparison>> CompareAsync(Actor by, string a, string b, CancellationToken cancellationToken)
    {
        if (!(await ViewAsync(by, a, null, cancellationToken)).Try(out var first, out var problem))
            return problem;
        if (!(await ViewAsync(by, b, null, cancellationToken)).Try(out var second, out problem))
            return problem;
        return RunComparison.Of(first, second);
    }

    /// <summary>The run of the same agent before this one; its id is null when there is none.</summary>
    /// <param name="good">The last that was completed, among the 1,000 before.</param>
    public async Task<Outcome<EarlierRun>> BeforeAsync(Actor by, string id, bool good, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (!(await FindAsync(db, by, id, null, cancellationToken)).Try(out var run, out var problem))
            return problem;
        var before = db
            .Runs.VisibleTo(by)
            .Where(r => r.AgentId == run.AgentId && r.Id.CompareTo(run.Id) < 0)
            .OrderByDescending(r => r.Id)
            .Take(1_000)
            .Select(r => new { r.Id, r.Status });
        var found = await (good ? before.Where(r => r.Status == RunStatus.Completed) : before)
            .OrderByDescending(r => r.Id)
            .FirstOrDefaultAsync(cancellationToken);
        return new EarlierRun(found is null ? null : IdText.Format(IdText.Run, found.Id));
    }

    /// <summary>An agent of the organization by id (also a deleted one) or slug.</summary>
    internal static AgentCard? FindAgent(AgentDirectory agents, Guid organizationId, string idOrSlug) =>
        IdText.TryParse(IdText.Agent, idOrSlug, out var id)
            ? agents.Find(id) is { } card && card.OrganizationId == organizationId
                ? card
                : null
            : agents.FindBySlug(organizationId, idOrSlug);

    private async Task<Outcome<Paged<T>>> ReadAsync<T>(
        Actor by,
        RunFilter filter,
        PageRequest page,
        System.Linq.Expressions.Expression<Func<Run, T>> shape,
        Func<T, Guid> idOf,
        CancellationToken cancellationToken
    )
    {
        Guid? before = null;
        if (page.Cursor is not null && (before = ReadCursor(page.Cursor, IdText.Run)) is null)
            return Cursor.Bad();
        if (RunSearch.For(by, filter, agents, access.Current, clock.Now()) is not { } search)
            return Paged<T>.Empty;
        await using var db = await store.ReadAsync(cancellationToken);
        var (rows, next) = await search.ReadAsync(db.Runs, before, page.Limit, shape, idOf, cancellationToken);
        return new Paged<T>(rows, next is { } last ? CursorAfter(last) : null);
    }

    /// <summary>A run that the actor may see.</summary>
    internal async Task<Outcome<Run>> FindAsync(
        ConsoleDbContext db,
        Actor by,
        string idOrExternalId,
        string? agent,
        CancellationToken cancellationToken
    )
    {
        var runs = db.Runs.VisibleTo(by);
        if (IdText.TryParse(IdText.Run, idOrExternalId, out var id))
            return await runs.FirstOrDefaultAsync(r => r.Id == id, cancellationToken) is { } byId ? byId : RunProblems.NotFound;
        if (idOrExternalId.Length > 200 || idOrExternalId.Contains('\0', StringComparison.Ordinal))
            return RunProblems.NotFound;
        var owner = by.AgentId;
        if (owner is null)
        {
            if (string.IsNullOrEmpty(agent))
                return RunProblems.AgentRequired;
            if (FindAgent(agents, by.OrganizationId, agent) is not { } card)
                return RunProblems.NotFound;
            owner = card.Id;
        }
        return await runs.FirstOrDefaultAsync(r => r.AgentId == owner && r.ExternalId == idOrExternalId, cancellationToken) is { } run
            ? run
            : RunProblems.NotFound;
    }

    private static Guid? ReadCursor(string cursor, string prefix) =>
        Cursor.TryDecode(cursor, 1, out var key) && IdText.TryParse(prefix, key[0], out var id) ? id : null;

    private RunRow Named(RunRow row) =>
        row with
        {
            AgentSlug = agents.Find(row.AgentId)?.Slug ?? "",
            AgentName = agents.Find(row.AgentId)?.DisplayName ?? "",
            TeamName = access.Current.Teams.GetValueOrDefault(row.TeamId)?.Name ?? "",
            Cancel = row.Status.IsFinal() ? null : cancels.Find(row.Id),
        };
}

/// <summary>A run as its page shows it.</summary>
/// <param name="Row">The same as a line, with names of agent and team.</param>
/// <param name="Children">Runs that it started, as far as the reader may see them.</param>
/// <param name="Parent">The run that started it; null when there is none, or the reader may not see it.</param>
public sealed record RunView(RunBody Run, RunRow Row, RunWaterfall Waterfall, IReadOnlyList<RunRow> Children, RunRow? Parent)
{
    /// <summary>The request to cancel it; null when nobody asked.</summary>
    public CancelBody? Cancel { get; init; }
}

/// <param name="Run">Id as it is shown; null when there is none.</param>
public sealed record EarlierRun(string? Run);
