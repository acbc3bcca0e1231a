using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.People;

/// <summary>
/// Tokens for the API. A token's right is its scopes, within its teams, with the present roles of its owner; one made with a token never reaches
/// further than that token.
/// </summary>
public sealed class TokenService(ConsoleStore store, AccessDirectory access, MasterKey master, TimeProvider clock)
{
    private const int MostTokens = 200;
    private const int LongestLifeDays = 366;
    private const int MostTeams = 200;

    /// <summary>One's own tokens, newest first; with <paramref name="everybodys"/> those of the whole organization, for org-admins.</summary>
    public async Task<Outcome<Paged<TokenBody>>> ListAsync(Actor by, bool everybodys, PageRequest page, CancellationToken cancellationToken)
    {
        if (everybodys && !by.MayEverywhere(Permission.ManageOrganization))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        Guid? before = null;
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var key) || !IdText.TryParse(IdText.Token, key[0], out var id))
                return Cursor.Bad();
            before = id;
        }
        await using var db = await store.ReadAsync(cancellationToken);
        var rows = await db
            .ApiTokens.Where(t => t.OrganizationId == by.OrganizationId && (everybodys || t.OwnerId == by.Id))
            .Where(t => before == null || t.Id.CompareTo(before.Value) < 0)
            .OrderByDescending(t => t.Id)
            .Take(page.Limit + 1)
            .ToListAsync(cancellationToken);
        var now = access.Current;
        return Paged<ApiToken>
            .Of(rows, page.Limit, t => [IdText.Format(IdText.Token, t.Id)])
            .Map(t => PeopleBodies.Of(t, now, clock.GetUtcNow()));
    }

    public async Task<Outcome<TokenBody>> GetAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await FindAsync(db, by, id, cancellationToken) is { } token
            ? PeopleBodies.Of(token, access.Current, clock.GetUtcNow())
            : PeopleProblems.TokenNotFound;
    }

    /// <summary>Makes a token for oneself, or, as org-admin, for a service account. Its secret is in the answer, once.</summary>
    public async Task<Outcome<TokenBody>> CreateAsync(Actor by, Outcome<CreateToken> input, CancellationToken cancellationToken)
    {
        if (by.Kind is not (ActorKind.User or ActorKind.ServiceAccount))
            return PeopleProblems.SessionNeeded;
        // What outlives the hour of the envelope is made by a person.
        if (by.Method == AuthMethod.BreakGlass)
            return BreakGlassProblems.Itself;
        var now = access.Current;
        var owner = now.Principals[by.Id!.Value];
        if (input.Problem is null && !string.IsNullOrEmpty(input.Value.ServiceAccount))
        {
            if (!by.MayEverywhere(Permission.ManageOrganization))
                return Actor.MissingRole(Permission.ManageOrganization, null);
            if (
                TeamService.FindPrincipal(now, by.OrganizationId, input.Value.ServiceAccount)
                is not { Kind: ActorKind.ServiceAccount } account
            )
                return Problem.Invalid("service_account", "Is not the id of a service account of this organization.");
            owner = account;
        }
        if (input.Problem is null && input.Value.Scopes?.Contains(TokenScopes.Admin) == true && StepUp.Require(by) is { } first)
            return first;
        if (!input.Try(out var body, out var problem))
            return problem;
        var errors = new FieldErrors();
        var name = Texts.Line(body.Name, "name", 100, errors, required: true);
        var scopes = ReadScopes(by, body.Scopes, errors);
        var teams = ReadTeams(by, now, body.Teams, errors);
        CheckEnd(body.ExpiresAt, clock.GetUtcNow(), errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;

        await using var write = await store.WriteAsync(cancellationToken);
        var expiresAt = body.ExpiresAt;
        if (by.Method == AuthMethod.Token)
        {
            var maker = await write
                .Db.ApiTokens.AsNoTracking()
                .SingleAsync(t => t.OrganizationId == by.OrganizationId && t.Id == by.CredentialId, cancellationToken);
            if (maker.ExpiresAt is { } end && (expiresAt is null || expiresAt > end))
                return Problem.Invalid("expires_at", "May not lie after the end of the token that makes it.");
        }
        var count = await write.Db.ApiTokens.CountAsync(
            t => t.OrganizationId == by.OrganizationId && t.OwnerId == owner.Id && t.RevokedAt == null,
            cancellationToken
        );
        if (count >= MostTokens)
            return PeopleProblems.TooMany("tokens of this owner", MostTokens);
        var secret = SecretText.Create(SecretText.TokenPrefix);
        var token = new ApiToken
        {
            Id = write.NewId(),
            OrganizationId = by.OrganizationId,
            Name = name!,
            OwnerId = owner.Id,
            OwnerKind = owner.Kind,
            Scopes = string.Join(' ', scopes),
            TeamIds = teams,
            Hash = master.Hash(secret),
            PepperId = master.PepperId,
            Prefix = SecretText.DisplayPrefix(SecretText.TokenPrefix, secret),
            Last4 = SecretText.Last4(secret),
            CreatedAt = write.Now,
            ExpiresAt = expiresAt?.ToUniversalTime(),
        };
        write.Db.Add(token);
        var answer = PeopleBodies.Of(token, now, write.Now) with { Token = secret };
        write.Trail(
            by,
            "token.created",
            Target(token),
            after: new
            {
                answer.Owner,
                answer.Scopes,
                answer.Teams,
                answer.ExpiresAt,
                answer.Prefix,
            }
        );
        write.TellPeople(by.OrganizationId, token.Id);
        write.AfterCommit(access.ReloadAsync);
        return await write.CommitAsync(by, answer, cancellationToken);
    }

    /// <summary>Ends a token for good. Repeating it changes nothing.</summary>
    public async Task<Outcome<TokenBody>> RevokeAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db, by, id, cancellationToken) is not { } token)
            return PeopleProblems.TokenNotFound;
        if (token.RevokedAt is not null)
            return PeopleBodies.Of(token, access.Current, write.Now);
        token.RevokedAt = write.Now;
        write.Trail(by, "token.revoked", Target(token), before: new { state = "active" }, after: new { state = "revoked" });
        write.TellPeople(by.OrganizationId, token.Id);
        write.AfterCommit(access.ReloadAsync);
        return await write.CommitAsync(by, PeopleBodies.Of(token, access.Current, write.Now), cancellationToken);
    }

    // One's own tokens, and for org-admins all of the organization; others do not exist.
    private static async Task<ApiToken?> FindAsync(ConsoleDbContext db, Actor by, string id, CancellationToken cancellationToken)
    {
        if (!IdText.TryParse(IdText.Token, id, out var tokenId))
            return null;
        var everybodys = by.MayEverywhere(Permission.ManageOrganization);
        return await db.ApiTokens.SingleOrDefaultAsync(
            t => t.OrganizationId == by.OrganizationId && t.Id == tokenId && (everybodys || t.OwnerId == by.Id),
            cancellationToken
        );
    }

    private static List<string> ReadScopes(Actor by, IReadOnlyList<string>? names, FieldErrors errors)
    {
        var scopes = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var name in names ?? [])
        {
            if (name is null || !TokenScopes.All.Contains(name))
                errors.Add("scopes", $"Must be any of {string.Join(", ", TokenScopes.All.Order(StringComparer.Ordinal))}.");
            else if (!by.HasScope(name))
                errors.Add("scopes", $"The token that makes this one does not have {name}.");
            else
                scopes.Add(name);
        }
        if (scopes.Count == 0 && !errors.Any)
            errors.Add("scopes", "At least one scope is required.");
        return [.. scopes];
    }

    private static List<Guid> ReadTeams(Actor by, AccessSnapshot now, IReadOnlyList<string>? names, FieldErrors errors)
    {
        if (names is { Count: > MostTeams })
        {
            errors.Add("teams", $"At most {MostTeams} teams.");
            return [];
        }
        var teams = new HashSet<Guid>();
        var visible = by.TeamsWith(Permission.ReadFleet);
        foreach (var name in names ?? [])
        {
            if (name is null || now.FindTeam(by.OrganizationId, name) is not { } team || !visible.Has(team.Id))
                errors.Add("teams", "Names a team that does not exist, or that you may not see.");
            else
                teams.Add(team.Id);
        }
        // A token with a limit passes its limit on.
        if (teams.Count == 0 && by.TeamLimit is { } limit)
            teams.UnionWith(limit);
        return [.. teams.Order()];
    }

    private static void CheckEnd(DateTimeOffset? end, DateTimeOffset now, FieldErrors errors)
    {
        if (end is null)
            return;
        if (end <= now)
            errors.Add("expires_at", "Must lie in the future.");
        else if (end > now.AddDays(LongestLifeDays))
            errors.Add("expires_at", "May lie at most one year ahead.");
    }

    private static TrailTarget Target(ApiToken token) => new("token", token.Id, token.Name);
}
