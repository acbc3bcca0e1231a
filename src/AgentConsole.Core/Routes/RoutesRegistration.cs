using AgentConsole.Core.Live;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Routes;

internal static class RoutesRegistration
{
    public static IServiceCollection AddRoutes(this IServiceCollection services)
    {
        services.AddSingleton<RouteBook>();
        services.AddSingleton<IRefreshOnNews>(s => s.GetRequiredService<RouteBook>());
        services.AddSingleton<IFollowCommits>(s => s.GetRequiredService<RouteBook>());
        services.AddSingleton<RoutePolls>();
        services.AddSingleton<RouteService>();
        return services;
    }
}
