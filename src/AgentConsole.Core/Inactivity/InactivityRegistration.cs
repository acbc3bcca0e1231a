using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Inactivity;

internal static class InactivityRegistration
{
    public static IServiceCollection AddInactivity(this IServiceCollection services)
    {
        services.AddSingleton<InactivityService>();
        services.AddSingleton<ExemptionService>();
        services.AddSingleton<InactivityOutlooks>();
        services.AddSingleton<InactivityWatch>();
        services.AddHostedService(s => s.GetRequiredService<InactivityWatch>());
        return services;
    }
}
