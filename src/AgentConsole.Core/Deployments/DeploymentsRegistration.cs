using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Deployments;

internal static class DeploymentsRegistration
{
    public static IServiceCollection AddDeployments(this IServiceCollection services)
    {
        services.AddSingleton<SnapshotBodies>();
        services.AddSingleton<SnapshotLists>();
        services.AddSingleton<SnapshotBook>();
        services.AddSingleton<DefinitionUses>();
        services.AddSingleton<DeploymentService>();
        return services;
    }
}
