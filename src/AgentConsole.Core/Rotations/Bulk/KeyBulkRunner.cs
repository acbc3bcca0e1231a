using System.Collections.Concurrent;
using System.Threading.Channels;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Rotations.Bulk;

/// <summary>
/// Works off bulk acts whose call has been answered, part by part, with the rights that whoever began it has at that moment. While one part's secrets are on
/// their way the next part is made. A fault or a lost right leaves the rest to a person's resume; what a crash or a stop leaves, <see cref="KeyBulkWatch"/> takes up.
/// </summary>
public sealed class KeyBulkRunner : BackgroundService
{
    private const int AtOnce = 4;
    private const int Tries = 5;
    private static readonly TimeSpan SayAgain = KeyBulk.Lease / 4;

    private readonly ConsoleStore _store;
    private readonly KeyBulkWork _work;
    private readonly ActorSource _actors;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly Channel<Job> _jobs = Channel.CreateUnbounded<Job>();
    private readonly ConcurrentDictionary<Guid, bool> _mine = new();

    internal KeyBulkRunner(ConsoleStore store, KeyBulkWork work, ActorSource actors, TimeProvider clock, ILogger<KeyBulkRunner> log) =>
        (_store, _work, _actors, _clock, _log) = (store, work, actors, clock, log);

    /// <summary>For tests: what happens before a part is committed.</summary>
    internal Func<Task>? BeforeCommit { get; set; }

    private sealed record Job(Guid OrganizationId, Guid BulkId, Guid WorkId, Actor By);

    private sealed record Begun(bool IsOver, string? Sink, int Pending);

    internal void Start(Guid organizationId, Guid bulkId, Guid workId, Actor by)
    {
        _mine[workId] = true;
        _jobs.Writer.TryWrite(new Job(organizationId, bulkId, workId, by with { Retry = null }));
    }

    /// <summary>Whether this process has it, or will have it next.</summary>
    internal bool Has(Guid workId) => _mine.ContainsKey(workId);

    /// <summary>Works off all that waits now; what the loop does, for a test to do by hand.</summary>
    public async Task StepAsync(CancellationToken cancellationToken)
    {
        while (_jobs.Reader.TryRead(out var job))
            await RunAsync(job, cancellationToken);
    }

