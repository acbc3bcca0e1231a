using AgentConsole.Core.People;
using AgentConsole.Core.Search;

namespace AgentConsole.Web.Search;

/// <summary>One line of the palette.</summary>
/// <param name="Url">Where it goes; null for what is done in place.</param>
internal sealed record PaletteItem(string Title, string Detail, string Icon, string? Url)
{
    /// <summary>
    /// What the page's script does: <c>press:NAME</c> presses the button of that name on the page of <see cref="Url"/>, <c>look:PART=VALUE</c>,
    /// <c>help</c>, <c>copy-link</c>, <c>sign-out</c>. Nothing is ever done by an address alone.
    /// </summary>
    public string? Does { get; init; }

    /// <summary>Why the person may not; null when they may.</summary>
    public string? Why { get; init; }

    /// <summary>The role it needs, one of those named; null for what everybody may.</summary>
    public string? Role { get; init; }

    /// <summary>The keys that do the same.</summary>
    public string? Keys { get; init; }

    /// <summary>Something to come back to: the browser remembers it.</summary>
    public bool Keep { get; init; }
}

/// <summary>Pages and actions that the palette offers. An action opens what its button opens.</summary>
internal static class PaletteEntries
{
    private sealed record Entry(
        string Title,
        string Icon,
        string Url,
        string? Keys = null,
        Permission? Needs = null,
        bool Anywhere = false,
        string Words = ""
    );

    // Letters that are left out here and there, not such as happen to stand in the same order.
    private const int NearEnough = 125;

    private static readonly Entry[] Pages =
    [
        new("Overview", "layout-dashboard", ConsoleUrls.Overview, "g o", Words: "now home"),
        new("Fleet", "bot", ConsoleUrls.Fleet, "g f", Words: "agents"),
        new("A first agent", "rocket", "/start", Words: "getting started begin new"),
        new("Unclaimed", "circle-question-mark", ConsoleUrls.Unclaimed, Words: "agents unknown unregistered claim block"),
        new("Hand over agents", "user-check", ConsoleUrls.HandOverPath, Words: "owner ownerless leaves"),
        new("Failing agents", "octagon-x", ConsoleUrls.Fleet + "?health=failing"),
        new("Silent agents", "circle-slash", ConsoleUrls.Fleet + "?liveness=silent"),
        new("Paused agents", "circle-pause", ConsoleUrls.Fleet + "?lifecycle=paused"),
        new("Runs", "activity", ConsoleUrls.Runs, "g r"),
        new("Failed runs", "circle-x", ConsoleUrls.Runs + "?status=failed"),
        new("Spend", "coins", ConsoleUrls.Spend, "g s", Words: "cost money budget"),
        new("Rate a period anew", "coins", ConsoleUrls.Spend + "/re-rate", Words: "spend cost prices unpriced"),
        new("Keys", "key-round", ConsoleUrls.Keys, "g k", Words: "secrets"),
        new("Rotations", "refresh-cw", ConsoleUrls.Rotations, Words: "keys secrets open grace"),
        new("Keys due for rotation", "clock-alert", ConsoleUrls.RotationsDue, Words: "rotations overdue expiry schedule"),
        new("Rotation policies", "refresh-cw", ConsoleUrls.RotationPolicies, Words: "keys cadence lifetime automatic schedule"),
        new("Calendar of rotations", "clock-alert", ConsoleUrls.RotationCalendar, Words: "keys ics outlook feed link"),
        new(
            "Rotate a key",
            "refresh-cw",
            ConsoleUrls.Rotations + "/new",
            Needs: Permission.ManageKeys,
            Anywhere: true,
            Words: "secret new version"
        ),
        new("Deployments", "rocket", ConsoleUrls.Deployments, "g d", Words: "snapshots versions canary rollback timeline"),
        new("Rollouts", "split", ConsoleUrls.Rollouts, Words: "deployments canary verdict steps"),
        new("Rollouts that are over", "split", ConsoleUrls.Rollouts + "?open=false", Words: "promoted aborted rolled back"),
        new("Rollout plans", "split", ConsoleUrls.RolloutPlans, Words: "templates canary steps metrics"),
        new("Freezes", "snowflake", ConsoleUrls.Freezes, Words: "deployments freeze window calendar holidays weekend"),
        new("Gateways", "network", ConsoleUrls.Gateways, "g w", Words: "routing traffic regions"),
        new("Gateways that are out", "network", ConsoleUrls.Gateways + "?in_routing=false", Words: "routing taken"),
        new(
            "Rotate many keys",
            "refresh-cw",
            ConsoleUrls.Rotations + "/new?set=keys",
            Needs: Permission.ManageKeys,
            Anywhere: true,
            Words: "bulk secrets set plan"
        ),
        new("Bulk rotations", "refresh-cw", ConsoleUrls.Rotations + "?open=bulk", Words: "keys many sets"),
        new("Trail", "scroll-text", ConsoleUrls.Trail, "g t", Permission.ReadTrail, Words: "audit log history"),
        new("Teams", "users", ConsoleUrls.Admin + "/teams", "g m", Words: "admin"),
        new("Users", "user", ConsoleUrls.Admin + "/users", Needs: Permission.ManageOrganization, Words: "admin people"),
        new("Service accounts", "bot", ConsoleUrls.Admin + "/service-accounts", Needs: Permission.ManageOrganization, Words: "admin"),
        new("API tokens", "lock-keyhole", ConsoleUrls.Admin + "/tokens", Words: "admin"),
        new("Break-glass", "lock-open", ConsoleUrls.BreakGlassAdmin, Words: "admin emergency sealed code"),
        new("Roles", "shield-check", ConsoleUrls.Admin + "/roles", Words: "admin permissions who may do what"),
        new("Inactivity", "timer-off", ConsoleUrls.Admin + "/inactivity", Words: "admin policy unused silent pause"),
        new("Secret sinks", "send", ConsoleUrls.Sinks, Words: "admin rotation vault webhook file key"),
        new("Retention", "archive", ConsoleUrls.Admin + "/retention", Words: "admin delete old purge"),
        new("Prices", "banknote", ConsoleUrls.Admin + "/prices", Words: "admin models tokens cost"),
        new("System", "heart-pulse", ConsoleUrls.Admin + "/system", Words: "admin health status"),
        new("Account", "user-cog", ConsoleUrls.Account, "g c", Words: "profile password two-factor sessions"),
        new("API reference", "book-open", ConsoleUrls.ApiReference, Words: "docs swagger openapi"),
    ];

