using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Runs;

/// <summary>Agents that wait to hear whether one of their runs is to be cancelled: answered the moment somebody asks, and without a query.</summary>
public sealed class CancelPolls : IDisposable
{
    public const int LongestSeconds = 60;

    /// <summary>Most calls that wait at once: of one agent, and on this node.</summary>
    public const int MostOfAgent = 8;
    public const int Most = 10_000;

    /// <summary>How soon a call ends after its credential did.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    private static readonly Problem TooMany = new(
        ProblemKind.TooMany,
        "too_many_polls",
        $"At most {MostOfAgent} calls of an agent may wait at once; one is enough for all of its runs."
    )
    {
        RetryAfterSeconds = 5,
    };

    private readonly OpenCancels _open;
    private readonly TimeProvider _clock;
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Waiters> _waiters = [];
    private int _waiting;

    public CancelPolls(OpenCancels open, TimeProvider clock)
    {
        (_open, _clock) = (open, clock);
        _open.Asked += Wake;
    }

    /// <summary>Calls that wait on this node.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Requests that the agent has not acknowledged: at once when there is one, else with the first, else none when the time is over.</summary>
    /// <param name="seconds">0 to 60.</param>
    /// <param name="now">Who it is at any later moment; the call ends with its credential.</param>
    /// <param name="stopping">The console stops.</param>
    /// <param name="cancellationToken">The agent went away.</param>
    public async Task<Outcome<CancelNotices>> WaitAsync(
        Actor by,
        Outcome<int> seconds,
        Func<Outcome<Actor>> now,
        CancellationToken stopping,
        CancellationToken cancellationToken
    )
    {
        if (by.AgentId is not { } agent)
            return RunProblems.AgentKeyRequired;
        if (!seconds.Try(out var wait, out var invalid))
            return invalid;
        if (wait == 0 || _open.UnheardOf(agent).Count > 0)
            return new CancelNotices(_open.UnheardOf(agent));
        if (Enter(agent) is not { } waiters)
            return TooMany;
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellationToken);
            var until = _clock.GetUtcNow().AddSeconds(wait);
            while (true)
            {
                var woken = waiters.Woken; // taken before the look, so that nothing falls in between
                if (_open.UnheardOf(agent) is { Count: > 0 } asked)
                    return new CancelNotices(asked);
                var left = until - _clock.GetUtcNow();
                if (left <= TimeSpan.Zero)
                    return new CancelNotices([]);
                await woken
                    .WaitAsync(left < LookEvery ? left : LookEvery, _clock, either.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
                if (stopping.IsCancellationRequested)
                    return RunProblems.Stopping;
                if (now().Problem is { } ended)
                    return ended;
            }
        }
        finally
        {
            Leave(agent, waiters);
        }
    }

    public void Dispose() => _open.Asked -= Wake;

    private Waiters? Enter(Guid agent)
    {
        lock (_lock)
        {
            if (_waiting >= Most)
                return null;
            if (!_waiters.TryGetValue(agent, out var waiters))
                _waiters[agent] = waiters = new Waiters();
            if (waiters.Count >= MostOfAgent)
                return null;
            waiters.Count++;
            _waiting++;
            return waiters;
        }
    }

    private void Leave(Guid agent, Waiters waiters)
    {
        lock (_lock)
        {
            _waiting--;
            if (--waiters.Count == 0)
                _waiters.Remove(agent);
        }
    }

    private void Wake(Guid agent)
    {
        lock (_lock)
        {
            if (_waiters.TryGetValue(agent, out var waiters))
                waiters.Wake();
        }
    }

    private sealed class Waiters
    {
        private TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Count { get; set; }
        public Task Woken => Volatile.Read(ref _woken).Task;

        public void Wake() =>
            Interlocked.Exchange(ref _woken, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }
}