    /// <summary>Makes the secrets of one part of the first job and goes no further: a worker that died there.</summary>
    internal async Task DieAfterIssueAsync(CancellationToken cancellationToken)
    {
        if (!_jobs.Reader.TryRead(out var job))
            return;
        await BeginPartAsync(job, _actors.Again(job.By).Value, cancellationToken);
        _mine.TryRemove(job.WorkId, out _);
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
            // The next start, or another node, goes on.
        }
    }

    private async Task RunAsync(Job job, CancellationToken cancellationToken)
    {
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var lease = KeepLeaseAsync(job, lost);
        try
        {
            await WorkAsync(job, lost.Token);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await LeaveAsync(job, null);
        }
        catch (OperationCanceledException)
        {
            // Another worker has it.
        }
        catch (Exception e)
        {
            _log.LogError(e, "A bulk act on keys stopped before its end");
            await LeaveAsync(job, "Something failed within the console; its log says what. What was done is done; resume for the rest.");
        }
        finally
        {
            _mine.TryRemove(job.WorkId, out _);
            await lost.CancelAsync();
            await lease;
        }
    }

    private async Task WorkAsync(Job job, CancellationToken cancellationToken)
    {
        var losses = 0;
        Task<int> sending = Task.FromResult(0);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!_actors.Again(job.By).Try(out var by, out var ended))
            {
                await sending;
                await LeaveAsync(job, ended.Detail);
                return;
            }
            var begun = await BeginPartAsync(job, by, cancellationToken);
            if (begun is null)
            {
                if (++losses < Tries)
                    continue;
                await sending;
                await LeaveAsync(job, "Others changed the same keys at the same moments. Resume it.");
                return;
            }
            losses = 0;
            var sent = await sending;
            if (begun.IsOver)
                return;
            if (begun.Sink is { } sink)
                sending = SendPartAsync(job, by, sink, cancellationToken);
            else if (begun.Pending == 0)
                return;
            if (begun.Pending == 0 && (sent = await sending) == 0)
                return;
        }
    }

    // The next rows are made; null when somebody else was faster and nothing was written.
    private async Task<Begun?> BeginPartAsync(Job job, Actor by, CancellationToken cancellationToken)
    {
        await using var write = await _store.WriteAsync(cancellationToken);
        if (await FindAsync(write, job, cancellationToken) is not { } bulk)
            return new Begun(true, null, 0);
        var before = bulk.Pending;
        if (before > 0)
            await _work.BeginPartAsync(write, bulk, by, cancellationToken);
        bulk.FinishIfDone(write.Now);
        if (bulk.WorkId is not null)
            bulk.LeaseUntil = write.Now + KeyBulk.Lease;
        var begun = new Begun(bulk.WorkId is null, bulk.Sink, bulk.Pending);
        if (BeforeCommit is { } act)
            await act();
        return await write.TryCommitAsync(cancellationToken) ? begun : null;
    }

    // What was made goes to the sink, and then it is noted what arrived.
    private async Task<int> SendPartAsync(Job job, Actor by, string sink, CancellationToken cancellationToken)
    {
        var outgoing = await _work.OutgoingAsync(by, job.BulkId, sink, cancellationToken);
        if (outgoing.Count == 0)
            return 0;
        var sent = await _work.SendAsync(outgoing, cancellationToken);
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            await using var write = await _store.WriteAsync(cancellationToken);
            if (await FindAsync(write, job, cancellationToken) is not { } bulk)
                return 0;
            await _work.EndPartAsync(write, bulk, by, outgoing, sent, cancellationToken);
            if (BeforeCommit is { } act)
                await act();
            if (await write.TryCommitAsync(cancellationToken))
                return outgoing.Count;
        }
        throw new InvalidOperationException("Others changed the same rotations at the same moments.");
    }

    private async Task KeepLeaseAsync(Job job, CancellationTokenSource lost)
    {
        try
        {
            using var timer = new PeriodicTimer(SayAgain, _clock);
            var said = _clock.Now();
            while (await timer.WaitForNextTickAsync(lost.Token))
            {
                try
                {
                    await using var write = await _store.WriteAsync(lost.Token);
                    var now = write.Now;
                    var until = (DateTimeOffset?)(now + KeyBulk.Lease);
                    var kept = await write
                        .Db.KeyBulks.Where(b => b.OrganizationId == job.OrganizationId && b.Id == job.BulkId && b.WorkId == job.WorkId)
                        .ExecuteUpdateAsync(set => set.SetProperty(b => b.LeaseUntil, until), lost.Token);
                    if (await write.TryCommitAsync(lost.Token))
                        said = now;
                    if (kept == 0)
                        await lost.CancelAsync();
                }
                catch (Exception e) when (!lost.IsCancellationRequested)
                {
                    _log.LogError(e, "A bulk act on keys could not say that it goes on; it tries again");
                }
                if (_clock.Now() - said >= KeyBulk.Lease)
                    await lost.CancelAsync();
            }
        }
        catch (OperationCanceledException) when (lost.IsCancellationRequested)
        {
            // The work is over.
        }
        catch (Exception e)
        {
            _log.LogError(e, "A bulk act on keys could not say that it goes on");
        }
    }

    /// <param name="why">What a person must mend; null lets anybody go on.</param>
    private async Task LeaveAsync(Job job, string? why)
    {
        try
        {
            await using var write = await _store.WriteAsync(CancellationToken.None);
            if (await FindAsync(write, job, CancellationToken.None) is not { } bulk)
                return;
            bulk.Leave(why);
            KeyBulkWork.Tell(write, bulk);
            await write.TryCommitAsync(CancellationToken.None);
        }
        catch (Exception e)
        {
            _log.LogError(e, "A bulk act on keys that stopped could not say so; its lease will");
        }
    }

    private static Task<KeyBulk?> FindAsync(Write write, Job job, CancellationToken cancellationToken) =>
        write.Db.KeyBulks.FirstOrDefaultAsync(
            b => b.OrganizationId == job.OrganizationId && b.Id == job.BulkId && b.WorkId == job.WorkId,
            cancellationToken
        );
}

/// <summary>
/// Takes up what nobody works on any more: after a start, and when another node is gone. Of two nodes that look at the same moment one gets it. Where one
/// process has the store to itself, whatever it does not work on is free at once.
/// </summary>
public sealed class KeyBulkWatch : Periodic
{
    private readonly ConsoleStore _store;
    private readonly KeyBulkRunner _runner;
    private readonly NodeOutbox _nodes;
    private readonly TimeProvider _clock;

