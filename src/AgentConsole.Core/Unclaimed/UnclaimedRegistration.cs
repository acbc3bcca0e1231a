using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Unclaimed;

internal static class UnclaimedRegistration
{
    public static IServiceCollection AddUnclaimed(this IServiceCollection services)
    {
        services.AddSingleton<SightingBook>();
        services.AddSingleton<ILoadAtStart>(s => s.GetRequiredService<SightingBook>());
        services.AddHostedService(s => s.GetRequiredService<SightingBook>());
        services.AddSingleton<IRefreshOnNews, SightingNews>();
        services.AddSingleton<UnclaimedService>();
        return services;
    }
}
