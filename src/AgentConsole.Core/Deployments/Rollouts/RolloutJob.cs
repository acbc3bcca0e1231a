using Quartz;

namespace AgentConsole.Core.Deployments.Rollouts;

/// <summary>Moves rollouts on, on one node at a time.</summary>
[DisallowConcurrentExecution]
public sealed class RolloutJob(RolloutWatch watch) : IJob
{
    internal static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) =>
        await watch.StepAsync(cancellationToken);
}
