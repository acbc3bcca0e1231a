using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.People;

/// <summary>How far a sign-in came.</summary>
/// <param name="SessionId">The open session; null when the second step is still to come.</param>
/// <param name="Ticket">To be kept by the browser and handed to the second step; good for 5 minutes.</param>
public sealed record SignInResult(Guid UserId, Guid? SessionId, string? Ticket)
{
    public bool NeedsSecondStep => SessionId is null;

    /// <summary>After a recovery code: how many are left.</summary>
    public int? RecoveryCodesLeft { get; init; }
}

/// <summary>Signs people in. Counter, session and trail record of an attempt are committed together.</summary>
public sealed class SignInService
{
    private const string TicketPurpose = "second-step";
    private static readonly TimeSpan TicketLife = TimeSpan.FromMinutes(5);

    private readonly ConsoleStore _store;
    private readonly AccessDirectory _access;
    private readonly PasswordHashing _hashing;
    private readonly SignInGuard _guard;
    private readonly SecondFactor _factor;
    private readonly SessionService _sessions;
    private readonly PasskeyService _passkeys;
    private readonly SealedTicket _tickets;

    public SignInService(
        ConsoleStore store,
        AccessDirectory access,
        PasswordHashing hashing,
        SignInGuard guard,
        SecondFactor factor,
        SessionService sessions,
        PasskeyService passkeys,
        MasterKey master,
        TimeProvider clock
    )
    {
        (_store, _access, _hashing, _guard, _factor, _sessions, _passkeys) = (store, access, hashing, guard, factor, sessions, passkeys);
        _tickets = new SealedTicket(master, clock);
    }

    /// <summary>First step. The password is compared before the write begins; what counts is decided inside it.</summary>
    public async Task<Outcome<SignInResult>> PasswordAsync(
        string? email,
        string? password,
        CallOrigin origin,
        CancellationToken cancellationToken
    )
    {
        var known = await FindAsync(email, cancellationToken);
        var match = await _hashing.CompareAsync(known?.PasswordHash, password ?? "", cancellationToken);
        if (known is not null && match != PasswordMatch.Wrong)
        {
            var renewed = match == PasswordMatch.RightButOld ? await _hashing.HashAsync(password!, cancellationToken) : null;
            if (await EnterAsync(known, renewed, origin, cancellationToken) is { } entered)
                return entered;
        }
        await _guard.RefuseAsync(
            known?.Id,
            "password",
            (user, now) =>
                match == PasswordMatch.Wrong && !user.Disabled && user.PasswordHash is not null && !SignInGuard.IsLocked(user, now),
            origin,
            cancellationToken
        );
        return PeopleProblems.SignInRefused;
    }

    /// <summary>Second step with a code of the authenticator app.</summary>
    public Task<Outcome<SignInResult>> TotpAsync(string? ticket, string? code, CallOrigin origin, CancellationToken cancellationToken) =>
        SecondStepAsync(
            ticket,
            "totp",
            async (write, user) => await _factor.AcceptTotpAsync(write, user, code, cancellationToken) ? -1 : null,
            origin,
            cancellationToken
        );

    /// <summary>Second step with one of the recovery codes, which is used up.</summary>
    public Task<Outcome<SignInResult>> RecoveryCodeAsync(
        string? ticket,
        string? code,
        CallOrigin origin,
        CancellationToken cancellationToken
    ) =>
        SecondStepAsync(
            ticket,
            "recovery-code",
            (write, user) => _factor.AcceptRecoveryCodeAsync(write, user, code, cancellationToken),
            origin,
            cancellationToken
        );

    /// <summary>
    /// Signs in with a passkey that verified its user: device and person are two factors, so that no second step follows. A lock after wrong
    /// passwords does not stop it.
    /// </summary>
    /// <param name="ticket">Of <see cref="PasskeyService.OfferSignInAsync"/>, as this browser kept it.</param>
    public async Task<Outcome<SignInResult>> PasskeyAsync(
        string? ticket,
        string? answer,
        BrowserPlace place,
        CallOrigin origin,
        CancellationToken cancellationToken
    )
    {
        await using var write = await _store.WriteAsync(cancellationToken);
        var proven = await _passkeys.ProveAsync(write, ticket, answer, null, place, origin, cancellationToken);
        if (proven.Try(out var found, out var problem))
            return await FinishAsync(write, found.User, "passkey", origin, cancellationToken, found.Passkey);
        await write.TryCommitAsync(cancellationToken);
        return problem;
    }

