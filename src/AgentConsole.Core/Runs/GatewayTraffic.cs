using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Runs;

/// <summary>What came through gateways in the last 24 hours, from the rollups, of agents that the actor may see.</summary>
public sealed class GatewayTraffic(ConsoleStore store, TimeProvider clock)
{
    public static readonly TimeSpan Window = TimeSpan.FromDays(1);

    /// <summary>By the text that runs gave as their gateway; runs without one are left out.</summary>
    public async Task<IReadOnlyDictionary<string, RunSums>> ByGatewayAsync(Actor by, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var sums = await Scope(by).ByGatewayAsync(db, cancellationToken);
        return sums.Where(s => s.Gateway.Length > 0).ToDictionary(s => s.Gateway, s => s.Sums, StringComparer.Ordinal);
    }

    /// <param name="gateways">Texts that mean the same gateway.</param>
    public async Task<IReadOnlyList<RunSums>> ByAgentAsync(Actor by, IReadOnlyList<string> gateways, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await (Scope(by) with { Gateways = gateways }).ByAgentAsync(db, cancellationToken);
    }

    private RollupScope Scope(Actor by) =>
        new(by.OrganizationId, by.TeamsWith(Permission.ReadFleet), by.AgentId is { } own ? [own] : null, clock.Now() - Window);
}
