using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Gateways;

/// <summary>An agent that goes to another team leaves the gateways of the team before, in the same transaction; those of the organization stay.</summary>
internal sealed class GatewayMoves : IBeforeCommit
{
    private const int AtOnce = 200;

    public async Task FollowAsync(Write write, IReadOnlyCollection<FollowedRow> changed, CancellationToken cancellationToken)
    {
        foreach (var rows in changed.Where(r => r.Noun == FollowedRow.Agent).GroupBy(r => r.OrganizationId))
        foreach (var some in rows.Select(r => r.Id).Distinct().Chunk(AtOnce))
            await LeaveAsync(write, rows.Key, some, cancellationToken);
    }

    private static async Task LeaveAsync(Write write, Guid organization, Guid[] agentIds, CancellationToken cancellationToken)
    {
        var db = write.Db;
        // Whoever links meanwhile does so under it.
        await db.Engine.LockTrailHeadAsync(db, organization, cancellationToken);
        var foreign = await (
            from link in db.GatewayLinks
            join gateway in db.Gateways
                on new { link.OrganizationId, Id = link.GatewayId } equals new { gateway.OrganizationId, gateway.Id }
            join agent in db.Agents on new { link.OrganizationId, Id = link.AgentId } equals new { agent.OrganizationId, agent.Id }
            where
                link.OrganizationId == organization
                && agentIds.Contains(link.AgentId)
                && gateway.TeamId != null
                && gateway.TeamId != agent.TeamId
            orderby agent.Id, gateway.Name
            select new
            {
                Link = link,
                Gateway = gateway,
                Agent = agent,
            }
        ).ToListAsync(cancellationToken);
        foreach (var left in foreign)
        {
            db.Remove(left.Link);
            var target = AgentService.Target(left.Agent);
            var before = new { gateway = left.Gateway.Name };
            const string Why = "The gateway belongs to the team before";
            var cause = db.ChangeTracker.Entries<TrailRecord>().Select(e => e.Entity).FirstOrDefault(r => r.TargetId == left.Agent.Id);
            if (cause is null)
                write.Trail(Actor.ForSystem(organization, "gateways"), Unlinked, target, before, reason: Why);
            else
                db.AddTrail(TrailRecord.Following(cause, Unlinked, target, write.NewId(), before, Why));
            // Its old team's pages show it no more, its new team's never did.
            write.Tell(new LiveEvent("gateways", organization, left.Gateway.TeamId, left.Agent.Id, left.Gateway.Id));
            write.Tell(new LiveEvent("gateways", organization, left.Agent.TeamId, left.Agent.Id, left.Gateway.Id));
        }
    }

    private const string Unlinked = "agent.gateway-unlinked";
}
