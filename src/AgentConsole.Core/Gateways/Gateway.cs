using AgentConsole.Core.Data;
using AgentConsole.Core.Live;

namespace AgentConsole.Core.Gateways;

public enum GatewayHealth
{
    /// <summary>Not probed, or not yet.</summary>
    Unknown,
    Up,
    Down,
}

/// <summary>
/// A named place that routes traffic to agents. A team's gateway is its operators' business; one of the organization belongs to org-admins, and agents of
/// every team may be linked to it.
/// </summary>
public sealed class Gateway : IRevised, IHeldInMemory
{
    HeldRow IHeldInMemory.Held => new(HeldNouns.Route, OrganizationId, OrganizationId);

    public const int MostName = 100;
    public const int MostDescription = 2000;
    public const int MostPlace = 60;
    public const int MostReason = 500;
    public const int MostProblem = 300;

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }

    /// <summary>Null for a gateway of the organization.</summary>
    public Guid? TeamId { get; init; }

    /// <summary>Unique in the organization: runs name it in their reports.</summary>
    public required string Name { get; init; }
    public string? Description { get; set; }
    public string? Region { get; set; }
    public string? Environment { get; set; }
    public string? Url { get; set; }
    public bool InRouting { get; private set; } = true;
    public DateTimeOffset RoutingSince { get; private set; }
    public required string RoutingBy { get; set; }
    public string? RoutingReason { get; private set; }
    public bool Probe { get; set; }

    // What a probe found is telemetry: written by statements of their own, so that it does not take the revision away from who is editing.

    /// <summary>When it is to be probed next; null when it is not.</summary>
    public DateTimeOffset? ProbeDue { get; set; }
    public GatewayHealth Health { get; set; }
    public DateTimeOffset? HealthSince { get; set; }
    public string? HealthProblem { get; set; }
    public DateTimeOffset? ProbedAt { get; set; }

    /// <summary>Probes in a row that found no answer.</summary>
    public int Misses { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }
    public required string UpdatedBy { get; set; }
    public long Revision { get; set; } = 1;

    /// <summary>False when it stood so already.</summary>
    public bool Route(bool into, string by, string? reason, DateTimeOffset now)
    {
        if (InRouting == into && RoutingSince != default)
            return false;
        (InRouting, RoutingSince, RoutingBy, RoutingReason) = (into, now, by, reason);
        return true;
    }

    /// <summary>Begins or ends probing; what was known of another address is known no more.</summary>
    public void ProbeAnew(DateTimeOffset now)
    {
        ProbeDue = Probe && Url is not null ? now : null;
        (Health, HealthSince, HealthProblem, ProbedAt, Misses) = (GatewayHealth.Unknown, null, null, null, 0);
    }
}

/// <summary>An agent that is reached through a gateway.</summary>
public sealed class GatewayLink : IHeldInMemory
{
    HeldRow IHeldInMemory.Held => new(HeldNouns.Route, OrganizationId, OrganizationId);

    public Guid OrganizationId { get; init; }
    public Guid GatewayId { get; init; }
    public Guid AgentId { get; init; }
    public DateTimeOffset LinkedAt { get; init; }
    public required string LinkedBy { get; init; }
}
