using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Live;

internal static class LiveRegistration
{
    public static IServiceCollection AddLive(this IServiceCollection services)
    {
        services.AddSingleton<ChangeFeed>();
        services.AddSingleton<StoreConfirmation>();
        return services;
    }
}
