using System.Security.Cryptography;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.People;

/// <summary>
/// Break-glass accounts of an organization: sealed by an org-admin, opened once with the code in the envelope, and not forgotten until somebody
/// reviewed what was done.
/// </summary>
public sealed class BreakGlassService(
    ConsoleStore store,
    AccessDirectory access,
    MasterKey master,
    SessionService sessions,
    SignInGuard guard,
    RefusalRecorder refusals
)
{
    /// <summary>The accounts, oldest first, for org-admins and auditors.</summary>
    public async Task<Outcome<IReadOnlyList<BreakGlassBody>>> ListAsync(Actor by, CancellationToken cancellationToken)
    {
        if (!MayLook(by))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        await using var db = await store.ReadAsync(cancellationToken);
        var accounts = await db
            .BreakGlassAccounts.Where(a => a.OrganizationId == by.OrganizationId)
            .OrderBy(a => a.Id)
            .ToListAsync(cancellationToken);
        return Outcomes.Of<BreakGlassBody>([.. accounts.Select(BodyOf)]);
    }

    /// <summary>The latest uses, those without a review first.</summary>
    public async Task<Outcome<IReadOnlyList<BreakGlassUseBody>>> UsesAsync(Actor by, CancellationToken cancellationToken)
    {
        if (!MayLook(by))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        await using var db = await store.ReadAsync(cancellationToken);
        var uses = await db
            .BreakGlassUses.Where(u => u.OrganizationId == by.OrganizationId)
            .OrderBy(u => u.ReviewedAt == null ? 0 : 1)
            .ThenByDescending(u => u.Id)
            .Take(100)
            .ToListAsync(cancellationToken);
        return Outcomes.Of<BreakGlassUseBody>([.. uses.Select(u => BodyOf(u, IsOpen(u)))]);
    }

    /// <summary>Makes an account and its code, which is in the answer, once.</summary>
    /// <param name="name">Where the envelope will lie.</param>
    public async Task<Outcome<BreakGlassBody>> SealAsync(Actor by, string? name, CancellationToken cancellationToken)
    {
        if (Refusal(by) is { } refused)
            return refused;
        var errors = new FieldErrors();
        var called = Texts.Line(name, "name", 100, errors, required: true);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        await using var write = await store.WriteAsync(cancellationToken);
        await write.LockOrganizationAsync(by.OrganizationId, cancellationToken);
        if (
            await write.Db.BreakGlassAccounts.CountAsync(a => a.OrganizationId == by.OrganizationId, cancellationToken)
            >= BreakGlassAccount.Most
        )
            return PeopleProblems.TooMany("break-glass accounts", BreakGlassAccount.Most);
        var id = write.NewId();
        var code = BreakGlassCode.Create();
        write.Db.Add(
            new User
            {
                Id = id,
                OrganizationId = by.OrganizationId,
                DisplayName = "Break-glass: " + called,
                UserName = "break-glass " + IdText.Format(IdText.BreakGlass, id),
                NormalizedUserName = "BREAK-GLASS " + IdText.Format(IdText.BreakGlass, id).ToUpperInvariant(),
                Roles = OrganizationRoles.OrgAdmin,
                BreakGlass = true,
                SecurityStamp = Guid.NewGuid().ToString("n"),
                CreatedAt = write.Now,
                Revision = 1,
            }
        );
        var account = new BreakGlassAccount
        {
            Id = id,
            OrganizationId = by.OrganizationId,
            Name = called!,
            CodeHash = Hash(BreakGlassCode.Read(code)!),
            SealedAt = write.Now,
            SealedBy = by.Label,
        };
        write.Db.Add(account);
        write.Trail(by, "break-glass.sealed", Target(account));
        Finish(write, account);
        return await write.TryCommitAsync(cancellationToken) ? BodyOf(account) with { Code = code } : Write.LostRace();
    }

    /// <summary>Makes a new code for an account; the one before opens nothing from now on.</summary>
    public async Task<Outcome<BreakGlassBody>> SealAgainAsync(Actor by, string? id, CancellationToken cancellationToken)
    {
        if (Refusal(by) is { } refused)
            return refused;
        await using var write = await store.WriteAsync(cancellationToken);
        await write.LockOrganizationAsync(by.OrganizationId, cancellationToken);
        if (await FindAsync(write.Db, by, id, cancellationToken) is not { } account)
            return BreakGlassProblems.NotFound;
        var code = BreakGlassCode.Create();
        write.Trail(by, "break-glass.sealed", Target(account), after: new { again = true, before_was_used = account.CodeHash is null });
        account.CodeHash = Hash(BreakGlassCode.Read(code)!);
        account.SealedAt = write.Now;
        account.SealedBy = by.Label;
        account.TestedAt = null;
        Finish(write, account);
        return await write.TryCommitAsync(cancellationToken) ? BodyOf(account) with { Code = code } : Write.LostRace();
    }

    /// <summary>Says whether the code in the envelope is the one that opens the account, without using it.</summary>
    public async Task<Outcome<BreakGlassBody>> TestAsync(Actor by, string? id, string? code, CancellationToken cancellationToken)
    {
        if (Refusal(by) is { } refused)
            return refused;
        await using var write = await store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db, by, id, cancellationToken) is not { } account)
            return BreakGlassProblems.NotFound;
        if (BreakGlassCode.Read(code) is not { } plain)
            return BreakGlassProblems.Mistyped;
        var fits = account.CodeHash is { } hash && CryptographicOperations.FixedTimeEquals(hash, Hash(plain));
        if (fits)
            account.TestedAt = write.Now;
        write.Trail(
            by,
            "break-glass.tested",
            Target(account),
            after: new { fits },
            outcome: fits ? TrailOutcome.Done : TrailOutcome.Refused
        );
        write.TellPeople(account.OrganizationId, account.Id);
        if (!await write.TryCommitAsync(cancellationToken))
            return Write.LostRace();
        return fits
            ? BodyOf(account)
            : Problem.Invalid(
                "code",
                "This is not the code of this account: seal a new one. Codes that were used or replaced open nothing."
            );
    }

    /// <summary>Removes an account; a session that was opened with it ends.</summary>
    public async Task<Outcome<Done>> RemoveAsync(Actor by, string? id, CancellationToken cancellationToken)
    {
        if (Refusal(by) is { } refused)
            return refused;
        await using var write = await store.WriteAsync(cancellationToken);
        await write.LockOrganizationAsync(by.OrganizationId, cancellationToken);
        if (
            await FindAsync(write.Db, by, id, cancellationToken) is not { } account
            || await write.LockUserAsync(account.Id, cancellationToken) is not { } user
        )
            return BreakGlassProblems.NotFound;
        write.Db.Remove(account);
        user.Disabled = true; // stays, so that history keeps its name
        var ended = await sessions.EndAsync(write, user.Id, null, cancellationToken);
        write.Trail(by, "break-glass.removed", Target(account), after: new { sessions_ended = ended });
        Finish(write, account);
        return await write.TryCommitAsync(cancellationToken) ? new Done() : Write.LostRace();
    }

    /// <summary>Opens the account: a short session with an org-admin's rights. The code is used up.</summary>
    /// <param name="reason">Why nobody could come in otherwise; stands in the trail and in the review.</param>
    public async Task<Outcome<SignInResult>> UseAsync(string? code, string? reason, CallOrigin origin, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var why = Texts.Line(reason, "reason", 500, errors, required: true);
        var plain = BreakGlassCode.Read(code);
        if (plain is null)
            errors.Add("code", BreakGlassProblems.Mistyped.Detail);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var hash = Hash(plain!);
        await using var write = await store.WriteAsync(cancellationToken);
        var accounts = await write.Db.BreakGlassAccounts.AsNoTracking().Where(a => a.CodeHash != null).ToListAsync(cancellationToken);
        BreakGlassAccount? known = null;
        foreach (var account in accounts) // all of them, so that the time tells nothing
        {
            if (CryptographicOperations.FixedTimeEquals(account.CodeHash, hash))
                known = account;
        }
        if (known is null)
        {
            await write.DisposeAsync();
            foreach (var organization in accounts.Select(a => a.OrganizationId).Distinct())
            {
                refusals.Note(
                    PeopleWrites.Unproven(organization, origin),
                    "break-glass of " + IdText.Format(IdText.Organization, organization),
                    BreakGlassProblems.Refused
                );
            }
            await guard.RefuseAsync(null, "break-glass", (_, _) => false, origin, cancellationToken);
            return BreakGlassProblems.Refused;
        }
        await write.LockOrganizationAsync(known.OrganizationId, cancellationToken);
        // The statement decides between two who come with the same code.
        var taken = await write
            .Db.BreakGlassAccounts.Where(a => a.OrganizationId == known.OrganizationId && a.Id == known.Id && a.CodeHash == hash)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.CodeHash, (byte[]?)null), cancellationToken);
        if (taken == 0 || await write.LockUserAsync(known.Id, cancellationToken) is not { Disabled: false } user)
            return BreakGlassProblems.Refused;
        if (access.Current.SuspendedOrganizations.Contains(user.OrganizationId))
            return ActorSource.OrganizationSuspended;
        user.LastSignInAt = write.Now;
        var session = sessions.Open(write, user, origin, breakGlass: true);
        var use = new BreakGlassUse
        {
            Id = write.NewId(),
            OrganizationId = user.OrganizationId,
            AccountId = user.Id,
            Name = known.Name,
            SessionId = session.Id,
            UsedAt = write.Now,
            EndsAt = session.ExpiresAt,
            Reason = why!,
            Address = session.Address,
            UserAgent = session.UserAgent,
        };
        write.Db.Add(use);
        write.Trail(
            PeopleWrites.Proven(user, AuthMethod.BreakGlass, session.Id, origin),
            "break-glass.used",
            Target(known),
            after: new { session = IdText.Format(IdText.Session, session.Id), until = session.ExpiresAt },
            reason: why
        );
        Finish(write, known);
        return await write.TryCommitAsync(cancellationToken) ? new SignInResult(user.Id, session.Id, null) : Write.LostRace();
    }

    /// <summary>Writes the review of a use, which takes its banner away. Not from the session under review.</summary>
    public async Task<Outcome<BreakGlassUseBody>> ReviewAsync(Actor by, string? id, string? text, CancellationToken cancellationToken)
    {
        if (!by.MayEverywhere(Permission.ManageOrganization))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        if (IsNotAPerson(by))
            return BreakGlassProblems.Itself;
        await using var write = await store.WriteAsync(cancellationToken);
        if (
            !IdText.TryParse(IdText.BreakGlassUse, id, out var useId)
            || await write
                .Db.BreakGlassUses.AsTracking()
                .SingleOrDefaultAsync(u => u.OrganizationId == by.OrganizationId && u.Id == useId, cancellationToken)
                is not { } use
        )
            return BreakGlassProblems.UseNotFound;
        var errors = new FieldErrors();
        var review = Texts.Block(text, "review", 2000, errors, required: true);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var now = write.Now;
        if (use.ReviewedAt is not null)
            return BreakGlassProblems.Reviewed;
        use.ReviewedAt = now;
        use.ReviewedBy = by.Label;
        use.Review = review;
        write.Trail(
            by,
            "break-glass.reviewed",
            new TrailTarget("break-glass", use.AccountId, use.Name),
            after: new { use = id, used_at = use.UsedAt },
            reason: review
        );
        write.TellPeople(use.OrganizationId, use.AccountId);
        write.AfterCommit(access.ReloadAsync);
        return await write.TryCommitAsync(cancellationToken) ? BodyOf(use, IsOpen(use)) : Write.LostRace();
    }

    private bool IsOpen(BreakGlassUse use) => access.Current.Sessions.ContainsKey(use.SessionId);

    // An auditor reads; changes are the org-admin's.
    private static bool MayLook(Actor by) => by.TeamLimit is null && by.MayEverywhere(Permission.ReadTrail);

    private static Problem? Refusal(Actor by) =>
        !by.MayEverywhere(Permission.ManageOrganization) ? Actor.MissingRole(Permission.ManageOrganization, null)
        : IsNotAPerson(by) ? BreakGlassProblems.Itself
        : StepUp.Require(by);

    private static bool IsNotAPerson(Actor by) => by is not { Kind: ActorKind.User, Method: AuthMethod.Session };

    private static async Task<BreakGlassAccount?> FindAsync(
        ConsoleDbContext db,
        Actor by,
        string? id,
        CancellationToken cancellationToken
    ) =>
        IdText.TryParse(IdText.BreakGlass, id, out var accountId)
            ? await db
                .BreakGlassAccounts.AsTracking()
                .SingleOrDefaultAsync(a => a.OrganizationId == by.OrganizationId && a.Id == accountId, cancellationToken)
            : null;

    private byte[] Hash(string plain) => master.Hash("break-glass:" + plain);

    private static TrailTarget Target(BreakGlassAccount account) => new("break-glass", account.Id, account.Name);

    private void Finish(Write write, BreakGlassAccount account)
    {
        write.TellPeople(account.OrganizationId, account.Id);
        write.AfterCommit(access.ReloadAsync);
    }

    private static BreakGlassBody BodyOf(BreakGlassAccount account) =>
        new()
        {
            Id = IdText.Format(IdText.BreakGlass, account.Id),
            Name = account.Name,
            State = account.CodeHash is null ? "used" : "sealed",
            SealedAt = account.SealedAt,
            SealedBy = account.SealedBy,
            TestedAt = account.TestedAt,
        };

    private static BreakGlassUseBody BodyOf(BreakGlassUse use, bool open) =>
        new()
        {
            Id = IdText.Format(IdText.BreakGlassUse, use.Id),
            Name = use.Name,
            UsedAt = use.UsedAt,
            EndsAt = use.EndsAt,
            Open = open,
            Reason = use.Reason,
            Address = use.Address,
            UserAgent = use.UserAgent,
            ReviewedAt = use.ReviewedAt,
            ReviewedBy = use.ReviewedBy,
            Review = use.Review,
        };
}
