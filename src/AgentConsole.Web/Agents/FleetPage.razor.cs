using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Unclaimed;
using AgentConsole.Core.Views;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Parts;
using AgentConsole.Web.Components.Views;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web.Virtualization;

namespace AgentConsole.Web.Agents;

/// <summary>Every agent the person may see. The first rows are always in the page; the rest is drawn as one scrolls.</summary>
public sealed partial class FleetPage
{
    private const int FirstRows = 30;
    private static readonly TimeSpan MostOften = TimeSpan.FromSeconds(2);
    private float _rowHeight = 40;
    private AgentWindow? _window;
    private List<FleetLine> _first = [];
    private IReadOnlyList<FleetLine>[] _blocks = [];
    private readonly Dictionary<Guid, FleetLine> _further = [];
    private AgentFacets? _counts; // under the filter
    private AgentFacets? _fleet; // without it
    private IReadOnlyList<FleetColumn> _columns = FleetColumn.Default;
    private int? _unclaimed;
    private Problem? _problem;
    private string? _nonsense;
    private string? _mayNot;
    private string? _seesNothing;
    private string _text = "";
    private readonly Queue<FleetState> _onTheirWay = new();
    private int _changed;
    private readonly RowSelection _selection = new();
    private readonly Hold _hold = new();
    private Virtualize<FleetLine>? _rest;
    private bool _restMissing; // rows further down could not be read
    private CancellationTokenSource? _reading;
    private readonly HashSet<Guid> _stale = [];
    private bool _waits;
    private bool _interactive;
    private bool _rowsOnly;
    private DateTimeOffset? _readAt;
    private DateTimeOffset _known;
    private DateTimeOffset _counted;
    private int _living;
    private ITimer? _catchUp;

    /// <summary>What is open over the list: it stands in the address, so that it comes back with the page.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    [Inject]
    public required AgentLists Lists { get; init; }

    [Inject]
    public required FacetService Facets { get; init; }

    [Inject]
    public required ViewService SavedViews { get; init; }

    [Inject]
    public required AgentDirectory Directory { get; init; }

    [Inject]
    public required UnclaimedService Unclaimed { get; init; }

    [Inject]
    public required StatsService Stats { get; init; }

    [Inject]
    public required FleetCells Drawn { get; init; }

    private FleetState State { get; set; } = new();

    private AgentFilter Filter => State.Filter;

    private FleetState? Shown { get; set; }

    private string TableClass => $"t fleet {(State.Columns is null ? "std" : _columns.Count > 10 ? "many" : "own")}";

    private ViewState Saved => ViewState.Of(Filter.ToQuery(), State.Columns, State.Density);

    private IReadOnlyList<Tabs.Tab> BuiltIn =>
        [
            new(
                "All",
                FleetAddress.Of(new FleetState { View = ViewAddress.All }),
                Filter.IsEmpty,
                Directory.CountLiving(Me.OrganizationId, Me.TeamsWith(Permission.ReadFleet))
            ),
            View("Failing", new AgentFilter { Health = Health.Failing }, _fleet?.Count(AgentFact.Health, "failing"), hot: true),
            View("Silent", new AgentFilter { Liveness = Liveness.Silent }, _fleet?.Count(AgentFact.Liveness, "silent")),
            View("Paused", new AgentFilter { Lifecycle = Lifecycle.Paused }, _fleet?.Count(AgentFact.Lifecycle, "paused")),
            View("Ownerless", new AgentFilter { Owner = AgentFilter.Ownerless }, _fleet?.Count(AgentFact.Owner, AgentFilter.Ownerless)),
            new("Unclaimed", ConsoleUrls.Unclaimed, false, _unclaimed),
            View("Deleted", new AgentFilter { Deleted = true }, null),
        ];

    private IEnumerable<(string Text, string Without)> Chips
    {
        get
        {
            foreach (var fact in Enum.GetValues<AgentFact>())
            {
                var name = KebabCase.Of(fact);
                string Say(string value) => $"{name}: {(value.Length == 0 ? "not named" : value)}";
                foreach (var value in Filter[fact]?.Wanted ?? [])
                    yield return (Say(value), At(FleetGrammar.Without(Filter, fact, value)));
                foreach (var value in Filter[fact]?.Unwanted ?? [])
                    yield return ("not " + Say(value), At(FleetGrammar.Without(Filter, fact, value)));
            }
            if (Filter.Deleted)
                yield return ("deleted", At(Filter with { Deleted = false }));
        }
    }

