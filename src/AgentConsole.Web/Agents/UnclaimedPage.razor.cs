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
    private UnclaimedBody? _about; // what the question is about; null when it waits no longer
    private (string? Act, string? Of) _asked;
    private AgentBody? _made;
    private IReadOnlyList<TeamCard> _claimTeams = [];
    private string _team = "";
    private string? _why;
    private int _count;
    private bool _busy;

    private readonly Submission _claim = new("claim");
    private readonly Submission _block = new("block");

    /// <summary>The question that is open, and what it is about.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    [SupplyParameterFromQuery]
    public string? Of { get; set; }

    [Inject]
    public required UnclaimedService Unclaimed { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    private RereadRows<UnclaimedBody> List =>
        field ??= new RereadRows<UnclaimedBody>(row => IdText.Parse(IdText.Unclaimed, row.Id), ReadAsync, Clock);

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

    // Whether what the question is about has been read.
    private bool Known => Of is not null && _asked == (Doing, Of);

    private bool MayMint => Access.Current.FindTeam(Me.OrganizationId, _team) is { } team && WhyNot(Permission.ManageKeys, team.Id) is null;

    private string Curl =>
        $$"""curl -X POST {{Navigation.BaseUri}}api/v1/runs -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '{"agent":"new-one","status":"completed"}'""";

    protected override async Task OnParametersSetAsync()
    {
        var query = QueryHelpers.ParseQuery(new Uri(Navigation.Uri).Query);
        var errors = new FieldErrors();
        var filter = UnclaimedFilter.Parse(name => query.TryGetValue(name, out var value) ? value.ToString() : null, errors);
        _nonsense = Nonsense.Of(errors);
        _seesNothing = WhyNotAnywhere(Permission.EditAgents);
        if (_seesNothing is not null)
            return;
        if (List.Rows is null || filter != _filter)
        {
            _filter = filter;
            await ReloadAsync();
        }
        if (_asked != (Doing, Of))
            await BeginAsync();
    }

    // Another question: what was typed into the one before is not its answer.
    private async Task BeginAsync()
    {
        var asked = (Doing, Of);
        if (Doing != "claimed")
            _made = null; // the secret goes with the dialog
        var found = Doing is "claim" or "block" && Of is not null ? await Unclaimed.GetAsync(Me, Of, Left) : UnclaimedProblems.NotFound;
        if (asked != (Doing, Of))
            return; // another one by now
        (_asked, _dialogProblem, _why) = (asked, null, null);
        _about = found.Problem is null ? found.Value : null;
        _claimTeams = _about is null ? [] : Unclaimed.TeamsFor(Me, _about.TokenId);
        _team = _claimTeams.Count > 0 ? _claimTeams[0].Slug : "";
    }

    private void Close()
    {
        _made = null;
        Ask(null);
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

    // What is asked for is this one: once it is claimed its teams are not known here any more, and a lost answer must still be found.
    private async Task ClaimAsync()
    {
        if (_busy || Of is not { } id)
            return;
        _busy = true;
        var body = new ClaimAgent { Team = _team, Key = MayMint };
        var lost = _about is null;
        var made = await ConfirmedAsync(ClaimOnceAsync);
        _busy = false;
        _dialogProblem = made.Problem;
        if (made.Problem is not null)
            return;
        _made = made.Value;
        await List.ActedAsync();
        Ask("claimed", _made.Slug, instead: true);

        // A key that was made before is shown to its person alone, not to whoever found the browser.
        async Task<Outcome<AgentBody>> ClaimOnceAsync() =>
            lost && StepUp.Require(Me) is { } unproved
                ? unproved
                : await Once.RunAsync(_claim, Me, new { id }, me => Unclaimed.ClaimAsync(me, id, body, Left), Left);
    }

    private async Task BlockAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var row = _about!;
        var blocked = await Once.RunAsync(_block, Me, new { row.Id, _why }, me => Unclaimed.BlockAsync(me, row.Id, _why ?? "", Left), Left);
        _busy = false;
        _dialogProblem = blocked.Problem;
        if (blocked.Problem is not null)
            return;
        Close();
        await List.ActedAsync();
        Toasts.Show($"Blocked {row.Name}; its reports are refused", () => TakeBackAsync(row));
    }

    private Task TakeBackAsync(UnclaimedBody row) =>
        UndoAsync(
            Toasts,
            me => Unclaimed.UnblockAsync(me, row.Id, "", CancellationToken.None),
            $"{row.Name} is blocked no longer",
            _ => List.ActedAsync()
        );

    private async Task UnblockAsync(UnclaimedBody row)
    {
        _problem = (await Unclaimed.UnblockAsync(Me, row.Id, "", Left)).Problem;
        await List.ActedAsync();
    }

    private void Open()
    {
        var slug = _made!.Slug;
        _made = null;
        Navigation.NavigateTo(ConsoleUrls.Agent(slug));
    }
}
