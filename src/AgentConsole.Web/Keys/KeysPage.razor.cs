using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Views;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Parts;
using AgentConsole.Web.Components.Submissions;
using AgentConsole.Web.Components.Views;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentConsole.Web.Keys;

/// <summary>Every key version the person may see: by age, last use and state.</summary>
public sealed partial class KeysPage
{
    private KeyFilter _filter = new();
    private IReadOnlyList<KeyRow> _leaked = [];
    private static readonly TimeSpan CountEvery = TimeSpan.FromSeconds(10);
    private KeyCounts? _counts;
    private DateTimeOffset _countedAt;
    private Problem? _problem;
    private string? _nonsense;
    private string? _seesNothing;
    private string? _view;
    private readonly RowSelection _selection = new();
    private int _total;
    private bool _busy;
    private string? _why;
    private IReadOnlyDictionary<string, string[]>? _trustErrors;
    private readonly Submission _trust = new("key-enable");

    [Inject]
    public required KeyLists Lists { get; init; }

    [Inject]
    public required ViewService SavedViews { get; init; }

    [Inject]
    public required KeyService Keys { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    /// <summary>The question that is open, and what it is about.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    [SupplyParameterFromQuery]
    public string? Of { get; set; }

    private KeyRow? Revoking => Doing == "revoke" ? Asked : null;

    private KeyRow? Trusting => Doing == "enable" ? Asked : null;

    private KeyRow? Asked => List.Rows?.FirstOrDefault(row => IdText.Format(IdText.KeyVersion, row.VersionId) == Of);

    private RereadRows<KeyRow> List => field ??= new RereadRows<KeyRow>(row => row.VersionId, ReadAsync, Clock);

    private IReadOnlyList<Tabs.Tab> BuiltIn =>
        [
            View("All", new KeyFilter()),
            View("Active", new KeyFilter { State = KeyState.Active }),
            Counted("Never used", KeyFilter.NeverUsedNow, _counts?.NeverUsed),
            Counted($"Idle {KeyFilter.UsualIdleDays} days", KeyFilter.IdleNow, _counts?.Idle),
            View($"Unused for {KeyFilter.UnusedDays} days", KeyFilter.UnusedNow),
            View("No expiry", KeyFilter.NoExpiryNow),
            View("Several active", KeyFilter.SeveralNow),
            Counted("Of nobody", KeyFilter.OwnerlessNow, _counts?.Ownerless),
            View("Disabled", new KeyFilter { State = KeyState.Disabled }),
            new("Leaked", Address(new KeyFilter { Leaked = true }), _filter.Leaked, _leaked.Count == 0 ? null : _leaked.Count, Hot: true),
        ];

    private string Curl => $"curl -X POST {Navigation.BaseUri}api/v1/agents/my-agent/keys -H \"Authorization: Bearer $TOKEN\" -d '{{}}'";

    protected override async Task OnParametersSetAsync()
    {
        var address = new Uri(Navigation.Uri).Query;
        var query = QueryHelpers.ParseQuery(address);
        _view = ViewAddress.In(query.GetValueOrDefault(ViewAddress.Member));
        var errors = new FieldErrors();
        var filter = KeyFilter.Parse(name => query.TryGetValue(name, out var value) ? value.ToString() : null, errors);
        if (filter == _filter && List.Rows is not null)
            return; // a question was opened or closed
        _filter = filter;
        _nonsense = Nonsense.Of(errors);
        _seesNothing = Me.TeamsWith(Permission.ReadFleet) is { All: false, Ids.Length: 0 }
            ? "Ask an org-admin or the team-admin of your team to add you; then its keys appear here."
            : null;
        if (_seesNothing is not null)
            return;
        if (_filter == new KeyFilter() && await ViewAddress.InsteadAsync(SavedViews, Me, ViewPage.Keys, address, Left) is { } instead)
            Navigation.NavigateTo(instead, replace: true);
        else
            await ReloadAsync();
    }

    private async Task<Outcome<Paged<KeyRow>>> ReadAsync(PageRequest page)
    {
        var rows = await Lists.ListAsync(Me, _filter, page, Left);
        _leaked = await Lists.LeakedAsync(Me, Left);
        // Keys are used all the time; how many nobody needs changes over days.
        if (Now - _countedAt >= CountEvery)
            await CountAsync();
        return rows;
    }

    private async Task ReloadAsync()
    {
        (_problem, _countedAt) = (null, default);
        _selection.Clear();
        List.Hold.Selecting = false;
        await List.LoadAsync();
    }

    private string HeadState =>
        !_selection.Any ? "none"
        : List.Rows!.All(row => _selection.Has(NameOf(row))) ? "all"
        : "some";

    // Every row that is shown is drawn, so a range with Shift comes with all its names.
    private Task Pick(PickEventArgs told)
    {
        if (told.All)
            _selection.SelectAll();
        else if (told.On)
            _selection.Add(told.Names ?? []);
        else
            _selection.Remove(told.Names ?? [], List.Rows!.Select(NameOf));
        return SelectionChangedAsync();
    }

    private async Task SelectionChangedAsync()
    {
        List.Hold.Selecting = _selection.Any;
        if (_selection.Any)
            _total = (await Lists.WindowAsync(Me, _filter, 0, 1, Left)).Total;
        else
            await List.HearAsync();
    }

    private static string NameOf(KeyRow row) => IdText.Format(IdText.KeyVersion, row.VersionId);

    private async Task CountAsync()
    {
        _counts = await Lists.CountsAsync(Me, Left);
        _countedAt = Now;
    }

    private async Task DisableAsync(KeyRow row)
    {
        if (await ActAsync(Keys.DisableAsync(Me, AgentOf(row), KeyOf(row), new KeyAction { KeyVersion = row.Number }, Left)))
            Toasts.Show($"Disabled {row.Prefix}…{row.Last4} of {row.AgentName}.", () => TakeBackAsync(row));
    }

    private Task TakeBackAsync(KeyRow row) =>
        UndoAsync(
            Toasts,
            me => Keys.EnableAsync(me, AgentOf(row), KeyOf(row), new KeyAction { KeyVersion = row.Number }, CancellationToken.None),
            $"Enabled {row.Prefix}…{row.Last4} of {row.AgentName}.",
            _ => ActedAsync()
        );

    private Task EnableAsync(KeyRow row) =>
        ActAsync(Keys.EnableAsync(Me, AgentOf(row), KeyOf(row), new KeyAction { KeyVersion = row.Number }, Left));

    // One that was reported as leaked is trusted again for a reason only.
    private Task AskOrEnableAsync(KeyRow row)
    {
        if (row.LeakReportedAt is null)
            return EnableAsync(row);
        (_why, _trustErrors) = (null, null);
        Ask("enable", IdText.Format(IdText.KeyVersion, row.VersionId));
        return Task.CompletedTask;
    }

    private async Task TrustAsync(KeyRow row)
    {
        if (_busy)
            return;
        _busy = true;
        var body = new KeyAction { KeyVersion = row.Number, Reason = _why };
        var done = await Once.RunAsync(
            _trust,
            Me,
            new { row.VersionId, body },
            me => Keys.EnableAsync(me, AgentOf(row), KeyOf(row), body, Left),
            Left
        );
        _busy = false;
        _trustErrors = done.Problem?.Errors;
        if (_trustErrors is not null)
            return;
        Ask(null);
        await TakeAsync(done);
    }

    private async Task RevokeAsync(KeyRow row)
    {
        if (_busy)
            return;
        _busy = true;
        Ask(null);
        if (await ActAsync(Keys.RevokeAsync(Me, AgentOf(row), KeyOf(row), new KeyAction { KeyVersion = row.Number }, Left)))
            Toasts.Show(
                $"Revoked {row.Prefix}…{row.Last4} of {row.AgentName}.",
                null,
                ConsoleUrls.Agent(row.AgentSlug, "keys"),
                "Its keys"
            );
        _busy = false;
    }

    private async Task<bool> ActAsync(Task<Outcome<KeyBody>> act) => await TakeAsync(await act);

    private async Task<bool> TakeAsync(Outcome<KeyBody> done)
    {
        _problem = done.Problem;
        await ActedAsync();
        return done.Problem is null;
    }

    private Task ActedAsync()
    {
        _countedAt = default;
        return List.ActedAsync();
    }

    private static string AgentOf(KeyRow row) => IdText.Format(IdText.Agent, row.AgentId);

    private static string KeyOf(KeyRow row) => IdText.Format(IdText.Key, row.KeyId);

    private Tabs.Tab Counted(string name, KeyFilter filter, int? count) => View(name, filter) with { Count = count };

    private Tabs.Tab View(string name, KeyFilter filter) => new(name, Address(filter), _filter == filter);

    private string Without(string name) => ViewAddress.Keep(ConsoleUrls.Keys, _view, _filter.ToQuery().Where(p => p.Key != name));

    private static string Address(KeyFilter filter, string? view = null) => ViewAddress.Keep(ConsoleUrls.Keys, view, filter.ToQuery());

    private static string Where(KeyRow row) =>
        string.Join(" · ", new[] { row.LastUsedAddress, row.LastUsedUserAgent, row.LastUsedRoute }.Where(t => !string.IsNullOrEmpty(t)));

    private static string OrderName(KeyOrder order) =>
        order switch
        {
            KeyOrder.Oldest => "Oldest",
            KeyOrder.LastUsed => "Last used",
            KeyOrder.LongestUnused => "Longest unused",
            _ => "Newest",
        };
}
