using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Agents;

/// <summary>Agents as the API and the pages show them.</summary>
public static class AgentBodies
{
    public static AgentBody Of(Agent agent, AccessSnapshot access)
    {
        var team = access.Teams.GetValueOrDefault(agent.TeamId);
        var owner = agent.OwnerId is { } id ? access.Principals.GetValueOrDefault(id) : null;
        return new AgentBody
        {
            Id = IdText.Format(IdText.Agent, agent.Id),
            Slug = agent.Slug,
            DisplayName = agent.DisplayName,
            Description = agent.Description,
            Team = new TeamRef(IdText.Format(IdText.Team, agent.TeamId), team?.Slug ?? "", team?.Name ?? ""),
            Owner = owner is null ? null : new OwnerRef(IdText.Format(IdText.User, owner.Id), owner.Label, owner.DisplayName),
            Environment = agent.Environment,
            Tags = agent.Tags,
            Metadata = agent.Metadata is { } json ? JsonElement.Parse(json) : null,
            Scopes =
                agent.Scopes.Count == 0
                    ? null
                    : agent.Scopes.ToDictionary(s => s.Key, s => (IReadOnlyList<string>)s.Value, StringComparer.Ordinal),
            Lifecycle = KebabCase.Of(agent.Lifecycle),
            Liveness = KebabCase.Of(agent.Liveness),
            Health = KebabCase.Of(agent.Health),
            LivenessSince = agent.LivenessSince,
            LastSeenAt = agent.LastSeenAt,
            LastRunId = IdText.Format(IdText.Run, agent.LastRunId),
            LastRunAt = agent.LastRunAt,
            Version = agent.Version,
            SeenVersion = agent.SeenVersion,
            SeenInstance = agent.SeenInstance,
            HealthReason = agent.HealthReason,
            CaptureMode = KebabCase.Of(agent.CaptureMode),
            Redactions = agent.Redactions.Count == 0 ? null : agent.Redactions,
            LeaseSeconds = agent.LeaseSeconds,
            GraceSeconds = agent.GraceSeconds,
            CreatedAt = agent.CreatedAt,
            UpdatedAt = agent.UpdatedAt,
            DeletedAt = agent.DeletedAt,
            Revision = agent.Revision,
        };
    }

    /// <param name="most">Values of a fact that are listed.</param>
    public static AgentFacetsBody Of(AgentFacets facets, int most) =>
        new(
            facets.Total,
            facets.All,
            facets.Facts.ToDictionary(
                f => KebabCase.Of(f.Key),
                f => new FacetBody(
                    [.. f.Value.Take(most).Select(v => new FacetValueBody(v.Value, v.Label, v.Count))],
                    Math.Max(0, f.Value.Count - most)
                ),
                StringComparer.Ordinal
            )
        );
}
