using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Trail;

internal static class TrailRegistration
{
    public static IServiceCollection AddTrail(this IServiceCollection services)
    {
        services.AddSingleton<TrailWitness>();
        services.AddSingleton<RefusalRecorder>();
        services.AddHostedService(s => s.GetRequiredService<RefusalRecorder>());
        return services;
    }
}
