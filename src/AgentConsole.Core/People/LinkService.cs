using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.People;

/// <summary>Whom an invite or reset link is for.</summary>
public sealed record LinkFacts(string Email, string DisplayName, DateTimeOffset ExpiresAt);

/// <summary>What people do who come with a link: take up an invitation, set a forgotten password anew.</summary>
public sealed class LinkService(
    ConsoleStore store,
    AccessDirectory access,
    OneTimeLinks links,
    PasswordHashing hashing,
    SessionService sessions
)
{
    /// <summary>Whom the link is for, as long as it can be used. Asking does not use it up.</summary>
    public async Task<Outcome<LinkFacts>> FindAsync(LinkPurpose purpose, string? secret, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (
            await links.FindAsync(db, purpose, secret, cancellationToken) is not { UserId: { } userId } link
            || await db.Users.SingleOrDefaultAsync(u => u.Id == userId && !u.Disabled, cancellationToken) is not { } user
        )
            return PeopleProblems.LinkInvalid;
        return new LinkFacts(user.Email!, user.DisplayName, link.ExpiresAt);
    }

    /// <summary>Sets the invited user's password and signs in.</summary>
    /// <param name="displayName">Null or empty keeps the name given with the invitation.</param>
    public async Task<Outcome<SignInResult>> AcceptInviteAsync(
        string? secret,
        string? displayName,
        string? password,
        CallOrigin origin,
        CancellationToken cancellationToken
    )
    {
        var found = await FindAsync(LinkPurpose.Invite, secret, cancellationToken);
        if (!found.Try(out var facts, out var problem))
            return problem;
        var errors = new FieldErrors();
        var name = Texts.Line(displayName, "display_name", 200, errors);
        var chosen = PasswordRules.Read(password, facts.Email, "password", errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var hash = await hashing.HashAsync(chosen!, cancellationToken);

        await using var write = await store.WriteAsync(cancellationToken);
        if (await RedeemAsync(write, LinkPurpose.Invite, secret, cancellationToken) is not var (link, user))
            return PeopleProblems.LinkInvalid;
        user.PasswordHash = hash;
        user.EmailConfirmed = true;
        user.SecurityStamp = Guid.NewGuid().ToString("n");
        user.LastSignInAt = write.Now;
        if (name is not null)
            user.DisplayName = name;
        var by = PeopleWrites.Proven(user, AuthMethod.Link, link.Id, origin);
        var session = sessions.Open(write, user, origin);
        write.Trail(by, "user.joined", user.Target(), after: new { display_name = user.DisplayName });
        write.Trail(by, "user.signed-in", user.Target(), after: new { by = "invite", session = IdText.Format(IdText.Session, session.Id) });
        write.TellPeople(user.OrganizationId, user.Id);
        write.AfterCommit(access.ReloadAsync);
        return await write.TryCommitAsync(cancellationToken) ? new SignInResult(user.Id, session.Id, null) : Write.LostRace();
    }

    /// <summary>Sets a new password, unlocks the account and ends all its sessions. It does not sign in: a second factor still stands before that.</summary>
    public async Task<Outcome<Done>> ResetPasswordAsync(
        string? secret,
        string? password,
        CallOrigin origin,
        CancellationToken cancellationToken
    )
    {
        var found = await FindAsync(LinkPurpose.ResetPassword, secret, cancellationToken);
        if (!found.Try(out var facts, out var problem))
            return problem;
        var errors = new FieldErrors();
        var chosen = PasswordRules.Read(password, facts.Email, "password", errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var hash = await hashing.HashAsync(chosen!, cancellationToken);

        await using var write = await store.WriteAsync(cancellationToken);
        if (await RedeemAsync(write, LinkPurpose.ResetPassword, secret, cancellationToken) is not var (link, user))
            return PeopleProblems.LinkInvalid;
        SignInGuard.Forgive(user);
        user.PasswordHash = hash;
        user.SecurityStamp = Guid.NewGuid().ToString("n");
        var ended = await sessions.EndAsync(write, user.Id, null, cancellationToken);
        write.Trail(
            PeopleWrites.Proven(user, AuthMethod.Link, link.Id, origin),
            "user.password-reset",
            user.Target(),
            after: new { sessions_ended = ended }
        );
        write.TellPeople(user.OrganizationId, user.Id);
        return await write.TryCommitAsync(cancellationToken) ? new Done() : Write.LostRace();
    }

    private async Task<(OneTimeLink Link, User User)?> RedeemAsync(
        Write write,
        LinkPurpose purpose,
        string? secret,
        CancellationToken cancellationToken
    ) =>
        await links.RedeemAsync(write, purpose, secret, cancellationToken) is { UserId: { } userId } link
        && await write.LockUserAsync(userId, cancellationToken) is { Disabled: false } user
            ? (link, user)
            : null;
}
