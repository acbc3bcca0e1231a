using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Trail;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Search;

/// <summary>
/// One box for everything: names of agents in memory, keys, runs, people and teams, and any id or digest that the console prints. What the actor may not see
/// is not found, and an id of another team's answers as an unknown one does.
/// </summary>
public sealed class SearchService(
    AgentDirectory agents,
    AccessDirectory access,
    KeyIndex index,
    KeyLists keys,
    RunService runs,
    TrailService trail,
    TokenService tokens,
    PrintedIds printed,
    MasterKey master
)
{
    public const int MaxText = 200;
    public const int MostOfAKind = 20;

    /// <summary>Whether this is a whole secret, or so much of one that it must be kept and sent nowhere.</summary>
    public bool IsSecret(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        var ours =
            text.StartsWith(SecretText.KeyPrefix, StringComparison.Ordinal) ? SecretText.KeyPrefix.Length
            : text.StartsWith(SecretText.TokenPrefix, StringComparison.Ordinal) ? SecretText.TokenPrefix.Length
            : -1;
        // Four characters more than the beginning that is shown anyway.
        return (ours >= 0 && text.Length > ours + 8 && !text.Contains('…')) || IsHeld(text);
    }

    /// <param name="most">Of each kind.</param>
    public async Task<Outcome<SearchAnswer>> FindAsync(Actor by, string? text, int most, CancellationToken cancellationToken)
    {
        text = text?.Trim();
        if (string.IsNullOrEmpty(text))
            return SearchAnswer.Nothing;
        if (text.Length > MaxText || text.Any(char.IsControl))
            return Problem.Invalid("q", $"Must be one line of at most {MaxText} characters.");
        most = Math.Clamp(most, 1, MostOfAKind);
        if (IsSecret(text))
            return new SearchAnswer(await OfSecretAsync(by, text, cancellationToken), true);
        if (IdOf(text) is var (prefix, id))
            return new SearchAnswer(await OfIdAsync(by, prefix, id, most, cancellationToken), false);

        var hits = new List<SearchHit>();
        if (by.HasScope(TokenScopes.AgentsRead))
            hits.AddRange(Agents(by, text, most, cancellationToken));
        if (by.HasScope(TokenScopes.KeysRead) && by.AgentId is null)
            hits.AddRange((await keys.FindAsync(by, text, most, cancellationToken)).Select(Hit));
        if (by.HasScope(TokenScopes.RunsRead))
            hits.AddRange((await runs.NamedAsync(by, text, most, cancellationToken)).Select(Hit));
        hits.AddRange(TeamsAndPeople(by, text, most));
        if (text.Length is >= 8 and <= 64 && !text.Contains(' ', StringComparison.Ordinal) && by.HasScope(TokenScopes.TrailRead))
        {
            if (await trail.HasAsync(by, text, cancellationToken))
                hits.Add(new SearchHit(SearchKind.Request, text, text, "What this request left on the trail"));
        }
        hits.AddRange(await printed.OfDigestAsync(by, text, most, cancellationToken));
        return new SearchAnswer(hits, false);
    }

    /// <summary>Agents by name, best first; deleted ones are left out. In memory, without a copy.</summary>
    public IReadOnlyList<SearchHit> Agents(Actor by, string text, int most, CancellationToken cancellationToken)
    {
        var scope = by.TeamsWith(Permission.ReadFleet);
        var fuzzy = new Fuzzy(text);
        if (fuzzy.Needs == 0)
            return [];
        var best = new List<(int Score, AgentCard Card)>(most + 1);
        var cards = agents.Shelf(by.OrganizationId).Read(out var letters);
        for (var i = 0; i < cards.Length; i++)
        {
            if ((i & 4095) == 0)
                cancellationToken.ThrowIfCancellationRequested();
            if ((letters[i] & fuzzy.Needs) != fuzzy.Needs)
                continue;
            var card = cards[i];
            if (card.Lifecycle == Lifecycle.Deleted || !scope.Has(card.TeamId) || (by.AgentId is { } own && own != card.Id))
                continue;
            var score = fuzzy.Score(card.Slug, card.DisplayName);
            if (score == 0 || (best.Count == most && !Better(score, card, best[^1])))
                continue;
            var at = best.Count;
            while (at > 0 && Better(score, card, best[at - 1]))
                at--;
            best.Insert(at, (score, card));
            if (best.Count > most)
                best.RemoveAt(most);
        }
        return [.. best.Select(found => Hit(found.Card))];
    }

    private static bool Better(int score, AgentCard card, (int Score, AgentCard Card) than) =>
        score > than.Score || (score == than.Score && string.CompareOrdinal(card.Slug, than.Card.Slug) < 0);

    private bool IsHeld(ReadOnlySpan<char> text)
    {
        if (text.Length is < 16 or > 512)
            return false;
        Span<byte> hash = stackalloc byte[MasterKey.HashBytes];
        master.HashTo(text, hash);
        return index.CheckHash(hash).Card is not null || access.Current.Tokens.ContainsKey(Convert.ToHexStringLower(hash));
    }

    private async Task<IReadOnlyList<SearchHit>> OfSecretAsync(Actor by, string text, CancellationToken cancellationToken)
    {
        if (index.Check(text).Card is { } card && by.HasScope(TokenScopes.KeysRead))
            return await keys.RowAsync(by, card.VersionId, cancellationToken) is { } row ? [Hit(row)] : [];
        if (access.Current.Tokens.GetValueOrDefault(Convert.ToHexStringLower(master.Hash(text))) is { } token)
            return await TokenAsync(by, IdText.Format(IdText.Token, token.Id), cancellationToken);
        return [];
    }

    // Null when the text has the form of no id.
    private static (string Prefix, Guid Id)? IdOf(string text)
    {
        var cut = text.IndexOf('_', StringComparison.Ordinal);
        return cut > 0 && IdText.TryParse(text[..cut], text, out var id) ? (text[..cut], id) : null;
    }

    private async Task<IReadOnlyList<SearchHit>> OfIdAsync(Actor by, string prefix, Guid id, int most, CancellationToken cancellationToken)
    {
        var text = IdText.Format(prefix, id);
        var found = await OfKindAsync(by, prefix, id, text, most, cancellationToken);
        // What is gone, or shown nowhere, still left its records.
        return
            found.Count == 0
            && by.HasScope(TokenScopes.TrailRead)
            && await trail.NewestOfAsync(by, id, cancellationToken) is { } record
            && record.TargetId == text
            ?
            [
                new SearchHit(
                    SearchKind.Records,
                    text,
                    record.TargetLabel ?? text,
                    $"Records of this {record.TargetKind?.Replace('-', ' ')}"
                ),
            ]
            : found;
    }

    private async Task<IReadOnlyList<SearchHit>> OfKindAsync(
        Actor by,
        string prefix,
        Guid id,
        string text,
        int most,
        CancellationToken cancellationToken
    )
    {
        switch (prefix)
        {
            case IdText.Agent when by.HasScope(TokenScopes.AgentsRead):
                var card = agents.Find(id);
                return
                    card is not null
                    && card.OrganizationId == by.OrganizationId
                    && by.TeamsWith(Permission.ReadFleet).Has(card.TeamId)
                    && (by.AgentId is null || by.AgentId == id)
                    ? [Hit(card)]
                    : [];
            case IdText.Key when by.HasScope(TokenScopes.KeysRead):
                return [.. (await keys.OfKeyAsync(by, id, most, cancellationToken)).Select(Hit)];
            case IdText.KeyVersion when by.HasScope(TokenScopes.KeysRead):
                return await keys.RowAsync(by, id, cancellationToken) is { } version ? [Hit(version)] : [];
            case IdText.Run when by.HasScope(TokenScopes.RunsRead):
                var run = await runs.RowAsync(by, id, cancellationToken);
                return run is null ? [] : [Hit(run)];
            case IdText.Event when by.HasScope(TokenScopes.RunsRead):
                return await runs.OfStepAsync(by, id, cancellationToken) is { } of
                    ? [Hit(of) with { Kind = SearchKind.Step, Id = text, Run = IdText.Format(IdText.Run, of.Id) }]
                    : [];
            case IdText.Trail when by.HasScope(TokenScopes.TrailRead):
                return (await trail.FindAsync(by, text, cancellationToken)).Try(out var record, out _)
                    ? [new SearchHit(SearchKind.TrailRecord, text, record.Action, $"{record.ActorLabel} · no. {record.Seq}")]
                    : [];
            case IdText.Token:
                return await TokenAsync(by, text, cancellationToken);
            case IdText.Team:
                return [.. Teams(by).Where(team => team.Id == id).Select(Hit)];
            case IdText.User or IdText.ServiceAccount:
                return [.. People(by).Where(person => person.Id == id).Select(Hit)];
            default:
                return await printed.FindAsync(by, prefix, text, cancellationToken) is { } other ? [other] : [];
        }
    }

    private async Task<IReadOnlyList<SearchHit>> TokenAsync(Actor by, string id, CancellationToken cancellationToken) =>
        (await tokens.GetAsync(by, id, cancellationToken)).Try(out var token, out _)
            ? [new SearchHit(SearchKind.Token, id, token.Name, $"API token · {token.State}")]
            : [];

    private IEnumerable<SearchHit> TeamsAndPeople(Actor by, string text, int most)
    {
        var fuzzy = new Fuzzy(text);
        return Best(Teams(by), team => fuzzy.Score(team.Slug, team.Name), Hit)
            .Concat(Best(People(by), person => fuzzy.Score(person.Label, person.DisplayName), Hit));

        IEnumerable<SearchHit> Best<T>(IEnumerable<T> all, Func<T, int> score, Func<T, SearchHit> hit) =>
            all.Select(one => (Score: score(one), one))
                .Where(one => one.Score >= 300) // letters left out are for the many agents
                .OrderByDescending(one => one.Score)
                .Take(most)
                .Select(one => hit(one.one));
    }

    private IEnumerable<TeamCard> Teams(Actor by) =>
        by.AgentId is not null || !by.HasScope(TokenScopes.AgentsRead)
            ? []
            : access.Current.Teams.Values.Where(team => team.OrganizationId == by.OrganizationId && by.May(Permission.ReadFleet, team.Id));

    // Who is in the organization is its org-admins' business. A break-glass account is nobody, and has its own page.
    private IEnumerable<Principal> People(Actor by) =>
        by.HasScope(TokenScopes.Admin) && by.MayEverywhere(Permission.ManageOrganization)
            ? access.Current.Principals.Values.Where(person => person.OrganizationId == by.OrganizationId && !person.BreakGlass)
            : [];

    private SearchHit Hit(AgentCard card) =>
        new(
            SearchKind.Agent,
            IdText.Format(IdText.Agent, card.Id),
            card.DisplayName,
            string.Join(
                " · ",
                new[]
                {
                    card.Slug == card.DisplayName ? "" : card.Slug,
                    access.Current.Teams.GetValueOrDefault(card.TeamId)?.Name ?? "",
                    card.Lifecycle is Lifecycle.Active ? "" : KebabCase.Of(card.Lifecycle),
                }.Where(part => part.Length > 0)
            )
        )
        {
            Agent = AddressOf(card),
            TeamId = card.TeamId,
            Paused = card.Lifecycle == Lifecycle.Paused,
        };

    private static string AddressOf(AgentCard card) =>
        card.Lifecycle == Lifecycle.Deleted ? IdText.Format(IdText.Agent, card.Id) : card.Slug;

    private SearchHit Hit(KeyRow row) =>
        new(
            SearchKind.Key,
            IdText.Format(IdText.KeyVersion, row.VersionId),
            $"{row.Prefix}…{row.Last4}",
            $"{row.KeyName} of {row.AgentName} · {KebabCase.Of(row.State)}"
        )
        {
            Agent = agents.Find(row.AgentId) is { } card ? AddressOf(card) : row.AgentSlug,
            TeamId = row.TeamId,
            State = KebabCase.Of(row.State),
        };

    private static SearchHit Hit(RunRow row) =>
        new(
            SearchKind.Run,
            IdText.Format(IdText.Run, row.Id),
            row.Summary ?? row.ExternalId ?? IdText.Format(IdText.Run, row.Id),
            $"{row.AgentName} · {KebabCase.Of(row.Status)}"
        )
        {
            TeamId = row.TeamId,
            State = KebabCase.Of(row.Status),
        };

    private static SearchHit Hit(TeamCard team) =>
        new(SearchKind.Team, IdText.Format(IdText.Team, team.Id), team.Name, $"Team · {team.Slug}") { Slug = team.Slug, TeamId = team.Id };

    private static SearchHit Hit(Principal person) =>
        person.Kind == ActorKind.User
            ? new(SearchKind.User, IdText.Format(IdText.User, person.Id), person.DisplayName, person.Label)
            : new(SearchKind.ServiceAccount, IdText.Format(IdText.ServiceAccount, person.Id), person.DisplayName, "Service account");
}

internal static class SearchRegistration
{
    public static IServiceCollection AddSearch(this IServiceCollection services) =>
        services.AddSingleton<PrintedIds>().AddSingleton<SearchService>();
}
