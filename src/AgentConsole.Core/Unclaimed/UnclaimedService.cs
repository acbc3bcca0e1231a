using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Unclaimed;

/// <summary>Which sightings are wanted.</summary>
public sealed record UnclaimedFilter
{
    /// <summary>Part of the name.</summary>
    public string? Text { get; init; }
    public SightingState State { get; init; }

    /// <summary>Reads members of an address. What makes no sense is left out and named in <paramref name="errors"/>.</summary>
    public static UnclaimedFilter Parse(Func<string, string?> value, FieldErrors errors) =>
        new()
        {
            Text = Texts.Line(value("q"), "q", 100, errors),
            State = KebabCase.Read<SightingState>(Texts.Line(value("state"), "state", 20, errors), "state", errors) ?? default,
        };

    /// <summary>The members that are set, as names and values of an address; <see cref="Parse"/> reads them back.</summary>
    public IEnumerable<KeyValuePair<string, string>> ToQuery()
    {
        if (Text is not null)
            yield return new("q", Text);
        if (State != default)
            yield return new("state", KebabCase.Of(State));
    }
}

/// <summary>
/// What people do with agents that report and are not registered. One sees those whose token covers a team in which one may edit agents; the others
/// do not exist.
/// </summary>
public sealed class UnclaimedService(ConsoleStore store, AccessDirectory access, AgentService agents, SightingBook book, IFirstKey firstKey)
{
    /// <summary>Newest first.</summary>
    public async Task<Outcome<Paged<UnclaimedBody>>> ListAsync(
        Actor by,
        UnclaimedFilter filter,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        var now = access.Current;
        await using var db = await store.ReadAsync(cancellationToken);
        var sightings = Visible(db, by, now);
        var state = filter.State;
        sightings = sightings.Where(s => s.State == state);
        if (filter.Text?.ToLowerInvariant() is { } text)
            sightings = sightings.Where(s => s.Name.Contains(text));
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var after) || !IdText.TryParse(IdText.Unclaimed, after[0], out var last))
                return Cursor.Bad();
            sightings = sightings.Where(s => s.Id < last);
        }
        var rows = await sightings.OrderByDescending(s => s.Id).Take(page.Limit + 1).ToListAsync(cancellationToken);
        var tokens = await TokensAsync(db, rows, cancellationToken);
        return Paged<Sighting>
            .Of(rows, page.Limit, last => [IdText.Format(IdText.Unclaimed, last.Id)])
            .Map(s => Body(by, s, tokens.GetValueOrDefault(s.TokenId), now));
    }

    /// <summary>One that waits or is blocked; not found once it is registered, whoever registered it.</summary>
    public async Task<Outcome<UnclaimedBody>> GetAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        if (await FindAsync(db, by, id, cancellationToken) is not { } sighting)
            return UnclaimedProblems.NotFound;
        var token = (await TokensAsync(db, [sighting], cancellationToken)).GetValueOrDefault(sighting.TokenId);
        return Body(by, sighting, token, access.Current);
    }

    /// <summary>How many wait, among those the actor sees, and since when the first of them.</summary>
    public async Task<(int Count, DateTimeOffset? Since)> WaitingAsync(Actor by, CancellationToken cancellationToken)
    {
        if (by.TeamsWith(Permission.EditAgents) is { All: false, Ids.Length: 0 })
            return (0, null);
        await using var db = await store.ReadAsync(cancellationToken);
        var open = Visible(db, by, access.Current).Where(s => s.State == SightingState.Open);
        var count = await open.CountAsync(cancellationToken);
        return (count, count == 0 ? null : await open.MinAsync(s => s.FirstSeenAt, cancellationToken));
    }

    /// <summary>How many wait, among those the actor sees.</summary>
    public async Task<int> CountAsync(Actor by, CancellationToken cancellationToken) => (await WaitingAsync(by, cancellationToken)).Count;

    /// <summary>The teams of the token in which the actor may register the agent.</summary>
    public IReadOnlyList<TeamCard> TeamsFor(Actor by, string tokenId)
    {
        var now = access.Current;
        if (!IdText.TryParse(IdText.Token, tokenId, out var id) || CardOf(now, id) is not { } token)
            return [];
        var covered = TokenCoverage.Of(now, token);
        return
        [
            .. now
                .Teams.Values.Where(t => t.OrganizationId == by.OrganizationId && covered.Has(t.Id) && by.May(Permission.EditAgents, t.Id))
                .OrderBy(t => t.Name, StringComparer.OrdinalIgnoreCase),
        ];
    }

    /// <summary>Registers the agent under its name, with its first key in this answer, once. The sighting is closed.</summary>
    public async Task<Outcome<AgentBody>> ClaimAsync(Actor by, string id, Outcome<ClaimAgent> input, CancellationToken cancellationToken)
    {
        Sighting? found;
        await using (var db = await store.ReadAsync(cancellationToken))
            found = await FindAsync(db, by, id, cancellationToken);
        if (found is null)
            return UnclaimedProblems.NotFound;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var team = body.Team;
        if (string.IsNullOrEmpty(team))
        {
            var teams = TeamsFor(by, IdText.Format(IdText.Token, found.TokenId));
            if (teams.Count != 1)
                return Problem.Invalid("team", "The token is good for several teams: name the one that the agent belongs to.");
            team = teams[0].Slug;
        }
        var mayMint = AgentService.ResolveTeam(access.Current, by, team) is { } card && firstKey.Refusal(by, card.Id) is null;
        var register = new RegisterAgent
        {
            Slug = found.Name,
            DisplayName = body.DisplayName,
            Team = team,
            Owner = body.Owner,
            Environment = body.Environment,
            Tags = body.Tags,
            Key = body.Key ?? mayMint,
        };
        return await agents.RegisterAsync(
            by,
            register,
            async (write, agent) =>
            {
                var same = await write
                    .Db.Sightings.Where(s => s.OrganizationId == by.OrganizationId && s.Name == found.Name)
                    .ToListAsync(cancellationToken);
                write.Trail(
                    by,
                    "unclaimed.claimed",
                    AgentService.Target(agent),
                    before: new
                    {
                        token = IdText.Format(IdText.Token, found.TokenId),
                        reports = same.Sum(s => s.Count),
                        first_seen_at = found.FirstSeenAt,
                    }
                );
                foreach (var sighting in same)
                    book.Forget(write, sighting);
            },
            cancellationToken
        );
    }

    /// <summary>Refuses its reports from now on, until <see cref="UnblockAsync"/>.</summary>
    public Task<Outcome<UnclaimedBody>> BlockAsync(Actor by, string id, Outcome<string> reason, CancellationToken cancellationToken) =>
        MoveAsync(by, id, SightingState.Blocked, "unclaimed.blocked", reason, cancellationToken);

    public Task<Outcome<UnclaimedBody>> UnblockAsync(Actor by, string id, Outcome<string> reason, CancellationToken cancellationToken) =>
        MoveAsync(by, id, SightingState.Open, "unclaimed.unblocked", reason, cancellationToken);

    private async Task<Outcome<UnclaimedBody>> MoveAsync(
        Actor by,
        string id,
        SightingState to,
        string action,
        Outcome<string> input,
        CancellationToken cancellationToken
    )
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db, by, id, cancellationToken) is not { } sighting)
            return UnclaimedProblems.NotFound;
        if (!input.Try(out var given, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var reason = Texts.Block(given, "reason", 500, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var now = access.Current;
        var token = (await TokensAsync(write.Db, [sighting], cancellationToken)).GetValueOrDefault(sighting.TokenId);
        if (sighting.State == to)
            return Body(by, sighting, token, now);
        var before = sighting.State;
        sighting.State = to;
        var blocked = to == SightingState.Blocked;
        sighting.Reason = blocked ? reason : null;
        sighting.BlockedBy = blocked ? Texts.Clip(by.Label, 256) : null;
        sighting.BlockedAt = blocked ? write.Now : null;
        var covered = CardOf(now, sighting.TokenId) is { } card ? TokenCoverage.Of(now, card) : TeamScope.Nothing;
        write.Trail(
            by,
            action,
            new TrailTarget("unclaimed", sighting.Id, sighting.Name, covered is { All: false, Ids: [var only] } ? only : null),
            new { state = KebabCase.Of(before) },
            new { state = KebabCase.Of(to), token = IdText.Format(IdText.Token, sighting.TokenId) },
            reason
        );
        book.Announce(write, sighting);
        return await write.CommitAsync(by, Body(by, sighting, token, now), cancellationToken);
    }

    private async Task<Sighting?> FindAsync(ConsoleDbContext db, Actor by, string id, CancellationToken cancellationToken) =>
        IdText.TryParse(IdText.Unclaimed, id, out var sighting)
            ? await Visible(db, by, access.Current).FirstOrDefaultAsync(s => s.Id == sighting, cancellationToken)
            : null;

    // What is registered by now is not unclaimed any more, whoever registered it.
    private static IQueryable<Sighting> Visible(ConsoleDbContext db, Actor by, AccessSnapshot now)
    {
        var organization = by.OrganizationId;
        var registered = db.Agents;
        var sightings = db.Sightings.Where(s =>
            s.OrganizationId == organization
            && !registered.Any(a => a.OrganizationId == organization && a.Slug == s.Name && a.DeletedAt == null)
        );
        var scope = by.TeamsWith(Permission.EditAgents);
        if (scope.All)
            return sightings;
        if (scope.Ids.Length == 0)
            return sightings.Where(s => false);
        var tokens = now
            .Tokens.Values.Where(t => t.OrganizationId == organization && TokenCoverage.Of(now, t).Meets(scope))
            .Select(t => t.Id)
            .ToArray();
        return sightings.Where(s => tokens.Contains(s.TokenId));
    }

    private static TokenCard? CardOf(AccessSnapshot now, Guid tokenId) => now.Tokens.Values.FirstOrDefault(t => t.Id == tokenId);

    private static async Task<Dictionary<Guid, ApiToken>> TokensAsync(
        ConsoleDbContext db,
        List<Sighting> rows,
        CancellationToken cancellationToken
    )
    {
        var ids = rows.Select(s => s.TokenId).Distinct().ToArray();
        return await db.ApiTokens.AsNoTracking().Where(t => ids.Contains(t.Id)).ToDictionaryAsync(t => t.Id, cancellationToken);
    }

    // Of the token's teams it names those that the reader may see.
    private static UnclaimedBody Body(Actor by, Sighting s, ApiToken? token, AccessSnapshot now)
    {
        var seen = by.TeamsWith(Permission.ReadFleet);
        var covered = CardOf(now, s.TokenId) is { } card ? TokenCoverage.Of(now, card) : TeamScope.Nothing;
        return new UnclaimedBody
        {
            Id = IdText.Format(IdText.Unclaimed, s.Id),
            Name = s.Name,
            State = KebabCase.Of(s.State),
            TokenId = IdText.Format(IdText.Token, s.TokenId),
            TokenName = token?.Name ?? "",
            TokenOwner = token is null ? null : now.Principals.GetValueOrDefault(token.OwnerId)?.Label,
            Teams = covered.All
                ? null
                :
                [
                    .. covered
                        .Ids.Where(seen.Has)
                        .Select(t => now.Teams.GetValueOrDefault(t)?.Slug)
                        .OfType<string>()
                        .Order(StringComparer.Ordinal),
                ],
            Address = s.Address,
            UserAgent = s.UserAgent,
            FirstSeenAt = s.FirstSeenAt,
            LastSeenAt = s.LastSeenAt,
            Reports = s.Count,
            LastKind = s.LastKind,
            LastStatus = s.LastStatus,
            InputTokens = s.InputTokens,
            OutputTokens = s.OutputTokens,
            Cost = Money.Format(s.CostMicros),
            Reason = s.Reason,
            BlockedBy = s.BlockedBy,
            BlockedAt = s.BlockedAt,
        };
    }
}

/// <summary>The teams for which a token is good: its own limit within those of its owner.</summary>
internal static class TokenCoverage
{
    public static TeamScope Of(AccessSnapshot now, TokenCard token)
    {
        var owner = now.Principals.GetValueOrDefault(token.OwnerId);
        if (owner is null)
            return TeamScope.Nothing;
        if (owner.Grants.Organization != OrganizationRoles.None)
            return token.TeamLimit is { } limit ? new TeamScope(false, [.. limit]) : TeamScope.Everything;
        return new TeamScope(false, [.. owner.Grants.Teams.Keys.Where(t => token.TeamLimit is null || token.TeamLimit.Contains(t))]);
    }

    public static bool Meets(this TeamScope covered, TeamScope other) => covered.All || covered.Ids.Any(other.Has);
}
