using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.People;

/// <summary>Who administers an organization, and the rule that somebody always can.</summary>
internal static class Administration
{
    private const OrganizationRoles Both = OrganizationRoles.OrgAdmin | OrganizationRoles.Auditor;

    public static IQueryable<User> Admins(this IQueryable<User> users) =>
        users.Where(u => u.Roles == OrganizationRoles.OrgAdmin || u.Roles == Both);

    public static IQueryable<ServiceAccount> Admins(this IQueryable<ServiceAccount> accounts) =>
        accounts.Where(a => a.Roles == OrganizationRoles.OrgAdmin || a.Roles == Both);

    /// <summary>The refusal if nobody but this principal could administer the organization; call it under the organization's lock.</summary>
    public static async Task<Problem?> RefuseLastAsync(Write write, Guid organizationId, Guid leaving, CancellationToken cancellationToken)
    {
        var leavesPerson = await write.Db.Users.AnyAsync(u => u.OrganizationId == organizationId && u.Id == leaving, cancellationToken);
        var anotherPerson = await write
            .Db.Users.Admins()
            .AnyAsync(
                u => u.OrganizationId == organizationId && u.Id != leaving && !u.Disabled && u.PasswordHash != null,
                cancellationToken
            );
        if (anotherPerson)
            return null;
        var anotherAccount =
            !leavesPerson
            && await write
                .Db.ServiceAccounts.Admins()
                .AnyAsync(a => a.OrganizationId == organizationId && a.Id != leaving && !a.Disabled, cancellationToken);
        return anotherAccount ? null : PeopleProblems.LastAdmin;
    }
}