    /// <summary>Opens the session, or asks for the second step. Null when the account may not enter after all.</summary>
    private async Task<Outcome<SignInResult>?> EnterAsync(
        User known,
        string? renewedHash,
        CallOrigin origin,
        CancellationToken cancellationToken
    )
    {
        await using var write = await _store.WriteAsync(cancellationToken);
        var user = await write.LockUserAsync(known.Id, cancellationToken);
        if (user is null || user.Disabled || user.PasswordHash != known.PasswordHash || SignInGuard.IsLocked(user, write.Now))
            return null;
        if (_access.Current.SuspendedOrganizations.Contains(user.OrganizationId))
            return ActorSource.OrganizationSuspended;
        if (renewedHash is not null)
            user.PasswordHash = renewedHash;
        if (!user.TwoFactorEnabled)
            return await FinishAsync(write, user, "password", origin, cancellationToken);
        if (renewedHash is not null && !await write.TryCommitAsync(cancellationToken))
            return Write.LostRace();
        // Wrong attempts so far keep counting: who knows the password must not get a fresh set of codes to try with each sign-in.
        var ticket = _tickets.Seal(TicketPurpose, TicketLife, new SecondStep(user.Id, user.SecurityStamp ?? ""));
        return (Outcome<SignInResult>)new SignInResult(user.Id, null, ticket);
    }

    private async Task<Outcome<SignInResult>> SecondStepAsync(
        string? ticket,
        string how,
        Func<Write, User, Task<int?>> accept,
        CallOrigin origin,
        CancellationToken cancellationToken
    )
    {
        if (_tickets.Open<SecondStep>(TicketPurpose, ticket) is not { } step)
            return PeopleProblems.SignInExpired;
        await using var write = await _store.WriteAsync(cancellationToken);
        var user = await write.LockUserAsync(step.UserId, cancellationToken);
        if (user is null || user.Disabled || !user.TwoFactorEnabled || user.SecurityStamp != step.Stamp)
            return PeopleProblems.SignInExpired;
        if (SignInGuard.IsLocked(user, write.Now))
            return PeopleProblems.LockedOut;
        if (_access.Current.SuspendedOrganizations.Contains(user.OrganizationId))
            return ActorSource.OrganizationSuspended;
        if (await accept(write, user) is { } left)
        {
            var done = await FinishAsync(write, user, how, origin, cancellationToken);
            return left >= 0 ? done.Map(result => result with { RecoveryCodesLeft = left }) : done;
        }
        _guard.CountFailure(write, PeopleWrites.Unproven(user.OrganizationId, origin), user, how);
        return await write.TryCommitAsync(cancellationToken)
            ? SignInGuard.IsLocked(user, write.Now)
                ? PeopleProblems.LockedOut
                : PeopleProblems.CodeRefused
            : Write.LostRace();
    }

    private async Task<Outcome<SignInResult>> FinishAsync(
        Write write,
        User user,
        string how,
        CallOrigin origin,
        CancellationToken cancellationToken,
        Passkey? passkey = null
    )
    {
        SignInGuard.Forgive(user);
        user.LastSignInAt = write.Now;
        var session = _sessions.Open(write, user, origin);
        write.Trail(
            PeopleWrites.Proven(user, AuthMethod.Session, session.Id, origin),
            "user.signed-in",
            user.Target(),
            after: passkey is null
                ? new { by = how, session = IdText.Format(IdText.Session, session.Id) }
                : (object)
                    new
                    {
                        by = how,
                        session = IdText.Format(IdText.Session, session.Id),
                        passkey = IdText.Format(IdText.Passkey, passkey.Id),
                        name = passkey.Name,
                    }
        );
        write.TellPeople(user.OrganizationId, user.Id);
        return await write.TryCommitAsync(cancellationToken) ? new SignInResult(user.Id, session.Id, null) : Write.LostRace();
    }

    private async Task<User?> FindAsync(string? email, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(email) || Texts.Fault(email, 2 * Emails.MaxLength, multiline: false) is not null)
            return null;
        var normalized = Emails.Normalize(email);
        await using var db = await _store.ReadAsync(cancellationToken);
        return await db.Users.SingleOrDefaultAsync(u => u.NormalizedEmail == normalized, cancellationToken);
    }

    private sealed record SecondStep(Guid UserId, string Stamp);
}
