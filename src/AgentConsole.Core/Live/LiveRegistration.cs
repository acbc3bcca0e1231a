using AgentConsole.Core.Data;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Live;

internal static class LiveRegistration
{
    public static IServiceCollection AddLive(this IServiceCollection services)
    {
        services.AddSingleton<ChangeFeed>();
        services.AddSingleton<StoreConfirmation>();
        services.AddSingleton<NodeOutbox>();
        services.AddSingleton<NodeLink>();
        services.AddSingleton<ILoadAtStart>(s => s.GetRequiredService<NodeLink>());
        services.AddHostedService(s => s.GetRequiredService<NodeLink>());
        return services;
    }
}
