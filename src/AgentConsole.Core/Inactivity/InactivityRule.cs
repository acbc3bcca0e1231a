using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Inactivity;

/// <summary>An agent that a policy's rule fits now.</summary>
public sealed record IdleAgent
{
    public required Guid Id { get; init; }
    public required string Slug { get; init; }
    public required string DisplayName { get; init; }
    public required Guid TeamId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? LastRunAt { get; init; }
    public DateTimeOffset? LastSeenAt { get; init; }
    public DateTimeOffset? LastHeartbeatAt { get; init; }
    public DateTimeOffset? LastKeyUseAt { get; init; }

    /// <summary>Its last sign of the kind, or when it was registered.</summary>
    public DateTimeOffset Since(InactivitySign sign) =>
        sign switch
        {
            InactivitySign.Run => LastRunAt,
            InactivitySign.KeyUse => LastKeyUseAt,
            _ => LastSeenAt,
        } ?? CreatedAt;
}

/// <summary>Which agents a policy is for, and which of them have given no sign, as queries.</summary>
internal static class InactivityRule
{
    /// <summary>Most agents that it acts on within a day without a person's confirmation; one always, or a small team's policy would never act.</summary>
    public static int Allowed(int fleet, int maxSharePercent) => Math.Max(1, (int)((long)fleet * maxSharePercent / 100));

    /// <summary>All agents the policy is for, exempted ones included. A retired agent is never paused, and so not watched by a policy that would.</summary>
    public static IQueryable<Agent> Fleet(ConsoleDbContext db, InactivityPolicy policy)
    {
        var organization = policy.OrganizationId;
        var agents = db.Agents.AsNoTracking().Where(a => a.OrganizationId == organization && a.DeletedAt == null);
        if (policy.TeamId is { } team)
        {
            agents = agents.Where(a => a.TeamId == team);
        }
        else
        {
            var policies = db.InactivityPolicies;
            agents = agents.Where(a => !policies.Any(p => p.OrganizationId == organization && p.TeamId == a.TeamId));
        }
        var lifecycles = policy.Lifecycles.ConvertAll(l => KebabCase.Parse<Lifecycle>(l));
        if (policy.Action == InactivityAction.Pause)
            lifecycles.Remove(Lifecycle.Retired);
        agents = agents.Where(a => lifecycles.Contains(a.Lifecycle));
        if (policy.Environment is { } environment)
            agents = agents.Where(a => a.Environment == environment);
        if (policy.Tags.Count > 0)
        {
            var wanted = policy.Tags;
            var tags = db.AgentTags;
            agents = agents.Where(a => tags.Any(t => t.OrganizationId == organization && t.AgentId == a.Id && wanted.Contains(t.Tag)));
        }
        return agents;
    }

    /// <summary>Those that have given no sign for long, and are not exempted.</summary>
    public static IQueryable<IdleAgent> Idle(ConsoleDbContext db, InactivityPolicy policy, DateTimeOffset now)
    {
        var (organization, id) = (policy.OrganizationId, policy.Id);
        var cutoff = now.AddDays(-policy.Days);
        var order = Utc.ToMicros(cutoff);
        var versions = db.KeyVersions;
        var agents = Fleet(db, policy).Where(a => a.CreatedAt <= cutoff);
        agents = policy.Sign switch
        {
            InactivitySign.Run => agents.Where(a => a.LastRunAt == null || a.LastRunAt <= cutoff),
            InactivitySign.KeyUse => agents.Where(a =>
                !versions.Any(v => v.OrganizationId == organization && v.AgentId == a.Id && v.UsedOrder > order)
            ),
            _ => agents.Where(a => a.SeenOrder <= order),
        };
        var exemptions = db.InactivityExemptions;
        var tags = db.AgentTags;
        agents = agents.Where(a =>
            !exemptions.Any(e =>
                e.OrganizationId == organization
                && e.PolicyId == id
                && (e.Until == null || e.Until > now)
                && (
                    e.AgentId == a.Id
                    || (e.Tag != null && tags.Any(t => t.OrganizationId == organization && t.Tag == e.Tag && t.AgentId == a.Id))
                )
            )
        );
        return agents.Select(a => new IdleAgent
        {
            Id = a.Id,
            Slug = a.Slug,
            DisplayName = a.DisplayName,
            TeamId = a.TeamId,
            CreatedAt = a.CreatedAt,
            LastRunAt = a.LastRunAt,
            LastSeenAt = a.LastSeenAt,
            LastHeartbeatAt = a.LastHeartbeatAt,
            LastKeyUseAt = versions.Where(v => v.OrganizationId == organization && v.AgentId == a.Id).Max(v => v.LastUsedAt),
        });
    }

    /// <summary>A brake that waits for a person, with what of it this actor sees; null when it waits for nobody, or holds none of their agents.</summary>
    public static async Task<InactivityBrakeBody?> BrakeAsync(
        ConsoleDbContext db,
        Actor by,
        InactivityPolicy policy,
        InactivityBrake? brake,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        if (brake is not { ConfirmedAt: null })
            return null;
        if (policy.TeamId is not null || by.TeamsWith(Permission.ReadFleet).All)
            return new InactivityBrakeBody(brake.At, brake.Agents, brake.Fleet);
        var (organization, id) = (policy.OrganizationId, policy.Id);
        var yesterday = now.AddDays(-1);
        var seen = db.Agents.VisibleTo(by);
        var warnings = db.InactivityWarnings.Where(w =>
            w.OrganizationId == organization && w.PolicyId == id && seen.Any(a => a.Id == w.AgentId)
        );
        var agents = await warnings.CountAsync(w => w.ActedAt > yesterday || (w.ActedAt == null && w.DueAt <= now), cancellationToken);
        if (agents == 0)
            return null;
        var fleet = await Fleet(db, policy).CountAsync(f => seen.Any(a => a.Id == f.Id), cancellationToken);
        var paused = await warnings.CountAsync(w => w.ActedAt != null && w.Action == InactivityAction.Pause, cancellationToken);
        return new InactivityBrakeBody(brake.At, agents, fleet + paused);
    }

    /// <summary>Until when a policy does not act because no console ran for long; null when it may.</summary>
    public static async Task<DateTimeOffset?> HeldUntilAsync(
        ConsoleDbContext db,
        InactivityPolicy policy,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var from = now.AddDays(-policy.HoldDays);
        return HeldUntil(await db.ConsoleGaps.AsNoTracking().Where(g => g.To > from).ToListAsync(cancellationToken), policy, now);
    }

    /// <param name="gaps">All of the time in which the policy does not act, at least.</param>
    public static DateTimeOffset? HeldUntil(IEnumerable<ConsoleGap> gaps, InactivityPolicy policy, DateTimeOffset now)
    {
        var from = now.AddDays(-policy.HoldDays);
        var last = gaps.Where(g => g.To > from && g.To - g.From >= TimeSpan.FromHours(policy.GapHours))
            .Select(g => (DateTimeOffset?)g.To)
            .Max();
        return last?.AddDays(policy.HoldDays);
    }
}
