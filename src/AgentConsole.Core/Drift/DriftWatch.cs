using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Routes;
using AgentConsole.Core.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Drift;

/// <summary>
/// Evaluates the fleet: what is declared from memory, instances of the last hour, and rollups of agents with a canary. Writes and tells only what
/// changed. Of several nodes that find the same, one writes it.
/// </summary>
public sealed class DriftWatch(
    ConsoleStore store,
    AccessDirectory access,
    AgentDirectory agents,
    RouteBook book,
    IOptions<DriftOptions> options,
    TimeProvider clock,
    ILogger<DriftWatch> log
) : Periodic(Every, clock, log)
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(10);
    private const int AtOnce = 200;
    private readonly TimeProvider _clock = clock;

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        foreach (var organization in access.Current.Organizations.Keys)
            await EvaluateAsync(organization, cancellationToken);
    }

    private async Task EvaluateAsync(Guid organization, CancellationToken cancellationToken)
    {
        var now = _clock.Now();
        var table = await book.OfAsync(organization, cancellationToken);
        await using var db = await store.ReadAsync(cancellationToken);
        var standing = await db
            .AgentDrifts.Where(d => d.OrganizationId == organization && d.Drifting)
            .ToDictionaryAsync(d => d.AgentId, cancellationToken);
        var found = table.All.Count == 0 ? [] : await FindAsync(db, organization, table, now, cancellationToken);
        var changed = standing
            .Keys.Union(found.Keys)
            .Where(id =>
                !standing.TryGetValue(id, out var was)
                || !found.TryGetValue(id, out var finds)
                || was.Reason != finds.Reason
                || was.Kind != finds.Kind
            )
            .Order()
            .ToList();
        foreach (var some in changed.Chunk(AtOnce))
            await WriteAsync(organization, some, found, cancellationToken);
    }

    private async Task<Dictionary<Guid, DriftFinding>> FindAsync(
        ConsoleDbContext db,
        Guid organization,
        RouteTable table,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var (from, grace) = (now - DriftRule.Window, options.Value.Grace);
        var seen = await db
            .AgentInstances.Where(i => i.OrganizationId == organization && i.LastSeenAt >= from)
            .GroupBy(i => new { i.AgentId, i.Version })
            .Select(g => new
            {
                g.Key.AgentId,
                g.Key.Version,
                Since = g.Min(i => i.Since),
                LastSeenAt = g.Max(i => i.LastSeenAt),
            })
            .ToListAsync(cancellationToken);
        var undeclared = seen.FindAll(s =>
            table.OfAgent(s.AgentId) is { Count: > 0 } routes && MayRun(routes) && !routes.Declares(s.Version)
        );
        var ends = await DriftReading.EndsAsync(
            db,
            organization,
            [.. undeclared.Select(u => new Undeclared(u.AgentId, u.Version))],
            cancellationToken
        );
        var found = undeclared
            .Where(u => DriftRule.Lags(ends.GetValueOrDefault(new Undeclared(u.AgentId, u.Version)), u.Since, u.LastSeenAt, now, grace))
            .GroupBy(u => u.AgentId)
            .ToDictionary(
                g => g.Key,
                g => DriftRule.OfVersions([.. g.Select(u => u.Version).Order(StringComparer.Ordinal)], table.OfAgent(g.Key))
            );
        foreach (var route in table.All)
        {
            if (
                !found.ContainsKey(route.AgentId)
                && IsOwn(route)
                && !route.Paused
                && Array.Exists(route.Split, s => s is { Status: SnapshotStatus.Canary, Percent: > 0 })
                && await OfSplitAsync(db, organization, route, DriftRule.MeasuredFrom(route, now, grace), cancellationToken) is { } split
            )
                found[route.AgentId] = split;
        }
        return found;
    }

    private static async Task<DriftFinding?> OfSplitAsync(
        ConsoleDbContext db,
        Guid organization,
        Route route,
        DateTimeOffset from,
        CancellationToken cancellationToken
    )
    {
        var runs = await new RollupScope(organization, TeamScope.Everything, [route.AgentId], from).ByVersionAsync(db, cancellationToken);
        return DriftRule.OfSplit(route, runs);
    }

    // Runs say no environment: they are taken for the agent's own.
    private bool IsOwn(Route route) => (agents.Find(route.AgentId)?.Environment ?? "") == route.Environment;

    private static bool MayRun(IReadOnlyList<Route> routes) => !routes[0].Paused;

    private async Task WriteAsync(
        Guid organization,
        Guid[] changed,
        Dictionary<Guid, DriftFinding> found,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var rows = await write
            .Db.AgentDrifts.AsTracking()
            .Where(d => d.OrganizationId == organization && changed.Contains(d.AgentId))
            .ToDictionaryAsync(d => d.AgentId, cancellationToken);
        foreach (var id in changed)
        {
            if (!rows.TryGetValue(id, out var row))
                write.Db.Add(row = new AgentDrift { OrganizationId = organization, AgentId = id });
            if (row.Take(found.GetValueOrDefault(id), write.Now))
                write.Tell(new LiveEvent("drift", organization, agents.Find(id)?.TeamId, id, id));
        }
        await write.TryCommitAsync(cancellationToken);
    }
}
