using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments.Timeline;
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
        services.AddSingleton<IBeforeCommit, SnapshotTeams>();
        services.AddSingleton<TimelineService>();
        return services;
    }
}
