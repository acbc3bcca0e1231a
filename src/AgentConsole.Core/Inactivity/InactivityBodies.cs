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

/// <summary>Policies and exemptions as the API and the trail tell of them.</summary>
internal static class InactivityBodies
{
    public static InactivityPolicyBody Of(
        InactivityPolicy policy,
        AccessSnapshot now,
        InactivityBrakeBody? brake,
        int warned,
        DateTimeOffset? held
    ) =>
        new()
        {
            Id = IdText.Format(IdText.InactivityPolicy, policy.Id),
            Team = policy.TeamId is { } team ? now.Teams.GetValueOrDefault(team)?.Slug : null,
            Name = policy.NameOf(now),
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
            Braked = brake,
            CreatedAt = policy.CreatedAt,
            UpdatedAt = policy.UpdatedAt,
            UpdatedBy = policy.UpdatedBy,
            Revision = policy.Revision,
        };

    public static InactivityExemptionBody Of(InactivityExemption exemption, string? slug) =>
        new(
            IdText.Format(IdText.Exemption, exemption.Id),
            slug,
            exemption.Tag,
            exemption.Reason,
            exemption.Until,
            exemption.CreatedAt,
            exemption.CreatedBy
        );

    public static object Facts(this InactivityPolicy policy) =>
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
