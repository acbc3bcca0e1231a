using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Deployments;

/// <summary>Snapshots as the API, the pages and listeners see them.</summary>
public sealed class SnapshotBodies(AccessDirectory access, AgentDirectory agents)
{
    internal SnapshotBody Of(Snapshot snapshot) =>
        new()
        {
            Id = IdText.Format(IdText.Snapshot, snapshot.Id),
            Agent = agents.Find(snapshot.AgentId)?.Slug ?? "",
            AgentId = IdText.Format(IdText.Agent, snapshot.AgentId),
            Team = access.Current.Teams.GetValueOrDefault(snapshot.TeamId)?.Slug ?? "",
            Environment = snapshot.Environment.Length == 0 ? null : snapshot.Environment,
            Version = snapshot.Version,
            Status = KebabCase.Of(snapshot.Status),
            Outcome = KebabCase.Of(snapshot.Outcome),
            Digest = snapshot.Digest,
            Content = JsonElement.Parse(snapshot.Content),
            Reason = snapshot.Reason,
            Trigger = KebabCase.Of(snapshot.Trigger),
            RolledBackFrom = IdText.Format(IdText.Snapshot, snapshot.RolledBackFrom),
            RolledBackVersion = snapshot.RolledBackVersion,
            DeployedAt = snapshot.DeployedAt,
            DeployedBy = snapshot.DeployedBy,
            EndedAt = snapshot.EndedAt,
            EndedBy = IdText.Format(IdText.Snapshot, snapshot.EndedBy),
        };
}
