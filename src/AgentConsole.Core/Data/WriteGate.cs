namespace AgentConsole.Core.Data;

/// <summary>The one door for write transactions on a single-writer store, ingest and EF alike; first come, first served. Open on PostgreSQL.</summary>
public sealed class WriteGate(IStoreEngine engine) : IDisposable
{
    private readonly SemaphoreSlim? _gate = engine.HasSingleWriter ? new SemaphoreSlim(1, 1) : null;

    /// <summary>Waits for the turn. Dispose the answer to leave; disposing twice is harmless.</summary>
    public async ValueTask<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        if (_gate is null)
            return NoTurn.Instance;
        await _gate.WaitAsync(cancellationToken);
        return new Turn(_gate);
    }

    /// <summary>As <see cref="EnterAsync"/>, for the framework's synchronous calls at start.</summary>
    public IDisposable Enter()
    {
        if (_gate is null)
            return NoTurn.Instance;
        _gate.Wait();
        return new Turn(_gate);
    }

    public void Dispose() => _gate?.Dispose();

    private sealed class Turn(SemaphoreSlim gate) : IDisposable
    {
        private SemaphoreSlim? _gate = gate;

        public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Release();
    }

    private sealed class NoTurn : IDisposable
    {
        public static readonly NoTurn Instance = new();

        public void Dispose() { }
    }
}
