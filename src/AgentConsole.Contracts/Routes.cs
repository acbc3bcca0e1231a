namespace AgentConsole.Contracts;

/// <summary>What should get the traffic of the agents that you see, by agent and environment.</summary>
public sealed record RoutesBody(IReadOnlyList<RouteBody> Routes);

/// <summary>One agent in one environment. Agents of which nothing should run have none.</summary>
public sealed record RouteBody
{
    public required string Agent { get; init; }
    public required string AgentId { get; init; }
    public required string Team { get; init; }

    /// <summary>Null where the agent has none.</summary>
    public string? Environment { get; init; }

    /// <summary>The agent is paused: nothing should be sent to it, whatever the split says.</summary>
    public required bool Paused { get; init; }

    /// <summary>Those that the agent is linked to now, by name.</summary>
    public required IReadOnlyList<RouteGatewayBody> Gateways { get; init; }

    /// <summary>What is active, then the canary.</summary>
    public required IReadOnlyList<RouteShareBody> Split { get; init; }
}

/// <summary>A gateway of a route.</summary>
/// <param name="InRouting">Whether it should get traffic.</param>
public sealed record RouteGatewayBody(string Name, bool InRouting);

/// <summary>A version and its part of the traffic.</summary>
/// <param name="Status"><c>active</c> or <c>canary</c>.</param>
/// <param name="Percent">0 to 100. A canary without a share has 0; what is active has the rest.</param>
/// <param name="Snapshot">Id of the snapshot that set it.</param>
/// <param name="Digest">Of the snapshot's content.</param>
public sealed record RouteShareBody(string Version, string Status, decimal Percent, string Snapshot, string Digest);
