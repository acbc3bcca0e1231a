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

/// <summary>What policies are about to do, for the pages of those whom it concerns.</summary>
public sealed class InactivityOutlooks(ConsoleStore store, AccessDirectory access, TimeProvider clock)
{
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
            Slug(policy.TeamId),
            policy.NameOf(access.Current),
            policy.Sign.Word(),
            warning.Action,
            warning.IdleSince,
            warning.DueAt,
            warning.ActedAt,
            await InactivityRule.HeldUntilAsync(db, policy, now, cancellationToken),
            braked,
            doubts,
            access.Current.MayNotChange(by, policy.TeamId) is null
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
        var visible = db.InactivityPolicies.VisibleTo(by);
        var first = count == 0 ? null : await warnings.OrderBy(w => w.DueAt).ThenBy(w => w.AgentId).FirstAsync(cancellationToken);
        var whose = first is null
            ? null
            : await visible.Where(p => p.Id == first.PolicyId).Select(p => p.TeamId).FirstOrDefaultAsync(cancellationToken);
        var brakes = await db
            .InactivityBrakes.Where(b => b.OrganizationId == organization && b.ConfirmedAt == null)
            .Join(visible, b => b.PolicyId, p => p.Id, (b, p) => new { Brake = b, Policy = p })
            .OrderBy(b => b.Brake.At)
            .ToListAsync(cancellationToken);
        InactivityBrakeNotice? braked = null;
        foreach (var b in brakes)
        {
            if (await InactivityRule.BrakeAsync(db, by, b.Policy, b.Brake, clock.Now(), cancellationToken) is not { } seen)
                continue;
            braked = new InactivityBrakeNotice(seen.At, seen.Agents, seen.Fleet, Slug(b.Policy.TeamId));
            break;
        }
        return new InactivityOutlook(count, first?.DueAt, Slug(whose), braked);
    }

    private string? Slug(Guid? team) => team is { } id ? access.Current.Teams.GetValueOrDefault(id)?.Slug : null;
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
/// <param name="FirstTeam">Slug of the team whose policy acts first; null for the organization's.</param>
public sealed record InactivityOutlook(int Warned, DateTimeOffset? FirstDue, string? FirstTeam, InactivityBrakeNotice? Braked);

/// <summary>A policy that waits for a person, because it would act on too many at once.</summary>
/// <param name="Agents">Of those that the actor sees, as is <paramref name="Fleet"/>.</param>
/// <param name="Team">Slug of the team whose policy it is; null for the organization's.</param>
public sealed record InactivityBrakeNotice(DateTimeOffset At, int Agents, int Fleet, string? Team);
