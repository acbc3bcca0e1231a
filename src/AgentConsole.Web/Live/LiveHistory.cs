using AgentConsole.Core.Live;

namespace AgentConsole.Web.Live;

/// <summary>
/// The last events of one organization, for a stream that was cut off and comes back. It listens itself, also for a while after the last stream: an
/// event of which nobody hears is not even made.
/// </summary>
internal sealed class LiveHistory : IDisposable
{
    private const int Kept = 1_000;
    private readonly Queue<LiveEvent> _events = new();
    private readonly ChangeFeed _feed;
    private readonly IDisposable _subscription;
    private long _completeAfter;

    public LiveHistory(ChangeFeed feed, Guid organizationId)
    {
        _feed = feed;
        lock (_events)
        {
            _subscription = feed.Subscribe(organizationId, Hear);
            _completeAfter = feed.Seq;
        }
    }

    public DateTimeOffset UsedAt { get; set; }

    /// <summary>What happened after this event, in order, of each thing the last; null when that is not known for certain.</summary>
    public IReadOnlyList<LiveEvent>? Since(long seq)
    {
        lock (_events)
        {
            if (!_feed.Gave(seq) || seq < _completeAfter)
                return null;
            return
            [
                .. _events.Where(e => e.Seq > seq).GroupBy(e => (e.Noun, e.Id)).Select(same => same.MaxBy(e => e.Seq)!).OrderBy(e => e.Seq),
            ];
        }
    }

    public void Dispose() => _subscription.Dispose();

    private void Hear(LiveEvent change)
    {
        if (!LiveBodies.Has(change))
            return;
        // Bodies that can be read again are not kept in memory.
        var kept = change.Noun is "run" or "agent" or "rotation" or "snapshot" ? change with { Body = null } : change;
        lock (_events)
        {
            _events.Enqueue(kept);
            if (_events.Count > Kept)
                _completeAfter = Math.Max(_completeAfter, _events.Dequeue().Seq);
        }
    }
}
