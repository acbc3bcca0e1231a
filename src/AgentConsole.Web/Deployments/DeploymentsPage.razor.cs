using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.People;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Timeline;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentConsole.Web.Deployments;

/// <summary>The fleet's deployments over time, or as a table of snapshots, newest first; every filter stands in the address.</summary>
public sealed partial class DeploymentsPage
{
    private static readonly (string Word, SnapshotFilter View)[] Views =
    [
        ("All", SnapshotFilter.None),
        ("Deployed now", new SnapshotFilter { Outcome = SnapshotOutcome.Current }),
        ("Canaries", new SnapshotFilter { Outcome = SnapshotOutcome.Current, Status = SnapshotStatus.Canary }),
        ("Rolled back", new SnapshotFilter { Outcome = SnapshotOutcome.RolledBack }),
    ];

    private SnapshotFilter _filter = SnapshotFilter.None;
    private TimelineState _timeline = null!;
    private bool _table;
    private string? _seesNothing;
    private string? _nonsense;
    private string? _shown;
    private IReadOnlyList<TeamCard> _teams = [];

    [Inject]
    public required SnapshotLists Lists { get; init; }

    private RereadRows<SnapshotBody> List =>
        field ??= new RereadRows<SnapshotBody>(
            row => IdText.Parse(IdText.Snapshot, row.Id),
            page => Lists.ListAsync(Me, _filter, page, Left),
            Clock
        );

    private string Curl =>
        $"curl {Navigation.BaseUri}api/v1/agents/AGENT/snapshots -H \"Authorization: Bearer $TOKEN\" -H \"Content-Type: application/json\" -d '{{\"version\": \"1.0.0\", \"status\": \"active\"}}'";

    protected override async Task OnParametersSetAsync()
    {
        var query = new Uri(Navigation.Uri).Query;
        if (query == _shown)
            return;
        _shown = query;
        var members = QueryHelpers.ParseQuery(query);
        var errors = new FieldErrors();
        _filter = SnapshotFilter.Parse(
            name => members.TryGetValue(name, out var values) && values[0] is { Length: > 0 } text ? text : null,
            errors
        );
        _nonsense = errors.ToProblem()?.Detail;
        var me = Me;
        var scope = me.TeamsWith(Permission.ReadFleet);
        _teams =
        [
            .. Access
                .Current.Teams.Values.Where(t => t.OrganizationId == me.OrganizationId && scope.Has(t.Id))
                .OrderBy(t => t.Name, StringComparer.OrdinalIgnoreCase),
        ];
        _table = members.TryGetValue("view", out var view) && view[0] == "table";
        _timeline = TimelineState.Parse(Navigation.Uri);
        _seesNothing = WhyNotAnywhere(Permission.ReadFleet);
        if (_table && _seesNothing is null)
            await List.LoadAsync();
    }

    private string? Time =>
        (_filter.From, _filter.To) switch
        {
            ({ } from, { } to) => $"{Words.DayClock(from)} to {Words.DayClock(to)}",
            ({ } from, null) => $"since {Words.DayClock(from)}",
            (null, { } to) => $"before {Words.DayClock(to)}",
            _ => null,
        };

    private string AnyTime => ConsoleUrls.DeploymentsTable((_filter with { From = null, To = null }).Members());

    private string TimelineUrl => ConsoleUrls.DeploymentsOf(_filter.Members());

    private string TableUrl => ConsoleUrls.DeploymentsTable(_timeline.TableMembers(_timeline.Window(Now)));

    // What the form has no field for.
    private IEnumerable<KeyValuePair<string, string>> Kept =>
        _table
            ? [new("view", "table"), .. _filter.Members().Where(m => m.Key is "status" or "outcome" or "trigger" or "from" or "to")]
            :
            [
                .. _filter.Members().Where(m => m.Key is "status" or "trigger" or "from" or "to"),
                .. _timeline.Zoom == Zoom.Day || _filter.To is not null
                    ? []
                    : new KeyValuePair<string, string>[] { new("zoom", _timeline.Zoom.Name) },
            ];

    private IEnumerable<KeyValuePair<string, string>> ShownMembers
    {
        get
        {
            var window = _timeline.Window(Now);
            return (_filter with { From = window.From, To = window.To }).Members();
        }
    }

    // A tab keeps what else is filtered by.
    private string Address(SnapshotFilter view) =>
        ConsoleUrls.DeploymentsTable((_filter with { Outcome = view.Outcome, Status = view.Status }).Members());

    private bool IsShown(SnapshotFilter view) => _filter.Outcome == view.Outcome && _filter.Status == view.Status;
}
