using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Agents;

/// <summary>One line of the fleet page.</summary>
public sealed record AgentRow
{
    public required Guid Id { get; init; }
    public required string Slug { get; init; }
    public required string DisplayName { get; init; }
    public required Guid TeamId { get; init; }
    public Guid? OwnerId { get; init; }
    public string? Environment { get; init; }

    /// <summary>One a line: a text, so that equal rows are equal.</summary>
    public string Tags { get; init; } = "";
    public DateTimeOffset CreatedAt { get; init; }
    public required Lifecycle Lifecycle { get; init; }
    public required Liveness Liveness { get; init; }
    public DateTimeOffset? LastSeenAt { get; init; }
    public required int LeaseSeconds { get; init; }
    public required int GraceSeconds { get; init; }
    public required Health Health { get; init; }
    public string? HealthReason { get; init; }
    public DateTimeOffset? HealthSince { get; init; }
    public string? Version { get; init; }
    public string? SeenVersion { get; init; }
    public Guid? LastRunId { get; init; }
    public DateTimeOffset? LastRunAt { get; init; }
    public string? LastRunStatus { get; init; }
}

/// <summary>A stretch of a long list.</summary>
/// <param name="Total">How many match in all.</param>
public sealed record AgentWindow(IReadOnlyList<AgentRow> Rows, int Total);

/// <summary>How many agents there are of each kind.</summary>
public sealed record FleetTotals(
    int Agents,
    IReadOnlyDictionary<Lifecycle, int> Lifecycle,
    IReadOnlyDictionary<Liveness, int> Liveness,
    IReadOnlyDictionary<Health, int> Health
);

/// <summary>Lists of agents for the API and the pages, team scope inside the query.</summary>
public sealed class AgentLists(ConsoleStore store, AccessDirectory access, AgentDirectory directory)
{
    /// <summary>One page for programs.</summary>
    public async Task<Outcome<Paged<AgentBody>>> ListAsync(
        Actor by,
        AgentFilter filter,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var agents = Filtered(db, by, filter);
        if (page.Cursor is not null)
        {
            if (
                !Cursor.TryDecode(page.Cursor, 2, out var after)
                || !IdText.TryParse(IdText.Agent, after[1], out var lastId)
                || Continue(agents, filter.Order, after[0], lastId) is not { } rest
            )
                return Cursor.Bad();
            agents = rest;
        }
        var rows = await Ordered(agents, filter).Take(page.Limit + 1).ToListAsync(cancellationToken);
        var now = access.Current;
        return Paged<Agent>
            .Of(rows, page.Limit, last => [KeyOf(last, filter.Order), IdText.Format(IdText.Agent, last.Id)])
            .Map(agent => AgentBodies.Of(agent, now));
    }

    /// <summary>Rows from <paramref name="skip"/> on, for a virtualised table.</summary>
    public async Task<AgentWindow> WindowAsync(Actor by, AgentFilter filter, int skip, int take, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var agents = Filtered(db, by, filter);
        // Two steps: which ones, out of an index alone however deep the window lies, then their rows.
        var ids = await Ordered(agents, filter)
            .Skip(Math.Max(0, skip))
            .Take(Math.Clamp(take, 1, 500))
            .Select(a => a.Id)
            .ToListAsync(cancellationToken);
        var organization = by.OrganizationId;
        var rows = await db
            .Agents.Where(a => a.OrganizationId == organization && ids.Contains(a.Id))
            .Select(Row)
            .ToDictionaryAsync(row => row.Id, cancellationToken);
        return new AgentWindow(
            [.. ids.Where(rows.ContainsKey).Select(id => rows[id])],
            await CountAsync(by, filter, agents, cancellationToken)
        );
    }

    // All that somebody sees is counted in memory; counting 100,000 rows for the first page would make it slower than a short list's.
    private async Task<int> CountAsync(Actor by, AgentFilter filter, IQueryable<Agent> agents, CancellationToken cancellationToken) =>
        filter.IsEmpty && by.AgentId is null
            ? directory.CountLiving(by.OrganizationId, by.TeamsWith(Permission.ReadFleet))
            : await agents.CountAsync(cancellationToken);

    /// <summary>The first of those that match, in their order, by name: slugs, or ids of deleted ones.</summary>
    public async Task<List<string>> NamesAsync(Actor by, AgentFilter filter, int most, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var rows = await Ordered(Filtered(db, by, filter), filter)
            .Take(most)
            .Select(a => new { a.Id, a.Slug })
            .ToListAsync(cancellationToken);
        return [.. rows.Select(a => filter.Deleted ? IdText.Format(IdText.Agent, a.Id) : a.Slug)];
    }

    /// <summary>One line, as it stands now; null when it is not visible.</summary>
    public async Task<AgentRow?> RowAsync(Actor by, Guid id, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await db.Agents.VisibleTo(by).Where(a => a.Id == id).Select(Row).FirstOrDefaultAsync(cancellationToken);
    }

