using AgentConsole.Core.Common;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace AgentConsole.Core.Data;

/// <summary>The way to the database for every service: a context for reading, a <see cref="Write"/> for changing.</summary>
public sealed class ConsoleStore(
    IDbContextFactory<ConsoleDbContext> contexts,
    WriteGate gate,
    ChangeFeed feed,
    NodeOutbox outbox,
    TrailWitness witness,
    IdSource ids,
    IEnumerable<IBeforeCommit> followers,
    IEnumerable<IFollowCommits> memories,
    TimeProvider clock
)
{
    private readonly IBeforeCommit[] _followers = [.. followers];
    private readonly IFollowCommits[] _memories = [.. memories];

    /// <summary>A context that tracks nothing. Dispose it.</summary>
    public async Task<ConsoleDbContext> ReadAsync(CancellationToken cancellationToken)
    {
        var db = await contexts.CreateDbContextAsync(cancellationToken);
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        return db;
    }

    /// <summary>An id for a row that is made before its write begins.</summary>
    public Guid NewId() => ids.Next();

    /// <summary>Waits for the gate and begins a write transaction. Dispose it: without a commit nothing happened.</summary>
    public async Task<Write> WriteAsync(CancellationToken cancellationToken)
    {
        var turn = await gate.EnterAsync(cancellationToken);
        ConsoleDbContext? db = null;
        try
        {
            db = await contexts.CreateDbContextAsync(cancellationToken);
            var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            return new Write(db, transaction, turn, feed, outbox, witness, ids, _followers, _memories, clock);
        }
        catch
        {
            if (db is not null)
                await db.DisposeAsync();
            turn.Dispose();
            throw;
        }
    }
}

/// <summary>One change of state: everything in it, trail included, is committed together or not at all.</summary>
public sealed class Write : IAsyncDisposable
{
    private readonly IDbContextTransaction _transaction;
    private readonly IDisposable _turn;
    private readonly ChangeFeed _feed;
    private readonly NodeOutbox _outbox;
    private readonly TrailWitness _witness;
    private readonly IdSource _ids;
    private readonly IBeforeCommit[] _followers;
    private readonly IFollowCommits[] _memories;
    private readonly List<Func<Task>> _afterCommit = [];
    private readonly List<LiveEvent> _events = [];

    internal Write(
        ConsoleDbContext db,
        IDbContextTransaction transaction,
        IDisposable turn,
        ChangeFeed feed,
        NodeOutbox outbox,
        TrailWitness witness,
        IdSource ids,
        IBeforeCommit[] followers,
        IFollowCommits[] memories,
        TimeProvider clock
    )
    {
        Db = db;
        _transaction = transaction;
        _turn = turn;
        _feed = feed;
        _outbox = outbox;
        _witness = witness;
        _ids = ids;
        _followers = followers;
        _memories = memories;
        Now = clock.Now();
    }

    public ConsoleDbContext Db { get; }

    /// <summary>The instant of this change; use it for every row of it.</summary>
    public DateTimeOffset Now { get; }

    public Guid NewId() => _ids.Next();

    /// <summary>Adds the record of this change. <paramref name="before"/> and <paramref name="after"/> hold what changed, never a secret.</summary>
    public void Trail(
        Actor by,
        string action,
        TrailTarget? target,
        object? before = null,
        object? after = null,
        string? reason = null,
        TrailOutcome outcome = TrailOutcome.Done
    ) => Db.AddTrail(TrailRecord.Of(by, action, target, _ids.Next(), Now, before, after, reason, outcome));

    /// <summary>Publishes after the commit; nobody hears of a change that was rolled back.</summary>
    public void Tell(LiveEvent change) => _events.Add(change);

    /// <summary>For a row held in memory that was changed by a statement of its own: a change that the context saves is told by itself.</summary>
    public void TellNodes(HeldRow row) => _events.Add(new LiveEvent(row.Noun, row.OrganizationId, null, null, row.Id));

    /// <summary>Runs after the commit and before the gate opens, so that what is in memory changes in the same step. Must not fail.</summary>
    public void AfterCommit(Action act) =>
        _afterCommit.Add(() =>
        {
            act();
            return Task.CompletedTask;
        });

