using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.Extensions.DependencyInjection;

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
        services.AddSingleton<OwnerHandOver>();
        services.AddSingleton<IRefreshOnNews, AgentNews>();
        services.AddSingleton<BulkRegistration>();
        services.AddSingleton<HeartbeatService>();
        services.AddSingleton<LivenessWatch>();
        services.AddHostedService(s => s.GetRequiredService<LivenessWatch>());
        return services;
    }
}
