using AgentConsole.Core.Agents.Plans;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Agents;

internal static class AgentsRegistration
{
    public static IServiceCollection AddAgents(this IServiceCollection services)
    {
        services.AddSingleton<AgentDirectory>();
        services.AddSingleton<People.IAgentCounts, AgentCounts>();
        services.AddSingleton<ILoadAtStart>(s => s.GetRequiredService<AgentDirectory>());
        services.AddSingleton<AgentService>();
        services.AddSingleton<AgentLists>();
        services.AddSingleton<FacetService>();
        services.AddSingleton<AgentExports>();
        services.AddSingleton<OwnerHandOver>();
        services.AddSingleton<IRefreshOnNews, AgentNews>();
        services.AddSingleton<BulkRegistration>();
        services.AddSingleton<FleetExports>();
        services.AddSingleton<PlanReading>();
        services.AddSingleton<PlanWork>();
        services.AddSingleton(s => new BulkPlanRunner(
            s.GetRequiredService<ConsoleStore>(),
            s.GetRequiredService<PlanWork>(),
            s.GetRequiredService<ActorSource>(),
            s.GetRequiredService<ILogger<BulkPlanRunner>>()
        ));
        services.AddHostedService(s => s.GetRequiredService<BulkPlanRunner>());
        services.AddSingleton(s => new BulkPlanService(
            s.GetRequiredService<ConsoleStore>(),
            s.GetRequiredService<AccessDirectory>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<PlanReading>(),
            s.GetRequiredService<PlanWork>(),
            s.GetRequiredService<BulkPlanRunner>()
        ));
        services.AddSingleton<BulkPlanPurge>();
        services.AddHostedService(s => s.GetRequiredService<BulkPlanPurge>());
        services.AddSingleton<HeartbeatService>();
        services.AddSingleton<LivenessWatch>();
        services.AddHostedService(s => s.GetRequiredService<LivenessWatch>());
        return services;
    }
}