    private string FleetFile =>
        ConsoleUrls.With(
            "/api/v1/agents/fleet.yaml",
            [.. Filter.ToQuery().Where(m => m.Key != "sort").Select(m => (m.Key, (string?)m.Value))]
        );

    private string Curl =>
        $$"""curl -X POST {{Navigation.BaseUri}}api/v1/agents -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '{"slug":"my-first-agent","key":true}'""";

    protected override async Task OnParametersSetAsync()
    {
        var address = new Uri(Navigation.Uri).Query;
        var query = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(address);
        var errors = new FieldErrors();
        var state = FleetState.Parse(name => query.TryGetValue(name, out var value) ? value.ToString() : null, errors);
        _nonsense = Nonsense.Of(errors);
        var me = Me;
        _mayNot = WhyNotAnywhere(Permission.EditAgents);
        _seesNothing = me.TeamsWith(Permission.ReadFleet) is { All: false, Ids.Length: 0 }
            ? "Ask an org-admin or the team-admin of your team to add you; then its agents appear here."
            : null;
        if (IsOnItsWay(state) || state == Shown)
            return; // the address follows what was typed
        if (
            _seesNothing is null
            && state with { View = null } == new FleetState()
            && await ViewAddress.InsteadAsync(SavedViews, me, ViewPage.Fleet, address, Left) is { } instead
        )
        {
            Navigation.NavigateTo(instead, replace: true);
            return;
        }
        var sameRows = state.Filter == Shown?.Filter;
        Take(state);
        _text = state.Filter.Text ?? "";
        if (_seesNothing is not null)
            return;
        if (!sameRows)
        {
            await ReloadAsync();
            return;
        }
        Shown = state;
        if (_interactive)
            await TryAsync(() => KnowAsync(_first));
    }

    private void Take(FleetState state)
    {
        if (state.Columns != State.Columns)
            _columns = FleetColumn.Read(state.Columns, new FieldErrors());
        State = state;
    }

