using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Rotations.Schedules;

internal static class SchedulesRegistration
{
    public static IServiceCollection AddSchedules(this IServiceCollection services)
    {
        services.AddSingleton<RotationPolicyDirectory>();
        services.AddSingleton<ILoadAtStart>(s => s.GetRequiredService<RotationPolicyDirectory>());
        services.AddSingleton<IRefreshOnNews>(s => s.GetRequiredService<RotationPolicyDirectory>());
        services.AddSingleton<IKeyLifetimes>(s => s.GetRequiredService<RotationPolicyDirectory>());
        services.AddSingleton<ScheduleBook>();
        services.AddSingleton<IBeforeCommit>(s => s.GetRequiredService<ScheduleBook>());
        services.AddSingleton<SchedulePasses>();
        services.AddSingleton(s => new RotationPolicyService(
            s.GetRequiredService<ConsoleStore>(),
            s.GetRequiredService<AccessDirectory>(),
            s.GetRequiredService<AgentDirectory>(),
            s.GetRequiredService<RotationPolicyDirectory>(),
            s.GetRequiredService<SchedulePasses>()
        ));
        services.AddSingleton<DueLists>();
        services.AddSingleton<CalendarService>();
        services.AddSingleton(s => new ScheduleWatch(
            s.GetRequiredService<ConsoleStore>(),
            s.GetRequiredService<AccessDirectory>(),
            s.GetRequiredService<ScheduleBook>(),
            s.GetRequiredService<SchedulePasses>(),
            s.GetRequiredService<RotationPolicyDirectory>(),
            s.GetRequiredService<AgentDirectory>(),
            s.GetRequiredService<RotationIssuer>(),
            s.GetRequiredService<RotationBodies>(),
            s.GetRequiredService<ISecretSinks>(),
            s.GetRequiredService<KeyIndex>(),
            s.GetRequiredService<KeyMint>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<ScheduleWatch>>()
        ));
        services.AddHostedService(s => s.GetRequiredService<ScheduleWatch>());
        return services;
    }
}
