using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.People;

/// <summary>The passkeys of people: one's own from a signed-in browser, and for org-admins those of others.</summary>
public sealed class PasskeyService
{
    internal static readonly TimeSpan OfferLife = TimeSpan.FromMinutes(5);
    private const string NewPurpose = "passkey-new";
    private const string SignInPurpose = "passkey-sign-in";
    private const string StepUpPurpose = "passkey-step-up";

    private readonly ConsoleStore _store;
    private readonly AccessDirectory _access;
    private readonly PasskeyCeremony _ceremony;
    private readonly SpentTickets _spent;
    private readonly SessionService _sessions;
    private readonly RefusalRecorder _refusals;
    private readonly SealedTicket _tickets;

    public PasskeyService(
        ConsoleStore store,
        AccessDirectory access,
        PasskeyCeremony ceremony,
        SpentTickets spent,
        SessionService sessions,
        RefusalRecorder refusals,
        MasterKey master,
        TimeProvider clock
    )
    {
        (_store, _access, _ceremony, _spent, _sessions, _refusals) = (store, access, ceremony, spent, sessions, refusals);
        _tickets = new SealedTicket(master, clock);
    }

    /// <summary>One's own passkeys, oldest first.</summary>
    public async Task<Outcome<IReadOnlyList<PasskeyBody>>> ListAsync(Actor by, CancellationToken cancellationToken)
    {
        if (by.Kind != ActorKind.User)
            return PeopleProblems.SessionNeeded;
        await using var db = await _store.ReadAsync(cancellationToken);
        return Outcomes.Of(await BodiesAsync(db, by.Id!.Value, cancellationToken));
    }

    /// <summary>What the browser needs to make a passkey for this person.</summary>
    public async Task<Outcome<PasskeyOffer>> OfferNewAsync(Actor by, BrowserPlace place, CancellationToken cancellationToken)
    {
        if (IsNotAtBrowser(by))
            return PeopleProblems.SessionNeeded;
        if (StepUp.Require(by) is { } first)
            return first;
        await using var db = await _store.ReadAsync(cancellationToken);
        var user = await db.Users.SingleAsync(u => u.Id == by.Id, cancellationToken);
        var known = await db.Passkeys.Where(p => p.UserId == user.Id).ToListAsync(cancellationToken);
        if (known.Count >= Passkey.MostPerUser)
            return PeopleProblems.TooMany("passkeys of this account", Passkey.MostPerUser);
        var (options, state) = await _ceremony.OfferNewAsync(user, known, place);
        return new PasskeyOffer(options, _tickets.Seal(NewPurpose, OfferLife, new Pending(state, by.CredentialId)));
    }

    /// <summary>Takes up the passkey that the browser made.</summary>
    /// <param name="credential">The browser's answer as JSON.</param>
    /// <param name="name">By which the person tells it from others.</param>
    public async Task<Outcome<PasskeyBody>> RegisterAsync(
        Actor by,
        string? ticket,
        string? credential,
        string? name,
        BrowserPlace place,
        CancellationToken cancellationToken
    )
    {
        if (IsNotAtBrowser(by))
            return PeopleProblems.SessionNeeded;
        if (StepUp.Require(by) is { } first)
            return first;
        var errors = new FieldErrors();
        var called = Texts.Line(name, "name", 100, errors, required: true);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (_tickets.Open<Pending>(NewPurpose, ticket) is not { } pending || pending.SessionId != by.CredentialId)
            return PasskeyProblems.Expired;
        await using var write = await _store.WriteAsync(cancellationToken);
        var user = (await write.LockUserAsync(by.Id!.Value, cancellationToken))!;
        if (!await _spent.TrySpendAsync(write, ticket!, OfferLife, cancellationToken))
            return PasskeyProblems.Expired;
        var known = await write.Db.Passkeys.AsNoTracking().Where(p => p.UserId == user.Id).ToListAsync(cancellationToken);
        if (known.Count >= Passkey.MostPerUser)
            return PeopleProblems.TooMany("passkeys of this account", Passkey.MostPerUser);
        if (await _ceremony.CheckNewAsync(user, known, credential, pending.State, place) is not { } made)
            return PasskeyProblems.NotMade;
        if (await write.Db.Passkeys.AnyAsync(p => p.CredentialId == made.CredentialId, cancellationToken))
            return PasskeyProblems.Known;
        var passkey = new Passkey
        {
            Id = write.NewId(),
            OrganizationId = user.OrganizationId,
            UserId = user.Id,
            CredentialId = made.CredentialId,
            CreatedAt = write.Now,
            Data = new()
            {
                PublicKey = made.PublicKey,
                Name = called,
                CreatedAt = write.Now,
                SignCount = made.SignCount,
                Transports = made.Transports,
                IsUserVerified = made.IsUserVerified,
                IsBackupEligible = made.IsBackupEligible,
                IsBackedUp = made.IsBackedUp,
                AttestationObject = [],
                ClientDataJson = [],
            },
        };
        write.Db.Add(passkey);
        write.Trail(by, "passkey.registered", user.Target(), after: Facts(passkey));
        write.TellPeople(user.OrganizationId, user.Id);
        return await write.TryCommitAsync(cancellationToken) ? BodyOf(passkey) : Write.LostRace();
    }

