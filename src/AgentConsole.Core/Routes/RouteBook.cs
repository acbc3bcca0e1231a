using System.Collections.Concurrent;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Routes;

/// <summary>
/// Every organization's routes in memory: read when somebody first asks, and again after a commit of any node that changed snapshots, gateways, links or
/// agents. A reader never gets a table older than what was committed on this node before it asked.
/// </summary>
public sealed class RouteBook : IRefreshOnNews, IFollowCommits, IDisposable
{
    private readonly IDbContextFactory<ConsoleDbContext> _contexts;
    private readonly AgentDirectory _directory;
    private readonly ILogger<RouteBook> _log;
    private readonly ConcurrentDictionary<Guid, Page> _pages = new();

    public RouteBook(IDbContextFactory<ConsoleDbContext> contexts, AgentDirectory directory, ILogger<RouteBook> log)
    {
        (_contexts, _directory, _log) = (contexts, directory, log);
        _directory.Moved += Outdate;
    }

    public void Dispose() => _directory.Moved -= Outdate;

    /// <summary>The same table for as long as it would say the same.</summary>
    public async Task<RouteTable> OfAsync(Guid organizationId, CancellationToken cancellationToken)
    {
        var page = PageOf(organizationId);
        return page.Fresh ?? await ReadAsync(organizationId, page, cancellationToken);
    }

    /// <summary>The table without asking the store; null when it must be read first.</summary>
    internal RouteTable? Fresh(Guid organizationId) => PageOf(organizationId).Fresh;

    /// <summary>
    /// Ends with the next change of the organization's table. Take it before looking at the table; it ends by itself only between <see cref="Watch"/> and
    /// the disposal of what that gave.
    /// </summary>
    public Task NextChange(Guid organizationId) => PageOf(organizationId).NextChange;

    /// <summary>From now on the table is read again as soon as it is outdated, not when somebody asks.</summary>
    internal void Watch(Guid organizationId) => Interlocked.Increment(ref PageOf(organizationId).Watchers);

    internal void Unwatch(Guid organizationId) => Interlocked.Decrement(ref PageOf(organizationId).Watchers);

    bool IRefreshOnNews.Concerns(string noun) => noun == HeldNouns.Route;

    Task IRefreshOnNews.RefreshAsync(IReadOnlyList<LiveEvent> news, CancellationToken cancellationToken)
    {
        foreach (var organization in news.Select(e => e.OrganizationId).Distinct())
            Outdate(organization);
        return Task.CompletedTask;
    }

    void IFollowCommits.Committed(IReadOnlyCollection<HeldRow> rows)
    {
        foreach (var row in rows)
        {
            if (row.Noun == HeldNouns.Route)
                Outdate(row.OrganizationId);
        }
    }

    private void Outdate(AgentCard card) => Outdate(card.OrganizationId);

    private void Outdate(Guid organizationId)
    {
        if (!_pages.TryGetValue(organizationId, out var page))
            return;
        page.Outdate();
        if (Volatile.Read(ref page.Watchers) > 0 && page.MayRefresh())
            _ = Task.Run(() => RefreshAsync(organizationId, page));
    }

    private Page PageOf(Guid organizationId) => _pages.GetOrAdd(organizationId, static _ => new Page());

    private async Task RefreshAsync(Guid organizationId, Page page)
    {
        try
        {
            page.Refreshing();
            await ReadAsync(organizationId, page, CancellationToken.None);
        }
        catch (Exception e)
        {
            // Whoever waits looks again before long, and reads it then.
            _log.LogWarning(e, "The routes could not be read");
        }
    }

    private async Task<RouteTable> ReadAsync(Guid organizationId, Page page, CancellationToken cancellationToken)
    {
        await page.Reading.WaitAsync(cancellationToken);
        try
        {
            if (page.Fresh is { } read)
                return read;
            var revision = page.Revision;
            await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
            db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
            return page.Put(revision, new RouteTable(await RoutesAsync(db, organizationId, cancellationToken)));
        }
        finally
        {
            page.Reading.Release();
        }
    }

