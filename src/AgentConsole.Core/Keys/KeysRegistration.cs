using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Keys;

internal static class KeysRegistration
{
    public static IServiceCollection AddKeys(this IServiceCollection services)
    {
        services.AddSingleton<KeyIndex>();
        services.AddSingleton<ILoadAtStart>(s => s.GetRequiredService<KeyIndex>());
        services.AddSingleton<KeyActor>();
        services.AddSingleton<KeyUse>();
        services.AddHostedService(s => s.GetRequiredService<KeyUse>());
        services.AddSingleton<KeyRefusals>();
        services.AddHostedService(s => s.GetRequiredService<KeyRefusals>());
        services.AddSingleton<KeyMint>();
        services.AddSingleton<IFirstKey>(s => s.GetRequiredService<KeyMint>());
        services.AddSingleton<KeyService>();
        services.AddSingleton<KeyLists>();
        services.AddSingleton<KeyExports>();
        services.AddSingleton<KeyVerifier>();
        services.AddSingleton<LeakReports>();
        services.AddSingleton<KeyExpiryWatch>();
        services.AddHostedService(s => s.GetRequiredService<KeyExpiryWatch>());
        services.AddSingleton<IRefreshOnNews, KeyNews>();
        return services;
    }
}
