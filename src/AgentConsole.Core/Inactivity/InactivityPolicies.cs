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

/// <summary>Who may know of a policy and change it, and how it is named.</summary>
internal static class InactivityPolicies
{
    /// <summary>The organization's, and those of the teams that the actor sees.</summary>
    public static IQueryable<InactivityPolicy> VisibleTo(this IQueryable<InactivityPolicy> policies, Actor by)
    {
        var organization = by.OrganizationId;
        policies = policies.Where(p => p.OrganizationId == organization);
        var scope = by.TeamsWith(Permission.ReadFleet);
        if (scope.All)
            return policies;
        var teams = scope.Ids;
        return policies.Where(p => p.TeamId == null ? teams.Length > 0 : teams.Contains(p.TeamId.Value));
    }

    public static async Task<InactivityPolicy?> NamedAsync(
        this IQueryable<InactivityPolicy> policies,
        Actor by,
        string id,
        CancellationToken cancellationToken
    ) =>
        IdText.TryParse(IdText.InactivityPolicy, id, out var policy)
            ? await policies.VisibleTo(by).FirstOrDefaultAsync(p => p.Id == policy, cancellationToken)
            : null;

    public static Problem? MayNotChange(this AccessSnapshot now, Actor by, Guid? teamId) =>
        teamId is { } team
            ? by.May(Permission.ManageTeam, team)
                ? null
                : Actor.MissingRole(Permission.ManageTeam, now.Teams.GetValueOrDefault(team)?.Name)
            : by.MayEverywhere(Permission.ManageOrganization)
                ? null
                : Actor.MissingRole(Permission.ManageOrganization, null);

    public static void Tell(this Write write, InactivityPolicy policy) =>
        write.Tell(new LiveEvent("inactivity", policy.OrganizationId, policy.TeamId, null, policy.Id));

    public static TrailTarget Target(this InactivityPolicy policy, AccessSnapshot now) =>
        new("inactivity-policy", policy.Id, policy.NameOf(now), policy.TeamId);

    public static string NameOf(this InactivityPolicy policy, AccessSnapshot now) =>
        policy.TeamId is { } team
            ? now.Teams.GetValueOrDefault(team)?.Name ?? "a team"
            : now.Organizations.GetValueOrDefault(policy.OrganizationId) ?? "the organization";

    public static string Word(this InactivitySign sign) =>
        sign switch
        {
            InactivitySign.Run => "run",
            InactivitySign.KeyUse => "use of a key",
            _ => "sign of life",
        };
}