    private static async Task<IReadOnlyList<Route>> RoutesAsync(ConsoleDbContext db, Guid organization, CancellationToken cancellationToken)
    {
        var current = db.Snapshots.Where(s =>
            s.OrganizationId == organization && s.Outcome == SnapshotOutcome.Current && s.Status != SnapshotStatus.Retired
        );
        var rows = await (
            from snapshot in current
            join agent in db.Agents on new { snapshot.OrganizationId, Id = snapshot.AgentId } equals new { agent.OrganizationId, agent.Id }
            join team in db.Teams on new { agent.OrganizationId, Id = agent.TeamId } equals new { team.OrganizationId, team.Id }
            where agent.Lifecycle != Lifecycle.Retired && agent.Lifecycle != Lifecycle.Deleted
            select new
            {
                snapshot.Id,
                snapshot.AgentId,
                snapshot.Environment,
                snapshot.Version,
                snapshot.Status,
                snapshot.Digest,
                snapshot.DeployedAt,
                snapshot.TrafficPercent,
                agent.Slug,
                agent.TeamId,
                Team = team.Slug,
                agent.Lifecycle,
            }
        ).ToListAsync(cancellationToken);
        var links = await (
            from link in db.GatewayLinks
            join gateway in db.Gateways
                on new { link.OrganizationId, Id = link.GatewayId } equals new { gateway.OrganizationId, gateway.Id }
            where link.OrganizationId == organization && current.Any(s => s.AgentId == link.AgentId)
            select new { link.AgentId, Gateway = new RoutedGateway(gateway.Id, gateway.TeamId, gateway.Name, gateway.InRouting) }
        ).ToListAsync(cancellationToken);
        var gateways = links
            .GroupBy(l => l.AgentId)
            .ToDictionary(g => g.Key, g => g.Select(l => l.Gateway).OrderBy(g => g.Name, StringComparer.Ordinal).ToArray());
        return
        [
            .. rows.GroupBy(r => (r.Slug, r.AgentId, r.Environment))
                .OrderBy(g => g.Key.Slug, StringComparer.Ordinal)
                .ThenBy(g => g.Key.Environment, StringComparer.Ordinal)
                .Select(g =>
                {
                    var first = g.First();
                    var canary = g.FirstOrDefault(r => r.Status == SnapshotStatus.Canary);
                    var share = (decimal)(canary?.TrafficPercent ?? 0);
                    return new Route(
                        g.Key.AgentId,
                        first.TeamId,
                        g.Key.Slug,
                        first.Team,
                        g.Key.Environment,
                        first.Lifecycle == Lifecycle.Paused,
                        gateways.GetValueOrDefault(g.Key.AgentId) ?? [],
                        [
                            .. g.OrderBy(r => r.Status)
                                .Select(r => new RouteShare(
                                    r.Id,
                                    r.Version,
                                    r.Status,
                                    r.Status == SnapshotStatus.Canary ? share : 100 - share,
                                    r.Digest,
                                    r.DeployedAt
                                )),
                        ]
                    );
                }),
        ];
    }

    private sealed class Page
    {
        private long _revision;
        private int _refreshing;
        private Built? _built;
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Watchers;

        public SemaphoreSlim Reading { get; } = new(1, 1);
        public long Revision => Interlocked.Read(ref _revision);
        public Task NextChange => Volatile.Read(ref _changed).Task;

        /// <summary>The table, unless something was committed since it was read.</summary>
        public RouteTable? Fresh => Volatile.Read(ref _built) is { } built && built.Revision == Revision ? built.Table : null;

        public void Outdate() => Interlocked.Increment(ref _revision);

        /// <summary>Whether no reading stands by already that will see what was committed until now.</summary>
        public bool MayRefresh() => Interlocked.Exchange(ref _refreshing, 1) == 0;

        public void Refreshing() => Volatile.Write(ref _refreshing, 0);

        public RouteTable Put(long revision, RouteTable table)
        {
            var before = Volatile.Read(ref _built);
            var same = before is not null && before.Table.Fingerprint == table.Fingerprint;
            Volatile.Write(ref _built, new Built(revision, same ? before!.Table : table));
            if (!same)
                Interlocked
                    .Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))
                    .SetResult();
            return same ? before!.Table : table;
        }

        private sealed record Built(long Revision, RouteTable Table);
    }
}
