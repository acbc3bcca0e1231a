using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Views;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Parts;
using AgentConsole.Web.Components.Views;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentConsole.Web.Runs;

/// <summary>The live run log, newest first. Every filter stands in the address; new runs wait while the pointer is on the list.</summary>
public sealed partial class RunsPage
{
    private const int PageSize = 50;
    private const int MostRows = 500;
    private static readonly TimeSpan SlideEvery = TimeSpan.FromSeconds(5);

    private static readonly (string Name, string? Since)[] Periods =
    [
        ("Any time", null),
        ("Last 15 minutes", "15m"),
        ("Last hour", "1h"),
        ("Last 24 hours", "24h"),
        ("Last 7 days", "7d"),
    ];

    private ITimer? _sliding;
    private RunFilter _filter = new();
    private bool _more;
    private readonly List<Guid> _chosen = []; // two at most: a third takes the place of the first
    private string? _nonsense;
    private string? _seesNothing;
    private string? _view;

    [Inject]
    public required RunService Runs { get; init; }

    [Inject]
    public required ViewService SavedViews { get; init; }

    /// <summary>The question that is open, and the run that it is about.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    [SupplyParameterFromQuery]
    public string? Of { get; set; }

    private RunList List => field ??= new RunList(Runs, () => Me, Clock, PageSize, MostRows, Left);

    private IReadOnlyList<Tabs.Tab> BuiltIn =>
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
        var address = new Uri(Navigation.Uri).Query;
        var query = QueryHelpers.ParseQuery(address);
        _view = ViewAddress.In(query.GetValueOrDefault(ViewAddress.Member));
        var errors = new FieldErrors();
        var filter = RunGrammar.Read(
            RunFilter.Parse(name => query.TryGetValue(name, out var value) ? string.Join(',', value.ToArray()) : null, errors)
        );
        _nonsense = Nonsense.Of(errors);
        _seesNothing = Me.TeamsWith(Permission.ReadFleet) is { All: false, Ids.Length: 0 }
            ? "Ask an org-admin or the team-admin of your team to add you; then its runs appear here."
            : null;
        if (
            _seesNothing is null
            && filter.IsEmpty
            && await ViewAddress.InsteadAsync(SavedViews, Me, ViewPage.Runs, address, Left) is { } instead
        )
        {
            Navigation.NavigateTo(instead, replace: true);
            return;
        }
        if (List.IsRead && filter.Equals(_filter))
            return;
        _filter = filter;
        if (_seesNothing is null)
            await List.LoadAsync(filter);
    }

    // As the list calls it, where it is in the list.
    private string NameOf(string run) =>
        IdText.TryParse(IdText.Run, run, out var id) && List.Rows.FirstOrDefault(r => r.Id == id) is { } row
            ? Name(row)
            : CopyId.Shorten(run);

    private static string Name(RunRow row) => row.Summary ?? row.ExternalId ?? CopyId.Shorten(IdText.Format(IdText.Run, row.Id));

    private string? WhyNotCancel(RunRow row) =>
        row.Cancel is { } asked && Now < asked.ConfirmBy
            ? $"{asked.RequestedBy} asked for it already; the agent has until {Words.ClockSeconds(asked.ConfirmBy)} to confirm."
            : WhyNot(Permission.EditAgents, row.TeamId);

    // Rows that fall out of "the last 15 minutes" leave though nothing tells of it.
    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
            _sliding = Clock.CreateTimer(_ => Work(SlideAsync), null, SlideEvery, SlideEvery);
    }

    private Task SlideAsync()
    {
        if (!Live.Paused && List.Slide())
            StateHasChanged();
        return Task.CompletedTask;
    }

    protected override void Leave() => _sliding?.Dispose();

    // The earlier one is A, whichever was selected first.
    private IReadOnlyList<string> Chosen => [.. _chosen.Select(id => IdText.Format(IdText.Run, id)).Order(StringComparer.Ordinal)];

    // The boxes follow: the browser draws them by data-picked.
    private void Pick(PickEventArgs told)
    {
        foreach (var name in told.Names ?? [])
        {
            if (!IdText.TryParse(IdText.Run, name, out var run))
                continue;
            _chosen.Remove(run);
            if (told.On)
                _chosen.Add(run);
        }
        if (_chosen.Count > 2)
            _chosen.RemoveRange(0, _chosen.Count - 2);
    }

    private async Task MoreAsync()
    {
        _more = true;
        await List.MoreAsync();
        _more = false;
    }

    private Tabs.Tab View(string name, RunStatus[] statuses) =>
        new(name, Address(_filter with { Statuses = statuses }), _filter.Statuses.SequenceEqual(statuses));

    private string Without(string name) => With(name, null);

    private string With(string name, string? value) =>
        ViewAddress.Keep(
            ConsoleUrls.Runs,
            _view,
            _filter.ToQuery().Where(pair => pair.Key != name).Concat(value is null ? [] : [new KeyValuePair<string, string>(name, value)])
        );

    private static string Address(RunFilter filter) => ViewAddress.Keep(ConsoleUrls.Runs, null, filter.ToQuery());

    private static string Tokens(RunRow row) =>
        row.InputTokens is null && row.OutputTokens is null ? Words.Unknown : Words.Count((row.InputTokens ?? 0) + (row.OutputTokens ?? 0));
}
