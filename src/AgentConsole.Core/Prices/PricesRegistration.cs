using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Prices;

internal static class PricesRegistration
{
    public static IServiceCollection AddPrices(this IServiceCollection services)
    {
        services.AddSingleton<PriceDirectory>();
        services.AddSingleton<ILoadAtStart>(s => s.GetRequiredService<PriceDirectory>());
        services.AddSingleton<IRefreshOnNews>(s => s.GetRequiredService<PriceDirectory>());
        services.AddSingleton<PriceService>();
        return services;
    }
}
