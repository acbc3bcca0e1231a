using AgentConsole.Core.Data;
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
        return services;
    }
}
