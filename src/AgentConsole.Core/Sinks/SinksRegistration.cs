using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Sinks.Senders;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Sinks;

internal static class SinksRegistration
{
    public static IServiceCollection AddSinks(this IServiceCollection services)
    {
        services.AddOptions<SinkOptions>().BindConfiguration(SinkOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SinkOptions>, SinkOptionsCheck>();
        services.AddSingleton<SinkHttp>();
        services.AddSingleton<ISinkSender, VaultSender>();
        services.AddSingleton<ISinkSender, WebhookSender>();
        services.AddSingleton<ISinkSender, FileSender>();
        services.AddSingleton<SinkSeal>();
        services.AddSingleton(s => new SinkDeliveries(
            s.GetRequiredService<ConsoleStore>(),
            s.GetRequiredService<AccessDirectory>(),
            s.GetRequiredService<SinkSeal>(),
            s.GetServices<ISinkSender>(),
            s.GetRequiredService<TimeProvider>()
        ));
        services.AddSingleton(s => new SecretLookup(
            s.GetRequiredService<ConsoleStore>(),
            s.GetRequiredService<SinkSeal>(),
            s.GetServices<ISinkSender>(),
            s.GetRequiredService<TimeProvider>()
        ));
        services.AddSingleton(s => new SinkService(
            s.GetRequiredService<ConsoleStore>(),
            s.GetRequiredService<AccessDirectory>(),
            s.GetRequiredService<SinkDeliveries>(),
            s.GetRequiredService<SinkSeal>(),
            s.GetRequiredService<IOptions<SinkOptions>>(),
            s.GetRequiredService<TimeProvider>()
        ));
        return services;
    }
}
