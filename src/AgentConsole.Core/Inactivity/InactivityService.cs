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
    /// <summary>The policies the actor may know of: the organization's, and those of the teams that they see.</summary>
    public async Task<Outcome<Paged<InactivityPolicyBody>>> ListAsync(Actor by, PageRequest page, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var policies = db.InactivityPolicies.VisibleTo(by);
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var after) || !IdText.TryParse(IdText.InactivityPolicy, after[0], out var last))
                return Cursor.Bad();
            policies = policies.Where(p => p.Id > last);
        }
        var rows = await policies.OrderBy(p => p.Id).Take(page.Limit + 1).ToListAsync(cancellationToken);
        var paged = Paged<InactivityPolicy>.Of(rows, page.Limit, last => [IdText.Format(IdText.InactivityPolicy, last.Id)]);
        return new Paged<InactivityPolicyBody>(await BodiesAsync(db, by, paged.Items, cancellationToken), paged.NextCursor);
    }

    public async Task<Outcome<InactivityPolicyBody>> GetAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await db.InactivityPolicies.NamedAsync(by, id, cancellationToken) is { } policy
            ? (await BodiesAsync(db, by, [policy], cancellationToken))[0]
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
            return InactivityProblems.Exists(policy.NameOf(access.Current));
        write.Db.Add(policy);
        write.Trail(by, "inactivity.policy-made", policy.Target(access.Current), after: policy.Facts());
        write.Tell(policy);
        return await write.CommitAsync(by, InactivityBodies.Of(policy, access.Current, null, 0, null), cancellationToken);
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
        if (await write.Db.InactivityPolicies.NamedAsync(by, id, cancellationToken) is not { } policy)
            return InactivityProblems.NotFound;
        if (access.Current.MayNotChange(by, policy.TeamId) is { } missing)
            return missing;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var before = policy.Facts();
        var errors = new FieldErrors();
        PolicyInput.Apply(policy, body, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (ifMatch is null)
            return Problem.MatchRequired();
        if (ifMatch != policy.Revision)
            return await write.ChangedAsync(by, "inactivity policy", policy.Id, cancellationToken, "inactivity.policy-changed");
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
        write.Trail(by, "inactivity.policy-changed", policy.Target(access.Current), before, policy.Facts());
        write.Tell(policy);
        var warned = policy.Enabled ? await WarnedAsync(write.Db, by, policy, cancellationToken) : 0;
        return await write.CommitAsync(
            by,
            InactivityBodies.Of(policy, access.Current, null, warned, null) with
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
        if (await write.Db.InactivityPolicies.NamedAsync(by, id, cancellationToken) is not { } policy)
            return InactivityProblems.NotFound;
        if (access.Current.MayNotChange(by, policy.TeamId) is { } missing)
            return missing;
        write.Db.Remove(policy);
        write.Trail(by, "inactivity.policy-deleted", policy.Target(access.Current), before: policy.Facts());
        write.Tell(policy);
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
        return await DryRunAsync(db, by, draft(stored ?? Guid.Empty, now), page, cancellationToken);
    }

    /// <summary>Who would be hit now, and when, by a stored policy, also while it is off.</summary>
    public async Task<Outcome<InactivityDryRun>> DryRunAsync(Actor by, string id, PageRequest page, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await db.InactivityPolicies.NamedAsync(by, id, cancellationToken) is { } policy
            ? await DryRunAsync(db, by, policy, page, cancellationToken)
            : InactivityProblems.NotFound;
    }

    /// <summary>
    /// Lets a braked policy act on as many agents as it shows now, within a day. 409 <c>brake_changed</c> when it would be more by now than the person was
    /// shown; the present number holds when they name none.
    /// </summary>
    public async Task<Outcome<InactivityPolicyBody>> ConfirmAsync(
        Actor by,
        string id,
        Outcome<ConfirmInactivity> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await write.Db.InactivityPolicies.NamedAsync(by, id, cancellationToken) is not { } policy)
            return InactivityProblems.NotFound;
        if (access.Current.MayNotChange(by, policy.TeamId) is { } missing)
            return missing;
        if (!input.Try(out var given, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var why = Texts.Block(given.Reason, "reason", 500, errors);
        var shown = given.Agents;
        if (shown < 1)
            errors.Add("agents", "Must be the number of agents that the policy showed; leave it away for the present one.");
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var brake = await write.Db.InactivityBrakes.SingleOrDefaultAsync(
            b => b.OrganizationId == policy.OrganizationId && b.PolicyId == policy.Id,
            cancellationToken
        );
        if (brake is not { ConfirmedAt: null })
            return InactivityProblems.NotBraked;
        if (brake.Agents > shown)
            return InactivityProblems.BrakeChanged(brake.Agents, shown.Value);
        (brake.ConfirmedAt, brake.ConfirmedBy, brake.ConfirmedAgents) = (write.Now, Texts.Clip(by.Label, 256), brake.Agents);
        write.Trail(
            by,
            "inactivity.confirmed",
            policy.Target(access.Current),
            after: new
            {
                policy_version = policy.Revision,
                agents = brake.Agents,
                fleet = brake.Fleet,
            },
            reason: why
        );
        write.Tell(policy);
        var warned = await WarnedAsync(write.Db, by, policy, cancellationToken);
        return await write.CommitAsync(by, InactivityBodies.Of(policy, access.Current, null, warned, null), cancellationToken);
    }

    private Outcome<Func<Guid, DateTimeOffset, InactivityPolicy>> Draft(Actor by, Outcome<SetInactivityPolicy> input)
    {
        if (!input.Try(out var body, out var unreadable))
            return by.MayNowhere(Permission.ManageTeam) ?? unreadable;
        var team = string.IsNullOrEmpty(body.Team) ? null : AgentService.ResolveTeam(access.Current, by, body.Team);
        if (!string.IsNullOrEmpty(body.Team) && team is null)
            return AgentProblems.TeamNotFound;
        if (access.Current.MayNotChange(by, team?.Id) is { } missing)
            return missing;
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
        Actor by,
        InactivityPolicy policy,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        var now = clock.Now();
        // Whoever reads the organization's policy and not all of its agents hears of their own alone.
        var seen = db.Agents.VisibleTo(by);
        var idle = InactivityRule.Idle(db, policy, now).Where(a => seen.Any(s => s.Id == a.Id));
        var hits = await idle.CountAsync(cancellationToken);
        var fleet = await InactivityRule.Fleet(db, policy).Where(a => seen.Any(s => s.Id == a.Id)).CountAsync(cancellationToken);
        var whole = access.Current.MayNotChange(by, policy.TeamId) is null;
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
                    whole ? doubts.Of(a, policy.Sign) : []
                );
            });
        return new InactivityDryRun(paged.Items, paged.NextCursor is not null, paged.NextCursor)
        {
            Fleet = fleet,
            Hits = hits,
            Allowed = InactivityRule.Allowed(fleet, policy.MaxSharePercent),
            NeedsConfirmation =
                whole && policy.Action != InactivityAction.Flag && hits > InactivityRule.Allowed(fleet, policy.MaxSharePercent),
            HeldUntil = held,
        };
    }

    private static Task<int> WarnedAsync(ConsoleDbContext db, Actor by, InactivityPolicy policy, CancellationToken cancellationToken)
    {
        var (organization, id) = (policy.OrganizationId, policy.Id);
        var seen = db.Agents.VisibleTo(by);
        return db.InactivityWarnings.CountAsync(
            w => w.OrganizationId == organization && w.PolicyId == id && w.ActedAt == null && seen.Any(a => a.Id == w.AgentId),
            cancellationToken
        );
    }

    /// <summary>Policies with what else is known of them, in as many questions for a hundred as for one.</summary>
    private async Task<List<InactivityPolicyBody>> BodiesAsync(
        ConsoleDbContext db,
        Actor by,
        IReadOnlyList<InactivityPolicy> policies,
        CancellationToken cancellationToken
    )
    {
        if (policies.Count == 0)
            return [];
        var (organization, now) = (by.OrganizationId, clock.Now());
        var ids = policies.Select(p => p.Id).ToArray();
        var brakes = await db
            .InactivityBrakes.Where(b => b.OrganizationId == organization && ids.Contains(b.PolicyId))
            .ToDictionaryAsync(b => b.PolicyId, cancellationToken);
        var seen = db.Agents.VisibleTo(by);
        var warned = await db
            .InactivityWarnings.Where(w =>
                w.OrganizationId == organization && ids.Contains(w.PolicyId) && w.ActedAt == null && seen.Any(a => a.Id == w.AgentId)
            )
            .GroupBy(w => w.PolicyId)
            .Select(g => new { g.Key, Count = g.Count() })
            .ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);
        var from = now.AddDays(-policies.Max(p => p.HoldDays));
        var gaps = await db.ConsoleGaps.Where(g => g.To > from).ToListAsync(cancellationToken);
        var bodies = new List<InactivityPolicyBody>();
        foreach (var policy in policies)
        {
            bodies.Add(
                InactivityBodies.Of(
                    policy,
                    access.Current,
                    // Asks something only for the organization's, of which there is one.
                    await InactivityRule.BrakeAsync(db, by, policy, brakes.GetValueOrDefault(policy.Id), now, cancellationToken),
                    warned.GetValueOrDefault(policy.Id),
                    InactivityRule.HeldUntil(gaps, policy, now)
                )
            );
        }
        return bodies;
    }
}
