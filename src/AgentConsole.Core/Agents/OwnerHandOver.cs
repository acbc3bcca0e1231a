using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Agents;

/// <summary>Somebody who owned agents and was disabled: nobody answers for these agents any more.</summary>
/// <param name="Agents">How many of them the actor sees.</param>
public sealed record LostOwner(Guid Id, string Label, string DisplayName, DateTimeOffset? DisabledAt, int Agents);

/// <summary>What somebody owns, among the agents that the actor sees.</summary>
/// <param name="Owner">Null for agents that nobody owns.</param>
/// <param name="Yours">How many of them the actor may give to somebody else.</param>
public sealed record OwnedAgents(Principal? Owner, int Total, int Yours, IReadOnlyList<AgentRow> First);

/// <summary>Gives all agents of one owner to another in one act, in the teams in which the actor may edit agents.</summary>
public sealed class OwnerHandOver(ConsoleStore store, AccessDirectory access, AgentDirectory directory, AgentLists lists)
{
    /// <summary>Most agents in one act, so that other writers do not wait long; the answer says how many remain.</summary>
    public const int MostAtOnce = 2_000;

    /// <summary>Owners that were disabled while agents were theirs, those with most agents first.</summary>
    public async Task<IReadOnlyList<LostOwner>> LostAsync(Actor by, CancellationToken cancellationToken)
    {
        var now = access.Current;
        var disabled = OwnerlessAgents.DisabledUsers(now, by.OrganizationId);
        if (disabled.Length == 0)
            return [];
        await using var db = await store.ReadAsync(cancellationToken);
        var counts = await db
            .Agents.VisibleTo(by)
            .Where(a => a.DeletedAt == null && disabled.Contains(a.OwnerId))
            .GroupBy(a => a.OwnerId)
            .Select(g => new { Owner = g.Key!.Value, Count = g.Count() })
            .ToListAsync(cancellationToken);
        return
        [
            .. counts
                .Select(c => (Owner: now.Principals[c.Owner], c.Count))
                .Select(c => new LostOwner(c.Owner.Id, c.Owner.Label, c.Owner.DisplayName, c.Owner.DisabledAt, c.Count))
                .OrderByDescending(lost => lost.Agents)
                .ThenBy(lost => lost.Label, StringComparer.Ordinal),
        ];
    }

    /// <summary>What would be handed over.</summary>
    /// <param name="from">E-mail address or id of a user, disabled or not; <c>none</c> for agents that nobody answers for.</param>
    /// <param name="first">How many agents to name.</param>
    public async Task<Outcome<OwnedAgents>> LookAsync(Actor by, string from, int first, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var owner = ReadFrom(by, from, errors);
        if (errors.ToProblem() is { } problem)
            return problem;
        await using var db = await store.ReadAsync(cancellationToken);
        var owned = Owned(db.Agents.VisibleTo(by), by, owner);
        var total = await owned.CountAsync(cancellationToken);
        var yours = await Owned(db.Agents.VisibleTo(by, Permission.EditAgents), by, owner).CountAsync(cancellationToken);
        var ids = await owned.OrderBy(a => a.Slug).Take(first).Select(a => a.Id).ToListAsync(cancellationToken);
        var rows = (await lists.RowsAsync(by, ids, cancellationToken)).OrderBy(row => row.Slug, StringComparer.Ordinal);
        return new OwnedAgents(owner, total, yours, [.. rows]);
    }

    /// <summary>Does it, or with <paramref name="dryRun"/> says what it would do. Agents of teams in which the actor may not edit stay as they are.</summary>
    public async Task<Outcome<HandOverResult>> HandOverAsync(
        Actor by,
        Outcome<HandOverAgents> input,
        bool dryRun,
        CancellationToken cancellationToken
    )
    {
        if (by.TeamsWith(Permission.EditAgents) is { All: false, Ids.Length: 0 })
            return Actor.MissingRole(Permission.EditAgents, null);
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var now = access.Current;
        var from = ReadFrom(by, body.From, errors);
        var to = ReadTo(now, by, body.To, errors);
        var reason = Texts.Block(body.Reason, "reason", 500, errors);
        if (to is not null && to.Id == from?.Id)
            errors.Add("to", "Owns these agents already.");
        var team = string.IsNullOrEmpty(body.Team) ? null : AgentService.ResolveTeam(now, by, body.Team);
        if (!string.IsNullOrEmpty(body.Team) && team is null)
            return AgentProblems.TeamNotFound;
        if (team is not null && !by.May(Permission.EditAgents, team.Id))
            return Actor.MissingRole(Permission.EditAgents, team.Name);
        if (errors.ToProblem() is { } invalid)
            return invalid;

        await using var write = await store.WriteAsync(cancellationToken);
        var seen = Owned(write.Db.Agents.VisibleTo(by), by, from);
        var mine = Owned(write.Db.Agents.VisibleTo(by, Permission.EditAgents), by, from);
        if (team is not null)
            (seen, mine) = (seen.Where(a => a.TeamId == team.Id), mine.Where(a => a.TeamId == team.Id));
        var all = await seen.CountAsync(cancellationToken);
        var yours = await mine.CountAsync(cancellationToken);
        var agents = await mine.OrderBy(a => a.Slug).Take(MostAtOnce).ToListAsync(cancellationToken);
        var answer = new HandOverResult(
            dryRun,
            from?.Label,
            to!.Label,
            agents.Count,
            all - yours,
            yours - agents.Count,
            [.. agents.Take(100).Select(a => a.Slug)]
        );
        if (dryRun || agents.Count == 0)
            return answer;
        foreach (var agent in agents)
        {
            write.Trail(
                by,
                "agent.changed",
                AgentService.Target(agent),
                new { owner = AgentService.Label(now, agent.OwnerId) },
                new { owner = to.Label },
                reason
            );
            (agent.OwnerId, agent.UpdatedAt) = (to.Id, write.Now);
            directory.Announce(write, agent);
        }
        write.Trail(
            by,
            "user.agents-handed-over",
            from is null ? new TrailTarget("user", null, "nobody") : new TrailTarget("user", from.Id, from.Label),
            after: new
            {
                to = to.Label,
                agents = answer.Moved,
                not_yours = answer.NotYours,
                remaining = answer.Remaining,
            },
            reason: reason
        );
        return await write.CommitAsync(by, answer, cancellationToken);
    }

    private IQueryable<Agent> Owned(IQueryable<Agent> agents, Actor by, Principal? owner)
    {
        agents = agents.Where(a => a.DeletedAt == null);
        if (owner is null)
            return agents.Ownerless(access.Current, by.OrganizationId);
        var id = owner.Id;
        return agents.Where(a => a.OwnerId == id);
    }

    private Principal? ReadFrom(Actor by, string? from, FieldErrors errors)
    {
        if (from == AgentFilter.Ownerless)
            return null;
        var owner = string.IsNullOrEmpty(from) ? null : AgentDraft.FindUser(access.Current, by.OrganizationId, from);
        if (owner is null)
            errors.Add("from", $"Is no user of this organization; give an e-mail address, a user id, or {AgentFilter.Ownerless}.");
        return owner;
    }

    private static Principal? ReadTo(AccessSnapshot now, Actor by, string? to, FieldErrors errors)
    {
        var owner = string.IsNullOrEmpty(to) ? null : AgentDraft.FindUser(now, by.OrganizationId, to);
        if (owner is { Enabled: true })
            return owner;
        errors.Add("to", "Is no enabled user of this organization; give an e-mail address or a user id.");
        return null;
    }
}
