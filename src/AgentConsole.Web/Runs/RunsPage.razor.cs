using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Parts;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentConsole.Web.Runs;

/// <summary>The live run log, newest first. Every filter stands in the address; new runs wait while the pointer is on the list.</summary>
public sealed partial class RunsPage
{
    private const int PageSize = 50;
    private const int MostRows = 500;

    private static readonly (string Name, string? Since)[] Periods =
    [
        ("Any time", null),
        ("Last 15 minutes", "15m"),
        ("Last hour", "1h"),
        ("Last 24 hours", "24h"),
        ("Last 7 days", "7d"),
    ];

    private readonly LiveRows<RunRow> _rows = new(row => row.Id, MostRows);
    private RunFilter _filter = new();
    private string? _cursor;
    private bool _read;
    private bool _more;
    private bool _missed; // more changed at once than was followed one by one
    private Problem? _problem;
    private string? _nonsense;
    private string? _seesNothing;

    [Inject]
    public required RunService Runs { get; init; }

    private IReadOnlyList<Tabs.Tab> Views =>
        [
            View("All", []),
            View("Open", [RunStatus.Queued, RunStatus.Running, RunStatus.Waiting]),
            View("Failed", [RunStatus.Failed, RunStatus.TimedOut, RunStatus.Lost]),
            View("Completed", [RunStatus.Completed]),
        ];

    private string SinceName =>
        Periods.FirstOrDefault(p => p.Since == _filter.Since?.ToString(), (_filter.Since?.ToString() ?? "", null)).Name;

    private string Curl =>
        $$"""curl -X POST {{Navigation.BaseUri}}api/v1/runs -H "Authorization: Bearer $AGENT_KEY" -H "Content-Type: application/json" -d '{"status":"completed","summary":"Hello"}'""";

    protected override async Task OnParametersSetAsync()
    {
        var query = QueryHelpers.ParseQuery(new Uri(Navigation.Uri).Query);
        var errors = new FieldErrors();
        var filter = RunGrammar.Read(
            RunFilter.Parse(name => query.TryGetValue(name, out var value) ? string.Join(',', value.ToArray()) : null, errors)
        );
        _nonsense = errors.Any ? string.Join(" ", errors.ToDictionary().Select(e => $"{e.Key}: {string.Join(" ", e.Value)}")) : null;
        _seesNothing = Me.TeamsWith(Permission.ReadFleet) is { All: false, Ids.Length: 0 }
            ? "Ask an org-admin or the team-admin of your team to add you; then its runs appear here."
            : null;
        if (_read && filter.Equals(_filter))
            return;
        _filter = filter;
        if (_seesNothing is null)
            await ReloadAsync();
    }

    private async Task ReloadAsync()
    {
        var page = await Runs.RowsAsync(Me, _filter, new PageRequest(PageSize), Left);
        _problem = page.Problem;
        _read = true;
        if (page.Problem is not null)
            return;
        _rows.Load(page.Value.Items);
        _missed = false;
        _cursor = page.Value.NextCursor;
    }

    private async Task MoreAsync()
    {
        _more = true;
        var page = await Runs.RowsAsync(Me, _filter, new PageRequest(PageSize, _cursor), Left);
        _more = false;
        _problem = page.Problem;
        if (page.Problem is not null)
            return;
        _rows.Append(page.Value.Items);
        _cursor = page.Value.NextCursor;
    }

    private async Task HearAsync(LiveBatch batch)
    {
        if (batch.Overflow && !_rows.Held)
        {
            await ReloadAsync();
            return;
        }
        _missed |= batch.Overflow;
        foreach (var ids in batch.Changes.Select(change => change.Id).Distinct().Chunk(RunService.MostAtOnce))
            await FollowAsync(ids);
    }

    private async Task FollowAsync(Guid[] ids)
    {
        var rows = await Runs.RowsAsync(Me, _filter, ids, Left);
        // A run that no longer matches stays until the next read while it is looked at, and goes otherwise.
        if (!_rows.Held)
        {
            var matching = rows.Select(row => row.Id).ToHashSet();
            var told = ids.ToHashSet();
            _rows.Drop(row => told.Contains(row.Id) && !matching.Contains(row.Id));
        }
        OnTop(() => _rows.Hear(rows.OrderBy(row => IdText.Format(IdText.Run, row.Id), StringComparer.Ordinal)));
    }

    private async Task ShowWaitingAsync()
    {
        if (_missed)
            await ReloadAsync();
        else
            OnTop(_rows.ShowWaiting);
    }

    // What comes in at the top of a full list pushes rows off its end; reading on then begins where the list now ends.
    private void OnTop(Action change)
    {
        Guid? last = _rows.Rows.Count == 0 ? null : _rows.Rows[^1].Id;
        change();
        if (last is not null && _rows.Rows[^1].Id != last)
            _cursor = RunService.CursorAfter(_rows.Rows[^1].Id);
    }

    private Tabs.Tab View(string name, RunStatus[] statuses) =>
        new(name, Address(_filter with { Statuses = statuses }), _filter.Statuses.SequenceEqual(statuses));

    private string Without(string name) =>
        ConsoleUrls.With(
            ConsoleUrls.Runs,
            [.. _filter.ToQuery().Where(pair => pair.Key != name).Select(pair => (pair.Key, (string?)pair.Value))]
        );

    private string With(string name, string? value) =>
        ConsoleUrls.With(
            ConsoleUrls.Runs,
            [.. _filter.ToQuery().Where(pair => pair.Key != name).Select(pair => (pair.Key, (string?)pair.Value)), (name, value)]
        );

    private static string Address(RunFilter filter) =>
        ConsoleUrls.With(ConsoleUrls.Runs, [.. filter.ToQuery().Select(pair => (pair.Key, (string?)pair.Value))]);

    private static string Tokens(RunRow row) =>
        row.InputTokens is null && row.OutputTokens is null ? Words.Unknown : Words.Count((row.InputTokens ?? 0) + (row.OutputTokens ?? 0));
}
