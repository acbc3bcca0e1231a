using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Deployments;

/// <summary>Starts a rollout: what is deployed, by which plan, and beforehand what that plan costs in runs and time.</summary>
public sealed partial class StartRolloutPage
{
    private readonly Submission _starting = new("rollout-start");
    private readonly Submission _saving = new("rollout-plan-save");
    private PlanForm _plan = PlanForm.Usual();
    private AgentBody? _agent;
    private Guid _agentId;
    private Problem? _missing;
    private string? _mayNot;
    private string? _shown;
    private IReadOnlyList<RolloutTemplateBody> _templates = [];
    private IReadOnlyList<FreezeWindow> _freezes = [];
    private RolloutBody? _open;
    private SnapshotBody? _stable;
    private long _runs;
    private double? _errorRate;
    private string _version = "";
    private string _environment = "";
    private string _model = "";
    private string _commit = "";
    private string _reason = "";
    private string _template = "";
    private string _name = "";
    private bool _busy;
    private Problem? _problem;
    private IReadOnlyDictionary<string, string[]>? _errors;
    private Problem? _saveProblem;
    private IReadOnlyDictionary<string, string[]>? _saveErrors;

    [Inject]
    public required AgentService Agents { get; init; }

    [Inject]
    public required RolloutService Rollouts { get; init; }

    [Inject]
    public required RolloutLists Lists { get; init; }

    [Inject]
    public required RolloutTemplates Templates { get; init; }

    [Inject]
    public required SnapshotLists Snapshots { get; init; }

    [Inject]
    public required FreezeService Freezes { get; init; }

    [Inject]
    public required StatsService Stats { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    /// <summary>Slug or id.</summary>
    [SupplyParameterFromQuery(Name = "agent")]
    public string? Named { get; set; }

    private RolloutTemplateBody? Template => _templates.FirstOrDefault(t => t.Id == _template);

    private string? Environment => string.IsNullOrWhiteSpace(_environment) ? _agent?.Environment : _environment.Trim();

    protected override async Task OnParametersSetAsync()
    {
        if (_shown == (Named ?? ""))
            return;
        _shown = Named ?? "";
        (_agent, _missing) = (null, null);
        if (string.IsNullOrWhiteSpace(Named))
            return;
        var found = await Agents.GetAsync(Me, Named, Left);
        _missing = found.Problem;
        if (found.Problem is not null)
            return;
        var agent = found.Value;
        _agentId = IdText.Parse(IdText.Agent, agent.Id);
        _mayNot = WhyNot(Permission.EditAgents, IdText.Parse(IdText.Team, agent.Team.Id));
        var day = await Stats.AgentAsync(Me, agent.Id, Period.Day, Left);
        if (day.Problem is null)
            (_runs, _errorRate) = (day.Value.Runs.GetValueOrDefault("total"), day.Value.ErrorRate);
        _agent = agent;
        await LookAsync();
    }

    // What may change while the form is open; nothing that was typed is touched.
    private async Task LookAsync()
    {
        if (_agent is not { } agent)
            return;
        var templates = await Templates.ListAsync(Me, new PageRequest(PageRequest.MaxLimit), Left);
        if (templates.Problem is null)
            _templates = templates.Value.Items;
        var environment = Environment;
        var holding = await Freezes.HoldingAsync(Me, agent.Id, environment, Left);
        _freezes = holding.Problem is null ? holding.Value : [];
        var open = await Lists.ListAsync(Me, new RolloutFilter(agent.Id, Open: true), new PageRequest(PageRequest.MaxLimit), Left);
        _open = open.Problem is null ? open.Value.Items.FirstOrDefault(r => r.Environment == environment) : null;
        var filter = new SnapshotFilter
        {
            Agent = agent.Id,
            Outcome = SnapshotOutcome.Current,
            Status = SnapshotStatus.Active,
        };
        var active = await Snapshots.ListAsync(Me, filter, new PageRequest(PageRequest.MaxLimit), Left);
        _stable = active.Problem is null ? active.Value.Items.FirstOrDefault(s => s.Environment == environment) : null;
    }

    private void Adapt(RolloutTemplateBody template)
    {
        _plan = PlanForm.Of(template.Plan);
        _template = "";
    }

    private async Task StartAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var agent = _agent!;
        var body = new StartRollout
        {
            Snapshot = new SetSnapshot
            {
                Version = _version,
                Environment = Given(_environment),
                Model = Given(_model),
                Commit = Given(_commit),
                Reason = _reason,
            },
            Template = Given(_template),
            Plan = Template is null ? _plan.ToBody() : null,
        };
        var started = await Once.RunAsync(_starting, Me, body, me => Rollouts.StartAsync(me, agent.Id, body, Left), Left);
        _busy = false;
        _errors = started.Problem?.Errors;
        _problem =
            _errors is null || _errors.Keys.Any(member => !PlanFields.Shows(member) && member != "template" && !IsField(member))
                ? started.Problem
                : null;
        if (started.Problem is not null)
            return;
        Toasts.Show($"{started.Value.CanaryVersion} is at {RolloutWords.Share(started.Value.TargetPercent)}");
        Navigation.NavigateTo(ConsoleUrls.Rollout(started.Value.Id));
    }

    private async Task SaveAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var body = new SetRolloutTemplate
        {
            Team = _agent!.Team.Slug,
            Name = _name,
            Plan = _plan.ToBody(),
        };
        var saved = await Once.RunAsync(_saving, Me, body, me => Templates.CreateAsync(me, body, Left), Left);
        _busy = false;
        (_saveProblem, _saveErrors) = (saved.Problem?.Errors is null ? saved.Problem : null, saved.Problem?.Errors);
        if (_saveErrors is { } errors && !errors.ContainsKey("name"))
            (_errors, _saveProblem) = (errors, saved.Problem);
        if (saved.Problem is not null)
            return;
        _name = "";
        Toasts.Show($"Saved {saved.Value.Name}");
        await LookAsync();
        _template = saved.Value.Id;
    }

    private static bool IsField(string member) =>
        member is "snapshot.version" or "snapshot.environment" or "snapshot.model" or "snapshot.commit" or "snapshot.reason";

    private static string? Given(string text) => string.IsNullOrWhiteSpace(text) ? null : text;

    private static string WhoMay(string role) =>
        role switch
        {
            "operator" => "Operators and above may start nevertheless",
            "team-admin" => "Team-admins and org-admins may start nevertheless",
            _ => "Org-admins may start nevertheless",
        };
}
