using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.People;

/// <summary>What a person sees of the own account.</summary>
public sealed record AccountFacts(string Email, string DisplayName, bool TwoFactor, int RecoveryCodesLeft, DateTimeOffset? LastSignInAt);

/// <summary>A second factor that is being set up.</summary>
/// <param name="Ticket">Handed back with the first code; good for 10 minutes.</param>
/// <param name="Secret">Base32, for apps without a camera.</param>
/// <param name="Address">What the QR code holds.</param>
public sealed record TotpOffer(string Ticket, string Secret, string Address);

/// <summary>What people change of their own account. Only from a signed-in browser, and with the present password wherever a thief of the session would gain.</summary>
public sealed class AccountService
{
    private const string TicketPurpose = "totp-offer";
    private static readonly TimeSpan TicketLife = TimeSpan.FromMinutes(10);

    private readonly ConsoleStore _store;
    private readonly PasswordHashing _hashing;
    private readonly SignInGuard _guard;
    private readonly SecondFactor _factor;
    private readonly SessionService _sessions;
    private readonly SealedTicket _tickets;

    public AccountService(
        ConsoleStore store,
        PasswordHashing hashing,
        SignInGuard guard,
        SecondFactor factor,
        SessionService sessions,
        MasterKey master,
        TimeProvider clock
    )
    {
        (_store, _hashing, _guard, _factor, _sessions) = (store, hashing, guard, factor, sessions);
        _tickets = new SealedTicket(master, clock);
    }

    public async Task<Outcome<AccountFacts>> GetAsync(Actor by, CancellationToken cancellationToken)
    {
        if (by.Kind != ActorKind.User)
            return PeopleProblems.SessionNeeded;
        await using var db = await _store.ReadAsync(cancellationToken);
        var user = await db.Users.SingleAsync(u => u.Id == by.Id, cancellationToken);
        return new AccountFacts(
            user.Email ?? "",
            user.DisplayName,
            user.TwoFactorEnabled,
            await SecondFactor.CodesLeftAsync(db, user.Id, cancellationToken),
            user.LastSignInAt
        );
    }

