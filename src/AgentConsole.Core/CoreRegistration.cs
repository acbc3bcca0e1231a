using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Definitions;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Drift;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.Inactivity;
using AgentConsole.Core.Jobs;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using AgentConsole.Core.Outgoing;
using AgentConsole.Core.People;
using AgentConsole.Core.Prices;
using AgentConsole.Core.Retention;
using AgentConsole.Core.Retirements;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Routes;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Samples;
using AgentConsole.Core.Search;
using AgentConsole.Core.Sinks;
using AgentConsole.Core.Spend;
using AgentConsole.Core.Trail;
using AgentConsole.Core.Unclaimed;
using AgentConsole.Core.Views;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AgentConsole.Core;

/// <summary>The service layer as a list of its features.</summary>
public static class CoreRegistration
{
    /// <summary>Needs an <see cref="IStoreEngine"/> and a <see cref="MasterKey"/> registered by the host.</summary>
    public static IServiceCollection AddConsoleCore(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddData();
        services.AddLive();
        services.AddJobs();
        services.AddTrail();
        services.AddPeople();
        services.AddAgents();
        services.AddUnclaimed();
        services.AddKeys();
        services.AddPrices();
        services.AddOutgoing();
        services.AddSinks();
        services.AddRuns();
        services.AddRotations();
        services.AddFreezes();
        services.AddDefinitions();
        services.AddDeployments();
        services.AddRetirements();
        services.AddViews();
        services.AddInactivity();
        services.AddSamples();
        services.AddSearch();
        services.AddSpend();
        services.AddRetention();
        services.AddGateways();
        services.AddRoutes();
        services.AddDrift();
        return services;
    }
}
