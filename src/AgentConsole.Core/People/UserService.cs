using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.People;

/// <summary>Which users are wanted.</summary>
/// <param name="Text">Part of e-mail address or name.</param>
/// <param name="State"><c>active</c>, <c>invited</c> or <c>disabled</c>.</param>
public sealed record UserFilter(string? Text = null, string? State = null)
{
    public static readonly IReadOnlyList<string> States = ["active", "disabled", "invited"];
}

/// <summary>The users of an organization, for its org-admins.</summary>
public sealed class UserService(
    ConsoleStore store,
    AccessDirectory access,
    OneTimeLinks links,
    SessionService sessions,
    IAgentCounts agents,
    TimeProvider clock
)
{
    private const int MostUsers = 20_000;

    // What changes a user's row, beside their coming and going.
    private static readonly string[] Changes =
    [
        "user.changed",
        "user.disabled",
        "user.enabled",
        "user.joined",
        "user.password-changed",
        "user.password-reset",
        "user.two-factor-enabled",
        "user.two-factor-disabled",
    ];

    /// <summary>Users by e-mail address.</summary>
    public async Task<Outcome<Paged<UserBody>>> ListAsync(
        Actor by,
        UserFilter filter,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        if (!by.MayEverywhere(Permission.ManageOrganization))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        if (filter.State is not null && !UserFilter.States.Contains(filter.State))
            return Problem.Invalid("state", $"Must be one of {string.Join(", ", UserFilter.States)}.");
        if (filter.Text is { } asked && Texts.Fault(asked, 200, multiline: false) is { } fault)
            return Problem.Invalid("q", fault);
        string? after = null;
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var key))
                return Cursor.Bad();
            after = key[0];
        }
        await using var db = await store.ReadAsync(cancellationToken);
        var users = db.Users.Where(u => u.OrganizationId == by.OrganizationId && !u.BreakGlass);
        if (!string.IsNullOrWhiteSpace(filter.Text))
        {
            var text = filter.Text.Trim().ToUpperInvariant();
#pragma warning disable MA0011 // translated to SQL
            users = users.Where(u => u.NormalizedEmail!.Contains(text) || u.DisplayName.ToUpper().Contains(text));
#pragma warning restore MA0011
        }
        users = filter.State switch
        {
            "disabled" => users.Where(u => u.Disabled),
            "invited" => users.Where(u => !u.Disabled && u.PasswordHash == null),
            "active" => users.Where(u => !u.Disabled && u.PasswordHash != null),
            _ => users,
        };
        var rows = await users
            .Where(u => after == null || string.Compare(u.NormalizedUserName, after) > 0)
            .OrderBy(u => u.NormalizedUserName)
            .Take(page.Limit + 1)
            .ToListAsync(cancellationToken);
        var passkeys = await PasskeyService.CountsAsync(db, [.. rows.Select(u => u.Id)], cancellationToken);
        var now = access.Current;
        return Paged<User>
            .Of(rows, page.Limit, u => [u.NormalizedUserName!])
            .Map(u =>
                PeopleBodies.Of(u, PeopleBodies.GrantsOf(now, u.Id), now, clock.GetUtcNow()) with
                {
                    Passkeys = passkeys.GetValueOrDefault(u.Id),
                }
            );
    }

    public async Task<Outcome<UserBody>> GetAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        if (Refusal(by) is { } refused)
            return refused;
        await using var db = await store.ReadAsync(cancellationToken);
        if (await FindAsync(db, by, id, cancellationToken) is not { } user)
            return PeopleProblems.UserNotFound;
        var now = access.Current;
        return PeopleBodies.Of(user, PeopleBodies.GrantsOf(now, user.Id), now, clock.GetUtcNow()) with
        {
            OwnedAgents = await agents.OwnedByAsync(db, by.OrganizationId, user.Id, cancellationToken),
            Passkeys = (await PasskeyService.CountsAsync(db, [user.Id], cancellationToken)).GetValueOrDefault(user.Id),
        };
    }

    /// <summary>Makes a user without a password, and the link by which the person comes in; the answer holds it, once.</summary>
    public async Task<Outcome<UserBody>> InviteAsync(Actor by, Outcome<InviteUser> input, CancellationToken cancellationToken)
    {
        if (!by.MayEverywhere(Permission.ManageOrganization))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        if (!input.Try(out var body, out var problem))
            return problem;
        var errors = new FieldErrors();
        var email = Emails.Read(body.Email, "email", errors);
        var name = Texts.Line(body.DisplayName, "display_name", 200, errors) ?? email?.Split('@')[0];
        var roles = RoleInput.ReadOrganization(body.Roles, "roles", errors);
        var teams = RoleInput.ReadTeams(access.Current, by.OrganizationId, body.Teams, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (roles != OrganizationRoles.None && StepUp.Require(by) is { } first)
            return first;

        await using var write = await store.WriteAsync(cancellationToken);
        if (await write.Db.Users.CountAsync(u => u.OrganizationId == by.OrganizationId, cancellationToken) >= MostUsers)
            return PeopleProblems.TooMany("users", MostUsers);
        var normalized = Emails.Normalize(email!);
        if (await write.Db.Users.AnyAsync(u => u.NormalizedUserName == normalized, cancellationToken))
            return PeopleProblems.EmailTaken;
        var user = NewUser(write, by.OrganizationId, email!, name!);
        user.Roles = roles;
        write.Db.Add(user);
        foreach (var (team, teamRoles) in teams)
        {
            write.Db.Add(
                new Membership
                {
                    OrganizationId = by.OrganizationId,
                    TeamId = team,
                    PrincipalId = user.Id,
                    Roles = teamRoles,
                }
            );
        }
        var link = await links.AddAsync(write, LinkPurpose.Invite, by.OrganizationId, user.Id, cancellationToken);
        var answer = PeopleBodies.Of(user, RoleInput.ToGrants(roles, teams), access.Current, write.Now) with { Link = link };
        write.Trail(
            by,
            "user.invited",
            user.Target(),
            after: new
            {
                answer.Email,
                answer.DisplayName,
                answer.Roles,
                answer.Teams,
            }
        );
        Finish(write, user);
        var done = await write.CommitAsync(by, answer, cancellationToken);
        return done.Problem is not null && by.Retry is null ? PeopleProblems.EmailTaken : done;
    }

    /// <summary>A new invite link for somebody who has not come in yet; earlier ones stop working.</summary>
    public Task<Outcome<UserBody>> InviteAgainAsync(Actor by, string id, CancellationToken cancellationToken) =>
        ChangeAsync(
            by,
            id,
            async (write, user) =>
            {
                if (user.PasswordHash is not null || user.Disabled)
                    return new Problem(ProblemKind.Conflict, "not_invited", "This user has come in already, or is disabled.");
                write.Trail(by, "user.invited", user.Target(), after: new { again = true });
                return await links.AddAsync(write, LinkPurpose.Invite, by.OrganizationId, user.Id, cancellationToken);
            },
            cancellationToken
        );

    /// <summary>A one-time link by which the person sets a new password. Until it is used nothing else changes.</summary>
    public Task<Outcome<UserBody>> ResetAsync(Actor by, string id, CancellationToken cancellationToken) =>
        ChangeAsync(
            by,
            id,
            async (write, user) =>
            {
                if (StepUp.Require(by) is { } first)
                    return first;
                if (user.PasswordHash is null || user.Disabled)
                    return new Problem(ProblemKind.Conflict, "not_active", "Only a user who has come in and is not disabled can be reset.");
                write.Trail(by, "user.reset-link-made", user.Target());
                return await links.AddAsync(write, LinkPurpose.ResetPassword, by.OrganizationId, user.Id, cancellationToken);
            },
            cancellationToken
        );

    /// <summary>Turns two-factor sign-in off for somebody who lost both app and recovery codes; all of the user's sessions end.</summary>
    public Task<Outcome<UserBody>> RemoveTwoFactorAsync(Actor by, string id, CancellationToken cancellationToken) =>
        ChangeAsync(
            by,
            id,
            async (write, user) =>
            {
                if (StepUp.Require(by) is { } first)
                    return first;
                if (!user.TwoFactorEnabled)
                    return PeopleProblems.TwoFactorOff;
                await SecondFactor.DisableAsync(write, user, cancellationToken);
                user.SecurityStamp = Guid.NewGuid().ToString("n");
                var ended = await sessions.EndAsync(write, user.Id, null, cancellationToken);
                write.Trail(by, "user.two-factor-disabled", user.Target(), after: new { sessions_ended = ended });
                return default(Outcome<string?>);
            },
            cancellationToken
        );

    /// <summary>The user cannot sign in any more: sessions end at once, tokens are refused, links stop working. Owned agents show as ownerless.</summary>
    public Task<Outcome<UserBody>> DisableAsync(Actor by, string id, CancellationToken cancellationToken) =>
        ChangeAsync(
            by,
            id,
            async (write, user) =>
            {
                if (StepUp.Require(by) is { } first)
                    return first;
                if (user.Disabled)
                    return default(Outcome<string?>);
                await write.LockOrganizationAsync(by.OrganizationId, cancellationToken);
                if (
                    user.Roles.HasFlag(OrganizationRoles.OrgAdmin)
                    && await Administration.RefuseLastAsync(write, by.OrganizationId, user.Id, cancellationToken) is { } refused
                )
                    return refused;
                user.Disabled = true;
                user.DisabledAt = write.Now;
                user.SecurityStamp = Guid.NewGuid().ToString("n");
                var ended = await sessions.EndAsync(write, user.Id, null, cancellationToken);
                await OneTimeLinks.WithdrawAsync(write, LinkPurpose.Invite, user.Id, cancellationToken);
                await OneTimeLinks.WithdrawAsync(write, LinkPurpose.ResetPassword, user.Id, cancellationToken);
                write.Trail(
                    by,
                    "user.disabled",
                    user.Target(),
                    before: new { disabled = false },
                    after: new
                    {
                        disabled = true,
                        sessions_ended = ended,
                        owned_agents = await agents.OwnedByAsync(write.Db, by.OrganizationId, user.Id, cancellationToken),
                    }
                );
                return default(Outcome<string?>);
            },
            cancellationToken
        );

    public Task<Outcome<UserBody>> EnableAsync(Actor by, string id, CancellationToken cancellationToken) =>
        ChangeAsync(
            by,
            id,
            (write, user) =>
            {
                if (user.Disabled)
                {
                    user.Disabled = false;
                    user.DisabledAt = null;
                    SignInGuard.Forgive(user);
                    write.Trail(by, "user.enabled", user.Target(), before: new { disabled = true }, after: new { disabled = false });
                }
                return Task.FromResult(default(Outcome<string?>));
            },
            cancellationToken
        );

    /// <summary>Changes name and organization roles, where given.</summary>
    /// <param name="ifMatch">Revision the caller read.</param>
    public Task<Outcome<UserBody>> ChangeAsync(
        Actor by,
        string id,
        long? ifMatch,
        Outcome<ChangeUser> input,
        CancellationToken cancellationToken
    ) =>
        ChangeAsync(
            by,
            id,
            async (write, user) =>
            {
                if (!input.Try(out var body, out var problem))
                    return problem;
                var errors = new FieldErrors();
                var name = body.DisplayName is null
                    ? user.DisplayName
                    : Texts.Line(body.DisplayName, "display_name", 200, errors, required: true);
                var roles = body.Roles is null ? user.Roles : RoleInput.ReadOrganization(body.Roles, "roles", errors);
                if (errors.ToProblem() is { } invalid)
                    return invalid;
                if (roles != user.Roles && StepUp.Require(by) is { } first)
                    return first;
                if (ifMatch is null)
                    return Problem.MatchRequired();
                if (ifMatch != user.Revision)
                    return await write.ChangedAsync(by, "user", user.Id, cancellationToken, Changes);
                if (user.Roles.HasFlag(OrganizationRoles.OrgAdmin) && !roles.HasFlag(OrganizationRoles.OrgAdmin) && !user.Disabled)
                {
                    await write.LockOrganizationAsync(by.OrganizationId, cancellationToken);
                    if (await Administration.RefuseLastAsync(write, by.OrganizationId, user.Id, cancellationToken) is { } refused)
                        return refused;
                }
                if (user.DisplayName == name && user.Roles == roles)
                    return default(Outcome<string?>);
                write.Trail(
                    by,
                    "user.changed",
                    user.Target(),
                    before: new { user.DisplayName, roles = RoleNames.Of(user.Roles) },
                    after: new { display_name = name, roles = RoleNames.Of(roles) }
                );
                user.DisplayName = name!;
                user.Roles = roles;
                return default(Outcome<string?>);
            },
            cancellationToken
        );

    internal static User NewUser(Write write, Guid organizationId, string email, string displayName) =>
        new()
        {
            Id = write.NewId(),
            OrganizationId = organizationId,
            DisplayName = displayName,
            UserName = email,
            NormalizedUserName = Emails.Normalize(email),
            Email = email,
            NormalizedEmail = Emails.Normalize(email),
            LockoutEnabled = true,
            SecurityStamp = Guid.NewGuid().ToString("n"),
            CreatedAt = write.Now,
            Revision = 1,
        };

    /// <summary>Runs a change on a user of the organization. The change answers with a link to hand out, or null.</summary>
    private async Task<Outcome<UserBody>> ChangeAsync(
        Actor by,
        string id,
        Func<Write, User, Task<Outcome<string?>>> change,
        CancellationToken cancellationToken
    )
    {
        if (Refusal(by) is { } refused)
            return refused;
        await using var write = await store.WriteAsync(cancellationToken);
        if (
            await FindAsync(write.Db, by, id, cancellationToken) is not { } known
            || await write.LockUserAsync(known.Id, cancellationToken) is not { } user
        )
            return PeopleProblems.UserNotFound;
        var changed = await change(write, user);
        if (changed.Problem is { } problem)
            return problem;
        var now = access.Current;
        var revision = write.Db.Entry(user).State == EntityState.Modified ? user.Revision + 1 : user.Revision;
        var answer = PeopleBodies.Of(user, PeopleBodies.GrantsOf(now, user.Id), now, write.Now) with
        {
            Revision = revision,
            Link = changed.Value,
            OwnedAgents = await agents.OwnedByAsync(write.Db, by.OrganizationId, user.Id, cancellationToken),
            Passkeys = (await PasskeyService.CountsAsync(write.Db, [user.Id], cancellationToken)).GetValueOrDefault(user.Id),
        };
        Finish(write, user);
        return await write.CommitAsync(by, answer, cancellationToken);
    }

    // Users are the affair of org-admins; to everybody else of the organization the refusal is the missing role, whatever the id.
    private static Problem? Refusal(Actor by) =>
        by.MayEverywhere(Permission.ManageOrganization) ? null : Actor.MissingRole(Permission.ManageOrganization, null);

    internal static async Task<User?> FindAsync(ConsoleDbContext db, Actor by, string id, CancellationToken cancellationToken) =>
        IdText.TryParse(IdText.User, id, out var userId)
            ? await db
                .Users.AsNoTracking()
                .SingleOrDefaultAsync(u => u.Id == userId && u.OrganizationId == by.OrganizationId && !u.BreakGlass, cancellationToken)
            : null;

    private void Finish(Write write, User user)
    {
        write.TellPeople(user.OrganizationId, user.Id);
        write.AfterCommit(access.ReloadAsync);
    }
}
