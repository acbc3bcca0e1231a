using AgentConsole.Core.Keys;
using AgentConsole.Core.Rotations.Schedules;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Rotations;

internal static class RotationsRegistration
{
    public static IServiceCollection AddRotations(this IServiceCollection services)
    {
        services.AddSingleton<RotationBodies>();
        services.AddSingleton<RotationIssuer>();
        services.AddSingleton<RotationService>();
        services.AddSingleton<RotationLists>();
        services.AddSingleton<KeyUses>();
        services.AddSingleton<ILeakFollowUp, LeakRotations>();
        services.AddSingleton<RotationLeaks>();
        services.AddSingleton<ISecretSinks, RotationSinks>();
        services.AddSingleton<RotationWatch>();
        services.AddHostedService(s => s.GetRequiredService<RotationWatch>());
        services.AddSchedules();
        return services;
    }
}
