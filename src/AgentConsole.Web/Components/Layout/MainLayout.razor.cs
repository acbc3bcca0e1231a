using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentConsole.Web.Components.Layout;

/// <summary>The shell around every page. It also watches the person's session: a page never outlives the right to see it.</summary>
public sealed partial class MainLayout : IDisposable
{
    /// <param name="Go">The letter that goes there after <c>g</c>.</param>
    private sealed record NavLink(
        string Url,
        string Icon,
        string Name,
        char Go,
        string? Heading = null,
        string? Phone = null,
        string Class = ""
    )
    {
        public bool OnPhone => Phone is not null;
        public string Short => Phone ?? Name;
    }

    private static readonly NavLink[] Links =
    [
        new(ConsoleUrls.Overview, "layout-dashboard", "Overview", 'o', Phone: "Now"),
        new(ConsoleUrls.Fleet, "bot", "Fleet", 'f', "Watch", "Fleet"),
        new(ConsoleUrls.Runs, "activity", "Runs", 'r', Phone: "Runs"),
        new(ConsoleUrls.Spend, "coins", "Spend", 's'),
        new(ConsoleUrls.Keys, "key-round", "Keys", 'k', "Change", "Keys"),
        new(ConsoleUrls.Deployments, "rocket", "Deployments", 'd'),
        new(ConsoleUrls.Gateways, "network", "Gateways", 'w'),
        new(ConsoleUrls.Trail, "scroll-text", "Trail", 't', "Prove"),
        new(ConsoleUrls.Admin, "sliders-horizontal", "Admin", 'm', Class: "foot"),
    ];

    private static readonly TimeSpan UntilSignIn = TimeSpan.FromSeconds(1);

    private string _path = "/";
    private string _organization = "";
    private string _teams = "";
    private string _name = "";
    private string _email = "";
    private string _person = "";
    private bool _signedIn = true;
    private bool _leaving;
    private Grants? _grants;
    private IReadOnlyList<BreakGlassCard> _opened = [];
    private DateTimeOffset? _breakGlassUntil;
    private ITimer? _timer;
    private PageBoundary? _boundary;

    [Inject]
    public required Visitor Visitor { get; init; }

    [Inject]
    public required AccessDirectory Access { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required TimeProvider Clock { get; init; }

    protected override async Task OnInitializedAsync()
    {
        await Visitor.KnowAsync();
        Visitor.ZoneFor(Visitor.Look.Times).Use(); // before anything below draws a time
        Look();
    }

    protected override void OnParametersSet()
    {
        _path = "/" + Navigation.ToBaseRelativePath(Navigation.Uri).Split('#')[0];
        _boundary?.Recover();
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (!firstRender)
            return;
        Access.Changed += OnAccessChanged;
        // Expiry raises no change: look twice a minute.
        _timer = Clock.CreateTimer(_ => Check(), null, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30));
    }

    public void Dispose()
    {
        Access.Changed -= OnAccessChanged;
        _timer?.Dispose();
    }

    private void OnAccessChanged(AccessSnapshot now) => Check();

    // Not on the thread that changed the rights: an idle dispatcher would render right there.
    private void Check() => _ = Task.Run(() => InvokeAsync(CheckNow));

    private async Task CheckNow()
    {
        if (_leaving)
            return;
        var (before, opened) = (_grants, _opened);
        Look();
        if (!_signedIn)
        {
            _leaving = true;
            StateHasChanged(); // the page goes at once, whatever the browser does with the next lines
            await Task.Delay(UntilSignIn, Clock); // who pressed "Sign out" is on the way to the answer of that form
            Navigation.NavigateTo(ConsoleUrls.SignIn(_path), forceLoad: true);
        }
        else if (before is not null && !Same(before, _grants!))
            Navigation.Refresh(forceReload: true);
        else if (!opened.SequenceEqual(_opened))
            StateHasChanged();
    }

