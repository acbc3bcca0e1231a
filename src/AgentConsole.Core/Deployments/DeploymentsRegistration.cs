using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments.Rollbacks;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.Deployments.Timeline;
using AgentConsole.Core.Jobs;
using AgentConsole.Core.Live;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Deployments;

internal static class DeploymentsRegistration
{
    public static IServiceCollection AddDeployments(this IServiceCollection services)
    {
        services.AddSingleton<SnapshotBodies>();
        services.AddSingleton<SnapshotLists>();
        services.AddSingleton<RolloutDirectory>();
        services.AddSingleton<ILoadAtStart>(s => s.GetRequiredService<RolloutDirectory>());
        services.AddSingleton<IRefreshOnNews>(s => s.GetRequiredService<RolloutDirectory>());
        services.AddSingleton<RolloutBodies>();
        services.AddSingleton<RolloutBook>();
        services.AddSingleton<RolloutLists>();
        services.AddSingleton<RolloutService>();
        services.AddSingleton<RolloutTemplates>();
        services.AddSingleton<RolloutWatch>();
        services.AddJob<RolloutJob>("rollouts", RolloutJob.Every);
        services.AddSingleton<SnapshotBook>();
        services.AddSingleton<DefinitionUses>();
        services.AddSingleton<DeploymentService>();
        services.AddSingleton<IBeforeCommit, SnapshotTeams>();
        services.AddSingleton<TimelineService>();
        services.AddSingleton<RollbackService>();
        services.AddSingleton<RollbackFacts>();
        services.AddSingleton<RollbackWatcher>();
        return services;
    }
}
