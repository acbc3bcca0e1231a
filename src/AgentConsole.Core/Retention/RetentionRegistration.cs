using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Retention;

internal static class RetentionRegistration
{
    public static IServiceCollection AddRetention(this IServiceCollection services)
    {
        services.AddSingleton<RetentionService>();
        services.AddSingleton<RetentionWatch>();
        services.AddHostedService(s => s.GetRequiredService<RetentionWatch>());
        return services;
    }
}
