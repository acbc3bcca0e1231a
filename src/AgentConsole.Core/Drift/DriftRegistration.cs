using AgentConsole.Core.Agents;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Drift;

internal static class DriftRegistration
{
    public static IServiceCollection AddDrift(this IServiceCollection services)
    {
        services
            .AddOptions<DriftOptions>()
            .BindConfiguration(DriftOptions.Section, binder => binder.ErrorOnUnknownConfiguration = true)
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<DriftOptions>, DriftOptionsCheck>();
        services.AddSingleton<InstanceBook>();
        services.AddSingleton<IInstanceNotes>(s => s.GetRequiredService<InstanceBook>());
        services.AddHostedService(s => s.GetRequiredService<InstanceBook>());
        services.AddSingleton<DriftWatch>();
        services.AddHostedService(s => s.GetRequiredService<DriftWatch>());
        services.AddSingleton<DriftService>();
        return services;
    }
}