    /// <summary>These lines as they stand now, those that are visible; in no order.</summary>
    public async Task<IReadOnlyList<AgentRow>> RowsAsync(Actor by, IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await db.Agents.VisibleTo(by).Where(a => ids.Contains(a.Id)).Select(Row).ToListAsync(cancellationToken);
    }

    /// <summary>Counts of what the actor sees, deleted agents left out.</summary>
    public async Task<FleetTotals> TotalsAsync(Actor by, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var groups = await db
            .Agents.VisibleTo(by)
            .Where(a => a.DeletedAt == null)
            .GroupBy(a => new
            {
                a.Lifecycle,
                a.Liveness,
                a.Health,
            })
            .Select(g => new
            {
                g.Key.Lifecycle,
                g.Key.Liveness,
                g.Key.Health,
                Count = g.Count(),
            })
            .ToListAsync(cancellationToken);
        return new FleetTotals(
            groups.Sum(g => g.Count),
            groups.GroupBy(g => g.Lifecycle).ToDictionary(g => g.Key, g => g.Sum(x => x.Count)),
            groups.GroupBy(g => g.Liveness).ToDictionary(g => g.Key, g => g.Sum(x => x.Count)),
            groups.GroupBy(g => g.Health).ToDictionary(g => g.Key, g => g.Sum(x => x.Count))
        );
    }

    private static readonly System.Linq.Expressions.Expression<Func<Agent, AgentRow>> Row = a => new AgentRow
    {
        Id = a.Id,
        Slug = a.Slug,
        DisplayName = a.DisplayName,
        TeamId = a.TeamId,
        OwnerId = a.OwnerId,
        Environment = a.Environment,
        Tags = OnePerLine(a.Tags),
        CreatedAt = a.CreatedAt,
        Lifecycle = a.Lifecycle,
        Liveness = a.Liveness,
        LastSeenAt = a.LastSeenAt,
        LeaseSeconds = a.LeaseSeconds,
        GraceSeconds = a.GraceSeconds,
        Health = a.Health,
        HealthReason = a.HealthReason,
        HealthSince = a.HealthSince,
        Version = a.Version,
        SeenVersion = a.SeenVersion,
        LastRunId = a.LastRunId,
        LastRunAt = a.LastRunAt,
        LastRunStatus = a.LastRunStatus,
    };

    private static string OnePerLine(List<string> tags) => string.Join('\n', tags);

    private IQueryable<Agent> Filtered(ConsoleDbContext db, Actor by, AgentFilter filter) =>
        filter.Apply(new ConsoleQuery(db.Agents.VisibleTo(by), db.AgentTags, access.Current, by.OrganizationId));

    // Slugs are unique among undeleted agents, so that there the slug ends the order and an index gives it.
    private static IQueryable<Agent> Ordered(IQueryable<Agent> agents, AgentFilter filter) =>
        (filter.Order, filter.Deleted) switch
        {
            (AgentOrder.Slug, false) => agents.OrderBy(a => a.Slug),
            (AgentOrder.Slug, true) => agents.OrderBy(a => a.Slug).ThenBy(a => a.Id),
            (AgentOrder.LastSeen, _) => agents.OrderByDescending(a => a.SeenOrder).ThenByDescending(a => a.Id),
            (AgentOrder.Created, _) => agents.OrderByDescending(a => a.Id),
            (_, false) => agents.OrderBy(a => a.Attention).ThenBy(a => a.Slug),
            _ => agents.OrderBy(a => a.Attention).ThenBy(a => a.Slug).ThenBy(a => a.Id),
        };

    private static string KeyOf(Agent agent, AgentOrder order) =>
        order switch
        {
            AgentOrder.Slug => agent.Slug,
            AgentOrder.LastSeen => agent.SeenOrder.ToString(CultureInfo.InvariantCulture),
            AgentOrder.Created => "",
            _ => agent.Attention.ToString(CultureInfo.InvariantCulture) + agent.Slug,
        };

    private static IQueryable<Agent>? Continue(IQueryable<Agent> agents, AgentOrder order, string key, Guid lastId)
    {
        switch (order)
        {
            case AgentOrder.Slug:
                return agents.Where(a => a.Slug.CompareTo(key) >= 0 && (a.Slug != key || a.Id > lastId));
            case AgentOrder.LastSeen when long.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var seen):
                return agents.Where(a => a.SeenOrder <= seen && (a.SeenOrder < seen || a.Id < lastId));
            case AgentOrder.Created:
                return agents.Where(a => a.Id < lastId);
            case AgentOrder.Attention when key.Length > 0 && char.IsAsciiDigit(key[0]):
                var rank = key[0] - '0';
                var slug = key[1..];
                return agents.Where(a =>
                    a.Attention >= rank && (a.Attention > rank || a.Slug.CompareTo(slug) > 0 || (a.Slug == slug && a.Id > lastId))
                );
            default:
                return null;
        }
    }
}