    /// <summary>Calls one of one's own passkeys otherwise.</summary>
    public async Task<Outcome<PasskeyBody>> RenameAsync(Actor by, string? id, string? name, CancellationToken cancellationToken)
    {
        if (IsNotAtBrowser(by))
            return PeopleProblems.SessionNeeded;
        await using var write = await _store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db, by.Id!.Value, id, cancellationToken) is not { } passkey)
            return PasskeyProblems.NotFound;
        var errors = new FieldErrors();
        var called = Texts.Line(name, "name", 100, errors, required: true);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (passkey.Name == called)
            return BodyOf(passkey);
        write.Trail(
            by,
            "passkey.renamed",
            new TrailTarget("user", by.Id, by.Label),
            before: new { name = passkey.Name },
            after: new { name = called, passkey = IdText.Format(IdText.Passkey, passkey.Id) }
        );
        passkey.Data.Name = called;
        write.TellPeople(by.OrganizationId, by.Id.Value);
        return await write.TryCommitAsync(cancellationToken) ? BodyOf(passkey) : Write.LostRace();
    }

    /// <summary>Removes one of one's own passkeys; not the only way in.</summary>
    public async Task<Outcome<Done>> RemoveAsync(Actor by, string? id, CancellationToken cancellationToken)
    {
        if (IsNotAtBrowser(by))
            return PeopleProblems.SessionNeeded;
        if (StepUp.Require(by) is { } first)
            return first;
        await using var write = await _store.WriteAsync(cancellationToken);
        var user = (await write.LockUserAsync(by.Id!.Value, cancellationToken))!;
        if (await FindAsync(write.Db, user.Id, id, cancellationToken) is not { } passkey)
            return PasskeyProblems.NotFound;
        if (user.PasswordHash is null && await write.Db.Passkeys.CountAsync(p => p.UserId == user.Id, cancellationToken) == 1)
            return PasskeyProblems.LastMeans;
        write.Db.Remove(passkey);
        write.Trail(by, "passkey.removed", user.Target(), before: Facts(passkey));
        write.TellPeople(user.OrganizationId, user.Id);
        return await write.TryCommitAsync(cancellationToken) ? new Done() : Write.LostRace();
    }

    /// <summary>The passkeys of a user, for org-admins.</summary>
    public async Task<Outcome<IReadOnlyList<PasskeyBody>>> ListOfAsync(Actor by, string userId, CancellationToken cancellationToken)
    {
        if (!by.MayEverywhere(Permission.ManageOrganization))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        await using var db = await _store.ReadAsync(cancellationToken);
        return await UserService.FindAsync(db, by, userId, cancellationToken) is { } user
            ? Outcomes.Of(await BodiesAsync(db, user.Id, cancellationToken))
            : PeopleProblems.UserNotFound;
    }

    /// <summary>One's own passkey, or for org-admins anybody's of the organization.</summary>
    public async Task<Outcome<PasskeyFound>> FindAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        if (by.Kind != ActorKind.User || !IdText.TryParse(IdText.Passkey, id, out var passkeyId))
            return PasskeyProblems.NotFound;
        var (organization, me, anybodys) = (by.OrganizationId, by.Id, by.MayEverywhere(Permission.ManageOrganization));
        await using var db = await _store.ReadAsync(cancellationToken);
        var passkey = await db
            .Passkeys.AsNoTracking()
            .FirstOrDefaultAsync(
                p => p.Id == passkeyId && p.OrganizationId == organization && (anybodys || p.UserId == me),
                cancellationToken
            );
        return passkey is null
            ? PasskeyProblems.NotFound
            : new PasskeyFound(
                BodyOf(passkey),
                IdText.Format(IdText.User, passkey.UserId),
                _access.Current.Principals.GetValueOrDefault(passkey.UserId)?.Label ?? "",
                passkey.UserId == me
            );
    }

    /// <summary>Removes a passkey of somebody else, for org-admins; all of that user's sessions end.</summary>
    public async Task<Outcome<Done>> RemoveOfAsync(Actor by, string userId, string id, string? reason, CancellationToken cancellationToken)
    {
        if (!by.MayEverywhere(Permission.ManageOrganization))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        await using var write = await _store.WriteAsync(cancellationToken);
        if (
            await UserService.FindAsync(write.Db, by, userId, cancellationToken) is not { } known
            || await write.LockUserAsync(known.Id, cancellationToken) is not { } user
        )
            return PeopleProblems.UserNotFound;
        if (await FindAsync(write.Db, user.Id, id, cancellationToken) is not { } passkey)
            return PasskeyProblems.NotFound;
        if (StepUp.Require(by) is { } first)
            return first;
        var errors = new FieldErrors();
        var why = Texts.Line(reason, "reason", 500, errors, required: true);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (user.PasswordHash is null && await write.Db.Passkeys.CountAsync(p => p.UserId == user.Id, cancellationToken) == 1)
            return PasskeyProblems.LastMeans;
        write.Db.Remove(passkey);
        var ended = await _sessions.EndAsync(write, user.Id, by.Id == user.Id ? by.SessionId : null, cancellationToken);
        write.Trail(by, "passkey.removed", user.Target(), before: Facts(passkey), after: new { sessions_ended = ended }, reason: why);
        write.TellPeople(user.OrganizationId, user.Id);
        return await write.CommitAsync(by, new Done(), cancellationToken);
    }

    /// <summary>What a browser needs to sign in with a passkey, whoever is at it.</summary>
    public async Task<PasskeyOffer> OfferSignInAsync(BrowserPlace place)
    {
        var (options, state) = await _ceremony.OfferUseAsync(null, [], place);
        return new PasskeyOffer(options, _tickets.Seal(SignInPurpose, OfferLife, new Pending(state, null)));
    }

    /// <summary>What a browser needs to confirm with a passkey that the person of this session is at it.</summary>
    public async Task<Outcome<PasskeyOffer>> OfferStepUpAsync(Actor by, BrowserPlace place, CancellationToken cancellationToken)
    {
        if (IsNotAtBrowser(by))
            return PeopleProblems.SessionNeeded;
        await using var db = await _store.ReadAsync(cancellationToken);
        var user = await db.Users.SingleAsync(u => u.Id == by.Id, cancellationToken);
        var known = await db.Passkeys.Where(p => p.UserId == user.Id).ToListAsync(cancellationToken);
        if (known.Count == 0)
            return PasskeyProblems.NotFound;
        var (options, state) = await _ceremony.OfferUseAsync(user, known, place);
        return new PasskeyOffer(options, _tickets.Seal(StepUpPurpose, OfferLife, new Pending(state, by.CredentialId)));
    }

    /// <summary>
    /// Checks a passkey within the write, which uses the challenge up. A write that is refused here is to be committed all the same: it holds what is
    /// to be remembered of the attempt.
    /// </summary>
    /// <param name="session">The session that asks to be confirmed; null for a sign-in.</param>
    internal async Task<Outcome<(User User, Passkey Passkey)>> ProveAsync(
        Write write,
        string? ticket,
        string? answer,
        Actor? session,
        BrowserPlace place,
        CallOrigin origin,
        CancellationToken cancellationToken
    )
    {
        var purpose = session is null ? SignInPurpose : StepUpPurpose;
        if (_tickets.Open<Pending>(purpose, ticket) is not { } pending || pending.SessionId != session?.CredentialId)
            return PasskeyProblems.Expired;
        if (
            PasskeyCeremony.CredentialOf(answer) is not { } credential
            || await write.Db.Passkeys.AsNoTracking().SingleOrDefaultAsync(p => p.CredentialId == credential, cancellationToken)
                is not { } known
            || (session is not null && known.UserId != session.Id)
            || await write.LockUserAsync(known.UserId, cancellationToken) is not { Disabled: false } user
        )
            return PasskeyProblems.Refused;
        // Again, now that nobody else changes this person's passkeys: of two answers that come together the second sees the first one's counter.
        if (
            await write.Db.Passkeys.AsTracking().SingleOrDefaultAsync(p => p.CredentialId == credential, cancellationToken)
            is not { } passkey
        )
            return PasskeyProblems.Refused;
        if (!await _spent.TrySpendAsync(write, ticket!, OfferLife, cancellationToken))
            return PasskeyProblems.Expired;
        var proof = await _ceremony.CheckUseAsync(user, passkey, answer!, pending.State, place);
        var by = session ?? PeopleWrites.Unproven(user.OrganizationId, origin);
        // Once two hold it, nothing tells the copy from the original: a copy that tries again has counted up by then.
        var suspected = proof.Right && passkey.CopySuspectedAt is not null;
        if (proof.Copied || suspected)
        {
            passkey.CopySuspectedAt ??= write.Now;
            write.Trail(
                by,
                session is null ? "user.sign-in-refused" : "user.step-up-refused",
                user.Target(),
                after: new
                {
                    by = "passkey",
                    why = suspected ? "copy-suspected" : "counter-went-back",
                    passkey = IdText.Format(IdText.Passkey, passkey.Id),
                    name = passkey.Name,
                    counter = proof.Counter,
                    expected_above = passkey.Data.SignCount,
                },
                outcome: TrailOutcome.Refused
            );
            write.TellPeople(user.OrganizationId, user.Id);
            return PasskeyProblems.Copied;
        }
        if (!proof.Right)
        {
            _refusals.Note(by, "passkey of " + IdText.Format(IdText.User, user.Id), PasskeyProblems.Refused);
            return PasskeyProblems.Refused;
        }
        if (_access.Current.SuspendedOrganizations.Contains(user.OrganizationId))
            return ActorSource.OrganizationSuspended;
        passkey.LastUsedAt = write.Now;
        passkey.Data.SignCount = proof.Counter;
        passkey.Data.IsBackedUp = proof.BackedUp;
        return (user, passkey);
    }

    internal static async Task<Dictionary<Guid, int>> CountsAsync(
        ConsoleDbContext db,
        IReadOnlyCollection<Guid> users,
        CancellationToken cancellationToken
    ) =>
        await db
            .Passkeys.Where(p => users.Contains(p.UserId))
            .GroupBy(p => p.UserId)
            .Select(g => new { g.Key, Count = g.Count() })
            .ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);

    private static bool IsNotAtBrowser(Actor by) => by is not { Kind: ActorKind.User, Method: AuthMethod.Session };

    private static async Task<Passkey?> FindAsync(ConsoleDbContext db, Guid userId, string? id, CancellationToken cancellationToken) =>
        IdText.TryParse(IdText.Passkey, id, out var passkeyId)
            ? await db.Passkeys.AsTracking().SingleOrDefaultAsync(p => p.UserId == userId && p.Id == passkeyId, cancellationToken)
            : null;

    private static async Task<List<PasskeyBody>> BodiesAsync(ConsoleDbContext db, Guid userId, CancellationToken cancellationToken) =>
        [
            .. (await db.Passkeys.AsNoTracking().Where(p => p.UserId == userId).OrderBy(p => p.Id).ToListAsync(cancellationToken)).Select(
                BodyOf
            ),
        ];

    private static object Facts(Passkey passkey) => new { passkey = IdText.Format(IdText.Passkey, passkey.Id), name = passkey.Name };

    private static PasskeyBody BodyOf(Passkey passkey) =>
        new()
        {
            Id = IdText.Format(IdText.Passkey, passkey.Id),
            Name = passkey.Name,
            CreatedAt = passkey.CreatedAt,
            LastUsedAt = passkey.LastUsedAt,
            Synced = passkey.Data.IsBackedUp,
            CopySuspectedAt = passkey.CopySuspectedAt,
        };

    private sealed record Pending(string State, Guid? SessionId);
}
