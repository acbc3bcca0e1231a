using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.Json;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;

namespace AgentConsole.Core.Routes;

/// <summary>One agent in one environment, and what should get its traffic.</summary>
internal sealed record Route(
    Guid AgentId,
    Guid TeamId,
    string Agent,
    string Team,
    string Environment,
    bool Paused,
    RoutedGateway[] Gateways,
    RouteShare[] Split
);

/// <param name="TeamId">Null for a gateway of the organization.</param>
internal sealed record RoutedGateway(Guid Id, Guid? TeamId, string Name, bool InRouting);

internal sealed record RouteShare(
    Guid SnapshotId,
    string Version,
    SnapshotStatus Status,
    decimal Percent,
    string Digest,
    DateTimeOffset DeployedAt
);

/// <summary>An organization's routes at one moment; never changes.</summary>
public sealed class RouteTable
{
    private readonly FrozenDictionary<string, Route[]> _byGateway;
    private readonly FrozenDictionary<Guid, Route[]> _byAgent;

    /// <param name="routes">In the order in which they are answered.</param>
    internal RouteTable(IReadOnlyList<Route> routes)
    {
        All = routes;
        Fingerprint = Convert.ToHexString(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(routes)));
        _byAgent = routes.GroupBy(r => r.AgentId).ToFrozenDictionary(g => g.Key, g => g.ToArray());
        _byGateway = routes
            .SelectMany(
                route => route.Gateways.SelectMany(g => (string[])[g.Name, IdText.Format(IdText.Gateway, g.Id)]),
                (route, name) => (route, name)
            )
            .GroupBy(pair => pair.name, pair => pair.route, StringComparer.Ordinal)
            .ToFrozenDictionary(g => g.Key, g => g.Distinct().ToArray(), StringComparer.Ordinal);
    }

    internal IReadOnlyList<Route> All { get; }

    /// <summary>Equal for tables that say the same.</summary>
    internal string Fingerprint { get; }

    internal IReadOnlyList<Route> OfAgent(Guid agentId) => _byAgent.GetValueOrDefault(agentId) ?? [];

    /// <param name="nameOrId">Of a gateway.</param>
    internal IReadOnlyList<Route> OfGateway(string nameOrId) => _byGateway.GetValueOrDefault(nameOrId) ?? [];
}
