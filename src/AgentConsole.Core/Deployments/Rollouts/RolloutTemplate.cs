using AgentConsole.Core.Data;

namespace AgentConsole.Core.Deployments.Rollouts;

/// <summary>A plan to use again. Rollouts copy it, so that a change touches none that began.</summary>
public sealed class RolloutTemplate : IRevised
{
    public const int MostName = 60;
    public const int MostDescription = 500;

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }

    /// <summary>Null for the organization's.</summary>
    public Guid? TeamId { get; init; }
    public required string Name { get; set; }
    public string? Description { get; set; }

    /// <summary>As <see cref="RolloutPlan.Write"/> wrote it.</summary>
    public required string Plan { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }
    public required string UpdatedBy { get; set; }
    public long Revision { get; set; } = 1;
}
