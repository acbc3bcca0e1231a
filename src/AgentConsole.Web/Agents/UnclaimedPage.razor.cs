using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Unclaimed;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Parts;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentConsole.Web.Agents;

/// <summary>What reports with a good token and is not registered: to be claimed or blocked.</summary>
public sealed partial class UnclaimedPage
{
    private UnclaimedFilter _filter = new();
    private Problem? _problem;
    private Problem? _dialogProblem;
    private string? _nonsense;
    private string? _seesNothing;
    private UnclaimedBody? _claiming;
    private UnclaimedBody? _blocking;
    private AgentBody? _made;
    private IReadOnlyList<TeamCard> _claimTeams = [];
    private string _team = "";
    private string? _why;
    private int _count;
    private bool _busy;

    private readonly Submission _block = new("block");

    [Inject]
    public required UnclaimedService Unclaimed { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    private RereadRows<UnclaimedBody> List =>
        field ??= new RereadRows<UnclaimedBody>(row => IdText.Parse(IdText.Unclaimed, row.Id), ReadAsync);

    private string Heading =>
        _count switch
        {
            0 => "Unclaimed",
            1 => "1 agent reports and is not registered",
            _ => $"{Words.Exact(_count)} agents report and are not registered",
        };

    private IReadOnlyList<Tabs.Tab> Views =>
        [
            new("Waiting", ConsoleUrls.Unclaimed, _filter.State == SightingState.Open, _count),
            new("Blocked", ConsoleUrls.With(ConsoleUrls.Unclaimed, ("state", "blocked")), _filter.State == SightingState.Blocked),
        ];

    private bool MayMint => Access.Current.FindTeam(Me.OrganizationId, _team) is { } team && WhyNot(Permission.ManageKeys, team.Id) is null;

    private string Curl =>
        $$"""curl -X POST {{Navigation.BaseUri}}api/v1/runs -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '{"agent":"new-one","status":"completed"}'""";

    protected override async Task OnParametersSetAsync()
    {
        var query = QueryHelpers.ParseQuery(new Uri(Navigation.Uri).Query);
        var errors = new FieldErrors();
        _filter = UnclaimedFilter.Parse(name => query.TryGetValue(name, out var value) ? value.ToString() : null, errors);
        _nonsense = errors.Any ? string.Join(" ", errors.ToDictionary().Select(e => $"{e.Key}: {string.Join(" ", e.Value)}")) : null;
        _seesNothing = WhyNotAnywhere(Permission.EditAgents);
        if (_seesNothing is null)
            await ReloadAsync();
    }

    private async Task<Outcome<Paged<UnclaimedBody>>> ReadAsync(PageRequest page)
    {
        _count = await Unclaimed.CountAsync(Me, Left);
        return await Unclaimed.ListAsync(Me, _filter, page, Left);
    }

    private async Task ReloadAsync()
    {
        _problem = null;
        await List.LoadAsync();
    }

    private void Claim(UnclaimedBody row)
    {
        (_claiming, _dialogProblem) = (row, null);
        _claimTeams = Unclaimed.TeamsFor(Me, row.TokenId);
        _team = _claimTeams.Count > 0 ? _claimTeams[0].Slug : "";
    }

    private void Block(UnclaimedBody row) => (_blocking, _dialogProblem, _why) = (row, null, null);

    private async Task ClaimAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var made = await Unclaimed.ClaimAsync(Me, _claiming!.Id, new ClaimAgent { Team = _team, Key = MayMint }, Left);
        _busy = false;
        _dialogProblem = made.Problem;
        if (made.Problem is not null)
            return;
        (_claiming, _made) = (null, made.Value);
        await List.ActedAsync();
    }

    private async Task BlockAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var row = _blocking!;
        var blocked = await Once.RunAsync(_block, Me, new { row.Id, _why }, me => Unclaimed.BlockAsync(me, row.Id, _why ?? "", Left), Left);
        _busy = false;
        _dialogProblem = blocked.Problem;
        if (blocked.Problem is not null)
            return;
        _blocking = null;
        await List.ActedAsync();
        Toasts.Show($"Blocked {row.Name}; its reports are refused", () => UnblockAsync(row));
    }

    private async Task UnblockAsync(UnclaimedBody row)
    {
        _problem = (await Unclaimed.UnblockAsync(Me, row.Id, "", CancellationToken.None)).Problem; // an undo outlives the page
        await List.ActedAsync();
        StateHasChanged(); // an undo comes from the toast, not from this page
    }

    private void Open()
    {
        var slug = _made!.Slug;
        _made = null;
        Navigation.NavigateTo(ConsoleUrls.Agent(slug));
    }
}