    // Counting takes longer than the first rows; it comes when they stand.
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender || _seesNothing is not null)
            return;
        _catchUp = Clock.CreateTimer(_ => CatchUpLater(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _interactive = true;
        await TryAsync(async () =>
        {
            await CountAsync();
            await KnowAsync(_first);
        });
        StateHasChanged();
    }

    // A store that does not answer takes nothing away: the page says of when its rows are, and looks again a little later.
    private async Task TryAsync(Func<Task> read)
    {
        try
        {
            await read();
        }
        catch (Exception e) when (StoreFault.Is(e))
        {
            _problem = StoreFault.At(_readAt);
            _rowsOnly = false;
            _catchUp?.Change(TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
            StateHasChanged();
        }
    }

    private async Task KnowAsync(IReadOnlyCollection<FleetLine> lines)
    {
        Guid[] ids = [.. lines.Select(line => line.Row.Id)];
        var days = await Stats.SeriesAsync(Me, ids, Left);
        var sums = _columns.Any(c => c.Name is "cost" or "tokens") ? await Stats.DayAsync(Me, ids, Left) : null;
        foreach (var line in lines)
            line.Know(days.GetValueOrDefault(line.Row.Id), sums?.GetValueOrDefault(line.Row.Id), sums is not null);
        FleetLine.Draw(lines);
        _known = Now;
    }

    /// <returns>Whether any count became another.</returns>
    private async Task<bool> CountAsync()
    {
        var (filter, before) = (Filter, (_counts, _fleet, _unclaimed));
        var fleet = await Facets.CountAsync(Me, new AgentFilter(), Left);
        var counts = filter.IsEmpty ? fleet : await Facets.CountAsync(Me, filter, Left);
        if (filter != Filter)
            return false; // another is asked by now, and counted by whoever asked it
        (_counts, _fleet) = (counts, fleet);
        _unclaimed = await Unclaimed.CountAsync(Me, Left);
        _counted = Now;
        return before != (_counts, _fleet, _unclaimed);
    }

    private Task ReloadAsync() => TryAsync(ReadAsync);

    private async Task ReadAsync()
    {
        // The newest question wins: one that is still being read is given up.
        _reading?.Cancel();
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(Left);
        _reading = reading;
        try
        {
            var window = await Lists.WindowAsync(Me, Filter, 0, FirstRows, reading.Token);
            if (_reading != reading)
                return;
            if (window.Total == 0 && !Filter.IsEmpty && _fleet is null)
                await CountAsync();
            if (Shown is { } before && before.Filter with { Order = default } != Filter with { Order = default })
                LetGo(); // what was selected belongs to another list
            Shown = State;
            await TakeAsync(window);
            if (_interactive)
                CountLater();
        }
        catch (OperationCanceledException) when (reading.IsCancellationRequested)
        {
            // A newer question, or nobody who waits for the answer.
        }
        finally
        {
            if (_reading == reading)
                _reading = null;
        }
    }

    private async ValueTask<ItemsProviderResult<FleetLine>> ProvideAsync(ItemsProviderRequest request)
    {
        AgentWindow? window = null;
        await TryAsync(async () =>
            window = await Lists.WindowAsync(Me, Filter, FirstRows + request.StartIndex, request.Count, request.CancellationToken)
        );
        if (window is null)
        {
            _restMissing = true;
            return new ItemsProviderResult<FleetLine>([], Math.Max(0, _window!.Total - FirstRows));
        }
        if (_further.Count > 400)
            _further.Clear(); // lines out of sight need no news
        var lines = window.Rows.Select(LineOf).ToList();
        foreach (var line in lines)
            _further[line.Row.Id] = line;
        await TryAsync(() => KnowAsync(lines));
        return new ItemsProviderResult<FleetLine>(lines, Math.Max(0, window.Total - FirstRows));
    }

    // Bound, not only heard: what is drawn for one letter must not overwrite the next ones, which the browser has already.
    private async Task TypeAsync(string? text)
    {
        _text = text ?? "";
        if (_text.Contains(':', StringComparison.Ordinal))
            return; // a typed fact; read when it is complete
        await ShowAsync(Filter with { Text = FleetGrammar.Clean(_text) }, replace: true);
    }

    private async Task EnterAsync(ChangeEventArgs e)
    {
        var (filter, rest) = FleetGrammar.Read(Filter, e.Value as string ?? "");
        filter = filter with { Owner = InFull(filter.Owner) };
        if (filter == Filter)
            return;
        _text = rest;
        await ShowAsync(filter, replace: false);
    }

    // A typed "ines" becomes the address that the facet has, where it can mean only one.
    private Choice? InFull(Choice? owner)
    {
        var organization = Me.OrganizationId;
        string Full(string name)
        {
            if (name == AgentFilter.Ownerless || name.Contains('@', StringComparison.Ordinal))
                return name;
            var meant = Access
                .Current.Principals.Values.Where(p =>
                    p.OrganizationId == organization
                    && p is { Kind: ActorKind.User, Enabled: true }
                    && p.Label.StartsWith(name + "@", StringComparison.OrdinalIgnoreCase)
                )
                .Take(2)
                .ToList();
            return meant is [var only] ? only.Label : name;
        }
        return owner is null ? null : Choice.Of(owner.Wanted.Select(Full), owner.Unwanted.Select(Full));
    }

    private async Task ShowAsync(AgentFilter filter, bool replace)
    {
        if (filter == Filter)
            return;
        Take(Whole(State with { Filter = filter }));
        var reading = ReloadAsync();
        _onTheirWay.Enqueue(State);
        Navigation.NavigateTo(FleetAddress.Of(State), new NavigationOptions { ReplaceHistoryEntry = replace });
        await reading;
    }

    // What one chooses while looking at a saved view is that view's, to be saved or not; else it is how one likes the page.
    private async Task ChooseAsync(FleetState state)
    {
        Navigation.NavigateTo(Still(FleetAddress.Of(Whole(state))), replace: true);
        if (state.View is null or ViewAddress.All)
            await SavedViews.KeepHabitAsync(Me, ViewPage.Fleet, state.Columns, state.Density, Left);
    }

    // Rows first: what is counted is drawn by itself.
    private void CountLater() =>
        Work(() =>
            TryAsync(async () =>
            {
                if (await CountAsync())
                    StateHasChanged();
            })
        );

    // The browser confirms each address that typing made, one after the other; by then more may have been typed.
    private bool IsOnItsWay(FleetState state)
    {
        while (_onTheirWay.TryDequeue(out var sent))
        {
            if (sent == state)
                return true;
        }
        return false;
    }

    private static bool Concerns(LiveEvent change) => change.Noun is "run" or "agent" or "key" && change.AgentId is not null;

    // A run is shown from the event itself. Whatever else may have changed is read together, at most once a second: a hundred open pages must
    // not turn each run into a hundred queries.
    private async Task HearAsync(LiveBatch batch)
    {
        if (_window is null)
            return;
        var ran = new HashSet<Guid>();
        var urgent = batch.Overflow;
        var later = batch.Overflow;
        foreach (var change in batch.Changes)
        {
            var line = Find(change.AgentId!.Value);
            if (change.Noun == "run")
            {
                ran.Add(change.AgentId.Value);
                urgent |= line?.HearRun(change.Id, (change.Body?.Invoke() as Contracts.RunBody)?.Status, change.At) == true;
            }
            else if (change.Noun == "agent")
            {
                later = true;
                urgent |= line is not null && !ran.Contains(line.Row.Id);
                if (line is not null)
                    _stale.Add(line.Row.Id);
            }
        }
        FleetLine.Draw(_first.Concat(_further.Values));
        if (urgent || Directory.CountLiving(Me.OrganizationId, Me.TeamsWith(Permission.ReadFleet)) != _living)
        {
            await TryAsync(CatchUpAsync);
            return;
        }
        _rowsOnly = true;
        if (later && !_waits)
        {
            _waits = true;
            _catchUp?.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        }
    }

    // Rows draw themselves; the page around them stands still when nothing else changed.
    protected override bool ShouldRender()
    {
        var draw = !_rowsOnly;
        _rowsOnly = false;
        return draw;
    }

    /// <returns>Whether more than single rows became another.</returns>
    private async Task<bool> CatchUpAsync()
    {
        _waits = false;
        if (_window is null || Shown?.Filter != Filter)
        {
            await ReadAsync(); // nothing was read yet, or not what was asked for
            return true;
        }
        List<Guid> stale = [.. _stale];
        var further = stale.FindAll(_further.ContainsKey);
        var window = await Lists.WindowAsync(Me, Filter, 0, FirstRows, Left);
        var sameOrder = window.Rows.Select(row => row.Id).SequenceEqual(_first.Select(line => line.Row.Id));
        foreach (var row in window.Rows)
            _first.Find(line => line.Row.Id == row.Id)?.Replace(row, Access.Current);
        if (further.Count > 0)
        {
            foreach (var row in await Lists.RowsAsync(Me, further, Left))
                _further.GetValueOrDefault(row.Id)?.Replace(row, Access.Current);
        }
        _stale.ExceptWith(stale);
        var mended = _problem is not null;
        (_problem, _readAt) = (null, Now);
        if (_restMissing && _rest is not null)
        {
            _restMissing = false;
            await _rest.RefreshDataAsync();
        }
        FleetLine.Draw(_first.Concat(_further.Values));
        if (Now - _known > TimeSpan.FromSeconds(30))
            await KnowAsync(_first);
        var recounted = Now - _counted >= MostOften && await CountAsync();
        if (sameOrder && window.Total == _window!.Total)
            return recounted || mended;
        if (!recounted)
            await CountAsync();
        if (_hold.On)
            _changed = Math.Max(1, window.Rows.Where((row, at) => at >= _first.Count || _first[at].Row.Id != row.Id).Count());
        else
            await TakeAsync(window);
        return true;
    }

    private async Task TakeAsync(AgentWindow window)
    {
        _window = window;
        if (window.Total == 0)
            _hold.Forget();
        _living = Directory.CountLiving(Me.OrganizationId, Me.TeamsWith(Permission.ReadFleet));
        _first = [.. window.Rows.Select(LineOf)];
        _blocks = [.. _first.Chunk(FleetBlock.Size)];
        _further.Clear();
        (_changed, _restMissing) = (0, false);
        (_problem, _readAt) = (null, Now);
        if (_interactive)
            await KnowAsync(_first);
        if (_rest is not null)
            await _rest.RefreshDataAsync();
    }

    private void CatchUpLater() =>
        Work(async () =>
        {
            var more = false;
            await TryAsync(async () => more = await CatchUpAsync());
            if (more)
                StateHasChanged();
        });

    private FleetLine? Find(Guid id) => _first.Find(line => line.Row.Id == id) ?? _further.GetValueOrDefault(id);

    private async Task HoldAsync(HoldEventArgs told)
    {
        if (_hold.Hear(told) && _changed > 0)
            await ReloadAsync(); // nobody looks: nothing moves under the pointer
    }

    private FleetLine LineOf(AgentRow row)
    {
        var line = new FleetLine(row, Access.Current, Drawn);
        line.Pick(_selection.Has(line.Name));
        return line;
    }

    private IEnumerable<FleetLine> Lines => _first.Concat(_further.Values);

    private string HeadState =>
        !_selection.Any ? "none"
        : _first.TrueForAll(line => line.Picked) ? "all"
        : "some";

    private async Task PickAsync(PickEventArgs told)
    {
        var names = told.Names ?? [];
        if (told.From is { } from && names is [var to])
            names = await BetweenAsync(from, to);
        if (told.All)
            _selection.SelectAll();
        else if (told.On)
            _selection.Add(names);
        else
            _selection.Remove(names, Lines.Select(line => line.Name));
        await SelectionChangedAsync();
    }

    // Not all rows between the two are drawn: the list itself says which they are.
    private async Task<IReadOnlyList<string>> BetweenAsync(string from, string to)
    {
        var names = await Lists.NamesAsync(Me, Filter, 10_000, Left);
        var (one, other) = (names.IndexOf(from), names.IndexOf(to));
        return one < 0 || other < 0 ? [to] : names[Math.Min(one, other)..(Math.Max(one, other) + 1)];
    }

    private async Task SelectionChangedAsync()
    {
        _hold.Selecting = _selection.Any;
        foreach (var line in Lines)
            line.Pick(_selection.Has(line.Name));
        FleetLine.Draw(Lines);
        if (!_hold.On && _changed > 0)
            await ReloadAsync();
    }

    private void LetGo()
    {
        _selection.Clear();
        _hold.Selecting = false;
    }

    private Task ShowChangedAsync() => ReloadAsync();

    private string At(AgentFilter filter) => FleetAddress.Of(Whole(State with { Filter = filter }));

    // What is open over the list stays open.
    private string Still(string address) =>
        Navigation.GetUriWithQueryParameters(address, new Dictionary<string, object?> { ["act"] = Doing });

    // As ViewAddress.Keep.
    private static FleetState Whole(FleetState state) =>
        state with { View = null } == new FleetState() ? state with { View = ViewAddress.All }
        : state.View == ViewAddress.All ? state with { View = null }
        : state;

    private Tabs.Tab View(string name, AgentFilter filter, int? count, bool hot = false) =>
        new(
            name,
            FleetAddress.Of(State with { Filter = filter, View = null }),
            filter == (Filter with { Order = default }),
            count,
            hot && count > 0
        );

    private MarkupString Head(FleetColumn column) =>
        column.Sort is { } order
            ? Markup.SortHead(
                At(Filter with { Order = order }),
                column.Title,
                Filter.Order == order ? (order == AgentOrder.Slug ? "ascending" : "descending") : null,
                column.Class
            )
            : new MarkupString(
                $"<th scope=\"col\" class=\"{column.Class}\"{(column.Why is null ? "" : $" title=\"{Markup.Text(column.Why)}\"")}>{Markup.Text(column.Title)}</th>"
            );

    private static string OrderName(AgentOrder order) =>
        order switch
        {
            AgentOrder.Slug => "Name",
            AgentOrder.LastSeen => "Last heard of",
            AgentOrder.Created => "Newest",
            _ => "Needs attention",
        };

    protected override void Leave()
    {
        _reading?.Cancel();
        _catchUp?.Dispose();
    }
}
