using System.Threading.Channels;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Agents.Plans;

/// <summary>
/// Works off plans whose call has been answered, part by part, with the rights that whoever began it has at that moment. What a stop, a fault or a
/// lost right leaves undone waits for a resume; nothing goes on by itself after a start.
/// </summary>
public sealed class BulkPlanRunner : BackgroundService
{
    private const int AtOnce = 4;
    private const int Tries = 5;

    private readonly ConsoleStore _store;
    private readonly PlanWork _work;
    private readonly ActorSource _actors;
    private readonly ILogger _log;
    private readonly Channel<Job> _jobs = Channel.CreateUnbounded<Job>();

    internal BulkPlanRunner(ConsoleStore store, PlanWork work, ActorSource actors, ILogger<BulkPlanRunner> log) =>
        (_store, _work, _actors, _log) = (store, work, actors, log);

    /// <summary>For tests: what happens before a part is committed.</summary>
    internal Func<Task>? BeforeCommit { get; set; }

    private sealed record Job(Guid OrganizationId, Guid PlanId, Guid WorkId, Actor By);

    internal void Start(Guid organizationId, Guid planId, Guid workId, Actor by) =>
        _jobs.Writer.TryWrite(new Job(organizationId, planId, workId, by with { Retry = null }));

    /// <summary>Works off all that waits now; what the loop does, for a test to do by hand.</summary>
    public async Task StepAsync(CancellationToken cancellationToken)
    {
        while (_jobs.Reader.TryRead(out var job))
            await RunAsync(job, cancellationToken);
    }

    /// <summary>One part of the first job, which then waits again: a worker that came so far and no further.</summary>
    internal async Task StepOnceAsync(CancellationToken cancellationToken)
    {
        if (!_jobs.Reader.TryRead(out var job))
            return;
        await DoPartAsync(job, _actors.Again(job.By).Value, cancellationToken);
        _jobs.Writer.TryWrite(job);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Parallel.ForEachAsync(
                _jobs.Reader.ReadAllAsync(stoppingToken),
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken },
                async (job, _) => await RunAsync(job, stoppingToken)
            );
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was running has noted where it stands; what waited says so by the end of its lease.
        }
    }

    private async Task RunAsync(Job job, CancellationToken cancellationToken)
    {
        try
        {
            var lost = 0;
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!_actors.Again(job.By).Try(out var by, out var ended))
                {
                    await StopAsync(job, ended.Detail);
                    return;
                }
                switch (await DoPartAsync(job, by, cancellationToken))
                {
                    case true:
                        return;
                    case false:
                        lost = 0;
                        break;
                    case null when ++lost == Tries:
                        await StopAsync(job, "Others changed the same agents at the same moments. Resume it.");
                        return;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await StopAsync(job, "The console was stopped. Resume it.");
        }
        catch (Exception e)
        {
            _log.LogError(e, "A plan stopped before its end");
            await StopAsync(job, "Something failed within the console; its log says what. What was done is done; resume for the rest.");
        }
    }

    /// <returns>Whether nothing more is to do here; null when somebody else was faster and nothing was written.</returns>
    private async Task<bool?> DoPartAsync(Job job, Actor by, CancellationToken cancellationToken)
    {
        await using var write = await _store.WriteAsync(cancellationToken);
        if (await FindAsync(write, job, cancellationToken) is not { } plan)
            return true; // another worker has it
        await _work.DoPartAsync(write, plan, by, cancellationToken);
        PlanWork.Tell(write, plan);
        if (BeforeCommit is { } before)
            await before();
        return await write.TryCommitAsync(cancellationToken) ? plan.WorkId is null : null;
    }

    private async Task StopAsync(Job job, string why)
    {
        try
        {
            await using var write = await _store.WriteAsync(CancellationToken.None);
            if (await FindAsync(write, job, CancellationToken.None) is not { } plan)
                return;
            plan.Stop(why);
            PlanWork.Tell(write, plan);
            await write.TryCommitAsync(CancellationToken.None);
        }
        catch (Exception e)
        {
            _log.LogError(e, "A plan that stopped could not say so; its lease will");
        }
    }

    private static Task<BulkPlan?> FindAsync(Write write, Job job, CancellationToken cancellationToken) =>
        write.Db.BulkPlans.FirstOrDefaultAsync(
            p => p.OrganizationId == job.OrganizationId && p.Id == job.PlanId && p.WorkId == job.WorkId,
            cancellationToken
        );
}

/// <summary>Deletes plans that have been kept long enough: 30 days, and two hours where they were never applied.</summary>
public sealed class BulkPlanPurge(ConsoleStore store, TimeProvider clock, ILogger<BulkPlanPurge> log)
    : Periodic(TimeSpan.FromHours(1), clock, log)
{
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    // A while after it ran out it can still be made anew.
    private static readonly TimeSpan KeptUnused = TimeSpan.FromHours(2);
    private const int AtOnce = 20;
    private const int RowsPerWrite = 5000;
    private readonly TimeProvider _clock = clock;

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        while (await PartAsync(cancellationToken))
            await Task.Yield(); // whoever waits at the gate goes first
    }

    /// <returns>Whether there may be more.</returns>
    private async Task<bool> PartAsync(CancellationToken cancellationToken)
    {
        var now = _clock.Now();
        var (old, unused) = (now - Kept, now - KeptUnused);
        var gone = 0;
        List<(Guid Organization, Guid Id, int Total)> over;
        await using (var db = await store.ReadAsync(cancellationToken))
        {
            over =
            [
                .. (
                    await db
                        .BulkPlans.Where(p =>
                            p.CreatedAt < old || (p.CreatedAt < unused && (p.State == PlanState.Draft || p.State == PlanState.Planned))
                        )
                        .OrderBy(p => p.CreatedAt)
                        .Take(AtOnce)
                        .Select(p => new
                        {
                            p.OrganizationId,
                            p.Id,
                            p.Total,
                        })
                        .ToListAsync(cancellationToken)
                ).Select(p => (p.OrganizationId, p.Id, p.Total)),
            ];
        }
        foreach (var (organization, id, total) in over)
        {
            for (var from = 0; from <= total; from += RowsPerWrite)
            {
                await using var part = await store.WriteAsync(cancellationToken);
                await part
                    .Db.BulkPlanRows.Where(r =>
                        r.OrganizationId == organization && r.PlanId == id && r.Ordinal > from && r.Ordinal <= from + RowsPerWrite
                    )
                    .ExecuteDeleteAsync(cancellationToken);
                await part.TryCommitAsync(cancellationToken);
            }
            await using var write = await store.WriteAsync(cancellationToken);
            await write.Db.BulkPlans.Where(p => p.OrganizationId == organization && p.Id == id).ExecuteDeleteAsync(cancellationToken);
            gone += await write.TryCommitAsync(cancellationToken) ? 1 : 0;
        }
        return over.Count == AtOnce && gone > 0;
    }
}