    internal KeyBulkWatch(ConsoleStore store, KeyBulkRunner runner, NodeOutbox nodes, TimeProvider clock, ILogger<KeyBulkWatch> log)
        : base(TimeSpan.FromSeconds(1), clock, log) => (_store, _runner, _nodes, _clock) = (store, runner, nodes, clock);

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        var now = _clock.Now();
        var alone = !_nodes.IsShared;
        List<KeyBulk> left;
        await using (var db = await _store.ReadAsync(cancellationToken))
        {
            left = await db
                .KeyBulks.Where(b =>
                    b.State == KeyBulkState.Working && b.Stopped == null && (alone || b.LeaseUntil == null || b.LeaseUntil < now)
                )
                .OrderBy(b => b.LeaseUntil)
                .Take(20)
                .ToListAsync(cancellationToken);
        }
        foreach (var seen in left.Where(b => b.WorkId is not { } work || !_runner.Has(work)))
        {
            await using var write = await _store.WriteAsync(cancellationToken);
            var bulk = await write.Db.KeyBulks.FirstOrDefaultAsync(
                b => b.OrganizationId == seen.OrganizationId && b.Id == seen.Id && b.WorkId == seen.WorkId,
                cancellationToken
            );
            if (bulk is not { State: KeyBulkState.Working, Stopped: null } || (!alone && bulk.LeaseUntil > write.Now))
                continue;
            var workId = write.NewId();
            bulk.Take(workId, write.Now);
            if (await write.TryCommitAsync(cancellationToken))
                _runner.Start(bulk.OrganizationId, bulk.Id, workId, bulk.Worker());
        }
    }
}

/// <summary>
/// Forgets secrets that did not arrive for a day, and deletes acts that have been kept long enough: 30 days after they ended, two hours where they were never
/// applied. The rotations and the trail stay.
/// </summary>
public sealed class KeyBulkPurge(ConsoleStore store, TimeProvider clock, ILogger<KeyBulkPurge> log)
    : Periodic(TimeSpan.FromMinutes(10), clock, log)
{
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);
    private static readonly TimeSpan KeptUnused = TimeSpan.FromHours(2);
    private const int AtOnce = 20;
    private const int RowsPerWrite = 5000;
    private readonly TimeProvider _clock = clock;

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        var now = _clock.Now();
        var (forgotten, old, unused) = (now - KeyBulk.SecretKept, now - Kept, now - KeptUnused);
        await using (var write = await store.WriteAsync(cancellationToken))
        {
            await write
                .Db.KeyBulkRows.Where(r => r.Sealed != null && r.IssuedAt < forgotten)
                .ExecuteUpdateAsync(set => set.SetProperty(r => r.Sealed, (byte[]?)null), cancellationToken);
            await write.TryCommitAsync(cancellationToken);
        }
        while (true)
        {
            List<KeyBulk> over;
            await using (var db = await store.ReadAsync(cancellationToken))
            {
                over = await db
                    .KeyBulks.Where(b =>
                        (b.CreatedAt < old && b.State == KeyBulkState.Finished && b.FinishedAt < old)
                        || (b.CreatedAt < unused && (b.State == KeyBulkState.Planned || b.State == KeyBulkState.Discarded))
                    )
                    .OrderBy(b => b.CreatedAt)
                    .Take(AtOnce)
                    .ToListAsync(cancellationToken);
            }
            foreach (var bulk in over)
            {
                var (organization, id) = (bulk.OrganizationId, bulk.Id);
                for (var from = 0; from <= bulk.Total; from += RowsPerWrite)
                {
                    await using var part = await store.WriteAsync(cancellationToken);
                    await part
                        .Db.KeyBulkRows.Where(r =>
                            r.OrganizationId == organization && r.BulkId == id && r.Ordinal > from && r.Ordinal <= from + RowsPerWrite
                        )
                        .ExecuteDeleteAsync(cancellationToken);
                    await part.TryCommitAsync(cancellationToken);
                }
                await using var write = await store.WriteAsync(cancellationToken);
                await write.Db.KeyBulks.Where(b => b.OrganizationId == organization && b.Id == id).ExecuteDeleteAsync(cancellationToken);
                await write.TryCommitAsync(cancellationToken);
            }
            if (over.Count < AtOnce)
                return;
        }
    }
}
