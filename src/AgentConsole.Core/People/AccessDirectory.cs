using System.Collections.Frozen;
using System.Collections.Immutable;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.People;

/// <summary>What access needs to know of a person or service account.</summary>
public sealed record Principal(Guid Id, Guid OrganizationId, ActorKind Kind, string Label, string DisplayName, bool Enabled, Grants Grants)
{
    /// <summary>Since when a user is disabled.</summary>
    public DateTimeOffset? DisabledAt { get; init; }

    /// <summary>Nobody's account: not to be offered as an owner or a member.</summary>
    public bool BreakGlass { get; init; }
}

/// <param name="TimeZone">IANA id; null for the organization's. <see cref="AccessSnapshot.ZoneOf"/> says which one counts.</param>
public sealed record TeamCard(Guid Id, Guid OrganizationId, string Slug, string Name, string? TimeZone = null);

/// <summary>What access needs to know of a token; its secret's keyed hash is the index.</summary>
public sealed record TokenCard(
    Guid Id,
    Guid OrganizationId,
    Guid OwnerId,
    FrozenSet<string> Scopes,
    FrozenSet<Guid>? TeamLimit,
    DateTimeOffset? ExpiresAt,
    bool Revoked
);

/// <param name="AuthenticatedAt">When the person last proved who they are; dangerous acts look at it.</param>
/// <param name="BreakGlass">Opened with a sealed code: short, and never prolonged.</param>
public sealed record SessionCard(
    Guid Id,
    Guid UserId,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt,
    DateTimeOffset AuthenticatedAt,
    bool BreakGlass
);

/// <summary>An immutable picture of who may do what. Roles are read from the newest one at each operation.</summary>
public sealed record AccessSnapshot
{
    public long Version { get; init; }
    public FrozenDictionary<Guid, Principal> Principals { get; init; } = FrozenDictionary<Guid, Principal>.Empty;
    public FrozenDictionary<Guid, TeamCard> Teams { get; init; } = FrozenDictionary<Guid, TeamCard>.Empty;
    public FrozenDictionary<(Guid Organization, string Slug), TeamCard> TeamsBySlug { get; init; } =
        FrozenDictionary<(Guid, string), TeamCard>.Empty;

    /// <summary>Lowercase hex of the keyed hash to token, revoked and expired ones included, so that they are refused by their own code.</summary>
    public FrozenDictionary<string, TokenCard> Tokens { get; init; } = FrozenDictionary<string, TokenCard>.Empty;

    /// <summary>Sessions that are not revoked; an expired one may still stand here, so compare <see cref="SessionCard.ExpiresAt"/>.</summary>
    public ImmutableDictionary<Guid, SessionCard> Sessions { get; init; } = ImmutableDictionary<Guid, SessionCard>.Empty;
    public FrozenDictionary<Guid, string> Organizations { get; init; } = FrozenDictionary<Guid, string>.Empty;
    public FrozenSet<Guid> SuspendedOrganizations { get; init; } = [];

    /// <summary>Organization to the IANA id of its time zone.</summary>
    public FrozenDictionary<Guid, string> Zones { get; init; } = FrozenDictionary<Guid, string>.Empty;

    /// <summary>The IANA id of the zone whose days count: the team's, else the organization's, else UTC.</summary>
    public string ZoneOf(Guid organizationId, Guid? teamId = null) =>
        (teamId is { } id && Teams.TryGetValue(id, out var team) && team.OrganizationId == organizationId ? team.TimeZone : null)
        ?? Zones.GetValueOrDefault(organizationId)
        ?? Common.Zones.Utc;

    /// <summary>Uses of break-glass accounts that nobody has reviewed yet, newest first.</summary>
    public FrozenDictionary<Guid, IReadOnlyList<BreakGlassCard>> Unreviewed { get; init; } =
        FrozenDictionary<Guid, IReadOnlyList<BreakGlassCard>>.Empty;

    /// <summary>A team of this organization by slug or id.</summary>
    public TeamCard? FindTeam(Guid organizationId, string slugOrId)
    {
        if (TeamsBySlug.TryGetValue((organizationId, slugOrId), out var team))
            return team;
        return
            Common.IdText.TryParse(Common.IdText.Team, slugOrId, out var id)
            && Teams.TryGetValue(id, out team)
            && team.OrganizationId == organizationId
            ? team
            : null;
    }
}

