namespace AgentConsole.Contracts;

/// <summary>
/// Body of <c>POST /api/v1/gateways</c>, and of <c>PATCH</c> with <c>If-Match</c>, where absent members stay and an empty text clears its member. Team and name
/// never change: runs name the gateway by it.
/// </summary>
public sealed record SetGateway
{
    /// <summary>Team slug or id; absent for a gateway of the organization, to which agents of every team may be linked.</summary>
    public string? Team { get; init; }

    /// <summary>As runs report it in <c>gateway</c>: 1 to 100 of a-z, 0-9, _ and -; unique in the organization.</summary>
    public string? Name { get; init; }

    /// <summary>At most 2,000 characters.</summary>
    public string? Description { get; init; }

    /// <summary>As <c>eu-central-1</c>; at most 60 characters.</summary>
    public string? Region { get; init; }

    /// <summary>As <c>production</c>; at most 60 characters.</summary>
    public string? Environment { get; init; }

    /// <summary>Where it answers, as <c>https://gateway.example/healthz</c>.</summary>
    public string? Url { get; init; }

    /// <summary>Whether the console calls the URL every minute and says whether the gateway is up; <c>false</c> when absent.</summary>
    public bool? Probe { get; init; }
}

/// <summary>A named place that routes traffic to agents.</summary>
public sealed record GatewayBody
{
    public required string Id { get; init; }

    /// <summary>Slug; null for a gateway of the organization.</summary>
    public string? Team { get; init; }
    public required string Name { get; init; }
    public string? Description { get; init; }
    public string? Region { get; init; }
    public string? Environment { get; init; }
    public string? Url { get; init; }

    /// <summary>Whether it should get traffic. Gateways and balancers read it; the console stands in nobody's way.</summary>
    public required bool InRouting { get; init; }
    public required DateTimeOffset RoutingSince { get; init; }
    public required string RoutingBy { get; init; }
    public string? RoutingReason { get; init; }
    public required bool Probe { get; init; }

    /// <summary><c>unknown</c>, <c>up</c> or <c>down</c>, as the last probes found it.</summary>
    public required string Health { get; init; }
    public DateTimeOffset? HealthSince { get; init; }

    /// <summary>What the last probe met; null when it answered.</summary>
    public string? HealthProblem { get; init; }
    public DateTimeOffset? ProbedAt { get; init; }

    /// <summary>Linked agents that you may see.</summary>
    public required int Agents { get; init; }

    /// <summary>Ended runs of the last 24 hours that named it, of agents that you may see.</summary>
    public required long Runs { get; init; }

    /// <summary>Of those, the failed, timed out and lost ones.</summary>
    public required long Failures { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public required string UpdatedBy { get; init; }
    public required long Revision { get; init; }
}

/// <summary>Body of <c>POST /api/v1/gateways/{gateway}/take-out</c> and <c>…/put-in</c>.</summary>
public sealed record RouteGateway
{
    /// <summary>Stands in the trail; at most 500 characters.</summary>
    public string? Reason { get; init; }
}

/// <summary>An agent that is linked to a gateway.</summary>
/// <param name="Gateway">Name.</param>
/// <param name="Agent">Slug.</param>
/// <param name="AgentId">Its id.</param>
/// <param name="InRouting">Of the gateway.</param>
public sealed record GatewayLinkBody(
    string GatewayId,
    string Gateway,
    string? Region,
    string? Environment,
    bool InRouting,
    string Health,
    string AgentId,
    string Agent,
    string AgentName,
    string Team,
    DateTimeOffset LinkedAt,
    string LinkedBy
);

/// <summary>What came through a gateway in the last 24 hours.</summary>
/// <param name="Agents">The busiest first, 200 at most; linked or not.</param>
public sealed record GatewayTrafficBody(DateTimeOffset From, DateTimeOffset To, IReadOnlyList<GatewayAgentTraffic> Agents);

/// <param name="Linked">Whether the agent is linked: traffic of one that is not is a sign of drift.</param>
/// <param name="Failures">Failed, timed out and lost runs.</param>
public sealed record GatewayAgentTraffic(string AgentId, string Agent, string Team, bool Linked, long Runs, long Failures, string Cost);
