using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Search;
using AgentConsole.Core.Views;
using AgentConsole.Web.Api;
using AgentConsole.Web.Components.Views;

namespace AgentConsole.Web.Search;

/// <summary>The search of the palette, for programs.</summary>
internal static class SearchApi
{
    private static readonly Problem Secret = new(
        ProblemKind.Invalid,
        "secret_in_query",
        "This looks like a whole key or token. Addresses are written down on their way: send it to POST /api/v1/keys/verify instead, and rotate it if it went anywhere else.",
        new Dictionary<string, string[]>(StringComparer.Ordinal) { ["q"] = ["Must not be a secret."] }
    );

    public static RouteGroupBuilder MapSearchApi(this RouteGroupBuilder api)
    {
        api.MapGet("/search", FindAsync)
            .NeedsPerson(TokenScopes.AgentsRead)
            .Takes("q", "Part of a name, or any id that the console prints, whole; external ids, correlation ids and e-mail addresses too.")
            .Takes("limit", $"Most results of each kind, 1 to {SearchService.MostOfAKind}; 8 when absent.")
            .WithTags("Search")
            .WithName("Search")
            .WithSummary(
                "Find agents, keys, runs, people, teams and trail records that you may see; kinds that the token has no scope for are left out"
            );
        return api;
    }

    private static async Task<Answer<SearchResults>> FindAsync(
        ListQuery query,
        CurrentActor actor,
        SearchService search,
        CancellationToken cancellationToken
    )
    {
        var text = query["q"];
        var limit =
            query["limit"] is not { } asked ? 8
            : int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : 0;
        if (limit is < 1 or > SearchService.MostOfAKind)
            query.Errors.Add("limit", $"Must be a number from 1 to {SearchService.MostOfAKind}.");
        if (string.IsNullOrWhiteSpace(text))
            query.Errors.Add("q", "Say what to look for.");
        if (query.Errors.ToProblem() is { } invalid)
            return new Answer<SearchResults>(invalid);
        if (search.IsSecret(text))
            return new Answer<SearchResults>(Secret);
        return (await search.FindAsync(actor, text, limit, cancellationToken))
            .Map(found => new SearchResults([
                .. found.Hits.Select(hit => new SearchResult(KebabCase.Of(hit.Kind), hit.Id, hit.Title, hit.Detail, SearchUrls.Of(hit))),
            ]))
            .ToAnswer();
    }
}

/// <summary>Where the things that are found have their page.</summary>
internal static class SearchUrls
{
    public static string Of(SearchHit hit) =>
        hit.Kind switch
        {
            SearchKind.Agent => ConsoleUrls.Agent(hit.Agent!),
            SearchKind.Key => ConsoleUrls.Agent(hit.Agent!, "keys"),
            SearchKind.Run => ConsoleUrls.Run(hit.Id),
            SearchKind.Step => ConsoleUrls.With(ConsoleUrls.Run(hit.Run!), ("step", hit.Id)),
            SearchKind.User => ConsoleUrls.With($"{ConsoleUrls.Admin}/users", ("user", hit.Id)),
            SearchKind.ServiceAccount => $"{ConsoleUrls.Admin}/service-accounts",
            SearchKind.Team => $"{ConsoleUrls.Admin}/teams/{Uri.EscapeDataString(hit.Slug!)}",
            SearchKind.Token => $"{ConsoleUrls.Admin}/tokens",
            SearchKind.Organization => $"{ConsoleUrls.Admin}/teams",
            SearchKind.Plan => ConsoleUrls.Plan(hit.Id),
            SearchKind.View => ConsoleUrls.With(ViewAddress.PathOf(KebabCase.Parse<ViewPage>(hit.Page!)), (ViewAddress.Member, hit.Id)),
            SearchKind.Price => ConsoleUrls.Prices,
            SearchKind.Rerating => ConsoleUrls.With(ConsoleUrls.Rerate, ("id", hit.Id)),
            SearchKind.InactivityPolicy => ConsoleUrls.Inactivity,
            SearchKind.Unclaimed => ConsoleUrls.With(
                ConsoleUrls.Unclaimed,
                ("q", hit.Title),
                ("state", hit.State is "blocked" ? hit.State : null)
            ),
            SearchKind.Sink => ConsoleUrls.Sinks,
            SearchKind.Snapshot => ConsoleUrls.Snapshot(hit.Id),
            SearchKind.Freeze => ConsoleUrls.Freezes,
            SearchKind.Rollout => ConsoleUrls.Rollout(hit.Id),
            SearchKind.RolloutPlan => ConsoleUrls.RolloutPlans,
            SearchKind.Gateway => ConsoleUrls.Gateway(hit.Title),
            SearchKind.Rotation => ConsoleUrls.Rotation(hit.Id),
            SearchKind.RotationPolicy => ConsoleUrls.RotationPolicies,
            SearchKind.CalendarLink => ConsoleUrls.RotationCalendar,
            SearchKind.KeyBulk => hit.Action == "rotate" ? ConsoleUrls.BulkRotation(hit.Id) : ConsoleUrls.KeyAct(hit.Id),
            SearchKind.Purge => $"{ConsoleUrls.Admin}/retention",
            SearchKind.Passkey when hit.User is { } user => ConsoleUrls.With($"{ConsoleUrls.Admin}/users", ("user", user)),
            SearchKind.Session or SearchKind.Passkey => ConsoleUrls.Account,
            SearchKind.BreakGlass => ConsoleUrls.BreakGlassAdmin,
            SearchKind.Records => ConsoleUrls.With(ConsoleUrls.Trail, ("target", hit.Id)),
            SearchKind.TrailRecord => ConsoleUrls.With(ConsoleUrls.Trail, ("record", hit.Id)),
            _ => ConsoleUrls.With(ConsoleUrls.Trail, ("correlation_id", hit.Id)),
        };
}
