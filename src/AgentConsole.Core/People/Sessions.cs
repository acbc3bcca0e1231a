using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.People;

/// <summary>The signed-in browsers of a person.</summary>
public sealed class SessionService(ConsoleStore store, AccessDirectory access, IOptions<SignInOptions> options, TimeProvider clock)
{
    /// <summary>Opens a session within the write; its id is new, whatever the browser brought along.</summary>
    internal UserSession Open(Write write, User user, CallOrigin origin, bool breakGlass = false)
    {
        var session = new UserSession
        {
            Id = write.NewId(),
            OrganizationId = user.OrganizationId,
            UserId = user.Id,
            CreatedAt = write.Now,
            LastSeenAt = write.Now,
            ExpiresAt = breakGlass ? write.Now.AddMinutes(options.Value.BreakGlassMinutes) : EndOf(write.Now, write.Now, options.Value),
            Address = Texts.Clip(origin.Address, 64),
            UserAgent = Texts.Clip(origin.UserAgent, 256),
            AuthenticatedAt = write.Now,
            BreakGlass = breakGlass,
        };
        write.Db.Add(session);
        write.AfterCommit(() => access.AddSessionAsync(CardOf(session)));
        return session;
    }

    /// <summary>Ends the user's sessions within the write. Answers how many there were.</summary>
    internal async Task<int> EndAsync(Write write, Guid userId, Guid? except, CancellationToken cancellationToken)
    {
        var sessions = await write
            .Db.UserSessions.AsTracking()
            .Where(s => s.UserId == userId && s.Id != except && s.RevokedAt == null && s.ExpiresAt > write.Now)
            .ToListAsync(cancellationToken);
        foreach (var session in sessions)
            session.RevokedAt = write.Now;
        if (sessions.Count > 0)
            write.AfterCommit(() => access.EndSessionsAsync([.. sessions.Select(s => s.Id)]));
        return sessions.Count;
    }

    /// <summary>One's own sessions that are still good, newest use first.</summary>
    public async Task<Outcome<IReadOnlyList<SessionBody>>> ListAsync(Actor by, CancellationToken cancellationToken)
    {
        if (by.Kind != ActorKind.User)
            return PeopleProblems.SessionNeeded;
        await using var db = await store.ReadAsync(cancellationToken);
        var now = access.Current;
        var open = await db
            .UserSessions.Where(s => s.OrganizationId == by.OrganizationId && s.UserId == by.Id && s.RevokedAt == null)
            .OrderByDescending(s => s.LastSeenAt)
            .ToListAsync(cancellationToken);
        return open.Where(s => now.Sessions.TryGetValue(s.Id, out var card) && card.ExpiresAt > clock.GetUtcNow())
            .Select(s => new SessionBody(
                IdText.Format(IdText.Session, s.Id),
                by.SessionId == s.Id,
                s.CreatedAt,
                s.LastSeenAt,
                s.ExpiresAt,
                s.Address,
                s.UserAgent
            ))
            .ToList();
    }

    /// <summary>Ends one of one's own sessions.</summary>
    /// <param name="id">As shown: <c>ses_…</c>.</param>
    public async Task<Outcome<Done>> RevokeAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        if (by.Kind != ActorKind.User)
            return PeopleProblems.SessionNeeded;
        if (!IdText.TryParse(IdText.Session, id, out var sessionId))
            return PeopleProblems.SessionNotFound;
        await using var write = await store.WriteAsync(cancellationToken);
        var session = await write
            .Db.UserSessions.AsTracking()
            .SingleOrDefaultAsync(
                s => s.OrganizationId == by.OrganizationId && s.Id == sessionId && s.UserId == by.Id && s.RevokedAt == null,
                cancellationToken
            );
        if (session is null)
            return PeopleProblems.SessionNotFound;
        session.RevokedAt = write.Now;
        write.Trail(
            by,
            sessionId == by.CredentialId ? "user.signed-out" : "session.revoked",
            new TrailTarget("user", by.Id, by.Label),
            after: new { session = id }
        );
        write.TellPeople(by.OrganizationId, by.Id!.Value);
        write.AfterCommit(() => access.EndSessionsAsync([sessionId]));
        return await write.CommitAsync(by, new Done(), cancellationToken);
    }

    /// <summary>Ends every session of one's own but the one that asks.</summary>
    public async Task<Outcome<Done>> RevokeOthersAsync(Actor by, CancellationToken cancellationToken)
    {
        if (by.Kind != ActorKind.User)
            return PeopleProblems.SessionNeeded;
        await using var write = await store.WriteAsync(cancellationToken);
        var ended = await EndAsync(write, by.Id!.Value, by.SessionId, cancellationToken);
        if (ended == 0)
            return new Done();
        write.Trail(by, "session.revoked", new TrailTarget("user", by.Id, by.Label), after: new { others = ended });
        write.TellPeople(by.OrganizationId, by.Id.Value);
        return await write.CommitAsync(by, new Done(), cancellationToken);
    }

    /// <summary>Ends the session that asks.</summary>
    public Task<Outcome<Done>> SignOutAsync(Actor by, CancellationToken cancellationToken) =>
        by.SessionId is { } id
            ? RevokeAsync(by, IdText.Format(IdText.Session, id), cancellationToken)
            : Task.FromResult<Outcome<Done>>(PeopleProblems.SessionNeeded);

    internal static DateTimeOffset EndOf(DateTimeOffset createdAt, DateTimeOffset usedAt, SignInOptions options)
    {
        var idle = usedAt.AddHours(options.SessionHours);
        var most = createdAt.AddDays(options.SessionMaxDays);
        return idle < most ? idle : most;
    }

    private static SessionCard CardOf(UserSession session) =>
        new(session.Id, session.UserId, session.CreatedAt, session.ExpiresAt, session.AuthenticatedAt, session.BreakGlass);
}
