using AgentConsole.Core.People;
using AgentConsole.Core.Search;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Search;

internal sealed record PaletteGroup(string Title, IReadOnlyList<PaletteItem> Items);

/// <param name="Note">Something to know about the question.</param>
/// <param name="Secret">The question held a secret: the browser keeps nothing of it.</param>
internal sealed record PaletteAnswer(IReadOnlyList<PaletteGroup> Groups, string? Note, bool Secret);

/// <summary>
/// What the palette of the pages asks, with the browser's session. A request of its own rather than an event of the circuit: a page that nobody
/// searches from costs nothing, the browser drops a question when the next letter is typed, and it works on pages without a circuit. The question
/// comes in the body, so that a pasted secret stands in no address.
/// </summary>
internal static class PaletteDoor
{
    public const string Path = "/palette";
    private const int MostOfAKind = 8;
    private static readonly string[] Verbs =
    [
        "pause",
        "resume",
        "mint",
        "delete",
        "runs",
        "settings",
        "cancel",
        "compare",
        "disable",
        "revoke",
    ];

    public static void MapConsolePalette(this WebApplication app) =>
        // It only reads, and no other site can read the answer or send the session with it: no antiforgery token.
        app.MapPost(Path, AnswerAsync).DisableAntiforgery().ExcludeFromDescription();

    private static async Task<IResult> AnswerAsync(
        HttpContext context,
        ActorSource actors,
        AccessDirectory access,
        SearchService search,
        CancellationToken cancellationToken
    )
    {
        context.Response.Headers.CacheControl = "no-store";
        if (!SessionPrincipal.TryRead(context.User, out var user, out var session))
            return Results.Unauthorized();
        var found = actors.ForSession(user, session, Credentials.OriginOf(context));
        if (!found.Try(out var me, out _))
            return Results.Unauthorized();
        if (await RequestForm.TryReadAsync(context) is not { } form)
            return RequestForm.Refused();
        var text = form["q"].ToString().Trim();
        if (text.Length > SearchService.MaxText)
            return Results.Ok(new PaletteAnswer([], $"Only the first {SearchService.MaxText} characters count; shorten it.", false));
        return Results.Ok(await AskAsync(me, text, access.Current, search, cancellationToken));
    }

    private static async Task<PaletteAnswer> AskAsync(
        Actor me,
        string text,
        AccessSnapshot access,
        SearchService search,
        CancellationToken cancellationToken
    )
    {
        var answer = (await search.FindAsync(me, text, MostOfAKind, cancellationToken)).Try(out var found, out _)
            ? found
            : SearchAnswer.Nothing;
        if (answer.Secret)
        {
            var note =
                answer.Hits.Count > 0
                    ? "You pasted a whole secret. It was looked up by its hash and is kept nowhere. If it also went elsewhere, rotate it."
                    : "This looks like a whole secret; none that you may see has this hash. It is kept nowhere.";
            return new PaletteAnswer(Grouped(answer.Hits), note, true);
        }
        var groups = new List<PaletteGroup>();
        var pages = PaletteEntries.PagesFor(me, text).ToList();
        var acts = PaletteEntries.ActsFor(me, text).ToList();
        // "pause mail": a verb, then whom or what.
        var (verb, whom) = text.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries) is [var first, var rest] ? (first, rest) : (text, "");
        if (whom.Length > 0 && verb.Length > 2 && Verbs.Any(known => known.StartsWith(verb, StringComparison.OrdinalIgnoreCase)))
        {
            var meant = (await search.FindAsync(me, whom, 5, cancellationToken)).Try(out var those, out _) ? those.Hits : [];
            acts.InsertRange(0, meant.SelectMany(hit => PaletteEntries.ActsOn(me, hit, NameOf(hit), verb)));
        }
        // Of each kind, what can be done with the best one.
        if (text.Length > 0)
            acts.AddRange(answer.Hits.DistinctBy(hit => hit.Kind).SelectMany(hit => PaletteEntries.ActsOn(me, hit, NameOf(hit), "")));
        // What was typed as a page's or an action's word comes before names that hold it somewhere.
        Add("Pages", text.Length == 0 ? pages : pages.Take(5));
        if (whom.Length > 0)
            Add("Actions", acts.Take(8));
        groups.AddRange(Grouped(answer.Hits));
        if (whom.Length == 0)
            Add("Actions", text.Length == 0 ? acts : acts.Take(8));
        return new PaletteAnswer(groups, null, false);

        void Add(string title, IEnumerable<PaletteItem> items)
        {
            if (items.ToList() is { Count: > 0 } some)
                groups.Add(new PaletteGroup(title, some));
        }

        string? NameOf(SearchHit hit) => hit.TeamId is { } id ? access.Teams.GetValueOrDefault(id)?.Name : null;
    }

    private static List<PaletteGroup> Grouped(IReadOnlyList<SearchHit> hits) =>
        [
            .. hits.GroupBy(hit => Kind(hit.Kind).Title)
                .Select(group => new PaletteGroup(
                    group.Key,
                    [
                        .. group.Select(hit => new PaletteItem(hit.Title, hit.Detail, Kind(hit.Kind).Icon, SearchUrls.Of(hit))
                        {
                            Keep = true,
                        }),
                    ]
                )),
        ];

    private static (string Title, string Icon) Kind(SearchKind kind) =>
        kind switch
        {
            SearchKind.Agent => ("Agents", "bot"),
            SearchKind.Key => ("Keys", "key-round"),
            SearchKind.Run => ("Runs", "activity"),
            SearchKind.Step => ("Steps", "list-tree"),
            SearchKind.User => ("People", "user"),
            SearchKind.ServiceAccount => ("Service accounts", "bot"),
            SearchKind.Team => ("Teams", "users"),
            SearchKind.Token => ("API tokens", "lock-keyhole"),
            SearchKind.Plan => ("Plans", "list-tree"),
            SearchKind.View => ("Saved views", "rows-3"),
            SearchKind.Unclaimed => ("Unclaimed", "circle-question-mark"),
            SearchKind.Rotation or SearchKind.RotationPolicy or SearchKind.CalendarLink => ("Rotations", "key-round"),
            SearchKind.KeyBulk => ("Many keys", "key-round"),
            SearchKind.Snapshot or SearchKind.Freeze or SearchKind.Rollout or SearchKind.RolloutPlan => ("Deployments", "rocket"),
            SearchKind.Sink => ("Secret sinks", "send"),
            SearchKind.Gateway => ("Gateways", "network"),
            SearchKind.Price or SearchKind.Rerating => ("Prices", "banknote"),
            SearchKind.InactivityPolicy => ("Inactivity", "timer-off"),
            SearchKind.Purge => ("Retention", "archive"),
            SearchKind.Session or SearchKind.Passkey => ("Account", "user-cog"),
            SearchKind.BreakGlass => ("Break-glass", "lock-open"),
            SearchKind.Organization => ("Organization", "users"),
            _ => ("Trail", "scroll-text"),
        };
}
