using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.People;
using AgentConsole.Web.Components.Live;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentConsole.Web.Deployments;

/// <summary>The fleet's snapshots as a table, newest first; every filter stands in the address.</summary>
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
        await List.LoadAsync();
    }

    // A tab keeps what else is filtered by.
    private string Address(SnapshotFilter view) =>
        ConsoleUrls.DeploymentsOf((_filter with { Outcome = view.Outcome, Status = view.Status }).Members());

    private bool IsShown(SnapshotFilter view) => _filter.Outcome == view.Outcome && _filter.Status == view.Status;
}
