using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Inactivity;

/// <summary>What inactivity policies leave alone: agents or tags, with a reason.</summary>
public sealed class ExemptionService(ConsoleStore store, AccessDirectory access)
{
    private const int Most = 1_000;

    public async Task<Outcome<Paged<InactivityExemptionBody>>> ListAsync(
        Actor by,
        string id,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (await db.InactivityPolicies.NamedAsync(by, id, cancellationToken) is not { } policy)
            return InactivityProblems.NotFound;
        var (organization, policyId) = (policy.OrganizationId, policy.Id);
        var exemptions = db.InactivityExemptions.Where(e => e.OrganizationId == organization && e.PolicyId == policyId);
        // Of agents that one may not see one does not hear, exempted or not.
        var seen = db.Agents.VisibleTo(by);
        exemptions = exemptions.Where(e => e.AgentId == null || seen.Any(a => a.Id == e.AgentId));
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var after) || !IdText.TryParse(IdText.Exemption, after[0], out var last))
                return Cursor.Bad();
            exemptions = exemptions.Where(e => e.Id < last);
        }
        var rows = await exemptions.OrderByDescending(e => e.Id).Take(page.Limit + 1).ToListAsync(cancellationToken);
        var ids = rows.Select(e => e.AgentId).OfType<Guid>().ToArray();
        var slugs = await db
            .Agents.Where(a => a.OrganizationId == organization && ids.Contains(a.Id))
            .ToDictionaryAsync(a => a.Id, a => a.Slug, cancellationToken);
        return Paged<InactivityExemption>
            .Of(rows, page.Limit, last => [IdText.Format(IdText.Exemption, last.Id)])
            .Map(e => InactivityBodies.Of(e, e.AgentId is { } agent ? slugs.GetValueOrDefault(agent) : null));
    }

    /// <summary>Leaves an agent, or all with a tag, alone.</summary>
    public async Task<Outcome<InactivityExemptionBody>> ExemptAsync(
        Actor by,
        string id,
        Outcome<ExemptFromInactivity> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await write.Db.InactivityPolicies.NamedAsync(by, id, cancellationToken) is not { } policy)
            return InactivityProblems.NotFound;
        if (access.Current.MayNotChange(by, policy.TeamId) is { } missing)
            return missing;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var reason = Texts.Block(body.Reason, "reason", 500, errors, required: true);
        var tag = Texts.Line(body.Tag, "tag", 60, errors);
        var slug = Texts.Line(body.Agent, "agent", 100, errors);
        if ((tag is null) == (slug is null))
            errors.Add("agent", "Name either an agent or a tag.");
        if (body.Until is { } until && (until <= write.Now || until > write.Now.AddDays(PolicyInput.MostDays)))
            errors.Add("until", $"Must lie in the next {PolicyInput.MostDays} days, or be absent for no end.");
        var agent = slug is null ? null : await write.Db.Agents.VisibleTo(by).Named(slug).FirstOrDefaultAsync(cancellationToken);
        if (slug is not null && (agent is null || (policy.TeamId is { } team && team != agent.TeamId)))
            errors.Add("agent", "Is no agent that this policy is for.");
        else if (agent is not null && (await InForceAsync(write.Db, agent, cancellationToken))?.Id != policy.Id)
            errors.Add(
                "agent",
                $"Its team, {access.Current.Teams.GetValueOrDefault(agent.TeamId)?.Name}, has a policy of its own, which stands in the place of this one: exempt it there."
            );
        if (errors.ToProblem() is { } invalid)
            return invalid;
        return await ExemptAsync(write, by, policy, agent, tag, reason!, body.Until, cancellationToken);
    }

    /// <summary>Leaves a warned agent alone for some days; whoever may edit the agent may do so.</summary>
    public async Task<Outcome<InactivityExemptionBody>> KeepAsync(
        Actor by,
        string agentIdOrSlug,
        Outcome<int> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await write.Db.Agents.VisibleTo(by).Named(agentIdOrSlug).FirstOrDefaultAsync(cancellationToken) is not { } agent)
            return AgentProblems.NotFound;
        if (!by.May(Permission.EditAgents, agent.TeamId))
            return Actor.MissingRole(Permission.EditAgents, access.Current.Teams.GetValueOrDefault(agent.TeamId)?.Name);
        if (input.Problem is { } unreadable)
            return unreadable;
        var days = input.Value;
        if (days is < 1 or > 365)
            return Problem.Invalid("days", "Must be from 1 to 365.");
        var warned = await write.Db.InactivityWarnings.AnyAsync(
            w => w.OrganizationId == agent.OrganizationId && w.AgentId == agent.Id && w.ActedAt == null,
            cancellationToken
        );
        // The warning may still be of a policy that its team had before: what is exempted is exempted from the one in force.
        return !warned || await InForceAsync(write.Db, agent, cancellationToken) is not { } policy
            ? InactivityProblems.NoPolicy
            : await ExemptAsync(
                write,
                by,
                policy,
                agent,
                null,
                $"Kept for {days.ToString(CultureInfo.InvariantCulture)} days",
                write.Now.AddDays(days),
                cancellationToken
            );
    }

    // A team's policy stands in the place of the organization's, also while it is off.
    private static Task<InactivityPolicy?> InForceAsync(ConsoleDbContext db, Agent agent, CancellationToken cancellationToken) =>
        db
            .InactivityPolicies.Where(p => p.OrganizationId == agent.OrganizationId && (p.TeamId == null || p.TeamId == agent.TeamId))
            .OrderBy(p => p.TeamId == null)
            .FirstOrDefaultAsync(cancellationToken);

    public async Task<Outcome<Done>> EndAsync(Actor by, string id, string exemptionId, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await write.Db.InactivityPolicies.NamedAsync(by, id, cancellationToken) is not { } policy)
            return InactivityProblems.NotFound;
        if (access.Current.MayNotChange(by, policy.TeamId) is { } missing)
            return missing;
        var exemption = IdText.TryParse(IdText.Exemption, exemptionId, out var wanted)
            ? await write.Db.InactivityExemptions.FirstOrDefaultAsync(
                e => e.OrganizationId == policy.OrganizationId && e.PolicyId == policy.Id && e.Id == wanted,
                cancellationToken
            )
            : null;
        if (exemption is null)
            return InactivityProblems.ExemptionNotFound;
        write.Db.Remove(exemption);
        write.Trail(
            by,
            "inactivity.exemption-ended",
            policy.Target(access.Current),
            before: new
            {
                agent = IdText.Format(IdText.Agent, exemption.AgentId),
                tag = exemption.Tag,
                until = exemption.Until,
            }
        );
        write.Tell(policy);
        return await write.CommitAsync(by, default(Done), cancellationToken);
    }

    private async Task<Outcome<InactivityExemptionBody>> ExemptAsync(
        Write write,
        Actor by,
        InactivityPolicy policy,
        Agent? agent,
        string? tag,
        string reason,
        DateTimeOffset? until,
        CancellationToken cancellationToken
    )
    {
        var (organization, policyId) = (policy.OrganizationId, policy.Id);
        var now = write.Now;
        await write
            .Db.InactivityExemptions.Where(e => e.OrganizationId == organization && e.PolicyId == policyId && e.Until <= now)
            .ExecuteDeleteAsync(cancellationToken);
        var count = await write.Db.InactivityExemptions.CountAsync(
            e => e.OrganizationId == organization && e.PolicyId == policyId,
            cancellationToken
        );
        if (count >= Most)
            return InactivityProblems.TooMany(Most);
        var exemption = new InactivityExemption
        {
            Id = write.NewId(),
            OrganizationId = organization,
            PolicyId = policyId,
            AgentId = agent?.Id,
            Tag = tag,
            Reason = reason,
            Until = until is { } end ? Utc.FromMicros(Utc.ToMicros(end)) : null,
            CreatedAt = now,
            CreatedBy = Texts.Clip(by.Label, 256)!,
        };
        write.Db.Add(exemption);
        if (agent is not null)
        {
            var warnings = await write
                .Db.InactivityWarnings.Where(w => w.OrganizationId == organization && w.AgentId == agent.Id && w.ActedAt == null)
                .ToListAsync(cancellationToken);
            write.Db.RemoveRange(warnings);
            write.Tell(new LiveEvent("agent", organization, agent.TeamId, agent.Id, agent.Id));
        }
        write.Trail(
            by,
            "inactivity.exempted",
            agent is null ? policy.Target(access.Current) : AgentService.Target(agent),
            after: new
            {
                policy = IdText.Format(IdText.InactivityPolicy, policyId),
                tag,
                until = exemption.Until,
            },
            reason: reason
        );
        write.Tell(policy);
        return await write.CommitAsync(by, InactivityBodies.Of(exemption, agent?.Slug), cancellationToken);
    }
}
