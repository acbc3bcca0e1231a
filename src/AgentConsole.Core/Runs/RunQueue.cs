using System.Threading.Channels;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Runs;

/// <summary>Reports that wait for ingest's one loop: bounded in bytes, taken in groups.</summary>
/// <param name="mostBytes">What may wait; more is refused with 429.</param>
internal sealed class RunQueue(long mostBytes) : IDisposable
{
    private const int MostInGroup = 512;
    private const int MostBytesInGroup = 8 << 20;
    private static readonly TimeSpan MostGather = TimeSpan.FromMilliseconds(1);
    private readonly Channel<RunJob> _jobs = Channel.CreateUnbounded<RunJob>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _gathered = new(0);
    private long _bytes;
    private int _waiting;
    private int _wanted;

    /// <summary>Bytes of the reports that wait.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Whether another group follows at once.</summary>
    public bool HasMore => Volatile.Read(ref _waiting) > 0;

    /// <summary>Takes a report in.</summary>
    /// <returns>Why not; null when it waits now.</returns>
    public Problem? Add(RunJob job)
    {
        if (Interlocked.Add(ref _bytes, job.Bytes) > mostBytes)
        {
            Interlocked.Add(ref _bytes, -job.Bytes);
            return RunProblems.QueueFull;
        }
        if (!_jobs.Writer.TryWrite(job))
        {
            Interlocked.Add(ref _bytes, -job.Bytes);
            return RunProblems.Stopping;
        }
        var waiting = Interlocked.Increment(ref _waiting);
        if (Volatile.Read(ref _wanted) is > 0 and var wanted && waiting >= wanted && Interlocked.Exchange(ref _wanted, 0) > 0)
            _gathered.Release();
        return null;
    }

    /// <summary>Waits for the next report, and a moment for those that come with it.</summary>
    /// <param name="before">How many the last group had.</param>
    /// <returns>False when nothing comes any more.</returns>
    public async ValueTask<bool> WaitAsync(int before, CancellationToken cancellationToken)
    {
        if (!await _jobs.Reader.WaitToReadAsync(cancellationToken))
            return false;
        await GatherAsync(before / 2);
        return true;
    }

    /// <summary>Fills an empty group with the next reports. False when there is none.</summary>
    public bool Take(List<RunJob> group)
    {
        var bytes = 0;
        while (group.Count < MostInGroup && bytes < MostBytesInGroup && _jobs.Reader.TryRead(out var job))
        {
            group.Add(job);
            bytes += job.Bytes;
        }
        Interlocked.Add(ref _waiting, -group.Count);
        Interlocked.Add(ref _bytes, -bytes);
        return group.Count > 0;
    }

    /// <summary>Nothing is taken in from now on.</summary>
    public void Close() => _jobs.Writer.TryComplete();

    public void Dispose() => _gathered.Dispose();

    // While many report at once, waits for half as many as came before: a commit costs the disk the same for one as for all of them. Somebody who
    // reports alone never waits.
    private async ValueTask GatherAsync(int wanted)
    {
        if (wanted < 2 || Volatile.Read(ref _waiting) >= wanted)
            return;
        Volatile.Write(ref _wanted, wanted);
        // Whoever takes the number back decides: an arrival that completes the group releases, a time-out does not.
        if (Volatile.Read(ref _waiting) < wanted && await _gathered.WaitAsync(MostGather))
            return;
        if (Interlocked.Exchange(ref _wanted, 0) == 0)
            await _gathered.WaitAsync();
    }
}
