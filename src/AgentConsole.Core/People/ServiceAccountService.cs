using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.People;

/// <summary>Accounts of programs: they have roles and tokens, and nobody signs in with them. For org-admins.</summary>
public sealed class ServiceAccountService(ConsoleStore store, AccessDirectory access)
{
    private const int MostAccounts = 5000;

    /// <summary>Accounts by name.</summary>
    public async Task<Outcome<Paged<ServiceAccountBody>>> ListAsync(Actor by, PageRequest page, CancellationToken cancellationToken)
    {
        if (!by.MayEverywhere(Permission.ManageOrganization))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        string? after = null;
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var key))
                return Cursor.Bad();
            after = key[0];
        }
        await using var db = await store.ReadAsync(cancellationToken);
        var rows = await db
            .ServiceAccounts.Where(a => a.OrganizationId == by.OrganizationId && (after == null || string.Compare(a.Name, after) > 0))
            .OrderBy(a => a.Name)
            .Take(page.Limit + 1)
            .ToListAsync(cancellationToken);
        var now = access.Current;
        return Paged<ServiceAccount>
            .Of(rows, page.Limit, a => [a.Name])
            .Map(a => PeopleBodies.Of(a, PeopleBodies.GrantsOf(now, a.Id), now));
    }

    public async Task<Outcome<ServiceAccountBody>> GetAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        if (Refusal(by) is { } refused)
            return refused;
        await using var db = await store.ReadAsync(cancellationToken);
        return await FindAsync(db, by, id, cancellationToken) is { } account
            ? PeopleBodies.Of(account, PeopleBodies.GrantsOf(access.Current, account.Id), access.Current)
            : PeopleProblems.ServiceAccountNotFound;
    }

    public async Task<Outcome<ServiceAccountBody>> CreateAsync(
        Actor by,
        Outcome<CreateServiceAccount> input,
        CancellationToken cancellationToken
    )
    {
        if (!by.MayEverywhere(Permission.ManageOrganization))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        if (!input.Try(out var body, out var problem))
            return problem;
        var errors = new FieldErrors();
        var name = ReadName(body.Name, errors);
        var roles = RoleInput.ReadOrganization(body.Roles, "roles", errors);
        var teams = RoleInput.ReadTeams(access.Current, by.OrganizationId, body.Teams, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (roles != OrganizationRoles.None && StepUp.Require(by) is { } first)
            return first;

        await using var write = await store.WriteAsync(cancellationToken);
        var known = write.Db.ServiceAccounts.Where(a => a.OrganizationId == by.OrganizationId);
        if (await known.CountAsync(cancellationToken) >= MostAccounts)
            return PeopleProblems.TooMany("service accounts", MostAccounts);
        if (await known.AnyAsync(a => a.Name == name, cancellationToken))
            return PeopleProblems.Taken("name", name!);
        var account = new ServiceAccount
        {
            Id = write.NewId(),
            OrganizationId = by.OrganizationId,
            Name = name!,
            Roles = roles,
            CreatedAt = write.Now,
            Revision = 1,
        };
        write.Db.Add(account);
        foreach (var (team, teamRoles) in teams)
        {
            write.Db.Add(
                new Membership
                {
                    OrganizationId = by.OrganizationId,
                    TeamId = team,
                    PrincipalId = account.Id,
                    Roles = teamRoles,
                }
            );
        }
        var answer = PeopleBodies.Of(account, RoleInput.ToGrants(roles, teams), access.Current);
        write.Trail(
            by,
            "service-account.created",
            Target(account),
            after: new
            {
                answer.Name,
                answer.Roles,
                answer.Teams,
            }
        );
        Finish(write, account);
        var done = await write.CommitAsync(by, answer, cancellationToken);
        return done.Problem is not null && by.Retry is null ? PeopleProblems.Taken("name", account.Name) : done;
    }

    /// <summary>Changes name and organization roles, where given. Team roles are set at the team.</summary>
    /// <param name="ifMatch">Revision the caller read.</param>
    public Task<Outcome<ServiceAccountBody>> ChangeAsync(
        Actor by,
        string id,
        long? ifMatch,
        Outcome<ChangeServiceAccount> input,
        CancellationToken cancellationToken
    ) =>
        ChangeAsync(
            by,
            id,
            async (write, account) =>
            {
                if (!input.Try(out var body, out var problem))
                    return problem;
                var errors = new FieldErrors();
                var name = body.Name is null ? account.Name : ReadName(body.Name, errors);
                var roles = body.Roles is null ? account.Roles : RoleInput.ReadOrganization(body.Roles, "roles", errors);
                if (errors.ToProblem() is { } invalid)
                    return invalid;
                if (roles != account.Roles && StepUp.Require(by) is { } first)
                    return first;
                if (ifMatch is null)
                    return Problem.MatchRequired();
                if (ifMatch != account.Revision)
                    return await write.ChangedAsync(by, "service account", account.Id, cancellationToken);
                if (
                    name != account.Name
                    && await write.Db.ServiceAccounts.AnyAsync(
                        a => a.OrganizationId == by.OrganizationId && a.Name == name,
                        cancellationToken
                    )
                )
                    return PeopleProblems.Taken("name", name!);
                if (
                    account.Roles.HasFlag(OrganizationRoles.OrgAdmin)
                    && !roles.HasFlag(OrganizationRoles.OrgAdmin)
                    && !account.Disabled
                    && await RefuseLastAsync(write, account, cancellationToken) is { } refused
                )
                    return refused;
                if (account.Name == name && account.Roles == roles)
                    return null;
                write.Trail(
                    by,
                    "service-account.changed",
                    Target(account),
                    before: new { account.Name, roles = RoleNames.Of(account.Roles) },
                    after: new { name, roles = RoleNames.Of(roles) }
                );
                account.Name = name!;
                account.Roles = roles;
                return null;
            },
            cancellationToken
        );

    /// <summary>Its tokens are refused from now on.</summary>
    public Task<Outcome<ServiceAccountBody>> DisableAsync(Actor by, string id, CancellationToken cancellationToken) =>
        ChangeAsync(
            by,
            id,
            async (write, account) =>
            {
                if (account.Disabled)
                    return null;
                if (
                    account.Roles.HasFlag(OrganizationRoles.OrgAdmin)
                    && await RefuseLastAsync(write, account, cancellationToken) is { } refused
                )
                    return refused;
                account.Disabled = true;
                write.Trail(
                    by,
                    "service-account.disabled",
                    Target(account),
                    before: new { disabled = false },
                    after: new { disabled = true }
                );
                return null;
            },
            cancellationToken
        );

    public Task<Outcome<ServiceAccountBody>> EnableAsync(Actor by, string id, CancellationToken cancellationToken) =>
        ChangeAsync(
            by,
            id,
            (write, account) =>
            {
                if (account.Disabled)
                {
                    account.Disabled = false;
                    write.Trail(
                        by,
                        "service-account.enabled",
                        Target(account),
                        before: new { disabled = true },
                        after: new { disabled = false }
                    );
                }
                return Task.FromResult<Problem?>(null);
            },
            cancellationToken
        );

    private async Task<Outcome<ServiceAccountBody>> ChangeAsync(
        Actor by,
        string id,
        Func<Write, ServiceAccount, Task<Problem?>> change,
        CancellationToken cancellationToken
    )
    {
        if (Refusal(by) is { } refused)
            return refused;
        await using var write = await store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db, by, id, cancellationToken) is not { } account)
            return PeopleProblems.ServiceAccountNotFound;
        if (await change(write, account) is { } problem)
            return problem;
        var revision = write.Db.Entry(account).State == EntityState.Modified ? account.Revision + 1 : account.Revision;
        var answer = PeopleBodies.Of(account, PeopleBodies.GrantsOf(access.Current, account.Id), access.Current) with
        {
            Revision = revision,
        };
        Finish(write, account);
        return await write.CommitAsync(by, answer, cancellationToken);
    }

    private static async Task<Problem?> RefuseLastAsync(Write write, ServiceAccount account, CancellationToken cancellationToken)
    {
        await write.LockOrganizationAsync(account.OrganizationId, cancellationToken);
        return await Administration.RefuseLastAsync(write, account.OrganizationId, account.Id, cancellationToken);
    }

    private static Problem? Refusal(Actor by) =>
        by.MayEverywhere(Permission.ManageOrganization) ? null : Actor.MissingRole(Permission.ManageOrganization, null);

    private static async Task<ServiceAccount?> FindAsync(ConsoleDbContext db, Actor by, string id, CancellationToken cancellationToken) =>
        IdText.TryParse(IdText.ServiceAccount, id, out var accountId)
            ? await db.ServiceAccounts.SingleOrDefaultAsync(
                a => a.OrganizationId == by.OrganizationId && a.Id == accountId,
                cancellationToken
            )
            : null;

    private static string? ReadName(string? value, FieldErrors errors)
    {
        var name = Texts.Line(value, "name", 100, errors, required: true);
        if (name is not null && name.Contains('@', StringComparison.Ordinal))
            errors.Add("name", "May not hold an @, so that it is never taken for a person's address.");
        return name;
    }

    private static TrailTarget Target(ServiceAccount account) => new("service-account", account.Id, account.Name);

    private void Finish(Write write, ServiceAccount account)
    {
        write.TellPeople(account.OrganizationId, account.Id);
        write.AfterCommit(access.ReloadAsync);
    }
}
