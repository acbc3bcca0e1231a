using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Rotations.Bulk;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Parts;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web.Virtualization;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentConsole.Web.Rotations;

/// <summary>
/// A bulk rotation, or another act on many keys: its plan, how far it is, who has not moved over the whole set, and the cut-over of those that are ready. It
/// can be left and come back to at any step.
/// </summary>
public sealed partial class BulkPage
{
    private const int FirstRows = 50;
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);
    private readonly Submission _applying = new("bulk-apply");
    private KeyBulkBody? _bulk;
    private KeyBulkWindow? _window;
    private KeyBulkCut? _cut;
    private Guid _bulkId;
    private Problem? _missing;
    private Problem? _problem;
    private string? _nonsense;
    private string? _mayNot;
    private string? _shown;
    private string _typed = "";
    private BulkStep _step;
    private bool _all;
    private bool _busy;
    private bool _reading;
    private DateTimeOffset? _readAt;
    private ITimer? _timer;
    private Virtualize<KeyBulkRowBody>? _rest;

    [Inject]
    public required KeyBulkService Bulks { get; init; }

    [Parameter]
    public required string Id { get; set; }

    /// <summary>Which step is looked at; where it stands when absent.</summary>
    [SupplyParameterFromQuery]
    public string? Step { get; set; }

    /// <summary>The question that is open.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    /// <summary>Every row is drawn, to be printed.</summary>
    [SupplyParameterFromQuery]
    public bool All { get; set; }

    private string Path => IsRotation ? $"/rotations/bulk/{Id}" : $"/keys/bulk/{Id}";

    private KeyBulkFilter Filter { get; set; } = new();

    private bool IsRotation => _bulk is null or { Action: "rotate" };

    private string Heading => _bulk is null ? "Many keys" : BulkWords.Heading(_bulk);

    private string Call => $"/api/v1/{(IsRotation ? "rotations" : "keys")}/bulk/{_bulk!.Id}";

    private bool IsRisky => _bulk!.Rows.Change > (_bulk.Action == "revoke" ? BulkWords.Few : 100);

    private string? WhyNotApply =>
        _mayNot
        ?? (_bulk!.Maker == Me.Label ? null : "Only whoever made this plan can apply it. Make your own of the same keys.")
        ?? (
            IsRisky && _typed.Trim().Replace(",", "", StringComparison.Ordinal) != $"{_bulk.Rows.Change}"
                ? $"Type {_bulk.Rows.Change}, the number of keys."
                : null
        );

    private string States =>
        _bulk?.Rotations is { Count: > 0 } states
            ? string.Join(
                ", ",
                states.Select(s =>
                    $"{Words.Exact(s.Value)} {s.Key switch { "planned" => "to be handed over", "old-disabled" => "with the old secret refused", var word => word }}"
                )
            ) + "."
            : "";

    private IEnumerable<(string Word, KeyBulkFilter Filter, int Count, bool Hot)> Groups
    {
        get
        {
            var rows = _bulk!.Rows;
            yield return ("All", new KeyBulkFilter(), rows.Total, false);
            if (_bulk.StartedAt is null)
                yield return (_bulk.Action == "rotate" ? "Would rotate" : "Would change", Of(KeyBulkEffect.Change), rows.Change, false);
            if (rows.Failed > 0 || Filter.Outcome == KeyBulkOutcome.Failed)
                yield return ("Failed", Of(KeyBulkOutcome.Failed), rows.Failed, true);
            if (_bulk is { StartedAt: not null, Action: "rotate" })
            {
                yield return ("Not moved", new KeyBulkFilter { Waiting = true }, _bulk.Waiting ?? 0, false);
                foreach (
                    var state in new[] { RotationState.Planned, RotationState.Ready, RotationState.OldDisabled, RotationState.Completed }
                )
                {
                    var (name, filter) = (KebabCase.Of(state), new KeyBulkFilter { Rotation = state });
                    if (BulkWords.In(_bulk, name) > 0 || Filter == filter)
                        yield return (
                            state switch
                            {
                                RotationState.Planned => "To hand over",
                                RotationState.OldDisabled => "Old disabled",
                                _ => Words.Sentence(name),
                            },
                            filter,
                            BulkWords.In(_bulk, name),
                            false
                        );
                }
            }
            if (rows.Pending > 0 && _bulk.StartedAt is not null)
                yield return ("Not begun", Of(KeyBulkOutcome.Pending), rows.Pending, false);
            if (rows.Cancelled > 0)
                yield return ("Cancelled", Of(KeyBulkOutcome.Cancelled), rows.Cancelled, false);
            if (rows.Refused > 0)
                yield return ("Left alone", Of(KeyBulkEffect.Refused), rows.Refused, false);
            if (rows.NoChange > 0)
                yield return ("As they should be", Of(KeyBulkEffect.NoChange), rows.NoChange, false);
        }
    }

    private static KeyBulkFilter Of(KeyBulkEffect effect) => new() { Effect = effect };

    private static KeyBulkFilter Of(KeyBulkOutcome outcome) => new() { Outcome = outcome };

    private IEnumerable<KeyValuePair<string, string>> Members =>
        (Step is { Length: > 0 } step ? new[] { new KeyValuePair<string, string>("step", step) } : []).Concat(Filter.ToQuery());

    protected override async Task OnParametersSetAsync()
    {
        var query = QueryHelpers.ParseQuery(new Uri(Navigation.Uri).Query);
        var errors = new FieldErrors();
        var filter = KeyBulkFilter.Parse(
            name => query.TryGetValue(name, out var value) && value.ToString() is { Length: > 0 } text ? text : null,
            errors
        );
        _nonsense = Nonsense.Of(errors);
        (var was, _all) = (_all, All);
        if (_shown != Id)
        {
            (_bulk, _window, _missing, _problem, _cut, _typed, _shown) = (null, null, null, null, null, "", Id);
            Filter = filter;
            await ReadAsync();
        }
        else if (filter != Filter || All != was)
        {
            Filter = filter;
            await ReadAsync();
        }
        TakeStep();
    }

    private void TakeStep()
    {
        if (_bulk is null)
            return;
        var reached = BulkWords.Reached(_bulk);
        _step = Enum.GetValues<BulkStep>().FirstOrDefault(s => KebabCase.Of(s) == Step, reached);
        if (_bulk.StartedAt is null)
            _step = BulkStep.Choose;
    }

    protected override void OnAfterRender(bool firstRender)
    {
        // Calls with a key tell nobody, and a worker that died neither.
        if (firstRender)
            _timer = Clock.CreateTimer(_ => Work(LookAsync), null, LookAgain, LookAgain);
    }

    protected override void Leave() => _timer?.Dispose();

    private async Task LookAsync()
    {
        if (
            _bulk is null
            || _reading
            || Live.Paused
            || _bulk.StartedAt is null
            || (_bulk.State == "finished" && BulkWords.Open(_bulk) == 0)
        )
            return;
        await ReadAsync();
        StateHasChanged();
    }

    private Task HearAsync() => ReadAsync();

    private async Task ReadAsync()
    {
        _reading = true;
        try
        {
            var read = await Bulks.GetAsync(Me, Id, Left);
            _missing = read.Problem;
            if (read.Problem is not null)
            {
                if (!_busy)
                    _bulk = null;
                return;
            }
            _bulk = read.Value;
            _bulkId = IdText.Parse(IdText.Bulk, _bulk.Id);
            _mayNot = WhyNotAnywhere(Permission.ManageKeys);
            await ReadRowsAsync();
            if (_rest is { } rest)
                await rest.RefreshDataAsync();
            TakeStep();
            (_readAt, _problem) = (Now, StoreFault.Is(_problem) ? null : _problem);
        }
        catch (Exception e) when (StoreFault.Is(e))
        {
            _problem = StoreFault.Is(_problem) ? _problem : StoreFault.At(_readAt);
        }
        finally
        {
            _reading = false;
        }
    }

    private async Task ReadRowsAsync()
    {
        if (All && Filter == new KeyBulkFilter())
        {
            var report = await Bulks.ReportAsync(Me, Id, Left);
            if (report.Problem is null)
                _window = new KeyBulkWindow(report.Value.Rows, report.Value.Rows.Count);
            return;
        }
        var window = await Bulks.WindowAsync(Me, Id, Filter, 0, FirstRows, Left);
        if (window.Problem is null)
            _window = window.Value;
    }

    private async ValueTask<ItemsProviderResult<KeyBulkRowBody>> ProvideAsync(ItemsProviderRequest request)
    {
        var total = Math.Max(0, (_window?.Total ?? 0) - FirstRows);
        try
        {
            var window = await Bulks.WindowAsync(Me, Id, Filter, FirstRows + request.StartIndex, request.Count, request.CancellationToken);
            return window.Problem is null
                ? new ItemsProviderResult<KeyBulkRowBody>(window.Value.Rows, Math.Max(0, window.Value.Total - FirstRows))
                : new ItemsProviderResult<KeyBulkRowBody>([], total);
        }
        catch (Exception e) when (StoreFault.Is(e))
        {
            return new ItemsProviderResult<KeyBulkRowBody>([], total);
        }
    }

    private async Task ApplyAsync()
    {
        if (WhyNotApply is not null)
            return;
        await DoAsync(me => Bulks.ApplyAsync(me, Id, new ApplyKeyBulk { Digest = _bulk!.Digest }, Left));
        if (_bulk is { StartedAt: not null })
            Once.Forget(_applying);
    }

    private Task ResumeAsync(string? rows) => DoAsync(me => Bulks.ResumeAsync(me, Id, new ResumeKeyBulk { Rows = rows }, Left));

    private async Task CancelAsync()
    {
        var planned = _bulk!.StartedAt is null;
        await DoAsync(me => Bulks.CancelAsync(me, Id, Left), read: !planned);
        if (planned && _problem is null)
            Navigation.NavigateTo(ConsoleUrls.Keys);
    }

    private async Task AgainAsync()
    {
        if (_busy)
            return;
        _busy = true;
        Outcome<KeyBulkBody> made;
        try
        {
            var me = Me;
            made = await Task.Run(() => Bulks.MakeAgainAsync(me, Id, null, Left), Left);
        }
        finally
        {
            _busy = false;
        }
        _problem = made.Problem;
        if (made.Problem is null)
            Navigation.NavigateTo(
                made.Value.Action == "rotate" ? ConsoleUrls.BulkRotation(made.Value.Id) : ConsoleUrls.KeyAct(made.Value.Id),
                replace: true
            );
    }

    private Task CutAsync() => CutAsync(me => Bulks.DisableOldAsync(me, Id, new DisableOld(), Left));

    private async Task CompleteAsync()
    {
        await CutAsync(me => Bulks.CompleteAsync(me, Id, new Reason(), Left));
        Ask(null);
    }

    private async Task CutAsync(Func<Actor, Task<Outcome<KeyBulkCut>>> act)
    {
        if (_busy)
            return;
        _busy = true;
        try
        {
            var me = Me;
            var done = await Task.Run(() => act(me), Left);
            _problem = done.Problem;
            _cut = done.Problem is null ? done.Value : null;
            await ReadAsync();
        }
        finally
        {
            _busy = false;
        }
    }

    // Beside the page's own thread: a large plan is compared row by row before it begins.
    private async Task DoAsync(Func<Actor, Task<Outcome<KeyBulkBody>>> act, bool read = true)
    {
        if (_busy)
            return;
        _busy = true;
        try
        {
            var me = Me;
            var done = await Task.Run(() => act(me), Left);
            _problem = done.Problem;
            if (read)
                await ReadAsync();
        }
        finally
        {
            _busy = false;
        }
    }

    private string Address(KeyBulkFilter filter) =>
        ConsoleUrls.With(Path, [("step", Step), .. filter.ToQuery().Select(m => (m.Key, (string?)m.Value))]);

    private MarkupString Cells(KeyBulkRowBody row)
    {
        var name =
            row.KeyId is null ? $"<span class=\"m\">{Markup.Text(row.Agent)}</span>"
            : row.Rotation is { } rotation
                ? $"<a class=\"nm\" href=\"{Markup.Text(ConsoleUrls.Rotation(rotation))}\">{Markup.Text(row.Agent)}</a>"
            : $"<a class=\"nm\" href=\"{Markup.Text(ConsoleUrls.Agent(row.Agent, "keys"))}\">{Markup.Text(row.Agent)}</a>";
        var key = row.KeyName is null
            ? ""
            : $"<span class=\"who\">{Markup.Text(row.KeyName)}, version {row.Version}{(row.ToVersion is { } to ? $" → {to}" : "")}</span>";
        var says =
            row.Detail is { } detail ? Markup.Text(detail)
            : row.Waiting is > 0 ? $"{Words.Many(row.Waiting.Value, "caller")} not moved"
            : _bulk!.StartedAt is null && row.Callers > 0 ? $"{Words.Many(row.Callers, "caller")} in 24 h"
            : $"<span class=\"x3\">{Words.Unknown}</span>";
        var used = row.LastUsedAt is { } at ? Words.Time(at, Now).Value : "<span class=\"x3\">never</span>";
        return new MarkupString(
            Markup.Cell("c-ag", name + key).Value
                + Markup.Cell("c-te x2", Markup.Text(row.Team ?? Words.Unknown)).Value
                + Markup.Cell("c-st", BulkWords.Row(_bulk!, row).Value).Value
                + Markup.Cell("c-sa wrap-any", says).Value
                + Markup.Cell("c-us", used).Value
        );
    }
}
