using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.People;

/// <summary>What the first administrator says.</summary>
public sealed record FirstAdministrator(string? Email, string? DisplayName, string? Password, string? OrganizationName);

/// <summary>The way into an empty console: a one-time link, or settings for a start without a browser.</summary>
public sealed class SetupService(
    ConsoleStore store,
    AccessDirectory access,
    MasterKey master,
    OneTimeLinks links,
    PasswordHashing hashing,
    SessionService sessions,
    IOptions<BootstrapOptions> bootstrap
)
{
    private const string DefaultOrganizationSlug = "default";
    private const string DefaultOrganizationName = "Default organization";
    private const string BootstrapAccount = "bootstrap";

    /// <summary>
    /// Prepares the first sign-in, once the store is open. Answers with the path of the setup link, made anew at each start as long as there is no
    /// administrator; it belongs on standard output and nowhere else. Null when there is one.
    /// </summary>
    public async Task<string?> PrepareAsync(CancellationToken cancellationToken)
    {
        if (await AdministratorExistsAsync(cancellationToken))
            return null;
        var settings = bootstrap.Value;
        if (!string.IsNullOrEmpty(settings.AdminEmail) || !string.IsNullOrEmpty(settings.ApiToken))
        {
            await BootstrapAsync(settings, cancellationToken);
            return null;
        }
        await using var write = await store.WriteAsync(cancellationToken);
        var path = await links.AddAsync(write, LinkPurpose.Setup, null, null, cancellationToken);
        return await write.TryCommitAsync(cancellationToken)
            ? path
            : throw new InvalidOperationException("The setup link could not be made.");
    }

    /// <summary>Whether this setup link can still be used.</summary>
    public async Task<bool> IsOpenAsync(string? secret, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await links.FindAsync(db, LinkPurpose.Setup, secret, cancellationToken) is not null
            && !await AdministratorExistsAsync(db, cancellationToken);
    }

    /// <summary>Makes organization, team and first administrator, who is signed in at once.</summary>
    public async Task<Outcome<SignInResult>> CompleteAsync(
        string? secret,
        FirstAdministrator input,
        CallOrigin origin,
        CancellationToken cancellationToken
    )
    {
        if (!await IsOpenAsync(secret, cancellationToken))
            return PeopleProblems.LinkInvalid;
        var errors = new FieldErrors();
        var email = Emails.Read(input.Email, "email", errors);
        var name = Texts.Line(input.DisplayName, "display_name", 200, errors, required: true);
        var organizationName = Texts.Line(input.OrganizationName, "organization_name", 200, errors);
        var password = PasswordRules.Read(input.Password, input.Email, "password", errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var hash = await hashing.HashAsync(password!, cancellationToken);

        await using var write = await store.WriteAsync(cancellationToken);
        if (
            await links.RedeemAsync(write, LinkPurpose.Setup, secret, cancellationToken) is not { } link
            || await AdministratorExistsAsync(write.Db, cancellationToken)
        )
            return PeopleProblems.LinkInvalid;
        var organization = await FoundAsync(write, organizationName, cancellationToken);
        var user = NewAdministrator(write, organization, email!, name!, hash);
        user.LastSignInAt = write.Now;
        var by = PeopleWrites.Proven(user, AuthMethod.Link, link.Id, origin);
        var session = sessions.Open(write, user, origin);
        write.Trail(by, "organization.set-up", new TrailTarget("organization", organization.Id, organization.Name));
        write.Trail(by, "user.joined", user.Target(), after: new { roles = RoleNames.Of(user.Roles), installation_admin = true });
        write.AfterCommit(access.ReloadAsync);
        return await write.TryCommitAsync(cancellationToken) ? new SignInResult(user.Id, session.Id, null) : PeopleProblems.LinkInvalid;
    }

    private async Task BootstrapAsync(BootstrapOptions settings, CancellationToken cancellationToken)
    {
        var hash = string.IsNullOrEmpty(settings.AdminPassword) ? null : await hashing.HashAsync(settings.AdminPassword, cancellationToken);
        await using var write = await store.WriteAsync(cancellationToken);
        var organization = await FoundAsync(write, null, cancellationToken);
        var by = Actor.ForSystem(organization.Id, "AgentConsole:Bootstrap");
        write.Trail(by, "organization.set-up", new TrailTarget("organization", organization.Id, organization.Name));
        var (ownerId, ownerKind) = (Guid.Empty, ActorKind.User);
        if (hash is not null)
        {
            var email = settings.AdminEmail!.Trim();
            var user = NewAdministrator(write, organization, email, email.Split('@')[0], hash);
            write.Trail(by, "user.joined", user.Target(), after: new { roles = RoleNames.Of(user.Roles), installation_admin = true });
            ownerId = user.Id;
        }
        else
        {
            var account = new ServiceAccount
            {
                Id = write.NewId(),
                OrganizationId = organization.Id,
                Name = BootstrapAccount,
                Roles = OrganizationRoles.OrgAdmin,
                CreatedAt = write.Now,
            };
            write.Db.Add(account);
            write.Trail(
                by,
                "service-account.created",
                new TrailTarget("service-account", account.Id, account.Name),
                after: new { roles = RoleNames.Of(account.Roles) }
            );
            (ownerId, ownerKind) = (account.Id, ActorKind.ServiceAccount);
        }
        if (!string.IsNullOrEmpty(settings.ApiToken))
        {
            var token = new ApiToken
            {
                Id = write.NewId(),
                OrganizationId = organization.Id,
                Name = BootstrapAccount,
                OwnerId = ownerId,
                OwnerKind = ownerKind,
                Scopes = string.Join(' ', TokenScopes.All.Order(StringComparer.Ordinal)),
                Hash = master.Hash(settings.ApiToken),
                PepperId = master.PepperId,
                Prefix = settings.ApiToken[..4],
                Last4 = settings.ApiToken[^4..],
                CreatedAt = write.Now,
            };
            write.Db.Add(token);
            write.Trail(by, "token.created", new TrailTarget("token", token.Id, token.Name), after: new { scopes = "all" });
        }
        write.AfterCommit(access.ReloadAsync);
        // Lost only to another node that starts in the same moment with the same settings.
        await write.TryCommitAsync(cancellationToken);
    }

    private async Task<Organization> FoundAsync(Write write, string? name, CancellationToken cancellationToken)
    {
        var organization = await write
            .Db.Organizations.AsTracking()
            .SingleOrDefaultAsync(o => o.Slug == DefaultOrganizationSlug, cancellationToken);
        if (organization is null)
        {
            organization = new Organization
            {
                Id = write.NewId(),
                Slug = DefaultOrganizationSlug,
                Name = name ?? DefaultOrganizationName,
                CreatedAt = write.Now,
            };
            write.Db.Add(organization);
        }
        else if (name is not null)
        {
            organization.Name = name;
        }
        if (!await write.Db.Teams.AnyAsync(t => t.OrganizationId == organization.Id && t.Slug == Team.DefaultSlug, cancellationToken))
        {
            write.Db.Add(
                new Team
                {
                    Id = write.NewId(),
                    OrganizationId = organization.Id,
                    Slug = Team.DefaultSlug,
                    Name = "Default",
                    CreatedAt = write.Now,
                    Revision = 1,
                }
            );
        }
        return organization;
    }

    private static User NewAdministrator(Write write, Organization organization, string email, string displayName, string hash)
    {
        var user = UserService.NewUser(write, organization.Id, email, displayName);
        user.Roles = OrganizationRoles.OrgAdmin;
        user.InstallationAdmin = true;
        user.EmailConfirmed = true;
        user.PasswordHash = hash;
        write.Db.Add(user);
        return user;
    }

    private async Task<bool> AdministratorExistsAsync(CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await AdministratorExistsAsync(db, cancellationToken);
    }

    // Anybody who can administer: a person with a password, or a service account. A disabled one counts: there was a setup.
    private static async Task<bool> AdministratorExistsAsync(ConsoleDbContext db, CancellationToken cancellationToken) =>
        await db.Users.AnyAsync(u => u.InstallationAdmin, cancellationToken)
        || await db.Users.Admins().AnyAsync(u => u.PasswordHash != null, cancellationToken)
        || await db.ServiceAccounts.Admins().AnyAsync(cancellationToken);
}
