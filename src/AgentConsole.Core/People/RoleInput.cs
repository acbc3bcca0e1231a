using AgentConsole.Core.Common;

namespace AgentConsole.Core.People;

/// <summary>Roles as callers send them.</summary>
internal static class RoleInput
{
    private const int MostTeams = 200;

    public static TeamRoles ReadTeam(IReadOnlyList<string>? names, string field, FieldErrors errors)
    {
        var roles = TeamRoles.None;
        foreach (var name in names ?? [])
        {
            if (name is not null && RoleNames.TryParse(name, out TeamRoles role))
                roles |= role;
            else
                errors.Add(field, $"Must be any of {string.Join(", ", RoleNames.AllTeamRoles)}.");
        }
        return roles;
    }

    public static OrganizationRoles ReadOrganization(IReadOnlyList<string>? names, string field, FieldErrors errors)
    {
        var roles = OrganizationRoles.None;
        foreach (var name in names ?? [])
        {
            if (name is not null && RoleNames.TryParse(name, out OrganizationRoles role))
                roles |= role;
            else
                errors.Add(field, $"Must be any of {string.Join(", ", RoleNames.AllOrganizationRoles)}.");
        }
        return roles;
    }

    /// <summary>Team slugs or ids to roles there; teams without a role are left out.</summary>
    public static Dictionary<Guid, TeamRoles> ReadTeams(
        AccessSnapshot now,
        Guid organizationId,
        IReadOnlyDictionary<string, IReadOnlyList<string>>? teams,
        FieldErrors errors
    )
    {
        var result = new Dictionary<Guid, TeamRoles>();
        if (teams is { Count: > MostTeams })
        {
            errors.Add("teams", $"At most {MostTeams} teams.");
            return result;
        }
        foreach (var (name, names) in teams ?? new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal))
        {
            if (now.FindTeam(organizationId, name) is not { } team)
            {
                errors.Add("teams", "Names a team that does not exist.");
                continue;
            }
            var roles = ReadTeam(names, $"teams.{team.Slug}", errors);
            if (roles != TeamRoles.None)
                result[team.Id] = result.GetValueOrDefault(team.Id) | roles;
        }
        return result;
    }

    /// <summary>As read, shaped like the roles of a principal.</summary>
    public static Grants ToGrants(OrganizationRoles roles, IReadOnlyDictionary<Guid, TeamRoles> teams) =>
        new(roles, System.Collections.Frozen.FrozenDictionary.ToFrozenDictionary(teams));
}
