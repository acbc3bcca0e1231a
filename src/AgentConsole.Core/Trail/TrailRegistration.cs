using AgentConsole.Core.Data;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Trail;

internal static class TrailRegistration
{
    public static IServiceCollection AddTrail(this IServiceCollection services)
    {
        services.AddSingleton<TrailWitness>();
        services.AddSingleton<ILoadAtStart>(s => s.GetRequiredService<TrailWitness>());
        services.AddHostedService(s => s.GetRequiredService<TrailWitness>());
        services.AddSingleton<TrailVerifier>();
        services.AddSingleton<TrailService>();
        services.AddSingleton<ListExports>();
        services.AddSingleton<RefusalRecorder>();
        services.AddHostedService(s => s.GetRequiredService<RefusalRecorder>());
        return services;
    }
}
