using AgentConsole.Core.Data;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.People;

internal static class PeopleRegistration
{
    public static IServiceCollection AddPeople(this IServiceCollection services)
    {
        services.AddSingleton<AccessDirectory>();
        services.AddSingleton<ILoadAtStart>(s => s.GetRequiredService<AccessDirectory>());
        services.AddSingleton<ActorSource>();
        services.AddSingleton<TokenUse>();
        services.AddHostedService(s => s.GetRequiredService<TokenUse>());
        return services;
    }
}
