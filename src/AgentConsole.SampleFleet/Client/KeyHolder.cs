namespace AgentConsole.SampleFleet.Client;

/// <summary>
/// The key that an agent acts under, while it may change: each call takes it as it stands, so that what is under way ends with the key it began with.
/// </summary>
/// <param name="reread">Looks where the key lies; null while nothing lies there.</param>
public sealed class KeyHolder(string key, Func<string?>? reread = null)
{
    private string _current = key;

    public string Current => Volatile.Read(ref _current);

    public void Swap(string next) => Volatile.Write(ref _current, next);

    /// <summary>The console refused this key: looks whether there is another by now.</summary>
    public bool HasOtherThan(string refused)
    {
        if (Current != refused)
            return true;
        if (reread?.Invoke() is not { } found || found == refused)
            return false;
        Interlocked.CompareExchange(ref _current, found, refused);
        return true;
    }
}
