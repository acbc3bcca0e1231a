using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Unclaimed;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Parts;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web.Virtualization;

namespace AgentConsole.Web.Agents;

/// <summary>Every agent the person may see. The first rows are always in the page; the rest is drawn as one scrolls.</summary>
public sealed partial class FleetPage
{
    private const int FirstRows = 30;
    private float _rowHeight = 40;
    private AgentWindow? _window;
    private List<FleetLine> _first = [];
    private IReadOnlyList<FleetLine>[] _blocks = [];
    private readonly Dictionary<Guid, FleetLine> _further = [];
    private FleetTotals? _totals;
    private int? _unclaimed;
    private Problem? _problem;
    private string? _nonsense;
    private string? _mayNot;
    private string? _seesNothing;
    private string _text = "";
    private readonly Queue<AgentFilter> _onTheirWay = new();
    private int _changed;
    private readonly Hold _hold = new();
    private Virtualize<FleetLine>? _rest;
    private CancellationTokenSource? _reading;
    private readonly HashSet<Guid> _stale = [];
    private bool _waits;
    private bool _interactive;
    private bool _rowsOnly;
    private DateTimeOffset _known;
    private int _living;
    private ITimer? _catchUp;

    [Inject]
    public required AgentLists Lists { get; init; }

    [Inject]
    public required AgentDirectory Directory { get; init; }

    [Inject]
    public required UnclaimedService Unclaimed { get; init; }

    [Inject]
    public required StatsService Stats { get; init; }

    [Inject]
    public required FleetCells Drawn { get; init; }

    private AgentFilter Filter { get; set; } = new();

    private AgentFilter? Shown { get; set; }

    private IReadOnlyList<Tabs.Tab> Views =>
        [
            new("All", ConsoleUrls.Fleet, Filter.IsEmpty, _totals?.Agents),
            View("Failing", new AgentFilter { Health = Health.Failing }, _totals?.Health.GetValueOrDefault(Health.Failing), hot: true),
            View("Silent", new AgentFilter { Liveness = Liveness.Silent }, _totals?.Liveness.GetValueOrDefault(Liveness.Silent)),
            View("Paused", new AgentFilter { Lifecycle = Lifecycle.Paused }, _totals?.Lifecycle.GetValueOrDefault(Lifecycle.Paused)),
            View("Ownerless", new AgentFilter { Owner = "none" }, null),
            new("Unclaimed", ConsoleUrls.Unclaimed, false, _unclaimed),
            View("Deleted", new AgentFilter { Deleted = true }, null),
        ];

    private IEnumerable<(string Text, string Without)> Chips
    {
        get
        {
            foreach (var (name, value) in Filter.ToQuery())
            {
                if (name is "q" or "sort")
                    continue;
                yield return (name == "deleted" ? "deleted" : $"{name}: {value}", FleetAddress.Of(FleetGrammar.Without(Filter, name)));
            }
        }
    }

    private string Curl =>
        $$"""curl -X POST {{Navigation.BaseUri}}api/v1/agents -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '{"slug":"my-first-agent","key":true}'""";

    protected override async Task OnParametersSetAsync()
    {
        var query = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(new Uri(Navigation.Uri).Query);
        var errors = new FieldErrors();
        var filter = AgentFilter.Parse(name => query.TryGetValue(name, out var value) ? value.ToString() : null, errors);
        _nonsense = errors.Any ? string.Join(" ", errors.ToDictionary().Select(e => $"{e.Key}: {string.Join(" ", e.Value)}")) : null;
        var me = Me;
        _mayNot = WhyNotAnywhere(Permission.EditAgents);
        _seesNothing = me.TeamsWith(Permission.ReadFleet) is { All: false, Ids.Length: 0 }
            ? "Ask an org-admin or the team-admin of your team to add you; then its agents appear here."
            : null;
        if (IsOnItsWay(filter) || filter == Shown)
            return; // the address follows what was typed
        Filter = filter;
        _text = filter.Text ?? "";
        if (_seesNothing is null)
            await ReloadAsync();
    }

