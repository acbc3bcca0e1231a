using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Deployments.Rollbacks;

/// <summary>One run that still names the version that was taken back.</summary>
public sealed record DriftingRun(Guid Id, RunStatus Status, DateTimeOffset ReceivedAt, string? Gateway, string? Model);

/// <summary>Whether the fleet followed a rollback.</summary>
/// <param name="Version">The one that was taken back.</param>
/// <param name="Count">Runs received since the rollback that name it, counted no further than <see cref="RollbackWatcher.MostCounted"/>.</param>
/// <param name="Newest">The newest of them.</param>
/// <param name="Instance">What the latest heartbeat with this version called itself; null when the latest named another.</param>
/// <param name="QuietAt">From then on it counts as followed, unless another comes.</param>
/// <param name="Again">The version was deployed once more since: its runs are no drift.</param>
public sealed record RollbackWatch(
    string Version,
    DateTimeOffset Since,
    int Count,
    IReadOnlyList<DriftingRun> Newest,
    string? Instance,
    DateTimeOffset? InstanceSeenAt,
    DateTimeOffset QuietAt,
    bool Again
);

/// <summary>Looks after a rollback at who still reports the version that was taken back.</summary>
public sealed class RollbackWatcher(ConsoleStore store)
{
    /// <summary>Without a run of the old version for so long, the fleet has followed.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromMinutes(30);
    public const int MostNamed = 20;
    public const int MostCounted = 1_000;

    /// <param name="id">Of the snapshot that a rollback appended.</param>
    /// <returns>404 also where the snapshot is none of a rollback.</returns>
    public async Task<Outcome<RollbackWatch>> OfAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var snapshot = IdText.TryParse(IdText.Snapshot, id, out var snapshotId)
            ? await db.Snapshots.VisibleTo(by).FirstOrDefaultAsync(s => s.Id == snapshotId, cancellationToken)
            : null;
        if (snapshot?.RolledBackVersion is not { } version)
            return DeploymentProblems.NotFound;
        var again = await db
            .Snapshots.Where(s => s.OrganizationId == snapshot.OrganizationId && s.AgentId == snapshot.AgentId)
            .Where(s => s.Id > snapshotId && s.Version == version && s.Status != SnapshotStatus.Retired)
            .OrderBy(s => s.Id)
            .Select(s => (DateTimeOffset?)s.DeployedAt)
            .FirstOrDefaultAsync(cancellationToken);
        var since = snapshot.DeployedAt;
        var runs = db.Runs.VisibleTo(by).Where(r => r.AgentId == snapshot.AgentId && r.Version == version && r.ReceivedAt >= since);
        if (again is { } until)
            runs = runs.Where(r => r.ReceivedAt < until);
        var newest = await runs.OrderByDescending(r => r.Id)
            .Take(MostNamed)
            .Select(r => new DriftingRun(r.Id, r.Status, r.ReceivedAt, r.Gateway, r.Model))
            .ToListAsync(cancellationToken);
        var agent = await db.Agents.VisibleTo(by).FirstOrDefaultAsync(a => a.Id == snapshot.AgentId, cancellationToken);
        var beats = agent?.SeenVersion == version && agent.LastHeartbeatAt > since;
        return new RollbackWatch(
            version,
            since,
            newest.Count < MostNamed ? newest.Count : await runs.Take(MostCounted).CountAsync(cancellationToken),
            newest,
            beats ? agent!.SeenInstance : null,
            beats ? agent!.LastHeartbeatAt : null,
            (newest.Count == 0 ? since : newest[0].ReceivedAt) + Quiet,
            again is not null
        );
    }
}
