using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.People;

/// <summary>
/// For dangerous acts a session must have proven its person a short while ago; a stolen cookie alone does not do. Tokens and keys are no sessions:
/// their scopes say what they may.
/// </summary>
public static class StepUp
{
    public const string Code = "step_up_required";

    private static readonly Problem Needed = new(
        ProblemKind.Forbidden,
        Code,
        "Confirm that it is you, with your password or a passkey, and repeat this. A browser does so at /account/step-up; what is asked for is a sign-in of the last minutes."
    );

    /// <summary>The refusal when the person at the browser did not prove who they are lately; null when this may go on.</summary>
    public static Problem? Require(Actor by) => by is { Method: AuthMethod.Session, ConfirmedLately: false } ? Needed : null;
}

/// <summary>What the person must give to confirm.</summary>
public sealed record StepUpMeans(bool Code, bool Passkey);

/// <summary>Confirms that the person of a session is at the browser. It lifts that one session, for a while.</summary>
public sealed class StepUpService(
    ConsoleStore store,
    AccessDirectory access,
    PasswordHashing hashing,
    SignInGuard guard,
    SecondFactor factor,
    PasskeyService passkeys
)
{
    public async Task<Outcome<StepUpMeans>> MeansAsync(Actor by, CancellationToken cancellationToken)
    {
        if (IsNotAtBrowser(by))
            return PeopleProblems.SessionNeeded;
        await using var db = await store.ReadAsync(cancellationToken);
        var user = await db.Users.SingleAsync(u => u.Id == by.Id, cancellationToken);
        return new StepUpMeans(user.TwoFactorEnabled, await db.Passkeys.AnyAsync(p => p.UserId == user.Id, cancellationToken));
    }

    /// <summary>With the password, and a code of the app or a recovery code where two-factor sign-in is on. Wrong ones count as at sign-in.</summary>
    public async Task<Outcome<Done>> PasswordAsync(Actor by, string? password, string? code, CancellationToken cancellationToken)
    {
        if (IsNotAtBrowser(by))
            return PeopleProblems.SessionNeeded;
        User known;
        await using (var db = await store.ReadAsync(cancellationToken))
            known = await db.Users.SingleAsync(u => u.Id == by.Id, cancellationToken);
        var match = await hashing.CompareAsync(known.PasswordHash, password ?? "", cancellationToken);
        await using var write = await store.WriteAsync(cancellationToken);
        var user = (await write.LockUserAsync(known.Id, cancellationToken))!;
        if (SignInGuard.IsLocked(user, write.Now))
            return PeopleProblems.LockedOut;
        if (match == PasswordMatch.Wrong || user.PasswordHash != known.PasswordHash)
            return await RefuseAsync(write, by, user, "password", PeopleProblems.PasswordWrong, cancellationToken);
        var how = "password";
        if (user.TwoFactorEnabled)
        {
            how = "password and totp";
            if (!await factor.AcceptTotpAsync(write, user, code, cancellationToken))
            {
                how = "password and recovery-code";
                if (await factor.AcceptRecoveryCodeAsync(write, user, code, cancellationToken) is null)
                    return await RefuseAsync(write, by, user, "totp", PeopleProblems.CodeRefused, cancellationToken);
            }
        }
        return await LiftAsync(write, by, user, how, cancellationToken);
    }

    /// <summary>With one of one's own passkeys.</summary>
    public async Task<Outcome<Done>> PasskeyAsync(
        Actor by,
        string? ticket,
        string? answer,
        BrowserPlace place,
        CallOrigin origin,
        CancellationToken cancellationToken
    )
    {
        if (IsNotAtBrowser(by))
            return PeopleProblems.SessionNeeded;
        await using var write = await store.WriteAsync(cancellationToken);
        var proven = await passkeys.ProveAsync(write, ticket, answer, by, place, origin, cancellationToken);
        if (proven.Try(out var found, out var problem))
            return await LiftAsync(write, by, found.User, "passkey", cancellationToken);
        await write.TryCommitAsync(cancellationToken);
        return problem;
    }

    private async Task<Outcome<Done>> LiftAsync(Write write, Actor by, User user, string how, CancellationToken cancellationToken)
    {
        var session = await write
            .Db.UserSessions.AsTracking()
            .SingleOrDefaultAsync(
                s => s.OrganizationId == by.OrganizationId && s.Id == by.CredentialId && s.UserId == user.Id && s.RevokedAt == null,
                cancellationToken
            );
        if (session is null || session.ExpiresAt <= write.Now)
            return ActorSource.SessionEnded;
        SignInGuard.Forgive(user);
        session.AuthenticatedAt = write.Now;
        write.Trail(by, "user.stepped-up", user.Target(), after: new { by = how, session = IdText.Format(IdText.Session, session.Id) });
        var at = write.Now;
        write.AfterCommit(() => access.ChangeSessionsAsync([session.Id], card => card with { AuthenticatedAt = at }));
        return await write.TryCommitAsync(cancellationToken) ? new Done() : Write.LostRace();
    }

    private async Task<Outcome<Done>> RefuseAsync(
        Write write,
        Actor by,
        User user,
        string how,
        Problem why,
        CancellationToken cancellationToken
    )
    {
        guard.CountFailure(write, by, user, how);
        return await write.TryCommitAsync(cancellationToken)
            ? SignInGuard.IsLocked(user, write.Now)
                ? PeopleProblems.LockedOut
                : why
            : Write.LostRace();
    }

    private static bool IsNotAtBrowser(Actor by) => by is not { Kind: ActorKind.User, Method: AuthMethod.Session };
}
