using AgentConsole.Core.Deployments.Rollbacks;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Deployments;

internal static class DeploymentsRegistration
{
    public static IServiceCollection AddDeployments(this IServiceCollection services)
    {
        services.AddSingleton<SnapshotBodies>();
        services.AddSingleton<SnapshotLists>();
        services.AddSingleton<SnapshotBook>();
        services.AddSingleton<DeploymentService>();
        services.AddSingleton<RollbackService>();
        services.AddSingleton<RollbackFacts>();
        services.AddSingleton<RollbackWatcher>();
        return services;
    }
}
