using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Parts;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Agents;

/// <summary>One agent. The head stays while the tabs, each at its own address, change below it.</summary>
public sealed partial class AgentPage
{
    private static readonly string[] KnownTabs = ["runs", "deployments", "definition", "keys", "gateways", "trail", "settings"];

    private readonly Submission _delete = new("agent-delete");
    private AgentBody? _agent;
    private Guid _id;
    private string _inactivityMark = "";
    private string? _reason;
    private string? _mayNotEdit;
    private Problem? _problem;
    private bool _busy;
    private string? _why;
    private bool _waits;
    private ITimer? _catchUp;

    [Inject]
    public required AgentService Agents { get; init; }

    [Inject]
    public required AgentLists Lists { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    /// <summary>Slug, or id.</summary>
    [Parameter]
    public required string Name { get; set; }

    [Parameter]
    public string? Tab { get; set; }

    /// <summary>The question that is open.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    private string Address => _agent!.Lifecycle == "deleted" ? _agent.Id : _agent.Slug;

    private string WhyLiveness =>
        AgentWords.WhyLiveness(
            KebabCase.Parse<Liveness>(_agent!.Liveness),
            _agent.LastSeenAt,
            _agent.LeaseSeconds,
            _agent.GraceSeconds,
            Now
        );

    private IReadOnlyList<Tabs.Tab> TabItems =>
        [
            new("Overview", ConsoleUrls.Agent(Address), Tab is null),
            .. KnownTabs.Select(name => new Tabs.Tab(
                char.ToUpperInvariant(name[0]) + name[1..],
                ConsoleUrls.Agent(Address, name),
                Tab == name
            )),
        ];

    protected override async Task OnParametersSetAsync()
    {
        if (Tab is not null && !KnownTabs.Contains(Tab))
        {
            Navigation.NotFound();
            return;
        }
        if (_agent is null || (Name != _agent.Slug && Name != _agent.Id))
            await ReadAsync();
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
            _catchUp = Clock.CreateTimer(_ => Work(CatchUpAsync), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    protected override void Leave() => _catchUp?.Dispose();

    private async Task ReadAsync()
    {
        var me = Me;
        var found = await Agents.GetAsync(me, Name, Left);
        if (found.Problem is not null)
        {
            Navigation.NotFound();
            return;
        }
        await ShowAsync(found.Value);
    }

    private async Task ShowAsync(AgentBody agent)
    {
        _agent = agent;
        _id = IdText.Parse(IdText.Agent, agent.Id);
        _inactivityMark = Now.ToString("O");
        var team = IdText.Parse(IdText.Team, agent.Team.Id);
        _mayNotEdit = WhyNot(Permission.EditAgents, team);
        _reason = agent.Health == "ok" ? null : (await Lists.RowAsync(Me, _id, Left))?.HealthReason;
    }

    private bool Concerns(LiveEvent change) => change.AgentId == _id && change.Noun is "agent" or "run";

    // Its facts are read again at once when they may have changed, and once a second while it only reports work.
    private async Task HearAsync(LiveBatch batch)
    {
        if (!batch.Changes.Any(change => change.Noun == "run"))
            await CatchUpAsync();
        else if (!_waits)
        {
            _waits = true;
            _catchUp?.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        }
    }

    private async Task CatchUpAsync()
    {
        _waits = false;
        var found = await Agents.GetAsync(Me, _agent!.Id, Left);
        if (found.Problem is not null)
            Navigation.NotFound();
        else
            await ShowAsync(found.Value);
        StateHasChanged();
    }

    private Task PauseAsync(bool undo) => PauseAsync(_agent!, undo);

    private Task ResumeAsync(bool undo) => ResumeAsync(_agent!, undo);

    // An undo may be pressed when another agent, or another page, is shown: it means the agent of its time, and is not given up with the page.
    private Task PauseAsync(AgentBody agent, bool undo) =>
        ActAsync(
            () => Agents.PauseAsync(Me, agent.Id, "", CancellationToken.None),
            $"Paused {agent.DisplayName}; its keys are refused",
            undo ? () => ResumeAsync(agent, false) : null
        );

    private Task ResumeAsync(AgentBody agent, bool undo) =>
        ActAsync(
            () => Agents.ResumeAsync(Me, agent.Id, "", CancellationToken.None),
            $"Resumed {agent.DisplayName}",
            undo ? () => PauseAsync(agent, false) : null
        );

    private async Task DeleteAsync()
    {
        var agent = _agent!;
        await ActAsync(
            () => Once.RunAsync(_delete, Me, _why, me => Agents.DeleteAsync(me, _agent!.Id, _why ?? "", Left), Left),
            $"Deleted {agent.DisplayName}",
            () => RestoreAsync(agent)
        );
        if (_problem is null)
            Navigation.NavigateTo(ConsoleUrls.Agent(_agent!.Id), replace: true);
        else
            Ask(null);
    }

    private Task RestoreAsync() => RestoreAsync(_agent!);

    private async Task RestoreAsync(AgentBody agent)
    {
        await ActAsync(() => Agents.RestoreAsync(Me, agent.Id, "", CancellationToken.None), $"Restored {agent.DisplayName}", null);
        if (_problem is null && _agent!.Id == agent.Id && !Left.IsCancellationRequested)
            Navigation.NavigateTo(ConsoleUrls.Agent(_agent!.Slug, Tab), replace: true);
    }

    private async Task ActAsync(Func<Task<Outcome<AgentBody>>> act, string done, Func<Task>? undo)
    {
        if (_busy)
            return;
        _busy = true;
        var outcome = await act();
        _busy = false;
        if (outcome.Problem is null)
            Toasts.Show(done, undo);
        else if (Left.IsCancellationRequested)
            Toasts.Show("Not done: " + outcome.Problem.Detail);
        if (Left.IsCancellationRequested || (outcome.Problem is null && outcome.Value.Id != _agent!.Id))
            return; // what is shown is something else by now
        _problem = outcome.Problem;
        if (_problem is null)
            await ShowAsync(outcome.Value);
        StateHasChanged(); // an undo comes from the toast, not from this page
    }

    private Task SavedAsync(AgentBody agent) => ShowAsync(agent);
}
