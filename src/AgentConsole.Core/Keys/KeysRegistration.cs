using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Keys;

internal static class KeysRegistration
{
    public static IServiceCollection AddKeys(this IServiceCollection services)
    {
        // The key index, the services and the recorders of this feature.
        return services;
    }
}
