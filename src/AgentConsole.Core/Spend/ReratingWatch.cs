using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Runs.Arms;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Spend;

/// <summary>
/// Carries out plans that are applied, in small parts: runs, rollups and position in one transaction, so that a kill in the middle neither loses nor
/// repeats. Forgets plans that nobody applied.
/// </summary>
public sealed class ReratingWatch(ConsoleStore store, RunBodies bodies, OpenArms arms, TimeProvider clock, ILogger<ReratingWatch> log)
    : Periodic(TimeSpan.FromSeconds(2), clock, log)
{
    private const int AtOnce = 200;
    private readonly TimeProvider _clock = clock;

    /// <summary>For tests: what happens after each part.</summary>
    internal Action? AfterPart { get; set; }

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        List<(Guid Organization, Guid Id)> applying;
        List<(Guid Organization, Guid Id)> over;
        await using (var look = await store.ReadAsync(cancellationToken))
        {
            var now = _clock.Now();
            var open = await look
                .Reratings.Where(r =>
                    r.State == ReratingState.Applying
                    || ((r.State == ReratingState.Planned || r.State == ReratingState.Planning) && r.ExpiresAt <= now)
                )
                .Select(r => new
                {
                    r.OrganizationId,
                    r.Id,
                    r.State,
                })
                .ToListAsync(cancellationToken);
            applying = [.. open.Where(r => r.State == ReratingState.Applying).Select(r => (r.OrganizationId, r.Id))];
            over = [.. open.Where(r => r.State != ReratingState.Applying).Select(r => (r.OrganizationId, r.Id))];
        }
        foreach (var (organization, id) in over)
            await ForgetAsync(organization, id, cancellationToken);
        foreach (var (organization, id) in applying)
        {
            while (await PartAsync(organization, id, cancellationToken))
            {
                AfterPart?.Invoke();
                await Task.Yield(); // whoever waits at the gate goes first
            }
        }
    }

    private async Task ForgetAsync(Guid organization, Guid id, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var now = write.Now;
        var over = await write
            .Db.Reratings.Where(r =>
                r.OrganizationId == organization
                && r.Id == id
                && (r.State == ReratingState.Planning || r.State == ReratingState.Planned)
                && r.ExpiresAt <= now
            )
            .ExecuteUpdateAsync(set => set.SetProperty(r => r.State, ReratingState.Expired), cancellationToken);
        if (over == 0)
            return; // somebody applied it meanwhile
        await write
            .Db.ReratingRows.Where(r => r.OrganizationId == organization && r.ReratingId == id)
            .ExecuteDeleteAsync(cancellationToken);
        await write.TryCommitAsync(cancellationToken);
    }

    private async Task<bool> PartAsync(Guid organization, Guid id, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        var db = write.Db;
        await RollupStore.LockAsync(db, cancellationToken);
        var rerating = await db.Reratings.AsTracking().SingleAsync(r => r.OrganizationId == organization && r.Id == id, cancellationToken);
        if (rerating.State != ReratingState.Applying)
            return false; // another node was faster
        var position = rerating.Position ?? Guid.Empty;
        var rows = await db
            .ReratingRows.AsNoTracking()
            .Where(r => r.OrganizationId == organization && r.ReratingId == id && r.RunId.CompareTo(position) > 0)
            .OrderBy(r => r.RunId)
            .Take(AtOnce)
            .ToListAsync(cancellationToken);
        if (rows.Count == 0)
        {
            rerating.State = ReratingState.Done;
            rerating.FinishedAt = write.Now;
            write.Trail(
                Actor.ForSystem(organization, "re-rating"),
                "spend.re-rated",
                ReratingService.Target(rerating),
                after: ReratingService.Facts(rerating),
                reason: rerating.Reason
            );
            await db.ReratingRows.Where(r => r.OrganizationId == organization && r.ReratingId == id).ExecuteDeleteAsync(cancellationToken);
        }
        else
        {
            await ChangeAsync(write, rerating, rows, cancellationToken);
        }
        write.Tell(new LiveEvent("re-rating", organization, null, null, id));
        return await write.TryCommitAsync(cancellationToken) && rows.Count > 0;
    }

    private async Task ChangeAsync(Write write, Rerating rerating, List<ReratingRow> rows, CancellationToken cancellationToken)
    {
        var (db, organization) = (write.Db, rerating.OrganizationId);
        var ids = rows.Select(r => r.RunId).ToList();
        // A report may be changing one of them on another node.
        if (!db.Engine.HasSingleWriter)
        {
            await new RollupSql(db)
                .Add("SELECT 1 FROM runs WHERE organization_id = ")
                .Value(organization)
                .Add(" AND ")
                .In("id", ids)
                .Add(" ORDER BY id FOR UPDATE")
                .ReadAsync(_ => true, cancellationToken);
        }
        var runs = await db
            .Runs.AsTracking()
            .Where(r => r.OrganizationId == organization && ids.Contains(r.Id))
            .ToDictionaryAsync(r => r.Id, cancellationToken);
        var ledger = new RollupLedger();
        var entries = new List<ArmEntry>();
        foreach (var row in rows)
        {
            if (
                !runs.TryGetValue(row.RunId, out var run)
                || !run.Status.IsTerminal()
                || run.CostMicros != row.OldMicros
                || run.CostSource != row.OldSource
                || ReratingRow.BasisOf(run) != row.Basis
            )
            {
                rerating.Skipped++;
                continue;
            }
            ledger.Run(run, -1);
            arms.Note(entries, run, -1);
            if (run.CostSource == CostSource.Reported)
                run.OverruledMicros = run.CostMicros;
            (run.CostMicros, run.CostSource, run.UpdatedAt) = (row.NewMicros, row.NewSource, write.Now);
            ledger.Run(run, 1);
            arms.Note(entries, run, 1);
            rerating.Changed++;
            write.Tell(new LiveEvent("run", run.OrganizationId, run.TeamId, run.AgentId, run.Id, () => bodies.Of(run)));
        }
        rerating.Position = ids[^1];
        db.AddRange(entries);
        await db.SaveChangesAsync(cancellationToken);
        await RollupStore.AddAsync(db, ledger, cancellationToken);
    }
}
