using System.Linq.Expressions;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Gateways;

/// <summary>Which agents are reached through which gateways. An agent may be linked to several.</summary>
public sealed class GatewayLinks(ConsoleStore store, AccessDirectory access)
{
    /// <summary>Gateways of one agent.</summary>
    public const int MostOfAgent = 100;

    /// <summary>Agents of a gateway, as far as the actor may see them, by slug.</summary>
    public async Task<Outcome<Paged<GatewayLinkBody>>> OfGatewayAsync(
        Actor by,
        string idOrName,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (await db.Gateways.VisibleTo(by).Named(idOrName).FirstOrDefaultAsync(cancellationToken) is not { } gateway)
            return GatewayProblems.NotFound;
        var links = Links(db, by).Where(l => l.Gateway.Id == gateway.Id);
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var after))
                return Cursor.Bad();
            var slug = after[0];
            links = links.Where(l => string.Compare(l.Agent.Slug, slug) > 0);
        }
        var rows = await links.OrderBy(l => l.Agent.Slug).Take(page.Limit + 1).ToListAsync(cancellationToken);
        return Paged<Row>.Of(rows, page.Limit, l => [l.Agent.Slug]).Map(Body);
    }

    /// <summary>Gateways of an agent that the actor may see, by name.</summary>
    public async Task<Outcome<Paged<GatewayLinkBody>>> OfAgentAsync(
        Actor by,
        string idOrSlug,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (await db.Agents.VisibleTo(by).Named(idOrSlug).FirstOrDefaultAsync(cancellationToken) is not { } agent)
            return AgentProblems.NotFound;
        var links = Links(db, by, withDeleted: true).Where(l => l.Agent.Id == agent.Id);
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var after))
                return Cursor.Bad();
            var name = after[0];
            links = links.Where(l => string.Compare(l.Gateway.Name, name) > 0);
        }
        var rows = await links.OrderBy(l => l.Gateway.Name).Take(page.Limit + 1).ToListAsync(cancellationToken);
        return Paged<Row>.Of(rows, page.Limit, l => [l.Gateway.Name]).Map(Body);
    }

    /// <summary>Names of gateways to which the agent could be linked: of its team and of the organization.</summary>
    public async Task<IReadOnlyList<string>> ChoicesAsync(Actor by, Guid agentId, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (await db.Agents.VisibleTo(by).FirstOrDefaultAsync(a => a.Id == agentId, cancellationToken) is not { } agent)
            return [];
        var (organization, team, id, links) = (agent.OrganizationId, agent.TeamId, agent.Id, db.GatewayLinks);
        return await db
            .Gateways.VisibleTo(by)
            .Where(g => g.TeamId == null || g.TeamId == team)
            .Where(g => !links.Any(l => l.OrganizationId == organization && l.GatewayId == g.Id && l.AgentId == id))
            .OrderBy(g => g.Name)
            .Select(g => g.Name)
            .Take(500)
            .ToListAsync(cancellationToken);
    }

    /// <summary>Links the agent to the gateway; one that is linked stays linked.</summary>
    public async Task<Outcome<GatewayLinkBody>> LinkAsync(
        Actor by,
        string agentIdOrSlug,
        string gatewayIdOrName,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        // Whoever deletes the gateway, or moves the agent, comes before or after, not in between.
        await write.Db.Engine.LockTrailHeadAsync(write.Db, by.OrganizationId, cancellationToken);
        if (!(await FindAsync(write, by, agentIdOrSlug, gatewayIdOrName, cancellationToken)).Try(out var pair, out var problem))
            return problem;
        var (agent, gateway) = pair;
        if (agent.Lifecycle == Lifecycle.Deleted)
            return AgentProblems.Deleted;
        if (agent.Lifecycle == Lifecycle.Retired)
            return AgentProblems.Retired;
        if (gateway.TeamId is { } team && team != agent.TeamId)
            return GatewayProblems.NotFor;
        var (organization, agentId, gatewayId) = (agent.OrganizationId, agent.Id, gateway.Id);
        var linked = await write
            .Db.GatewayLinks.Where(l => l.OrganizationId == organization && l.AgentId == agentId)
            .ToListAsync(cancellationToken);
        if (linked.Find(l => l.GatewayId == gatewayId) is { } already)
            return Body(RowOf(already, gateway, agent));
        if (linked.Count >= MostOfAgent)
            return PeopleProblems.TooMany("gateways of an agent", MostOfAgent);
        var link = new GatewayLink
        {
            OrganizationId = organization,
            GatewayId = gatewayId,
            AgentId = agentId,
            LinkedAt = write.Now,
            LinkedBy = Texts.Clip(by.Label, 256)!,
        };
        write.Db.Add(link);
        write.Trail(by, "agent.gateway-linked", AgentService.Target(agent), after: new { gateway = gateway.Name });
        Tell(write, gateway, agent);
        return await write.CommitAsync(by, Body(RowOf(link, gateway, agent)), cancellationToken);
    }

    /// <summary>Ends the link; where there is none, nothing happens.</summary>
    public async Task<Outcome<Done>> UnlinkAsync(
        Actor by,
        string agentIdOrSlug,
        string gatewayIdOrName,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (!(await FindAsync(write, by, agentIdOrSlug, gatewayIdOrName, cancellationToken)).Try(out var pair, out var problem))
            return problem;
        var (agent, gateway) = pair;
        var (organization, agentId, gatewayId) = (agent.OrganizationId, agent.Id, gateway.Id);
        var link = await write.Db.GatewayLinks.SingleOrDefaultAsync(
            l => l.OrganizationId == organization && l.GatewayId == gatewayId && l.AgentId == agentId,
            cancellationToken
        );
        if (link is null)
            return default(Done);
        write.Db.Remove(link);
        write.Trail(by, "agent.gateway-unlinked", AgentService.Target(agent), before: new { gateway = gateway.Name });
        Tell(write, gateway, agent);
        return await write.CommitAsync(by, default(Done), cancellationToken);
    }

    private async Task<Outcome<(Agent, Gateway)>> FindAsync(
        Write write,
        Actor by,
        string agentIdOrSlug,
        string gatewayIdOrName,
        CancellationToken cancellationToken
    )
    {
        if (await write.Db.Agents.VisibleTo(by).Named(agentIdOrSlug).FirstOrDefaultAsync(cancellationToken) is not { } agent)
            return AgentProblems.NotFound;
        if (await write.Db.Gateways.VisibleTo(by).Named(gatewayIdOrName).FirstOrDefaultAsync(cancellationToken) is not { } gateway)
            return GatewayProblems.NotFound;
        return by.May(Permission.EditAgents, agent.TeamId)
            ? (agent, gateway)
            : Actor.MissingRole(Permission.EditAgents, access.Current.Teams.GetValueOrDefault(agent.TeamId)?.Name);
    }

    private static void Tell(Write write, Gateway gateway, Agent agent) =>
        write.Tell(new LiveEvent("gateways", agent.OrganizationId, agent.TeamId, agent.Id, gateway.Id));

    // Members, not a constructor: the database filters and sorts by them.
    private sealed record Row
    {
        public required GatewayLink Link { get; init; }
        public required Gateway Gateway { get; init; }
        public required Agent Agent { get; init; }
    }

    private static IQueryable<Row> Links(ConsoleDbContext db, Actor by, bool withDeleted = false)
    {
        Expression<Func<Agent, bool>> shown = withDeleted ? a => true : a => a.DeletedAt == null;
        var (gateways, agents) = (db.Gateways.VisibleTo(by), db.Agents.VisibleTo(by).Where(shown));
        var organization = by.OrganizationId;
        return from link in db.GatewayLinks.Where(l => l.OrganizationId == organization)
            join gateway in gateways on link.GatewayId equals gateway.Id
            join agent in agents on link.AgentId equals agent.Id
            select new Row
            {
                Link = link,
                Gateway = gateway,
                Agent = agent,
            };
    }

    private static Row RowOf(GatewayLink link, Gateway gateway, Agent agent) =>
        new()
        {
            Link = link,
            Gateway = gateway,
            Agent = agent,
        };

    private GatewayLinkBody Body(Row row) =>
        new(
            IdText.Format(IdText.Gateway, row.Gateway.Id),
            row.Gateway.Name,
            row.Gateway.Region,
            row.Gateway.Environment,
            row.Gateway.InRouting,
            KebabCase.Of(row.Gateway.Health),
            IdText.Format(IdText.Agent, row.Agent.Id),
            row.Agent.Slug,
            row.Agent.DisplayName,
            access.Current.Teams.GetValueOrDefault(row.Agent.TeamId)?.Slug ?? "",
            row.Link.LinkedAt,
            row.Link.LinkedBy
        );
}