    private void Look()
    {
        var found = Visitor.Find();
        _signedIn = found.Problem is null;
        if (!_signedIn)
            return;
        var me = found.Value;
        var access = Access.Current;
        _grants = me.Grants;
        _opened = me.MayEverywhere(Permission.ManageOrganization) ? access.Unreviewed.GetValueOrDefault(me.OrganizationId) ?? [] : [];
        _breakGlassUntil = me.Method == AuthMethod.BreakGlass ? access.Sessions.GetValueOrDefault(me.CredentialId!.Value)?.ExpiresAt : null;
        _name = Visitor.DisplayName;
        _email = me.Label;
        _person = me.Id is { } id ? IdText.Format(IdText.User, id) : "";
        _organization = access.Organizations.GetValueOrDefault(me.OrganizationId) ?? "";
        var teams = me
            .Grants.Teams.Keys.Select(id => access.Teams.GetValueOrDefault(id)?.Name)
            .OfType<string>()
            .Order(StringComparer.Ordinal)
            .ToList();
        _teams =
            me.Grants.Organization != OrganizationRoles.None ? string.Join(", ", RoleNames.Of(me.Grants.Organization))
            : teams.Count == 0 ? "no team"
            : teams.Count <= 2 ? string.Join(" and ", teams)
            : $"{teams[0]} and {teams.Count - 1} more teams";
    }

    // What was chosen lately is kept in the browser, for this person.
    private MarkupString PaletteButton =>
        new(
            $"<button type=\"button\" class=\"btn g s pal-b\" data-palette data-user=\"{_person}\" aria-haspopup=\"dialog\" aria-keyshortcuts=\"Control+K Meta+K\" title=\"Search or act: Ctrl K\">{Status.IconHtml("search")}<span class=\"hide-s\">Search or act</span><kbd class=\"hide-s\">Ctrl K</kbd></button>"
        );

    // What a printed page must say of itself; the script brings the time up to date when it is printed.
    private MarkupString Paper
    {
        get
        {
            var now = Clock.GetUtcNow();
            var filters = QueryHelpers
                .ParseQuery(new Uri(Navigation.Uri).Query)
                .Where(member => member.Key is not "act")
                .Select(member => $"{member.Key}: {member.Value}");
            return new MarkupString(
                $"<p class=\"paper\" aria-hidden=\"true\">{Markup.Text(_organization)} · {Markup.Text(Navigation.Uri)}<br>{Markup.Text(string.Join(", ", filters) is { Length: > 0 } said ? "Filtered by " + said : "Not filtered")} · printed at <time datetime=\"{now.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}\" data-printed>{Words.Exact(now)}</time> by {Markup.Text(_email)}</p>"
            );
        }
    }

    // Constant: the script writes the hash when it is printed.
    private static readonly MarkupString PaperFoot = new(
        "<p class=\"paper-foot\" aria-hidden=\"true\">SHA-256 of the text above, from its heading on: <span data-print-hash></span></p>"
    );

    private static bool Same(Grants one, Grants other) =>
        one.Organization == other.Organization
        && one.Teams.Count == other.Teams.Count
        && one.Teams.All(team => other.Teams.TryGetValue(team.Key, out var roles) && roles == team.Value);

    private MarkupString Draw(NavLink link, string? name = null) =>
        Markup.Link(
            link.Url,
            Status.IconHtml(link.Icon) + Markup.Text(name ?? link.Name),
            name is null ? link.Class : null,
            Current(link),
            name is null ? link.Go : null
        );

    private string? Current(NavLink link)
    {
        var path = _path.Split('?')[0];
        var here =
            link.Url == ConsoleUrls.Overview ? path == "/"
            : link.Url == ConsoleUrls.Fleet ? Below(path, ConsoleUrls.Fleet) || Below(path, "/agents")
            : Below(path, link.Url);
        return here ? "page" : null;
    }

    private static bool Below(string path, string root) => path == root || path.StartsWith(root + "/", StringComparison.Ordinal);
}