    /// <inheritdoc cref="AfterCommit(Action)"/>
    public void AfterCommit(Func<Task> act) => _afterCommit.Add(act);

    /// <summary>Sends the changes so far to the database, within the transaction, where an index minds their order.</summary>
    /// <returns>False when somebody else was faster: leave, and nothing was written.</returns>
    public async Task<bool> TryFlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateConcurrencyException)
        {
            return false;
        }
        catch (DbUpdateException e) when (Db.Engine.IsUniqueViolation(e))
        {
            return false;
        }
    }

    /// <summary>Commits and answers with the result, which is stored with the change where the actor asked for a repeatable write.</summary>
    /// <returns>The result, or <c>changed_meanwhile</c> (409) when somebody else was faster.</returns>
    public async Task<Outcome<T>> CommitAsync<T>(Actor by, T result, CancellationToken cancellationToken)
        where T : notnull
    {
        if (by.Retry is { } ticket)
        {
            // An answer whose time is over may still lie there until the next purge.
            await Db
                .StoredRetries.Where(r => r.OrganizationId == by.OrganizationId && r.Scope == ticket.Scope && r.ExpiresAt <= Now)
                .ExecuteDeleteAsync(cancellationToken);
            Db.Add(StoredRetry.Of(by.OrganizationId, ticket, result));
        }
        return await TryCommitAsync(cancellationToken) ? result : LostRace();
    }

    /// <summary>As <see cref="CommitAsync{T}(Actor,T,CancellationToken)"/>, for changes with nothing to answer and nothing to replay.</summary>
    /// <returns>False when a concurrency token or a unique index says that somebody else was faster; nothing was written then.</returns>
    public async Task<bool> TryCommitAsync(CancellationToken cancellationToken)
    {
        var heads = new List<TrailHead>();
        long position = 0;
        try
        {
            await Db.SaveChangesAsync(cancellationToken);
            if (Db.Followed.Count > 0)
            {
                foreach (var follower in _followers)
                    await follower.FollowAsync(this, Db.Followed, cancellationToken);
                await Db.SaveChangesAsync(cancellationToken);
            }
            heads.AddRange(Db.ChangeTracker.Entries<TrailHead>().Select(e => e.Entity));
            _events.AddRange(heads.Select(head => new LiveEvent("trail", head.OrganizationId, null, null, head.OrganizationId)));
            if (_outbox.IsShared)
                position = await TellNodesAsync(cancellationToken);
            await _transaction.CommitAsync(CancellationToken.None);
        }
        catch (DbUpdateConcurrencyException)
        {
            return false;
        }
        catch (DbUpdateException e) when (Db.Engine.IsUniqueViolation(e))
        {
            return false;
        }
        foreach (var head in heads)
            _witness.Note(head.OrganizationId, head.Seq, head.Hash);
        foreach (var act in _afterCommit)
            await act();
        foreach (var memory in _memories)
            memory.Committed(Db.ChangedHeld);
        _turn.Dispose();
        _outbox.Announce(position);
        foreach (var change in _events)
        {
            if (!HeldNouns.All.Contains(change.Noun))
                _feed.Publish(change);
        }
        return true;
    }

    private Task<long> TellNodesAsync(CancellationToken cancellationToken) =>
        _outbox.WriteAsync(
            Db.Database.GetDbConnection(),
            _transaction.GetDbTransaction(),
            [.. Db.ChangedHeld.Select(h => new LiveEvent(h.Noun, h.OrganizationId, null, null, h.Id)), .. _events],
            Now,
            cancellationToken
        );

    public static Problem LostRace() =>
        new(
            ProblemKind.Conflict,
            "changed_meanwhile",
            "Somebody else changed this at the same moment. Read it again and repeat your change."
        );

    public async ValueTask DisposeAsync()
    {
        // The transaction ends before the gate opens: the next writer must not meet a transaction that is still rolling back.
        await _transaction.DisposeAsync();
        await Db.DisposeAsync();
        _turn.Dispose();
    }
}