    private static readonly Entry[] Acts =
    [
        new("Register agent", "plus", ConsoleUrls.Register, Needs: Permission.EditAgents, Anywhere: true, Words: "new add create"),
        new(
            "Start rollout",
            "split",
            ConsoleUrls.Rollouts + "/new",
            Needs: Permission.EditAgents,
            Anywhere: true,
            Words: "new canary deploy version"
        ),
        new("Import agents", "upload", ConsoleUrls.Bulk, Needs: Permission.EditAgents, Anywhere: true, Words: "bulk csv json yaml"),
        new("Invite user", "user-plus", ConsoleUrls.Admin + "/users?act=invite", Needs: Permission.ManageOrganization, Words: "add person"),
        new("New team", "users", ConsoleUrls.Admin + "/teams?act=new-team", Needs: Permission.ManageOrganization, Words: "create"),
        new("New API token", "lock-keyhole", ConsoleUrls.Admin + "/tokens?act=new-token", Words: "create make"),
        new(
            "New service account",
            "bot",
            ConsoleUrls.Admin + "/service-accounts?act=new-account",
            Needs: Permission.ManageOrganization,
            Words: "create"
        ),
    ];

    private static readonly (string Title, string Icon, string Does, string? Keys)[] InPlace =
    [
        ("Theme: light", "sun", "look:theme=light", null),
        ("Theme: dark", "moon", "look:theme=dark", null),
        ("Theme: as the system", "monitor", "look:theme=system", null),
        ("Contrast: more", "contrast", "look:contrast=more", null),
        ("Contrast: normal", "contrast", "look:contrast=normal", null),
        ("Rows: compact", "rows-3", "look:density=compact", null),
        ("Rows: comfortable", "rows-2", "look:density=comfortable", null),
        ("Times: local", "clock", "look:times=local", null),
        ("Times: UTC", "clock", "look:times=utc", null),
        ("Times: of the team", "clock", "look:times=team", null),
        ("Single keys: off", "keyboard", "look:keys=off", null),
        ("Single keys: on", "keyboard", "look:keys=on", null),
        ("Keys that work here", "keyboard", "help", "?"),
        ("Pause or resume live updates", "radio", "press:live", null),
        ("Copy the link to this page", "link", "copy-link", null),
        ("Print this page", "printer", "print", null),
        ("Sign out", "log-out", "sign-out", null),
    ];

    public static IEnumerable<PaletteItem> PagesFor(Actor me, string text) =>
        Matching(Pages, entry => entry.Title, entry => entry.Words, text).Select(entry => Item(me, entry, "Page") with { Keep = true });

    public static IEnumerable<PaletteItem> ActsFor(Actor me, string text) =>
        Matching(Acts, entry => entry.Title, entry => entry.Words, text)
            .Select(entry => Item(me, entry, "Action"))
            .Concat(
                Matching(InPlace, act => act.Title, _ => "", text)
                    .Select(act => new PaletteItem(act.Title, "", act.Icon, null) { Does = act.Does, Keys = act.Keys })
            );

    /// <summary>What can be done with an agent, a run or a key that was found; nothing for other things.</summary>
    /// <param name="verb">Beginning of what one wants to do; empty for all.</param>
    public static IEnumerable<PaletteItem> ActsOn(Actor me, SearchHit hit, string? teamName, string verb)
    {
        var all = hit.Kind switch
        {
            SearchKind.Agent => OnAgent(me, hit, teamName),
            SearchKind.Run => OnRun(me, hit, teamName),
            SearchKind.Key => OnKey(me, hit, teamName),
            _ => [],
        };
        return all.Where(item => item.Title.StartsWith(verb, StringComparison.OrdinalIgnoreCase));
    }

