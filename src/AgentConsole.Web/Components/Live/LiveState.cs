using AgentConsole.Core.Live;

namespace AgentConsole.Web.Components.Live;

/// <summary>
/// Whether the person lets changes come in, and what came between a page's first read and its first <see cref="LiveUpdates"/>; one per circuit.
/// </summary>
public sealed class LiveState(ChangeFeed feed) : IDisposable
{
    private const int Kept = 64;
    private readonly Lock _lock = new();
    private readonly List<LiveEvent> _sinceRead = [];
    private bool _lost;
    private IDisposable? _subscription;
    private int _behind;

    /// <summary>Raised on any thread.</summary>
    public event Action? Changed;

    public bool Paused { get; private set; }

    /// <summary>Changes that came since the pause.</summary>
    public int Behind => Volatile.Read(ref _behind);

    public void Toggle()
    {
        Paused = !Paused;
        Interlocked.Exchange(ref _behind, 0);
        Changed?.Invoke();
    }

    /// <summary>A page is about to read: from here on nothing that happens may escape it.</summary>
    internal void BeginRead(Guid organizationId)
    {
        lock (_lock)
        {
            _sinceRead.Clear();
            _lost = false;
        }
        _subscription ??= feed.Subscribe(organizationId, Remember);
    }

    /// <summary>What happened since <see cref="BeginRead"/>, in order. Lost: more than is kept.</summary>
    internal (IReadOnlyList<LiveEvent> Changes, bool Lost) SinceRead()
    {
        lock (_lock)
            return ([.. _sinceRead], _lost);
    }

    public void Dispose() => _subscription?.Dispose();

    private void Remember(LiveEvent change)
    {
        lock (_lock)
        {
            if (_sinceRead.Count < Kept)
                _sinceRead.Add(change);
            else
                _lost = true;
        }
    }

    internal void FallBehind()
    {
        Interlocked.Increment(ref _behind);
        Changed?.Invoke();
    }
}
