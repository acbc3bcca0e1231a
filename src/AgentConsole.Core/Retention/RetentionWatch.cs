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
/// Applies retention once a day, in parts so small that ingest hardly waits. Each part is removed in one transaction with its contribution to the
/// rollups' base and its count, so that a kill in the middle loses nothing and the next step goes on. A hold stops it before the next part.
/// </summary>
public sealed class RetentionWatch(ConsoleStore store, AccessDirectory access, TimeProvider clock, ILogger<RetentionWatch> log)
    : Periodic(TimeSpan.FromMinutes(10), clock, log)
{
    private const int RunsAtOnce = 200;
    private const int RowsAtOnce = 1000;
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
        await using var write = await store.WriteAsync(cancellationToken);
        var db = write.Db;
        await RollupStore.LockAsync(db, cancellationToken);
        var purge = await db.Purges.AsTracking().SingleAsync(p => p.OrganizationId == organization && p.Id == purgeId, cancellationToken);
        if (purge.FinishedAt is not null)
            return false; // another node was faster
        var policy = await db
            .RetentionPolicies.AsNoTracking()
            .SingleOrDefaultAsync(p => p.OrganizationId == organization, cancellationToken);
        var stopped = policy is null || policy.LegalHold || policy.Revision != purge.PolicyRevision;
        // What is due is judged as of the beginning, so that a purge comes to an end.
        var scope = new RetentionScope(db, organization, purge.Limits, purge.StartedAt);
        var removed =
            stopped ? 0
            : await RunsAsync(write, organization, purge, scope, cancellationToken) is > 0 and var runs ? runs
            : await RestAsync(db, organization, purge, scope, cancellationToken);
        if (removed == 0)
        {
            purge.FinishedAt = write.Now;
            purge.State = stopped ? PurgeState.Stopped : PurgeState.Done;
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
        return await write.TryCommitAsync(cancellationToken) && removed > 0;
    }

    private static async Task<int> RunsAsync(
        Write write,
        Guid organization,
        Purge purge,
        RetentionScope scope,
        CancellationToken cancellationToken
    )
    {
        if (scope.Runs is not { } due)
            return 0;
        var db = write.Db;
        var ids = await due.OrderBy(r => r.Id).Select(r => r.Id).Take(RunsAtOnce).ToListAsync(cancellationToken);
        if (ids.Count == 0)
            return 0;
        // A report may be changing one of them on another node: it is waited for, and looked at again.
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
        var runs = await due.Where(r => ids.Contains(r.Id)).AsNoTracking().ToListAsync(cancellationToken);
        ids = [.. runs.Select(r => r.Id)];
        var byId = runs.ToDictionary(r => r.Id);
        var gone = new RollupLedger();
        foreach (var run in runs)
            gone.Run(run, 1);
        var decisions = await db
            .RunEvents.AsNoTracking()
            .Where(e => e.OrganizationId == organization && ids.Contains(e.RunId) && e.Decision != null)
            .Select(e => new
            {
                e.RunId,
                e.Decision,
                e.ReceivedAt,
            })
            .ToListAsync(cancellationToken);
        foreach (var decision in decisions)
            gone.Decision(byId[decision.RunId], decision.Decision!.Value, decision.ReceivedAt, 1);
        // As the rollups themselves: minutes while they are young, folded later.
        var before = Utc.ToMicros(RollupFold.Before(write.Now));
        var folded = new RollupLedger();
        foreach (var (key, figures) in gone.Figures)
            folded.At(key.BucketMicros < before ? RollupFold.Folded(key) : key).Add(figures);
        await RollupStore.AddAsync(db, folded, cancellationToken, RollupStore.Base);
        purge.Steps += await db
            .RunEvents.Where(e => e.OrganizationId == organization && ids.Contains(e.RunId) && e.Decision == null)
            .ExecuteDeleteAsync(cancellationToken);
        purge.Runs += await db
            .Runs.Where(r => r.OrganizationId == organization && ids.Contains(r.Id))
            .ExecuteDeleteAsync(cancellationToken);
        return Math.Max(1, ids.Count);
    }

    private static async Task<int> RestAsync(
        ConsoleDbContext db,
        Guid organization,
        Purge purge,
        RetentionScope scope,
        CancellationToken cancellationToken
    )
    {
        if (scope.Steps is { } steps)
        {
            var due = await KeysAsync(steps, cancellationToken);
            if (due.Count > 0)
            {
                var (runs, ids) = (due.Select(k => k.RunId).Distinct().ToList(), due.Select(k => k.Id).ToList());
                purge.Steps += await db
                    .RunEvents.Where(e => e.OrganizationId == organization && runs.Contains(e.RunId) && ids.Contains(e.Id))
                    .ExecuteDeleteAsync(cancellationToken);
                return due.Count;
            }
        }
        if (scope.Contents is { } contents)
        {
            var due = await KeysAsync(contents, cancellationToken);
            if (due.Count > 0)
            {
                var (runs, ids) = (due.Select(k => k.RunId).Distinct().ToList(), due.Select(k => k.Id).ToList());
                purge.Contents += await db
                    .RunEvents.Where(e => e.OrganizationId == organization && runs.Contains(e.RunId) && ids.Contains(e.Id))
                    .ExecuteUpdateAsync(set => set.SetProperty(e => e.Payload, (string?)null), cancellationToken);
                return due.Count;
            }
        }
        if (scope.Liveness is { } liveness)
        {
            var ids = await liveness.OrderBy(c => c.Id).Select(c => c.Id).Take(RowsAtOnce).ToListAsync(cancellationToken);
            if (ids.Count > 0)
            {
                purge.LivenessChanges += await db
                    .LivenessChanges.Where(c => c.OrganizationId == organization && ids.Contains(c.Id))
                    .ExecuteDeleteAsync(cancellationToken);
                return ids.Count;
            }
        }
        if (scope.Sessions is { } sessions)
        {
            var ids = await sessions.OrderBy(s => s.Id).Select(s => s.Id).Take(RowsAtOnce).ToListAsync(cancellationToken);
            if (ids.Count > 0)
            {
                purge.Sessions += await db
                    .UserSessions.Where(s => s.OrganizationId == organization && ids.Contains(s.Id))
                    .ExecuteDeleteAsync(cancellationToken);
                return ids.Count;
            }
        }
        return 0;
    }

    private static async Task<List<StepKey>> KeysAsync(IQueryable<RunEvent> steps, CancellationToken cancellationToken) =>
        await steps
            .OrderBy(e => e.RunId)
            .ThenBy(e => e.Id)
            .Select(e => new StepKey(e.RunId, e.Id))
            .Take(RowsAtOnce)
            .ToListAsync(cancellationToken);

    private sealed record StepKey(Guid RunId, Guid Id);
}
