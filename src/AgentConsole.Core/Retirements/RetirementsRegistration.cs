using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Retirements;

internal static class RetirementsRegistration
{
    public static IServiceCollection AddRetirements(this IServiceCollection services)
    {
        services.AddSingleton<RetirementBodies>();
        services.AddSingleton<RetirementService>();
        services.AddSingleton<RetirementSteps>();
        services.AddSingleton<RetirementExports>();
        return services;
    }
}
