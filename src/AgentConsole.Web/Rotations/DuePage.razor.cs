using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations.Schedules;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Parts;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentConsole.Web.Rotations;

/// <summary>Every key by the date at which it is due, and what will happen then.</summary>
public sealed partial class DuePage
{
    private static readonly DueFilter Overdue = new() { State = DueState.Overdue };
    private static readonly DueFilter Soon = new() { State = DueState.DueSoon };
    private static readonly DueFilter NoPolicy = new() { State = DueState.NoPolicy };
    private static readonly DueFilter Noticed = new() { Noticed = true };
    private DueFilter _filter = new();
    private DueCounts? _counts;
    private Problem? _problem;
    private string? _nonsense;
    private string? _seesNothing;

    [Inject]
    public required DueLists Lists { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    private RereadRows<DueKey> List => field ??= new RereadRows<DueKey>(Id, ReadAsync, Clock);

    private string Title =>
        _counts switch
        {
            { Overdue: 1 } => "1 key is overdue",
            { Overdue: > 1 } => $"{Words.Exact(_counts.Overdue)} keys are overdue",
            { DueSoon: 1 } => "1 key is due soon",
            { DueSoon: > 1 } => $"{Words.Exact(_counts.DueSoon)} keys are due soon",
            _ => "Keys due for rotation",
        };

    private IEnumerable<(string Word, DueFilter Filter, int? Count)> Views =>
        [
            ("All", new DueFilter(), null),
            ("Overdue", Overdue, _counts?.Overdue),
            ("Due soon", Soon, _counts?.DueSoon),
            ("Scheduled", new DueFilter { State = DueState.Scheduled }, null),
            ("No policy", NoPolicy, _counts?.NoPolicy),
            ("With a notice", Noticed, _counts?.Noticed),
        ];

    protected override async Task OnParametersSetAsync()
    {
        var query = QueryHelpers.ParseQuery(new Uri(Navigation.Uri).Query);
        var errors = new FieldErrors();
        var filter = DueFilter.Parse(name => query.TryGetValue(name, out var value) ? value.ToString() : null, errors);
        if (filter == _filter && List.Rows is not null)
            return;
        (_filter, _nonsense) = (filter, Nonsense.Of(errors));
        _seesNothing = Me.TeamsWith(Permission.ReadFleet) is { All: false, Ids.Length: 0 }
            ? "Ask an org-admin or the team-admin of your team to add you; then its keys appear here."
            : null;
        if (_seesNothing is null)
            await List.LoadAsync();
    }

    private async Task<Outcome<Paged<DueKey>>> ReadAsync(PageRequest page)
    {
        var rows = await Lists.ListAsync(Me, _filter, page, Left);
        _counts = await Lists.CountsAsync(Me, Left);
        return rows;
    }

    private async Task DismissAsync(DueKey row)
    {
        var done = await Lists.DismissAsync(Me, row.AgentId, row.KeyId, Left);
        _problem = done.Problem;
        if (done.Problem is null)
            Toasts.Show(
                row.NoticeDays == 0
                    ? $"Dismissed the notice of {row.Agent}."
                    : $"Dismissed the notice of {row.Agent} until the next step before its date."
            );
        await List.ActedAsync();
    }

    private string? WhyNotFor(DueKey row) =>
        Access.Current.FindTeam(Me.OrganizationId, row.Team) is { } team ? WhyNot(Permission.ManageKeys, team.Id) : null;

    private static Dictionary<string, object> Named(DueKey row) =>
        new(StringComparer.Ordinal) { ["aria-label"] = $"Dismiss the notice of {row.Agent} / {row.KeyName}" };

    private static Guid Id(DueKey row) => IdText.Parse(IdText.Key, row.KeyId);

    private string Without(string name) => Address(_filter.ToQuery().Where(pair => pair.Key != name));

    private static string Address(DueFilter filter) => Address(filter.ToQuery());

    private static string Address(IEnumerable<KeyValuePair<string, string>> query) =>
        ConsoleUrls.With(ConsoleUrls.RotationsDue, [.. query.Select(pair => (pair.Key, (string?)pair.Value))]);
}
