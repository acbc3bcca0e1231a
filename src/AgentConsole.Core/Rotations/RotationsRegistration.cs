using AgentConsole.Core.Keys;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AgentConsole.Core.Rotations;

internal static class RotationsRegistration
{
    public static IServiceCollection AddRotations(this IServiceCollection services)
    {
        services.AddSingleton<RotationBodies>();
        services.AddSingleton<RotationService>();
        services.AddSingleton<ILeakFollowUp, LeakRotations>();
        services.AddSingleton<RotationLeaks>();
        services.TryAddSingleton<ISecretSinks, NoSinks>();
        services.AddSingleton<RotationWatch>();
        services.AddHostedService(s => s.GetRequiredService<RotationWatch>());
        return services;
    }
}
