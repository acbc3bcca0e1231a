using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Definitions;

internal static class DefinitionsRegistration
{
    public static IServiceCollection AddDefinitions(this IServiceCollection services)
    {
        services.AddSingleton<DefinitionService>();
        return services;
    }
}
