using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.Prices;
using AgentConsole.Core.Runs.Arms;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Runs;

/// <summary>
/// Open runs of which nothing was heard within their lease become <c>lost</c>: found by one indexed deadline that every report moves on, so that it
/// holds across restarts. A late report replaces <c>lost</c>.
/// </summary>
public sealed class LostWatch(
    ConsoleStore store,
    AliveMark alive,
    AgentDirectory agents,
    PriceDirectory prices,
    RunBodies bodies,
    OpenArms arms,
    TimeProvider clock,
    ILogger<LostWatch> log
) : Periodic(TimeSpan.FromSeconds(5), clock, log)
{
    /// <summary>Most runs in one transaction, so that ingest does not wait long.</summary>
    private const int MostAtOnce = 500;

    private const string Due = "SELECT * FROM runs WHERE lease_deadline <= {0} ORDER BY lease_deadline LIMIT {1}";

    // Rows that a report holds at this moment are not due any more once it is done.
    private const string DueAndUnheld = Due + " FOR UPDATE SKIP LOCKED";

    private readonly TimeProvider _clock = clock;
    private bool _caughtUp;

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        if (!_caughtUp)
        {
            await CatchUpAsync(cancellationToken);
            _caughtUp = true;
        }
        while (await LoseAsync(cancellationToken) == MostAtOnce) { }
    }

    // While the console was down nobody could report.
    private async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        if (alive.Outage == TimeSpan.Zero)
            return;
        var outage = (long)alive.Outage.TotalMicroseconds;
        await using var write = await store.WriteAsync(cancellationToken);
        await write.Db.Database.ExecuteSqlAsync(
            $"UPDATE runs SET lease_deadline = lease_deadline + {outage} WHERE lease_deadline IS NOT NULL",
            cancellationToken
        );
        await write.TryCommitAsync(cancellationToken);
    }

    private async Task<int> LoseAsync(CancellationToken cancellationToken)
    {
        await using (var look = await store.ReadAsync(cancellationToken))
        {
            // Most steps find nothing, and then need no turn at the gate.
            var now = _clock.Now();
            if (!await look.Runs.AnyAsync(r => r.LeaseDeadline <= now, cancellationToken))
                return 0;
        }
        await using var write = await store.WriteAsync(cancellationToken);
        var db = write.Db;
        var due = await db
            .Runs.FromSqlRaw(db.Engine.HasSingleWriter ? Due : DueAndUnheld, Utc.ToMicros(write.Now), MostAtOnce)
            .AsTracking()
            .ToListAsync(cancellationToken);
        var ledger = new RollupLedger();
        var entries = new List<ArmEntry>();
        foreach (var run in due)
        {
            RunMachine.Lose(run, write.Now, prices.Of(run.OrganizationId));
            ledger.Run(run, 1);
            arms.Note(entries, run, 1);
            write.Tell(new LiveEvent("run", run.OrganizationId, run.TeamId, run.AgentId, run.Id, () => bodies.Of(run)));
        }
        db.AddRange(entries);
        await db.SaveChangesAsync(cancellationToken);
        await RollupStore.AddAsync(db, ledger, cancellationToken);
        foreach (var run in due.OrderBy(r => r.AgentId))
            await ShowAsync(write, run, cancellationToken);
        return await write.TryCommitAsync(cancellationToken) ? due.Count : 0;
    }

    private async Task ShowAsync(Write write, Run run, CancellationToken cancellationToken)
    {
        var lost = KebabCase.Of(run.Status);
        var shown = await write
            .Db.Agents.Where(a => a.OrganizationId == run.OrganizationId && a.Id == run.AgentId && a.LastRunId == run.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.LastRunStatus, lost), cancellationToken);
        if (shown == 0)
            return;
        write.AfterCommit(() => agents.Bump(run.OrganizationId));
        write.Tell(new LiveEvent("agent", run.OrganizationId, run.TeamId, run.AgentId, run.AgentId));
    }
}
