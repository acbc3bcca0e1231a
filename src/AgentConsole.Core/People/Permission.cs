namespace AgentConsole.Core.People;

/// <summary>Roles within one team; a member may have several.</summary>
[Flags]
public enum TeamRoles
{
    None = 0,
    Viewer = 1,
    Operator = 2,
    Approver = 4,
    KeyAdmin = 8,
    TeamAdmin = 16,
}

/// <summary>Roles in the organization; a user may have several.</summary>
[Flags]
public enum OrganizationRoles
{
    None = 0,
    OrgAdmin = 1,

    /// <summary>Reads everything, changes nothing.</summary>
    Auditor = 2,
}

/// <summary>What one may do, as the rows of the table "Who may do what".</summary>
public enum Permission
{
    /// <summary>Read agents, runs, alerts, snapshots, signals.</summary>
    ReadFleet,

    /// <summary>Register, edit, pause, deploy, acknowledge, stop.</summary>
    EditAgents,

    /// <summary>Mint, rotate, disable, revoke keys.</summary>
    ManageKeys,

    /// <summary>Decide approvals (never one's own request or agent).</summary>
    DecideApprovals,

    /// <summary>Members, channels, budgets of a team.</summary>
    ManageTeam,

    /// <summary>Alert rules of a team.</summary>
    EditRules,

    /// <summary>Read trail and evidence.</summary>
    ReadTrail,

    /// <summary>Users, tokens of others, retention, organization settings.</summary>
    ManageOrganization,
}

/// <summary>The table "Who may do what" of the product's design; every door asks here and nowhere else.</summary>
public static class Permissions
{
    /// <summary>Team roles that grant the permission within their team; none for organization-wide permissions.</summary>
    public static TeamRoles TeamRolesFor(Permission permission) =>
        permission switch
        {
            Permission.ReadFleet => TeamRoles.Viewer | TeamRoles.Operator | TeamRoles.Approver | TeamRoles.KeyAdmin | TeamRoles.TeamAdmin,
            Permission.EditAgents or Permission.EditRules => TeamRoles.Operator | TeamRoles.TeamAdmin,
            Permission.ManageKeys => TeamRoles.KeyAdmin | TeamRoles.TeamAdmin,
            Permission.DecideApprovals => TeamRoles.Approver | TeamRoles.TeamAdmin,
            Permission.ManageTeam or Permission.ReadTrail => TeamRoles.TeamAdmin,
            Permission.ManageOrganization => TeamRoles.None,
            _ => throw new ArgumentOutOfRangeException(nameof(permission)),
        };

    public static OrganizationRoles OrganizationRolesFor(Permission permission) =>
        permission is Permission.ReadFleet or Permission.ReadTrail
            ? OrganizationRoles.OrgAdmin | OrganizationRoles.Auditor
            : OrganizationRoles.OrgAdmin;

    /// <summary>The roles that grant it, for people: <c>operator or team-admin</c>, <c>org-admin</c>.</summary>
    public static string Roles(Permission permission) =>
        TeamRolesFor(permission) is var team && team != TeamRoles.None
            ? string.Join(" or ", RoleNames.Of(team))
            : string.Join(" or ", RoleNames.Of(OrganizationRolesFor(permission)));

    /// <summary>One sentence for a disabled control or a 403: which role is missing and who can grant it.</summary>
    public static string Explain(Permission permission, string? teamName)
    {
        var roles = RoleNames.Of(TeamRolesFor(permission)).ToList();
        return roles.Count == 0 || teamName is null
            ? "This needs the organization role org-admin. An org-admin can grant it."
            : $"This needs the role {string.Join(" or ", roles)} in {teamName}. A team-admin of {teamName} or an org-admin can grant it.";
    }
}

/// <summary>Roles as they travel and are stored.</summary>
public static class RoleNames
{
    private static readonly (TeamRoles Role, string Name)[] TeamNames =
    [
        (TeamRoles.Viewer, "viewer"),
        (TeamRoles.Operator, "operator"),
        (TeamRoles.Approver, "approver"),
        (TeamRoles.KeyAdmin, "key-admin"),
        (TeamRoles.TeamAdmin, "team-admin"),
    ];

    private static readonly (OrganizationRoles Role, string Name)[] OrganizationNames =
    [
        (OrganizationRoles.OrgAdmin, "org-admin"),
        (OrganizationRoles.Auditor, "auditor"),
    ];

    public static IEnumerable<string> AllTeamRoles => TeamNames.Select(n => n.Name);
    public static IEnumerable<string> AllOrganizationRoles => OrganizationNames.Select(n => n.Name);

    public static IEnumerable<string> Of(TeamRoles roles) => TeamNames.Where(n => roles.HasFlag(n.Role)).Select(n => n.Name);

    public static IEnumerable<string> Of(OrganizationRoles roles) =>
        OrganizationNames.Where(n => roles.HasFlag(n.Role)).Select(n => n.Name);

    public static bool TryParse(string name, out TeamRoles role)
    {
        role = TeamNames.FirstOrDefault(n => n.Name == name).Role;
        return role != TeamRoles.None;
    }

    public static bool TryParse(string name, out OrganizationRoles role)
    {
        role = OrganizationNames.FirstOrDefault(n => n.Name == name).Role;
        return role != OrganizationRoles.None;
    }
}
