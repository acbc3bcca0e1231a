using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Retention;

/// <summary>
/// Applies retention once a day, in parts so small that ingest hardly waits: what may go is searched for while others write, and under the gate only
/// what was found is looked at again. Each part is removed in one transaction with its contribution to the rollups' base, its count and the position,
/// so that a kill in the middle loses nothing and whoever takes the next step goes on there. A hold stops it before the next part.
/// </summary>
public sealed class RetentionWatch(ConsoleStore store, AccessDirectory access, TimeProvider clock, ILogger<RetentionWatch> log)
    : Periodic(TimeSpan.FromMinutes(10), clock, log)
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(24);
    private readonly TimeProvider _clock = clock;

    /// <summary>For tests: what happens after each part.</summary>
    internal Action? AfterPart { get; set; }

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        foreach (var organization in access.Current.Organizations.Keys)
        {
            if (await BeginAsync(organization, cancellationToken) is not { } purge)
                continue;
            while (await PartAsync(organization, purge, cancellationToken))
            {
                AfterPart?.Invoke();
                await Task.Yield(); // whoever waits at the gate goes first
            }
        }
    }

    /// <summary>The unfinished purge, or a new one when it is time.</summary>
    private async Task<Guid?> BeginAsync(Guid organization, CancellationToken cancellationToken)
    {
        var now = _clock.Now();
        await using (var look = await store.ReadAsync(cancellationToken))
        {
            var policy = await look.RetentionPolicies.SingleOrDefaultAsync(p => p.OrganizationId == organization, cancellationToken);
            if (policy is null)
                return null;
            var last = await look
                .Purges.Where(p => p.OrganizationId == organization)
                .OrderByDescending(p => p.Id)
                .FirstOrDefaultAsync(cancellationToken);
            if (last is { FinishedAt: null })
                return last.Id;
            if (policy.LegalHold || !policy.Limits.Any)
                return null;
            if (last is { State: PurgeState.Done } && last.PolicyRevision == policy.Revision && last.StartedAt > now - Every)
                return null;
        }
        await using var write = await store.WriteAsync(cancellationToken);
        var set = await write.Db.RetentionPolicies.SingleAsync(p => p.OrganizationId == organization, cancellationToken);
        var purge = new Purge
        {
            OrganizationId = organization,
            Id = write.NewId(),
            State = PurgeState.Running,
            PolicyRevision = set.Revision,
            RunDays = set.RunDays,
            StepDays = set.StepDays,
            ContentDays = set.ContentDays,
            LivenessDays = set.LivenessDays,
            SessionDays = set.SessionDays,
            StartedAt = write.Now,
        };
        write.Db.Add(purge);
        return await write.TryCommitAsync(cancellationToken) ? purge.Id : null;
    }

    /// <summary>Removes the next part; false when there is nothing more.</summary>
    private async Task<bool> PartAsync(Guid organization, Guid purgeId, CancellationToken cancellationToken)
    {
        Purge known;
        PurgePhase phase;
        List<PurgeKey> found;
        await using (var look = await store.ReadAsync(cancellationToken))
        {
            known = await look.Purges.SingleAsync(p => p.OrganizationId == organization && p.Id == purgeId, cancellationToken);
            if (known.FinishedAt is not null)
                return false; // another node was faster
            (phase, found) = await ScopeOf(look, known).NextAsync(known.Phase, known.Position, cancellationToken);
        }
        await using var write = await store.WriteAsync(cancellationToken);
        var db = write.Db;
        await RollupStore.LockAsync(db, cancellationToken);
        var purge = await db.Purges.AsTracking().SingleAsync(p => p.OrganizationId == organization && p.Id == purgeId, cancellationToken);
        if (purge.FinishedAt is not null)
            return false;
        if (purge.Phase != known.Phase || purge.Position != known.Position)
            return true; // another node removed this part: the next is searched from where that is
        var policy = await db
            .RetentionPolicies.AsNoTracking()
            .SingleOrDefaultAsync(p => p.OrganizationId == organization, cancellationToken);
        var stopped = policy is null || policy.LegalHold || policy.Revision != purge.PolicyRevision;
        var more = !stopped && found.Count > 0;
        if (more)
        {
            await RemoveAsync(write, purge, phase, found, cancellationToken);
            (purge.Phase, purge.PositionRunId, purge.PositionId) = (phase, found[^1].RunId, found[^1].Id);
        }
        else
        {
            purge.FinishedAt = write.Now;
            purge.State = stopped ? PurgeState.Stopped : PurgeState.Done;
            purge.Phase = stopped ? purge.Phase : PurgePhase.Over;
            if (purge.Removed > 0 || stopped)
                write.Trail(
                    Actor.ForSystem(organization, "retention"),
                    stopped ? "retention.stopped" : "retention.purged",
                    new TrailTarget("purge", purge.Id, access.Current.Organizations.GetValueOrDefault(organization)),
                    after: new
                    {
                        policy_revision = purge.PolicyRevision,
                        limits = new
                        {
                            purge.RunDays,
                            purge.StepDays,
                            purge.ContentDays,
                            purge.LivenessDays,
                            purge.SessionDays,
                        },
                        removed = new
                        {
                            purge.Runs,
                            purge.Steps,
                            purge.Contents,
                            purge.LivenessChanges,
                            purge.Sessions,
                        },
                    },
                    reason: stopped && policy?.LegalHold == true ? policy.HoldReason : null
                );
        }
        write.Tell(new LiveEvent("retention", organization, null, null, purge.Id));
        return await write.TryCommitAsync(cancellationToken) && more;
    }

    // What is due is judged as of the beginning, so that a purge comes to an end.
    private static RetentionScope ScopeOf(ConsoleDbContext db, Purge purge) => new(db, purge.OrganizationId, purge.Limits, purge.StartedAt);

    /// <summary>Removes those of the found rows that may still go.</summary>
    private static async Task RemoveAsync(
        Write write,
        Purge purge,
        PurgePhase phase,
        List<PurgeKey> found,
        CancellationToken cancellationToken
    )
    {
        var scope = ScopeOf(write.Db, purge);
        var (runs, ids) = (found.Select(k => k.RunId).Distinct().ToList(), found.ConvertAll(k => k.Id));
        switch (phase)
        {
            case PurgePhase.Steps:
                purge.Steps += await scope
                    .Steps!.Where(e => runs.Contains(e.RunId) && ids.Contains(e.Id))
                    .ExecuteDeleteAsync(cancellationToken);
                break;
            case PurgePhase.Runs:
                await RunsAsync(write, purge, scope.Runs!, ids, cancellationToken);
                break;
            case PurgePhase.Contents:
                purge.Contents += await scope
                    .Contents!.Where(e => runs.Contains(e.RunId) && ids.Contains(e.Id))
                    .ExecuteUpdateAsync(set => set.SetProperty(e => e.Payload, (string?)null), cancellationToken);
                break;
            case PurgePhase.Liveness:
                purge.LivenessChanges += await scope.Liveness!.Where(c => ids.Contains(c.Id)).ExecuteDeleteAsync(cancellationToken);
                break;
            case PurgePhase.Sessions:
                purge.Sessions += await scope.Sessions!.Where(s => ids.Contains(s.Id)).ExecuteDeleteAsync(cancellationToken);
                break;
        }
    }

    private static async Task RunsAsync(
        Write write,
        Purge purge,
        IQueryable<Run> due,
        List<Guid> found,
        CancellationToken cancellationToken
    )
    {
        var (db, organization) = (write.Db, purge.OrganizationId);
        // A report may be changing one of them on another node: it is waited for, and looked at again.
        if (!db.Engine.HasSingleWriter)
        {
            await new RollupSql(db)
                .Add("SELECT 1 FROM runs WHERE organization_id = ")
                .Value(organization)
                .Add(" AND ")
                .In("id", found)
                .Add(" ORDER BY id FOR UPDATE")
                .ReadAsync(_ => true, cancellationToken);
        }
        var runs = await due.Where(r => found.Contains(r.Id)).AsNoTracking().ToListAsync(cancellationToken);
        var ids = runs.ConvertAll(r => r.Id);
        var gone = new RollupLedger();
        foreach (var run in runs)
            gone.Run(run, 1);
        // As the rollups themselves: minutes while they are young, folded later.
        var before = Utc.ToMicros(RollupFold.Before(write.Now));
        var folded = new RollupLedger();
        foreach (var (key, figures) in gone.Figures)
            folded.At(key.BucketMicros < before ? RollupFold.Folded(key) : key).Add(figures);
        await RollupStore.AddAsync(db, folded, cancellationToken, RollupStore.Base);
        // Their steps went before them; what was reported since goes with them.
        purge.Steps += await db
            .RunEvents.Where(e => e.OrganizationId == organization && ids.Contains(e.RunId) && e.Decision == null)
            .ExecuteDeleteAsync(cancellationToken);
        purge.Runs += await db
            .Runs.Where(r => r.OrganizationId == organization && ids.Contains(r.Id))
            .ExecuteDeleteAsync(cancellationToken);
    }
}
