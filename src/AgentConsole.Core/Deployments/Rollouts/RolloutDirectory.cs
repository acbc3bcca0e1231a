using System.Collections.Frozen;
using AgentConsole.Core.Data;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.Live;
using AgentConsole.Core.Runs.Arms;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Deployments.Rollouts;

/// <summary>Tells ingest which runs to set aside for open rollouts, on every node.</summary>
public sealed class RolloutDirectory(IDbContextFactory<ConsoleDbContext> contexts, OpenArms arms) : ILoadAtStart, IRefreshOnNews
{
    async Task ILoadAtStart.LoadAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        foreach (var rollout in await db.Rollouts.AsNoTracking().Where(r => r.EndedAt == null).ToListAsync(cancellationToken))
            await TakeAsync(db, rollout, cancellationToken);
    }

    bool IRefreshOnNews.Concerns(string noun) => noun == HeldNouns.Rollout;

    async Task IRefreshOnNews.RefreshAsync(IReadOnlyList<LiveEvent> news, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        foreach (var id in news.Select(e => e.Id).Distinct())
            await ReloadAsync(db, id, cancellationToken);
    }

    /// <summary>Reads it anew; call it from <see cref="Write.AfterCommit(Func{Task})"/> after changing it.</summary>
    public async Task ReloadAsync(Guid rolloutId)
    {
        await using var db = await contexts.CreateDbContextAsync();
        await ReloadAsync(db, rolloutId, CancellationToken.None);
    }

    private async Task ReloadAsync(ConsoleDbContext db, Guid id, CancellationToken cancellationToken)
    {
        var rollout = await db.Rollouts.AsNoTracking().FirstOrDefaultAsync(r => r.Id == id, cancellationToken);
        if (rollout is { IsOpen: true })
            await TakeAsync(db, rollout, cancellationToken);
        else
            arms.Remove(id);
    }

    private async Task TakeAsync(ConsoleDbContext db, Rollout rollout, CancellationToken cancellationToken)
    {
        var (organization, agent, environment) = (rollout.OrganizationId, rollout.AgentId, rollout.Environment);
        var elsewhere = db.Snapshots.Where(s =>
            s.OrganizationId == organization
            && s.AgentId == agent
            && s.Environment != environment
            && s.Outcome == SnapshotOutcome.Current
            && s.Status == SnapshotStatus.Active
        );
        var foreign = await db
            .Gateways.AsNoTracking()
            .Where(g => g.OrganizationId == organization && elsewhere.Any(s => s.Environment == g.Environment))
            .Select(g => g.Name)
            .ToListAsync(cancellationToken);
        arms.Put(
            new OpenArm(
                organization,
                rollout.Id,
                agent,
                environment,
                rollout.CanaryVersion,
                rollout.StableVersion,
                rollout.StepStartedAt,
                RolloutPlan.Parse(rollout.Plan).Fields,
                foreign.ToFrozenSet(StringComparer.Ordinal)
            )
        );
    }
}
