using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Spend;

internal static class SpendRegistration
{
    public static IServiceCollection AddSpend(this IServiceCollection services)
    {
        services.AddSingleton<SpendService>();
        services.AddSingleton<ReratingService>();
        services.AddSingleton<ReratingWatch>();
        services.AddHostedService(s => s.GetRequiredService<ReratingWatch>());
        return services;
    }
}