/// <summary>
/// Holds the newest <see cref="AccessSnapshot"/>. Whoever changes people, teams or tokens reloads it in the same step as the commit; sessions come and
/// go too often for that and change the picture alone.
/// </summary>
public sealed class AccessDirectory(IDbContextFactory<ConsoleDbContext> contexts, TimeProvider clock) : ILoadAtStart, IRefreshOnNews
{
    private readonly SemaphoreSlim _reload = new(1, 1);
    private AccessSnapshot _current = new();

    /// <summary>Raised after each reload, on the reloading thread; circuits, hubs and streams check themselves then.</summary>
    public event Action<AccessSnapshot>? Changed;

    public AccessSnapshot Current => Volatile.Read(ref _current);

    Task ILoadAtStart.LoadAsync(ConsoleDbContext db, CancellationToken cancellationToken) => ReloadAsync();

    bool IRefreshOnNews.Concerns(string noun) => noun is HeldNouns.Access or HeldNouns.Session;

    async Task IRefreshOnNews.RefreshAsync(IReadOnlyList<LiveEvent> news, CancellationToken cancellationToken)
    {
        if (news.Any(e => e.Noun == HeldNouns.Access))
        {
            await ReloadAsync();
            return;
        }
        foreach (var ids in news.Select(e => e.Id).Distinct().Chunk(500))
            await ReloadSessionsAsync(ids, cancellationToken);
    }

    /// <summary>Reads everything anew; call it from <see cref="Write.AfterCommit(Func{Task})"/> after changing people, teams or tokens.</summary>
    public async Task ReloadAsync()
    {
        await _reload.WaitAsync();
        try
        {
            await using var db = await contexts.CreateDbContextAsync();
            db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
            var next = await ReadAsync(db, _current.Version + 1);
            Volatile.Write(ref _current, next);
            Changed?.Invoke(next);
        }
        finally
        {
            _reload.Release();
        }
    }

    /// <summary>Adds a session; call it from <see cref="Write.AfterCommit(Func{Task})"/>.</summary>
    public Task AddSessionAsync(SessionCard session) => ChangeSessionsAsync(known => known.SetItem(session.Id, session), tell: false);

    /// <summary>Changes what is known of sessions; one that was ended meanwhile stays ended.</summary>
    internal Task ChangeSessionsAsync(IReadOnlyCollection<Guid> sessions, Func<SessionCard, SessionCard> change) =>
        ChangeSessionsAsync(
            known => known.SetItems(sessions.Where(known.ContainsKey).Select(id => KeyValuePair.Create(id, change(known[id])))),
            tell: false
        );

    /// <summary>Ends sessions at once; call it from <see cref="Write.AfterCommit(Func{Task})"/>.</summary>
    public Task EndSessionsAsync(IReadOnlyCollection<Guid> sessions) =>
        ChangeSessionsAsync(known => known.RemoveRange(sessions), tell: true);

    /// <summary>Forgets sessions that have expired, so that the picture does not grow.</summary>
    internal Task ForgetExpiredAsync()
    {
        var now = clock.GetUtcNow();
        return ChangeSessionsAsync(known => known.RemoveRange(known.Values.Where(s => s.ExpiresAt <= now).Select(s => s.Id)), tell: false);
    }

