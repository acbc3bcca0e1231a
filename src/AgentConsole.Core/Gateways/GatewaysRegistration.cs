using AgentConsole.Core.Data;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Gateways;

internal static class GatewaysRegistration
{
    public static IServiceCollection AddGateways(this IServiceCollection services)
    {
        services.AddOptions<GatewayOptions>().BindConfiguration(GatewayOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsCheck>();
        services.AddSingleton<GatewayService>();
        services.AddSingleton<GatewayLinks>();
        services.AddSingleton<IBeforeCommit, GatewayMoves>();
        services.AddSingleton<GatewayProbe>();
        services.AddHostedService(s => s.GetRequiredService<GatewayProbe>());
        return services;
    }
}
