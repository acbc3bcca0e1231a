using AgentConsole.SampleFleet.Client;
using AgentConsole.SampleFleet.Running;

namespace AgentConsole.SampleFleet.Keys;

/// <summary>
/// Takes up the key that a secret sink puts into an agent's file. It is tried before the old one is let go; calls that are under way end with the old one.
/// </summary>
/// <param name="connect">The console under a key that is not the agent's yet.</param>
public sealed class KeyFileWatch(
    string slug,
    KeyFile file,
    KeyHolder key,
    Func<string, FleetClient> connect,
    FleetLog log,
    TimeProvider clock
)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private string? _refused;

    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            await LookAsync(stopping);
            await Task.Delay(LookEvery, clock, stopping);
        }
    }

    /// <summary>Looks once.</summary>
    internal async Task LookAsync(CancellationToken cancellationToken)
    {
        if (file.Read() is not { } found || found == key.Current || found == _refused)
            return;
        try
        {
            await connect(found).WhoAmIAsync(cancellationToken);
            key.Swap(found);
            log.Info($"{slug} goes on with the key that was put into its file.");
        }
        catch (ConsoleRefusal refusal)
        {
            _refused = found;
            log.Warn($"{slug} stays with its key, since the one in {file.Path} is refused: {refusal.Message}");
        }
        catch (Exception e)
            when (e is HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            log.Warn($"{slug} cannot try its new key, since the console is away: {e.Message}"); // and looks again
        }
    }
}
