using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.People;
using AgentConsole.Testing.Processes;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Benchmarks;

/// <summary>Agents with an active version and a canary, each behind two gateways.</summary>
internal static class RouteSeed
{
    public static async Task FillAsync(ConsoleFolder folder, IServiceProvider services, int agents)
    {
        await folder.AgentsAsync(services, agents);
        var by = Actor.ForSystem(folder.Cast.Acme, "benchmark");
        foreach (var gateway in (string[])["gateway-eu", "gateway-us"])
            Check(
                (await services.GetRequiredService<GatewayService>().CreateAsync(by, new SetGateway { Name = gateway }, default)).Problem
            );
        for (var i = 0; i < agents; i++)
        {
            var agent = string.Create(CultureInfo.InvariantCulture, $"agent-{i:00000}");
            foreach (var gateway in (string[])["gateway-eu", "gateway-us"])
                Check((await services.GetRequiredService<GatewayLinks>().LinkAsync(by, agent, gateway, default)).Problem);
            await SetAsync(services, by, agent, new SetSnapshot { Version = "2.4.0", Status = "active" });
            await SetAsync(
                services,
                by,
                agent,
                new SetSnapshot
                {
                    Version = "2.4.1",
                    Status = "canary",
                    TrafficPercent = 5,
                }
            );
        }
    }

    private static async Task SetAsync(IServiceProvider services, Actor by, string agent, SetSnapshot body) =>
        Check((await services.GetRequiredService<DeploymentService>().SetAsync(by, agent, body, default)).Problem);

    private static void Check(Core.Common.Problem? problem)
    {
        if (problem is not null)
            throw new InvalidOperationException(problem.Detail);
    }
}
