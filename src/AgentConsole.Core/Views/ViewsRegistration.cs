using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Views;

internal static class ViewsRegistration
{
    public static IServiceCollection AddViews(this IServiceCollection services)
    {
        services.AddSingleton<ViewService>();
        services.AddSingleton<ViewCounts>();
        return services;
    }
}
