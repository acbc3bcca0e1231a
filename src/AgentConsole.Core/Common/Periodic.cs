using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Common;

/// <summary>A loop with one step; a test takes the step by hand. A step that fails is logged and tried again next time.</summary>
public abstract class Periodic(TimeSpan every, TimeProvider clock, ILogger log) : BackgroundService
{
    /// <summary>One turn of the loop.</summary>
    public abstract Task StepAsync(CancellationToken cancellationToken);

    /// <summary>Whether the loop takes a last step when the console stops, so that nothing waits in memory.</summary>
    protected virtual bool StepsOnStop => false;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(every, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await TryStepAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            if (StepsOnStop)
                await TryStepAsync(CancellationToken.None);
        }
    }

    private async Task TryStepAsync(CancellationToken cancellationToken)
    {
        try
        {
            await StepAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            log.LogError(e, "{Loop} failed and is tried again", GetType().Name);
        }
    }
}