    // Counting everything takes longer than the first rows; it comes when they stand.
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender || _seesNothing is not null)
            return;
        _catchUp = Clock.CreateTimer(_ => CatchUpLater(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _interactive = true;
        await CountAsync();
        await KnowAsync(_first);
        StateHasChanged();
    }

    private async Task KnowAsync(IReadOnlyCollection<FleetLine> lines)
    {
        var days = await Stats.SeriesAsync(Me, [.. lines.Select(line => line.Row.Id)], Left);
        foreach (var line in lines)
            line.Know(days.GetValueOrDefault(line.Row.Id));
        FleetLine.Draw(lines);
        _known = Now;
    }

    private async Task CountAsync()
    {
        _totals = await Lists.TotalsAsync(Me, Left);
        _unclaimed = await Unclaimed.CountAsync(Me, Left);
    }

    private async Task ReloadAsync()
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
            if (window.Total == 0 && !Filter.IsEmpty && _totals is null)
                await CountAsync();
            Shown = Filter;
            await TakeAsync(window);
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
        var window = await Lists.WindowAsync(Me, Filter, FirstRows + request.StartIndex, request.Count, request.CancellationToken);
        if (_further.Count > 400)
            _further.Clear(); // lines out of sight need no news
        var lines = window.Rows.Select(row => new FleetLine(row, Access.Current, Drawn)).ToList();
        foreach (var line in lines)
            _further[line.Row.Id] = line;
        await KnowAsync(lines);
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
        if (filter == Filter)
            return;
        _text = rest;
        await ShowAsync(filter, replace: false);
    }

    private async Task ShowAsync(AgentFilter filter, bool replace)
    {
        if (filter == Filter)
            return;
        Filter = filter;
        var reading = ReloadAsync();
        _onTheirWay.Enqueue(filter);
        Navigation.NavigateTo(FleetAddress.Of(filter), new NavigationOptions { ReplaceHistoryEntry = replace });
        await reading;
    }

    // The browser confirms each address that typing made, one after the other; by then more may have been typed.
    private bool IsOnItsWay(AgentFilter filter)
    {
        while (_onTheirWay.TryDequeue(out var sent))
        {
            if (sent == filter)
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
            await CatchUpAsync();
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
        var further = _stale.Where(_further.ContainsKey).ToList();
        _stale.Clear();
        var window = await Lists.WindowAsync(Me, Filter, 0, FirstRows, Left);
        var sameOrder = window.Rows.Select(row => row.Id).SequenceEqual(_first.Select(line => line.Row.Id));
        foreach (var row in window.Rows)
            _first.Find(line => line.Row.Id == row.Id)?.Replace(row, Access.Current);
        if (further.Count > 0)
        {
            foreach (var row in await Lists.RowsAsync(Me, further, Left))
                _further.GetValueOrDefault(row.Id)?.Replace(row, Access.Current);
        }
        FleetLine.Draw(_first.Concat(_further.Values));
        if (Now - _known > TimeSpan.FromSeconds(30))
            await KnowAsync(_first);
        if (sameOrder && window.Total == _window!.Total)
            return false;
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
        _first = [.. window.Rows.Select(row => new FleetLine(row, Access.Current, Drawn))];
        _blocks = [.. _first.Chunk(FleetBlock.Size)];
        _further.Clear();
        _changed = 0;
        _problem = null;
        if (_interactive)
            await KnowAsync(_first);
        if (_rest is not null)
            await _rest.RefreshDataAsync();
    }

    private void CatchUpLater() =>
        Work(async () =>
        {
            if (await CatchUpAsync())
                StateHasChanged();
        });

    private FleetLine? Find(Guid id) => _first.Find(line => line.Row.Id == id) ?? _further.GetValueOrDefault(id);

    private async Task HoldAsync(HoldEventArgs told)
    {
        if (_hold.Hear(told) && _changed > 0)
            await ReloadAsync(); // nobody looks: nothing moves under the pointer
    }

    private Task ShowChangedAsync() => ReloadAsync();

    private Tabs.Tab View(string name, AgentFilter filter, int? count, bool hot = false) =>
        new(name, FleetAddress.Of(filter), filter == (Filter with { Order = default }), count, hot && count > 0);

    private MarkupString Head(AgentOrder order, string title, string direction) =>
        Markup.SortHead(FleetAddress.Of(Filter with { Order = order }), title, Filter.Order == order ? direction : null);

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
