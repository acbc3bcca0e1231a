using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Web.Admin;

/// <summary>Addresses below /admin.</summary>
internal static class AdminUrls
{
    public const string System = ConsoleUrls.Admin + "/system";

    public static string Team(string slug) => $"{ConsoleUrls.Admin}/teams/{Uri.EscapeDataString(slug)}";
}

/// <summary>Small things the admin pages share.</summary>
internal static class AdminWords
{
    /// <summary>A slug made of a name; a suggestion.</summary>
    public static string? Slug(string? name)
    {
        if (string.IsNullOrWhiteSpace(name))
            return null;
        var slug = string.Concat(name.Trim().ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
        while (slug.Contains("--", StringComparison.Ordinal))
            slug = slug.Replace("--", "-", StringComparison.Ordinal);
        return slug.Length == 0 ? null : slug[..Math.Min(slug.Length, 100)];
    }

    /// <summary>Faults of fields stand beside their fields; anything else stands above the form.</summary>
    public static (IReadOnlyDictionary<string, string[]>? Errors, Problem? Problem) Split(Problem? problem) =>
        problem?.Errors is { } errors ? (errors, null) : (null, problem);

    /// <summary>What a team role lets one do, in the words of the table.</summary>
    public static string Explain(TeamRoles role) =>
        string.Join(", ", Enum.GetValues<Permission>().Where(p => (Permissions.TeamRolesFor(p) & role) != TeamRoles.None).Select(Name));

    public static string Name(Permission permission) =>
        permission switch
        {
            Permission.ReadFleet => "read agents and runs",
            Permission.EditAgents => "register, edit and pause agents",
            Permission.ManageKeys => "mint, disable and revoke keys",
            Permission.DecideApprovals => "decide approvals",
            Permission.ManageTeam => "members, channels and budgets of the team",
            Permission.EditRules => "alert rules",
            Permission.ReadTrail => "read the trail",
            Permission.ManageOrganization => "users, tokens of others, settings of the organization",
            _ => throw new ArgumentOutOfRangeException(nameof(permission)),
        };
}
