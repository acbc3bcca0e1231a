using System.Collections.Immutable;

namespace AgentConsole.Core.Live;

/// <summary>Something changed, told after its commit.</summary>
/// <param name="Noun"><c>run</c>, <c>agent</c>, <c>key</c>, … as the hub's client method; <c>people</c> and <c>trail</c> for pages only.</param>
/// <param name="TeamId">The team whose members may hear of it; null for what concerns the whole organization.</param>
/// <param name="Body">The noun's GET body, made when somebody listens; null where listeners read again.</param>
public sealed record LiveEvent(string Noun, Guid OrganizationId, Guid? TeamId, Guid? AgentId, Guid Id, Func<object?>? Body = null)
{
    /// <summary>Position in the feed: rises on this node, and stands for no other event of another node or an earlier start.</summary>
    public long Seq { get; init; }

    /// <summary>When this node told it: the same instant for every listener.</summary>
    public DateTimeOffset At { get; init; }
}

/// <summary>Live events of this node, local subscribers first. Subscribers are called in order and must return at once (write to a bounded channel).</summary>
public sealed class ChangeFeed(TimeProvider clock)
{
    // Numbers begin at the time of the start and go in steps, so that their remainder is this start's own: a number from elsewhere is known as such.
    private const long Step = 1024;
    private readonly long _first = clock.GetUtcNow().ToUnixTimeMilliseconds() * 1000 / Step * Step + Random.Shared.NextInt64(Step);
    private ImmutableArray<Subscription> _subscriptions = [];
    private long _told;

    /// <summary>Position of the last event.</summary>
    public long Seq => _first + Interlocked.Read(ref _told) * Step;

    public int Subscribers => _subscriptions.Length;

    /// <summary>Whether somebody in this organization listens; lets a publisher save the work of making events.</summary>
    public bool HasListener(Guid organizationId)
    {
        foreach (var subscription in _subscriptions)
        {
            if (subscription.OrganizationId == organizationId)
                return true;
        }
        return false;
    }

    /// <summary>Whether this is a position that this feed gave out, or the one before its first.</summary>
    public bool Gave(long seq) => seq >= _first && seq <= Seq && (seq - _first) % Step == 0;

    public void Publish(LiveEvent change)
    {
        var numbered = change with { Seq = _first + Interlocked.Increment(ref _told) * Step, At = clock.GetUtcNow() };
        foreach (var subscription in _subscriptions)
        {
            if (subscription.OrganizationId == numbered.OrganizationId)
                subscription.Hear(numbered);
        }
    }

    /// <summary>Listens to one organization; filter by team and agent in <paramref name="hear"/>. Dispose to stop.</summary>
    public IDisposable Subscribe(Guid organizationId, Action<LiveEvent> hear)
    {
        var subscription = new Subscription(this, organizationId, hear);
        ImmutableInterlocked.Update(ref _subscriptions, list => list.Add(subscription));
        return subscription;
    }

    private sealed class Subscription(ChangeFeed feed, Guid organizationId, Action<LiveEvent> hear) : IDisposable
    {
        public Guid OrganizationId => organizationId;
        public Action<LiveEvent> Hear => hear;

        public void Dispose() => ImmutableInterlocked.Update(ref feed._subscriptions, list => list.Remove(this));
    }
}
