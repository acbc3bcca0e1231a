using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Spend;

internal static class SpendRegistration
{
    public static IServiceCollection AddSpend(this IServiceCollection services)
    {
        services.AddSingleton<SpendService>();
        return services;
    }
}