    /// <summary>Sets another password and ends every other session.</summary>
    public async Task<Outcome<Done>> ChangePasswordAsync(Actor by, string? current, string? next, CancellationToken cancellationToken)
    {
        if (IsNotAtBrowser(by))
            return PeopleProblems.SessionNeeded;
        var errors = new FieldErrors();
        var chosen = PasswordRules.Read(next, by.Label, "new_password", errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (await ProveAsync(by, current, cancellationToken, withFactor: true) is { Problem: { } refused })
            return refused;
        var hash = await _hashing.HashAsync(chosen!, cancellationToken);
        await using var write = await _store.WriteAsync(cancellationToken);
        var user = (await write.LockUserAsync(by.Id!.Value, cancellationToken))!;
        SignInGuard.Forgive(user);
        user.PasswordHash = hash;
        user.SecurityStamp = Guid.NewGuid().ToString("n");
        var ended = await _sessions.EndAsync(write, user.Id, by.CredentialId, cancellationToken);
        await OneTimeLinks.WithdrawAsync(write, LinkPurpose.ResetPassword, user.Id, cancellationToken);
        write.Trail(by, "user.password-changed", user.Target(), after: new { sessions_ended = ended });
        write.TellPeople(user.OrganizationId, user.Id);
        return await write.CommitAsync(by, new Done(), cancellationToken);
    }

    /// <summary>Makes a secret for an authenticator app. Nothing is stored until a first code proves that the app has it.</summary>
    public async Task<Outcome<TotpOffer>> OfferTotpAsync(Actor by, string? password, CancellationToken cancellationToken)
    {
        if (IsNotAtBrowser(by))
            return PeopleProblems.SessionNeeded;
        var proven = await ProveAsync(by, password, cancellationToken);
        if (!proven.Try(out var user, out var problem))
            return problem;
        return user.TwoFactorEnabled ? PeopleProblems.TwoFactorOn : Offer(user, Totp.NewSecret());
    }

    /// <summary>The offer once more, for a page that asks again after a wrong code.</summary>
    public TotpOffer? Reopen(Actor by, string? ticket) =>
        _tickets.Open<PendingTotp>(TicketPurpose, ticket) is { } pending && pending.UserId == by.Id
            ? new TotpOffer(ticket!, Totp.Base32(pending.Secret), Totp.Address(by.Label, pending.Secret))
            : null;

    /// <summary>Turns two-factor sign-in on. The answer holds the recovery codes, once. Other sessions, which were opened without it, end.</summary>
    public async Task<Outcome<IReadOnlyList<string>>> ConfirmTotpAsync(
        Actor by,
        string? ticket,
        string? code,
        CancellationToken cancellationToken
    )
    {
        if (IsNotAtBrowser(by))
            return PeopleProblems.SessionNeeded;
        if (_tickets.Open<PendingTotp>(TicketPurpose, ticket) is not { } pending || pending.UserId != by.Id)
            return PeopleProblems.SignInExpired;
        await using var write = await _store.WriteAsync(cancellationToken);
        var user = (await write.LockUserAsync(by.Id!.Value, cancellationToken))!;
        if (user.TwoFactorEnabled)
            return PeopleProblems.TwoFactorOn;
        var digits = code is { Length: <= 20 } ? code.Replace(" ", "", StringComparison.Ordinal) : null;
        if (Totp.Match(pending.Secret, digits, write.Now, user.LastTotpStep) is not { } step)
            return PeopleProblems.CodeRefused;
        var codes = await _factor.EnableAsync(write, user, pending.Secret, step, cancellationToken);
        user.SecurityStamp = Guid.NewGuid().ToString("n");
        var ended = await _sessions.EndAsync(write, user.Id, by.CredentialId, cancellationToken);
        write.Trail(by, "user.two-factor-enabled", user.Target(), after: new { sessions_ended = ended });
        write.TellPeople(user.OrganizationId, user.Id);
        return await write.TryCommitAsync(cancellationToken) ? Outcomes.Of(codes) : Write.LostRace();
    }

    public async Task<Outcome<Done>> DisableTotpAsync(Actor by, string? password, CancellationToken cancellationToken)
    {
        if (IsNotAtBrowser(by))
            return PeopleProblems.SessionNeeded;
        if (await ProveAsync(by, password, cancellationToken, withFactor: true) is { Problem: { } refused })
            return refused;
        await using var write = await _store.WriteAsync(cancellationToken);
        var user = (await write.LockUserAsync(by.Id!.Value, cancellationToken))!;
        if (!user.TwoFactorEnabled)
            return PeopleProblems.TwoFactorOff;
        await SecondFactor.DisableAsync(write, user, cancellationToken);
        user.SecurityStamp = Guid.NewGuid().ToString("n");
        write.Trail(by, "user.two-factor-disabled", user.Target());
        write.TellPeople(user.OrganizationId, user.Id);
        return await write.CommitAsync(by, new Done(), cancellationToken);
    }

    /// <summary>Ten new recovery codes, shown once; the old ones stop working.</summary>
    public async Task<Outcome<IReadOnlyList<string>>> NewRecoveryCodesAsync(Actor by, string? password, CancellationToken cancellationToken)
    {
        if (IsNotAtBrowser(by))
            return PeopleProblems.SessionNeeded;
        if (await ProveAsync(by, password, cancellationToken, withFactor: true) is { Problem: { } refused })
            return refused;
        await using var write = await _store.WriteAsync(cancellationToken);
        var user = (await write.LockUserAsync(by.Id!.Value, cancellationToken))!;
        if (!user.TwoFactorEnabled)
            return PeopleProblems.TwoFactorOff;
        var codes = await _factor.RenewCodesAsync(write, user, cancellationToken);
        write.Trail(by, "user.recovery-codes-renewed", user.Target());
        return await write.TryCommitAsync(cancellationToken) ? Outcomes.Of(codes) : Write.LostRace();
    }

    private TotpOffer Offer(User user, byte[] secret) =>
        new(
            _tickets.Seal(TicketPurpose, TicketLife, new PendingTotp(user.Id, secret)),
            Totp.Base32(secret),
            Totp.Address(user.Email!, secret)
        );

    /// <summary>Compares the present password; wrong ones count towards the lockout, so that a stolen session is no way to try them.</summary>
    /// <param name="withFactor">The password alone does not do where there is a second factor: that was given lately, or is asked for.</param>
    private async Task<Outcome<User>> ProveAsync(Actor by, string? password, CancellationToken cancellationToken, bool withFactor = false)
    {
        User user;
        await using (var db = await _store.ReadAsync(cancellationToken))
            user = await db.Users.SingleAsync(u => u.Id == by.Id, cancellationToken);
        if (withFactor && user.TwoFactorEnabled && StepUp.Require(by) is { } first)
            return first;
        var match = await _hashing.CompareAsync(user.PasswordHash, password ?? "", cancellationToken);
        await using var write = await _store.WriteAsync(cancellationToken);
        var now = (await write.LockUserAsync(user.Id, cancellationToken))!;
        if (SignInGuard.IsLocked(now, write.Now))
            return PeopleProblems.LockedOut;
        if (match != PasswordMatch.Wrong && now.PasswordHash == user.PasswordHash)
            return now;
        _guard.CountFailure(write, by, now, "password");
        return await write.TryCommitAsync(cancellationToken) ? PeopleProblems.PasswordWrong : Write.LostRace();
    }

    private static bool IsNotAtBrowser(Actor by) => by is not { Kind: ActorKind.User, Method: AuthMethod.Session };

    private sealed record PendingTotp(Guid UserId, byte[] Secret);
}
