using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations.Bulk;
using AgentConsole.Core.Rotations.Schedules;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Rotations;

internal static class RotationsRegistration
{
    public static IServiceCollection AddRotations(this IServiceCollection services)
    {
        services.AddSingleton<RotationBodies>();
        services.AddSingleton<RotationIssuer>();
        services.AddSingleton<RotationService>();
        services.AddSingleton<RotationLists>();
        services.AddSingleton<KeyUses>();
        services.AddSingleton<ILeakFollowUp, LeakRotations>();
        services.AddSingleton<RotationLeaks>();
        services.AddSingleton<ISecretSinks, RotationSinks>();
        services.AddSingleton<RotationWatch>();
        services.AddHostedService(s => s.GetRequiredService<RotationWatch>());
        services.AddSingleton<KeyBulkReading>();
        services.AddSingleton<KeyBulkWork>();
        services.AddSingleton(s => new KeyBulkRunner(
            s.GetRequiredService<ConsoleStore>(),
            s.GetRequiredService<KeyBulkWork>(),
            s.GetRequiredService<ActorSource>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<KeyBulkRunner>>()
        ));
        services.AddHostedService(s => s.GetRequiredService<KeyBulkRunner>());
        services.AddSingleton(s => new KeyBulkWatch(
            s.GetRequiredService<ConsoleStore>(),
            s.GetRequiredService<KeyBulkRunner>(),
            s.GetRequiredService<NodeOutbox>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<KeyBulkWatch>>()
        ));
        services.AddHostedService(s => s.GetRequiredService<KeyBulkWatch>());
        services.AddSingleton<KeyBulkPurge>();
        services.AddHostedService(s => s.GetRequiredService<KeyBulkPurge>());
        services.AddSingleton(s => new KeyBulkService(
            s.GetRequiredService<ConsoleStore>(),
            s.GetRequiredService<AccessDirectory>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<KeyBulkReading>(),
            s.GetRequiredService<KeyBulkWork>(),
            s.GetRequiredService<KeyBulkRunner>(),
            s.GetRequiredService<RotationBodies>(),
            s.GetRequiredService<KeyIndex>(),
            s.GetRequiredService<KeyMint>()
        ));
        services.AddSchedules();
        return services;
    }
}
