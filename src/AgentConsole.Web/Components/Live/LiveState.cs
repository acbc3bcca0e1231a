namespace AgentConsole.Web.Components.Live;

/// <summary>Whether the person lets changes come in; one per circuit, shared by the badge and every <see cref="LiveUpdates"/>.</summary>
public sealed class LiveState
{
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

    internal void Wait()
    {
        Interlocked.Increment(ref _behind);
        Changed?.Invoke();
    }
}
