using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Deployments;

/// <summary>What is deployed now goes with its agent to another team, in the transaction that moves the agent; what was stays with the team of its time.</summary>
internal sealed class SnapshotTeams : IBeforeCommit
{
    public async Task FollowAsync(Write write, IReadOnlyCollection<FollowedRow> changed, CancellationToken cancellationToken)
    {
        var changes = changed.Where(r => r.Noun == FollowedRow.Agent).Select(r => r.Id).ToHashSet();
        var agents = write.Db.ChangeTracker.Entries<Agent>().Select(e => e.Entity).Where(a => changes.Contains(a.Id));
        foreach (var (of, moved) in agents.GroupBy(a => (a.OrganizationId, a.TeamId)).Select(g => (g.Key, g.Select(a => a.Id))))
        {
            foreach (var some in moved.Chunk(200))
                await write
                    .Db.Snapshots.Where(s =>
                        s.OrganizationId == of.OrganizationId
                        && some.Contains(s.AgentId)
                        && s.Outcome == SnapshotOutcome.Current
                        && s.VisibleTeamId != of.TeamId
                    )
                    .ExecuteUpdateAsync(set => set.SetProperty(s => s.VisibleTeamId, of.TeamId), cancellationToken);
        }
    }
}