    private async Task ReloadSessionsAsync(Guid[] ids, CancellationToken cancellationToken)
    {
        await _reload.WaitAsync(cancellationToken);
        try
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var now = clock.GetUtcNow();
            var alive = await db
                .UserSessions.AsNoTracking()
                .Where(s => ids.Contains(s.Id) && s.RevokedAt == null && s.ExpiresAt > now)
                .Select(s => new SessionCard(s.Id, s.UserId, s.CreatedAt, s.ExpiresAt, s.AuthenticatedAt, s.BreakGlass))
                .ToListAsync(cancellationToken);
            var ended = ids.Except(alive.Select(s => s.Id)).Any(_current.Sessions.ContainsKey);
            var next = _current with
            {
                Sessions = _current.Sessions.RemoveRange(ids).SetItems(alive.Select(s => KeyValuePair.Create(s.Id, s))),
            };
            Volatile.Write(ref _current, next);
            if (ended)
                Changed?.Invoke(next);
        }
        finally
        {
            _reload.Release();
        }
    }

    // Under the same lock as a reload: one that read the store before this commit must not publish after it.
    private async Task ChangeSessionsAsync(
        Func<ImmutableDictionary<Guid, SessionCard>, ImmutableDictionary<Guid, SessionCard>> change,
        bool tell
    )
    {
        await _reload.WaitAsync();
        try
        {
            var next = _current with { Sessions = change(_current.Sessions) };
            Volatile.Write(ref _current, next);
            if (tell)
                Changed?.Invoke(next);
        }
        finally
        {
            _reload.Release();
        }
    }

    private async Task<AccessSnapshot> ReadAsync(ConsoleDbContext db, long version)
    {
        var now = clock.GetUtcNow();
        var organizations = await db
            .Organizations.Select(o => new
            {
                o.Id,
                o.Name,
                o.Suspended,
                o.TimeZone,
            })
            .ToListAsync();
        var teams = await db.Teams.Select(t => new TeamCard(t.Id, t.OrganizationId, t.Slug, t.Name, t.TimeZone)).ToListAsync();
        var roles = (await db.Memberships.ToListAsync()).ToLookup(m => m.PrincipalId);
        var users = await db
            .Users.Select(u => new
            {
                u.Id,
                u.OrganizationId,
                u.Email,
                u.DisplayName,
                u.Disabled,
                u.DisabledAt,
                u.Roles,
                u.BreakGlass,
            })
            .ToListAsync();
        var accounts = await db
            .ServiceAccounts.Select(a => new
            {
                a.Id,
                a.OrganizationId,
                a.Name,
                a.Disabled,
                a.Roles,
            })
            .ToListAsync();
        var tokens = await db
            .ApiTokens.Select(t => new
            {
                t.Id,
                t.OrganizationId,
                t.OwnerId,
                t.Scopes,
                t.TeamIds,
                t.ExpiresAt,
                t.RevokedAt,
                t.Hash,
            })
            .ToListAsync();
        var sessions = await db
            .UserSessions.Where(s => s.RevokedAt == null && s.ExpiresAt > now)
            .Select(s => new SessionCard(s.Id, s.UserId, s.CreatedAt, s.ExpiresAt, s.AuthenticatedAt, s.BreakGlass))
            .ToListAsync();

        var unreviewed = await db
            .BreakGlassUses.Where(u => u.ReviewedAt == null)
            .OrderByDescending(u => u.Id)
            .Select(u => new { u.OrganizationId, Card = new BreakGlassCard(u.Id, u.Name, u.UsedAt, u.EndsAt, u.Reason) })
            .ToListAsync();

        Grants GrantsOf(Guid id, OrganizationRoles organization) =>
            new(organization, roles[id].ToFrozenDictionary(m => m.TeamId, m => m.Roles));
        var principals = users
            .Select(u => new Principal(
                u.Id,
                u.OrganizationId,
                ActorKind.User,
                u.Email ?? u.DisplayName,
                u.DisplayName,
                !u.Disabled,
                GrantsOf(u.Id, u.Roles)
            )
            {
                DisabledAt = u.DisabledAt,
                BreakGlass = u.BreakGlass,
            })
            .Concat(
                accounts.Select(a => new Principal(
                    a.Id,
                    a.OrganizationId,
                    ActorKind.ServiceAccount,
                    a.Name,
                    a.Name,
                    !a.Disabled,
                    GrantsOf(a.Id, a.Roles)
                ))
            );
        return new AccessSnapshot
        {
            Version = version,
            Principals = principals.ToFrozenDictionary(p => p.Id),
            Teams = teams.ToFrozenDictionary(t => t.Id),
            TeamsBySlug = teams.ToFrozenDictionary(t => (t.OrganizationId, t.Slug)),
            Tokens = tokens.ToFrozenDictionary(
                t => Convert.ToHexStringLower(t.Hash),
                t => new TokenCard(
                    t.Id,
                    t.OrganizationId,
                    t.OwnerId,
                    t.Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal),
                    t.TeamIds.Count == 0 ? null : t.TeamIds.ToFrozenSet(),
                    t.ExpiresAt,
                    t.RevokedAt is not null
                ),
                StringComparer.Ordinal
            ),
            Sessions = sessions.ToImmutableDictionary(s => s.Id),
            Organizations = organizations.ToFrozenDictionary(o => o.Id, o => o.Name),
            Zones = organizations.ToFrozenDictionary(o => o.Id, o => o.TimeZone),
            SuspendedOrganizations = organizations.Where(o => o.Suspended).Select(o => o.Id).ToFrozenSet(),
            Unreviewed = unreviewed
                .GroupBy(u => u.OrganizationId)
                .ToFrozenDictionary(g => g.Key, g => (IReadOnlyList<BreakGlassCard>)[.. g.Select(u => u.Card)]),
        };
    }
}
