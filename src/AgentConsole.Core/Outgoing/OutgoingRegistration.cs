using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Outgoing;

internal static class OutgoingRegistration
{
    public static IServiceCollection AddOutgoing(this IServiceCollection services)
    {
        services.AddSingleton<INameResolver, SystemNames>();
        return services;
    }
}