    // A run that is over is not cancelled.
    private static IEnumerable<PaletteItem> OnRun(Actor me, SearchHit run, string? teamName)
    {
        if (run.State is "queued" or "running" or "waiting")
            yield return Needing(
                new($"Cancel {run.Title}…", run.Detail, "circle-stop", ConsoleUrls.Run(run.Id) + "?act=cancel"),
                me,
                Permission.EditAgents,
                run,
                teamName
            );
        yield return new(
            $"Compare {run.Title} with the one before",
            run.Detail,
            "git-compare-arrows",
            ConsoleUrls.Compare(ConsoleUrls.Previous, run.Id)
        );
    }

    private static IEnumerable<PaletteItem> OnKey(Actor me, SearchHit key, string? teamName)
    {
        var page = ConsoleUrls.Agent(key.Agent!, "keys");
        if (key.State is "active" or "retiring")
            yield return Needing(
                new($"Disable {key.Title}", key.Detail, "lock", page) { Does = $"press:disable-{key.Id}" },
                me,
                Permission.ManageKeys,
                key,
                teamName
            );
        if (key.State == "active")
            yield return Needing(
                new($"Rotate {key.Title}…", key.Detail, "refresh-cw", ConsoleUrls.Rotate(key.Agent!, key.Id)),
                me,
                Permission.ManageKeys,
                key,
                teamName
            );
        if (key.State is "active" or "retiring" or "disabled")
            yield return Needing(
                new($"Revoke {key.Title}…", key.Detail, "trash-2", ConsoleUrls.With(page, ("act", "revoke"), ("of", key.Id))),
                me,
                Permission.ManageKeys,
                key,
                teamName
            );
    }

    private static PaletteItem Needing(PaletteItem item, Actor me, Permission needs, SearchHit of, string? teamName) =>
        item with
        {
            Role = Permissions.Roles(needs),
            Why = me.May(needs, of.TeamId!.Value) ? null : Permissions.Explain(needs, teamName),
        };

    private static PaletteItem[] OnAgent(Actor me, SearchHit agent, string? teamName)
    {
        var page = ConsoleUrls.Agent(agent.Agent!);
        PaletteItem Edit(PaletteItem item) => Needing(item, me, Permission.EditAgents, agent, teamName);
        return
        [
            agent.Paused
                ? Edit(new($"Resume {agent.Title}", agent.Detail, "play", page) { Does = "press:resume" })
                : Edit(new($"Pause {agent.Title}", agent.Detail, "pause", page) { Does = "press:pause" }),
            Needing(
                new($"Mint a key for {agent.Title}…", agent.Detail, "key-round", ConsoleUrls.Agent(agent.Agent!, "keys") + "?act=mint"),
                me,
                Permission.ManageKeys,
                agent,
                teamName
            ),
            Edit(new($"Roll back {agent.Title}…", agent.Detail, "undo-2", ConsoleUrls.Rollback(agent.Agent!))),
            Edit(new($"Retire {agent.Title}…", agent.Detail, "archive", ConsoleUrls.Retire(agent.Agent!))),
            Edit(new($"Delete {agent.Title}…", agent.Detail, "trash-2", page + "?act=delete")),
            new($"Runs of {agent.Title}", agent.Detail, "activity", ConsoleUrls.Agent(agent.Agent!, "runs")),
            new($"Settings of {agent.Title}", agent.Detail, "settings", ConsoleUrls.Agent(agent.Agent!, "settings")),
        ];
    }

    private static PaletteItem Item(Actor me, Entry entry, string detail) =>
        new(entry.Title, detail, entry.Icon, entry.Url)
        {
            Keys = entry.Keys,
            Role = entry.Needs is { } role ? Permissions.Roles(role) : null,
            Why = entry.Needs switch
            {
                null => null,
                Permission.ReadTrail => me.TeamsWith(Permission.ReadTrail) is { All: false, Ids.Length: 0 }
                    ? Permissions.Explain(Permission.ReadTrail, "a team")
                    : null,
                { } needs when entry.Anywhere => me.TeamsWith(needs) is { All: false, Ids.Length: 0 }
                    ? Permissions.Explain(needs, "a team")
                    : null,
                { } needs => me.MayEverywhere(needs) ? null : Permissions.Explain(needs, null),
            },
        };

    // Those with the words that were typed, in their order; then those whose title has the letters, the best first.
    private static IEnumerable<T> Matching<T>(IEnumerable<T> all, Func<T, string> title, Func<T, string> words, string text)
    {
        var fuzzy = new Fuzzy(text);
        var asked = Math.Max(1, text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length);
        return all.Select(one => (Entry: one, Has: Has(title(one) + " " + words(one), text), Score: fuzzy.Score(title(one), title(one))))
            .Where(one => one.Has || one.Score >= NearEnough * asked)
            .OrderBy(one => one.Has ? 0 : 1)
            .ThenByDescending(one => one.Has ? 0 : one.Score)
            .Select(one => one.Entry);
    }

    // Each word of the question begins a word of the entry.
    private static bool Has(string words, string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .All(asked => words.Split(' ', ':').Any(word => word.StartsWith(asked, StringComparison.OrdinalIgnoreCase)));
}
