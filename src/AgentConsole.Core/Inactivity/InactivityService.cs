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

/// <summary>Policies for agents that do nothing, and what is exempted from them.</summary>
public sealed class InactivityService(ConsoleStore store, AccessDirectory access, TimeProvider clock)
{
    private const int MostExemptions = 1_000;

    /// <summary>The policies the actor may know of: the organization's, and those of the teams that they see.</summary>
    public async Task<Outcome<Paged<InactivityPolicyBody>>> ListAsync(Actor by, PageRequest page, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var policies = Visible(db, by);
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var after) || !IdText.TryParse(IdText.InactivityPolicy, after[0], out var last))
                return Cursor.Bad();
            policies = policies.Where(p => p.Id > last);
        }
        var rows = await policies.OrderBy(p => p.Id).Take(page.Limit + 1).ToListAsync(cancellationToken);
        var paged = Paged<InactivityPolicy>.Of(rows, page.Limit, last => [IdText.Format(IdText.InactivityPolicy, last.Id)]);
        var bodies = new List<InactivityPolicyBody>();
        foreach (var policy in paged.Items)
            bodies.Add(await BodyAsync(db, policy, cancellationToken));
        return new Paged<InactivityPolicyBody>(bodies, paged.NextCursor);
    }

    public async Task<Outcome<InactivityPolicyBody>> GetAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await FindAsync(db, by, id, cancellationToken) is { } policy
            ? await BodyAsync(db, policy, cancellationToken)
            : InactivityProblems.NotFound;
    }

    /// <summary>Makes the policy of a team, or of the organization when none is named; each has at most one.</summary>
    public async Task<Outcome<InactivityPolicyBody>> CreateAsync(
        Actor by,
        Outcome<SetInactivityPolicy> input,
        CancellationToken cancellationToken
    )
    {
        if (!Draft(by, input).Try(out var draft, out var problem))
            return problem;
        await using var write = await store.WriteAsync(cancellationToken);
        var policy = draft(write.NewId(), write.Now);
        var (organization, team) = (by.OrganizationId, policy.TeamId);
        if (await write.Db.InactivityPolicies.AnyAsync(p => p.OrganizationId == organization && p.TeamId == team, cancellationToken))
            return InactivityProblems.Exists(NameOf(policy, access.Current));
        write.Db.Add(policy);
        write.Trail(by, "inactivity.policy-made", Target(policy, access.Current), after: Facts(policy));
        Tell(write, policy);
        return await write.CommitAsync(by, Body(policy, access.Current, null, 0, null), cancellationToken);
    }

    /// <param name="ifMatch">Revision the caller read.</param>
    public async Task<Outcome<InactivityPolicyBody>> ChangeAsync(
        Actor by,
        string id,
        long? ifMatch,
        Outcome<SetInactivityPolicy> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db, by, id, cancellationToken) is not { } policy)
            return InactivityProblems.NotFound;
        if (MayNot(by, policy.TeamId) is { } missing)
            return missing;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var before = Facts(policy);
        var errors = new FieldErrors();
        PolicyInput.Apply(policy, body, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (ifMatch is null)
            return Problem.MatchRequired();
        if (ifMatch != policy.Revision)
            return Problem.Changed("inactivity policy");
        (policy.UpdatedAt, policy.UpdatedBy) = (write.Now, Texts.Clip(by.Label, 256)!);
        var (organization, policyId) = (policy.OrganizationId, policy.Id);
        // What the old version asked a person for is not asked any more; off means that nothing is due.
        await write
            .Db.InactivityBrakes.Where(b => b.OrganizationId == organization && b.PolicyId == policyId)
            .ExecuteDeleteAsync(cancellationToken);
        if (!policy.Enabled)
            await write
                .Db.InactivityWarnings.Where(w => w.OrganizationId == organization && w.PolicyId == policyId)
                .ExecuteDeleteAsync(cancellationToken);
        write.Trail(by, "inactivity.policy-changed", Target(policy, access.Current), before, Facts(policy));
        Tell(write, policy);
        var warned = policy.Enabled ? await WarnedAsync(write.Db, policy, cancellationToken) : 0;
        return await write.CommitAsync(
            by,
            Body(policy, access.Current, null, warned, null) with
            {
                Revision = policy.Revision + 1,
            },
            cancellationToken
        );
    }

    /// <summary>Its exemptions and warnings go with it. What it did stays done.</summary>
    public async Task<Outcome<Done>> DeleteAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db, by, id, cancellationToken) is not { } policy)
            return InactivityProblems.NotFound;
        if (MayNot(by, policy.TeamId) is { } missing)
            return missing;
        write.Db.Remove(policy);
        write.Trail(by, "inactivity.policy-deleted", Target(policy, access.Current), before: Facts(policy));
        Tell(write, policy);
        return await write.CommitAsync(by, default(Done), cancellationToken);
    }

    /// <summary>Who would be hit now, and when, by a policy that is only being written.</summary>
    public async Task<Outcome<InactivityDryRun>> DryRunAsync(
        Actor by,
        Outcome<SetInactivityPolicy> input,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        if (!Draft(by, input).Try(out var draft, out var problem))
            return problem;
        await using var db = await store.ReadAsync(cancellationToken);
        var now = clock.Now();
        var policy = draft(Guid.Empty, now);
        // A stored one is tried with the exemptions that it has.
        var (organization, team) = (by.OrganizationId, policy.TeamId);
        var stored = await db
            .InactivityPolicies.Where(p => p.OrganizationId == organization && p.TeamId == team)
            .Select(p => (Guid?)p.Id)
            .FirstOrDefaultAsync(cancellationToken);
        return await DryRunAsync(db, draft(stored ?? Guid.Empty, now), page, cancellationToken);
    }

    /// <summary>Who would be hit now, and when, by a stored policy, also while it is off.</summary>
    public async Task<Outcome<InactivityDryRun>> DryRunAsync(Actor by, string id, PageRequest page, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await FindAsync(db, by, id, cancellationToken) is { } policy
            ? await DryRunAsync(db, policy, page, cancellationToken)
            : InactivityProblems.NotFound;
    }

    /// <summary>Lets a braked policy act on as many agents as it shows now, within a day.</summary>
    public async Task<Outcome<InactivityPolicyBody>> ConfirmAsync(
        Actor by,
        string id,
        Outcome<string> reason,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db, by, id, cancellationToken) is not { } policy)
            return InactivityProblems.NotFound;
        if (MayNot(by, policy.TeamId) is { } missing)
            return missing;
        if (!reason.Try(out var given, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var why = Texts.Block(given, "reason", 500, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var brake = await write.Db.InactivityBrakes.SingleOrDefaultAsync(
            b => b.OrganizationId == policy.OrganizationId && b.PolicyId == policy.Id,
            cancellationToken
        );
        if (brake is not { ConfirmedAt: null })
            return InactivityProblems.NotBraked;
        (brake.ConfirmedAt, brake.ConfirmedBy, brake.ConfirmedAgents) = (write.Now, Texts.Clip(by.Label, 256), brake.Agents);
        write.Trail(
            by,
            "inactivity.confirmed",
            Target(policy, access.Current),
            after: new
            {
                policy_version = policy.Revision,
                agents = brake.Agents,
                fleet = brake.Fleet,
            },
            reason: why
        );
        Tell(write, policy);
        var warned = await WarnedAsync(write.Db, policy, cancellationToken);
        return await write.CommitAsync(by, Body(policy, access.Current, brake, warned, null), cancellationToken);
    }

    public async Task<Outcome<Paged<InactivityExemptionBody>>> ExemptionsAsync(
        Actor by,
        string id,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (await FindAsync(db, by, id, cancellationToken) is not { } policy)
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
            .Map(e => Body(e, e.AgentId is { } agent ? slugs.GetValueOrDefault(agent) : null));
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
        if (await FindAsync(write.Db, by, id, cancellationToken) is not { } policy)
            return InactivityProblems.NotFound;
        if (MayNot(by, policy.TeamId) is { } missing)
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
        var policy = await write
            .Db.InactivityWarnings.Where(w => w.OrganizationId == agent.OrganizationId && w.AgentId == agent.Id && w.ActedAt == null)
            .Join(
                write.Db.InactivityPolicies,
                w => new { w.OrganizationId, Id = w.PolicyId },
                p => new { p.OrganizationId, p.Id },
                (w, p) => p
            )
            .FirstOrDefaultAsync(cancellationToken);
        return policy is null
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

    public async Task<Outcome<Done>> EndExemptionAsync(Actor by, string id, string exemptionId, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db, by, id, cancellationToken) is not { } policy)
            return InactivityProblems.NotFound;
        if (MayNot(by, policy.TeamId) is { } missing)
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
            Target(policy, access.Current),
            before: new
            {
                agent = IdText.Format(IdText.Agent, exemption.AgentId),
                tag = exemption.Tag,
                until = exemption.Until,
            }
        );
        Tell(write, policy);
        return await write.CommitAsync(by, default(Done), cancellationToken);
    }

    /// <summary>What a policy is about to do with this agent, or did; null when nothing.</summary>
    public async Task<InactivityNotice?> OfAgentAsync(Actor by, Guid agentId, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var organization = by.OrganizationId;
        var seen = db.Agents.VisibleTo(by);
        var warning = await db
            .InactivityWarnings.Where(w => w.OrganizationId == organization && w.AgentId == agentId && seen.Any(a => a.Id == agentId))
            .FirstOrDefaultAsync(cancellationToken);
        if (warning is null)
            return null;
        var policy = await db
            .InactivityPolicies.Where(p => p.OrganizationId == organization && p.Id == warning.PolicyId)
            .SingleAsync(cancellationToken);
        var now = clock.Now();
        var idle = await InactivityRule.Idle(db, policy, now).FirstOrDefaultAsync(a => a.Id == agentId, cancellationToken);
        var doubts = idle is null
            ? []
            : (await TelemetryDoubts.ReadAsync(db, organization, access.Current, now, cancellationToken)).Of(idle, policy.Sign);
        var braked = await db.InactivityBrakes.AnyAsync(
            b => b.OrganizationId == organization && b.PolicyId == policy.Id && b.ConfirmedAt == null,
            cancellationToken
        );
        return new InactivityNotice(
            policy.Id,
            policy.TeamId is { } team ? access.Current.Teams.GetValueOrDefault(team)?.Slug : null,
            NameOf(policy, access.Current),
            SignWord(policy.Sign),
            warning.Action,
            warning.IdleSince,
            warning.DueAt,
            warning.ActedAt,
            await InactivityRule.HeldUntilAsync(db, policy, now, cancellationToken),
            braked,
            doubts,
            MayNot(by, policy.TeamId) is null
        );
    }

    /// <summary>How many of the actor's agents are warned of and not yet acted on, when the first is due, and whether a policy waits for confirmation.</summary>
    public async Task<InactivityOutlook> OutlookAsync(Actor by, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var organization = by.OrganizationId;
        var scope = by.TeamsWith(Permission.EditAgents);
        var teams = scope.Ids;
        var warnings = db.InactivityWarnings.Where(w => w.OrganizationId == organization && w.ActedAt == null);
        if (!scope.All)
            warnings = warnings.Where(w => teams.Contains(w.TeamId));
        var count = await warnings.CountAsync(cancellationToken);
        var first = count == 0 ? null : await warnings.MinAsync(w => (DateTimeOffset?)w.DueAt, cancellationToken);
        var visible = Visible(db, by);
        var braked = await db
            .InactivityBrakes.Where(b => b.OrganizationId == organization && b.ConfirmedAt == null && visible.Any(p => p.Id == b.PolicyId))
            .OrderBy(b => b.At)
            .FirstOrDefaultAsync(cancellationToken);
        return new InactivityOutlook(count, first, braked);
    }

    internal static TrailTarget Target(InactivityPolicy policy, AccessSnapshot now) =>
        new("inactivity-policy", policy.Id, NameOf(policy, now), policy.TeamId);

    internal static string NameOf(InactivityPolicy policy, AccessSnapshot now) =>
        policy.TeamId is { } team
            ? now.Teams.GetValueOrDefault(team)?.Name ?? "a team"
            : now.Organizations.GetValueOrDefault(policy.OrganizationId) ?? "the organization";

    internal static string SignWord(InactivitySign sign) =>
        sign switch
        {
            InactivitySign.Run => "run",
            InactivitySign.KeyUse => "use of a key",
            _ => "sign of life",
        };

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
        if (count >= MostExemptions)
            return InactivityProblems.TooMany(MostExemptions);
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
            agent is null ? Target(policy, access.Current) : AgentService.Target(agent),
            after: new
            {
                policy = IdText.Format(IdText.InactivityPolicy, policyId),
                tag,
                until = exemption.Until,
            },
            reason: reason
        );
        Tell(write, policy);
        return await write.CommitAsync(by, Body(exemption, agent?.Slug), cancellationToken);
    }

    private Outcome<Func<Guid, DateTimeOffset, InactivityPolicy>> Draft(Actor by, Outcome<SetInactivityPolicy> input)
    {
        var named = input.Problem is null ? input.Value.Team : null;
        var team = string.IsNullOrEmpty(named) ? null : AgentService.ResolveTeam(access.Current, by, named);
        if (!string.IsNullOrEmpty(named) && team is null)
            return AgentProblems.TeamNotFound;
        if (MayNot(by, team?.Id) is { } missing)
            return missing;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        InactivityPolicy Make(Guid id, DateTimeOffset now, FieldErrors errors)
        {
            var policy = new InactivityPolicy
            {
                Id = id,
                OrganizationId = by.OrganizationId,
                TeamId = team?.Id,
                CreatedAt = now,
                UpdatedAt = now,
                UpdatedBy = Texts.Clip(by.Label, 256)!,
            };
            PolicyInput.Apply(policy, body, errors);
            return policy;
        }
        var errors = new FieldErrors();
        Make(Guid.Empty, default, errors);
        return errors.ToProblem() is { } invalid
            ? invalid
            : (Func<Guid, DateTimeOffset, InactivityPolicy>)((id, now) => Make(id, now, new FieldErrors()));
    }

    private async Task<Outcome<InactivityDryRun>> DryRunAsync(
        ConsoleDbContext db,
        InactivityPolicy policy,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        var now = clock.Now();
        var idle = InactivityRule.Idle(db, policy, now);
        var hits = await idle.CountAsync(cancellationToken);
        var fleet = await InactivityRule.Fleet(db, policy).CountAsync(cancellationToken);
        var from = "";
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var after))
                return Cursor.Bad();
            from = after[0];
        }
        var rows = await idle.OrderBy(a => a.Slug)
            .Where(a => from == "" || string.Compare(a.Slug, from) > 0)
            .Take(page.Limit + 1)
            .ToListAsync(cancellationToken);
        var (organization, id) = (policy.OrganizationId, policy.Id);
        var ids = rows.ConvertAll(a => a.Id);
        var warned = await db
            .InactivityWarnings.Where(w => w.OrganizationId == organization && w.PolicyId == id && ids.Contains(w.AgentId))
            .ToDictionaryAsync(w => w.AgentId, cancellationToken);
        var doubts = await TelemetryDoubts.ReadAsync(db, organization, access.Current, now, cancellationToken);
        var held = await InactivityRule.HeldUntilAsync(db, policy, now, cancellationToken);
        var paged = Paged<IdleAgent>
            .Of(rows, page.Limit, last => [last.Slug])
            .Map(a =>
            {
                var warning = warned.GetValueOrDefault(a.Id);
                var due = warning?.DueAt ?? now.AddDays(policy.GraceDays);
                return new InactivityHit(
                    a.Slug,
                    IdText.Format(IdText.Agent, a.Id),
                    a.DisplayName,
                    access.Current.Teams.GetValueOrDefault(a.TeamId)?.Slug ?? "",
                    a.Since(policy.Sign),
                    warning?.WarnedAt,
                    held > due ? held.Value : due,
                    warning?.ActedAt,
                    doubts.Of(a, policy.Sign)
                );
            });
        return new InactivityDryRun(paged.Items, paged.NextCursor is not null, paged.NextCursor)
        {
            Fleet = fleet,
            Hits = hits,
            Allowed = InactivityRule.Allowed(fleet, policy.MaxSharePercent),
            NeedsConfirmation = policy.Action != InactivityAction.Flag && hits > InactivityRule.Allowed(fleet, policy.MaxSharePercent),
            HeldUntil = held,
        };
    }

    private static IQueryable<InactivityPolicy> Visible(ConsoleDbContext db, Actor by)
    {
        var organization = by.OrganizationId;
        var policies = db.InactivityPolicies.Where(p => p.OrganizationId == organization);
        var scope = by.TeamsWith(Permission.ReadFleet);
        if (scope.All)
            return policies;
        var teams = scope.Ids;
        return policies.Where(p => p.TeamId == null ? teams.Length > 0 : teams.Contains(p.TeamId.Value));
    }

    private static async Task<InactivityPolicy?> FindAsync(ConsoleDbContext db, Actor by, string id, CancellationToken cancellationToken) =>
        IdText.TryParse(IdText.InactivityPolicy, id, out var policy)
            ? await Visible(db, by).FirstOrDefaultAsync(p => p.Id == policy, cancellationToken)
            : null;

    private Problem? MayNot(Actor by, Guid? teamId) =>
        teamId is { } team
            ? by.May(Permission.ManageTeam, team)
                ? null
                : Actor.MissingRole(Permission.ManageTeam, access.Current.Teams.GetValueOrDefault(team)?.Name)
            : by.MayEverywhere(Permission.ManageOrganization)
                ? null
                : Actor.MissingRole(Permission.ManageOrganization, null);

    private static void Tell(Write write, InactivityPolicy policy) =>
        write.Tell(new LiveEvent("inactivity", policy.OrganizationId, policy.TeamId, null, policy.Id));

    private static Task<int> WarnedAsync(ConsoleDbContext db, InactivityPolicy policy, CancellationToken cancellationToken)
    {
        var (organization, id) = (policy.OrganizationId, policy.Id);
        return db.InactivityWarnings.CountAsync(
            w => w.OrganizationId == organization && w.PolicyId == id && w.ActedAt == null,
            cancellationToken
        );
    }

    private async Task<InactivityPolicyBody> BodyAsync(ConsoleDbContext db, InactivityPolicy policy, CancellationToken cancellationToken)
    {
        var (organization, id) = (policy.OrganizationId, policy.Id);
        var brake = await db.InactivityBrakes.FirstOrDefaultAsync(
            b => b.OrganizationId == organization && b.PolicyId == id,
            cancellationToken
        );
        return Body(
            policy,
            access.Current,
            brake,
            await WarnedAsync(db, policy, cancellationToken),
            await InactivityRule.HeldUntilAsync(db, policy, clock.Now(), cancellationToken)
        );
    }

    private static InactivityPolicyBody Body(
        InactivityPolicy policy,
        AccessSnapshot now,
        InactivityBrake? brake,
        int warned,
        DateTimeOffset? held
    ) =>
        new()
        {
            Id = IdText.Format(IdText.InactivityPolicy, policy.Id),
            Team = policy.TeamId is { } team ? now.Teams.GetValueOrDefault(team)?.Slug : null,
            Name = NameOf(policy, now),
            Enabled = policy.Enabled,
            Sign = KebabCase.Of(policy.Sign),
            Days = policy.Days,
            GraceDays = policy.GraceDays,
            Action = KebabCase.Of(policy.Action),
            Lifecycles = policy.Lifecycles,
            Environment = policy.Environment,
            Tags = policy.Tags,
            MaxSharePercent = policy.MaxSharePercent,
            GapHours = policy.GapHours,
            HoldDays = policy.HoldDays,
            Warned = warned,
            HeldUntil = held,
            Braked = brake is { ConfirmedAt: null } ? new InactivityBrakeBody(brake.At, brake.Agents, brake.Fleet) : null,
            CreatedAt = policy.CreatedAt,
            UpdatedAt = policy.UpdatedAt,
            UpdatedBy = policy.UpdatedBy,
            Revision = policy.Revision,
        };

    private static InactivityExemptionBody Body(InactivityExemption exemption, string? slug) =>
        new(
            IdText.Format(IdText.Exemption, exemption.Id),
            slug,
            exemption.Tag,
            exemption.Reason,
            exemption.Until,
            exemption.CreatedAt,
            exemption.CreatedBy
        );

    private static object Facts(InactivityPolicy policy) =>
        new
        {
            enabled = policy.Enabled,
            sign = KebabCase.Of(policy.Sign),
            days = policy.Days,
            grace_days = policy.GraceDays,
            action = KebabCase.Of(policy.Action),
            lifecycles = policy.Lifecycles.ToArray(),
            environment = policy.Environment,
            tags = policy.Tags.ToArray(),
            max_share_percent = policy.MaxSharePercent,
            gap_hours = policy.GapHours,
            hold_days = policy.HoldDays,
        };
}

/// <summary>What a policy is about to do with an agent, or did.</summary>
/// <param name="Team">Slug; null for the policy of the organization.</param>
/// <param name="Policy">Name of the team or organization.</param>
/// <param name="HeldUntil">It does not act before, because no console ran for long.</param>
/// <param name="Braked">It waits for a person, because it would act on too many at once.</param>
/// <param name="MayExempt">The actor may exempt the agent for good.</param>
public sealed record InactivityNotice(
    Guid PolicyId,
    string? Team,
    string Policy,
    string Sign,
    InactivityAction Action,
    DateTimeOffset IdleSince,
    DateTimeOffset DueAt,
    DateTimeOffset? ActedAt,
    DateTimeOffset? HeldUntil,
    bool Braked,
    IReadOnlyList<string> Doubts,
    bool MayExempt
);

/// <summary>What policies are about to do.</summary>
public sealed record InactivityOutlook(int Warned, DateTimeOffset? FirstDue, InactivityBrake? Braked);
