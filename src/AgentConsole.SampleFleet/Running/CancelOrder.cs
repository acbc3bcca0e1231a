using AgentConsole.SampleFleet.Client;

namespace AgentConsole.SampleFleet.Running;

/// <summary>
/// Listens while a run is at work whether somebody asked to cancel it: acknowledges, and then ends the work by its token. Ends with the run.
/// </summary>
public sealed class CancelOrder : IAsyncDisposable
{
    private const int WaitSeconds = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _asked = new();
    private readonly CancellationTokenSource _over;
    private readonly Task _listening;

    public CancelOrder(FleetClient console, string run, TimeProvider clock, CancellationToken stopping)
    {
        _over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        _listening = ListenAsync(console, run, clock, _over.Token);
    }

    /// <summary>Somebody asked, and the console knows that this agent has heard.</summary>
    public CancellationToken Token => _asked.Token;

    public string? Reason { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _listening;
        _over.Dispose();
        _asked.Dispose();
    }

    private async Task ListenAsync(FleetClient console, string run, TimeProvider clock, CancellationToken over)
    {
        try
        {
            while (true)
            {
                var asked = await console.CancellationsAsync(WaitSeconds, over);
                if (asked.Data.FirstOrDefault(notice => notice.ExternalId == run) is { } mine)
                {
                    await console.AcknowledgeCancelAsync(run, over);
                    Reason = mine.Reason;
                    await _asked.CancelAsync();
                    return;
                }
                if (asked.Data.Count > 0)
                    await Task.Delay(Pause, clock, over); // another run's, which would answer at once again
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The run is over.
        }
        catch (Exception e) when (e is ConsoleRefusal or HttpRequestException or OperationCanceledException)
        {
            // Refused or out of reach, several times over: the run's own reports tell, and it goes on until its end.
        }
    }
}
