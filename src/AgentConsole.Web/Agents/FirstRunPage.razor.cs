using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Parts;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Agents;

/// <summary>
/// From nothing to an agent that reports: a name, a key, a program to paste, and the run that comes. Agent and language stand in the address, so that
/// waiting goes on after a reload; the key does not.
/// </summary>
public sealed partial class FirstRunPage
{
    private readonly AgentForm _form = new() { Slug = "first-agent" };
    private List<TeamCard> _teams = [];
    private AgentBody? _agent;
    private Guid _agentId;
    private RunBody? _run;
    private string? _secret;
    private bool _hasKey;
    private Problem? _problem;
    private string? _mayNot;
    private bool _busy;
    private bool _ready;

    private readonly Submission _registering = new("start");

    [Inject]
    public required AgentService Agents { get; init; }

    [Inject]
    public required RunService Runs { get; init; }

    [Inject]
    public required KeyService Keys { get; init; }

    /// <summary>Slug of the agent that is waited for; absent until one is registered.</summary>
    [SupplyParameterFromQuery(Name = "agent")]
    public string? Slug { get; set; }

    [SupplyParameterFromQuery(Name = "lang")]
    public string? Lang { get; set; }

    private FirstRunCode.Language Language => FirstRunCode.Find(Lang);

    private string Address => Navigation.BaseUri.TrimEnd('/');

    private string Code => FirstRunCode.Of(Language, Address);

    private static string Export =>
        "read -rs AGENT_KEY && export AGENT_KEY   # paste the key, then Enter; it is not shown and not kept by the shell";

    private IReadOnlyList<Tabs.Tab> Languages =>
        [.. FirstRunCode.Languages.Select(l => new Tabs.Tab(l.Name, ConsoleUrls.FirstRun(_agent?.Slug, l.Id), l == Language))];

    private string? KeyWhy =>
        Access.Current.FindTeam(Me.OrganizationId, _form.Team) is { } team ? WhyNot(Permission.ManageKeys, team.Id) : null;

    private string? MintWhy => WhyNot(Permission.ManageKeys, IdText.Parse(IdText.Team, _agent!.Team.Id));

    protected override Task OpenAsync()
    {
        var me = Me;
        _mayNot = WhyNotAnywhere(Permission.EditAgents);
        var scope = me.TeamsWith(Permission.EditAgents);
        _teams =
        [
            .. Access
                .Current.Teams.Values.Where(t => t.OrganizationId == me.OrganizationId && scope.Has(t.Id))
                .OrderBy(t => t.Name, StringComparer.Ordinal),
        ];
        _form.Team = _teams.FirstOrDefault()?.Slug ?? "";
        _form.Owner = me.Label;
        return Task.CompletedTask;
    }

    protected override async Task OnParametersSetAsync()
    {
        if (_agent?.Slug == Slug)
            return;
        (_agent, _run, _secret, _ready) = (null, null, null, false);
        if (string.IsNullOrEmpty(Slug))
            return;
        var found = await Agents.GetAsync(Me, Slug, Left);
        if (found.Problem is not null)
            return; // none that this person may see: the page begins anew
        await WaitForAsync(found.Value);
    }

    // The first run, and how it goes on: a program reports its beginning before its end.
    private bool Concerns(LiveEvent change) =>
        change.Noun == "run" && change.AgentId == _agentId && (_run is null || IdText.Format(IdText.Run, change.Id) == _run.Id);

    private async Task WaitForAsync(AgentBody agent)
    {
        _agent = agent;
        _agentId = IdText.Parse(IdText.Agent, agent.Id);
        var keys = await Keys.ListAsync(Me, agent.Id, Left);
        _hasKey = keys.Problem is null && keys.Value.Count > 0;
        await LookAsync();
        _ready = true;
    }

    private async Task LookAsync()
    {
        if (_run is not null)
        {
            _run = await Runs.GetAsync(Me, _run.Id, null, Left) is { Problem: null } now ? now.Value : _run;
            return;
        }
        var runs = await Runs.ListAsync(Me, new RunFilter { Agent = _agent!.Id }, new PageRequest(1), Left);
        _run = runs.Problem is null ? runs.Value.Items.FirstOrDefault() : null;
        if (_run is not null)
            _secret = null; // it works: whoever runs the program has the key
    }

    private async Task RegisterAsync()
    {
        if (_busy)
            return;
        _busy = true;
        _form.Key = KeyWhy is null;
        var registered = await Once.RunAsync(_registering, Me, _form, me => Agents.RegisterAsync(me, _form.ToRegister(), Left), Left);
        _busy = false;
        _problem = registered.Problem;
        if (_problem is not null)
            return;
        _secret = registered.Value.ApiKey;
        await WaitForAsync(registered.Value with { ApiKey = null });
        Navigation.NavigateTo(ConsoleUrls.FirstRun(_agent!.Slug, Lang), new NavigationOptions { ReplaceHistoryEntry = true });
    }
}
