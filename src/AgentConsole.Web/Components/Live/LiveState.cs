using AgentConsole.Core.Live;

namespace AgentConsole.Web.Components.Live;

/// <summary>
/// Whether the person lets changes come in, and what came between a page's first read and its first <see cref="LiveUpdates"/>; one per circuit.
/// </summary>
public sealed class LiveState(ChangeFeed feed) : IDisposable
{
    private const int Kept = 64;
    private const int MostCounted = 1024;
    private readonly Lock _lock = new();
    private readonly List<LiveEvent> _sinceRead = [];
    private readonly HashSet<long> _countedBehind = [];
    private bool _lost;
    private IDisposable? _subscription;
    private int _behind;

    /// <summary>Raised on any thread.</summary>
    public event Action? Changed;

    public bool Paused { get; private set; }

    /// <summary>Changes that came since the pause and that the page would have shown.</summary>
    public int Behind => Volatile.Read(ref _behind);

    public void Toggle()
    {
        Paused = !Paused;
        lock (_lock)
        {
            _countedBehind.Clear();
            Volatile.Write(ref _behind, 0);
        }
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

    /// <summary>A part of the page would have shown this. Several parts may say so: it counts once.</summary>
    internal void FallBehind(long seq)
    {
        lock (_lock)
        {
            if (_countedBehind.Count == MostCounted)
                _countedBehind.Clear(); // parts hear of a change one right after the other: those of long ago need not be remembered
            if (!_countedBehind.Add(seq))
                return;
            Volatile.Write(ref _behind, _behind + 1);
        }
        Changed?.Invoke();
    }
}
