using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Retirements;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Retirements;

/// <summary>An agent on its way out, as a checklist that anybody who may can take up where it stands.</summary>
public sealed partial class RetirePage
{
    private readonly Submission _beginning = new("retirement");
    private readonly Submission _answering = new("retirement-answer");
    private AgentBody? _agent;
    private Guid _id;
    private string? _shown;
    private RetirementBody? _retirement;
    private string? _mayNotEdit;
    private string? _mayNotKeys;
    private string? _mayNotTrail;
    private string? _asked;
    private string _reason = "";
    private string _why = "";
    private bool _busy;
    private Problem? _problem;
    private Problem? _refused;
    private IReadOnlyDictionary<string, string[]>? _errors;

    [Inject]
    public required AgentService Agents { get; init; }

    [Inject]
    public required RetirementService Retirements { get; init; }

    [Inject]
    public required RetirementSteps Steps { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    /// <summary>Slug, or id.</summary>
    [Parameter]
    public required string Name { get; set; }

    /// <summary>The question that is open.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    /// <summary>The step that it is about.</summary>
    [SupplyParameterFromQuery(Name = "of")]
    public string? Of { get; set; }

    private bool IsOpen => _retirement?.State == "open";

    private RetirementStepBody? Current => IsOpen ? _retirement!.Steps.FirstOrDefault(s => s.State == "open") : null;

    private string Title => _agent!.Lifecycle == "retired" ? $"{_agent.DisplayName} is retired" : $"Retire {_agent.DisplayName}";

    private (string Heading, string Text, string Button, string Tone, bool NeedsReason)? Question =>
        Doing switch
        {
            "abandon" => (
                "Abandon the retirement?",
                "The agent stays in service. What was done stays done: keys that were revoked do not come back.",
                "Abandon it",
                "df",
                true
            ),
            "skip" when Of is "runs" => (
                "Go on while runs are open?",
                "Once its keys are revoked the agent cannot report how they ended; they count as lost when their lease runs out.",
                "Skip the step",
                "p",
                true
            ),
            "skip" when Of is "export" => (
                "Go on without a copy?",
                "The console keeps the history of a retired agent for good. Its export can be made later from runs and trail.",
                "Skip the step",
                "p",
                true
            ),
            "cancel-runs" => (
                "Ask the agent to stop all its open runs?",
                $"{Components.Words.Many(_retirement!.Steps[1].Left, "run")} and those they started are asked for. None counts as cancelled before its agent says so.",
                "Ask to stop",
                "df",
                false
            ),
            "revoke" => (
                "Revoke all keys?",
                $"{Components.Words.Many(_retirement!.Steps[2].Left, "version")} end for good, and open rotations with them. Whatever still calls with one gets 401.",
                "Revoke all keys",
                "df",
                false
            ),
            "finish" => (
                $"Retire {_agent!.DisplayName}?",
                "This cannot be taken back: nothing can be deployed to it, linked or minted for it any more. Runs, figures, deployments and trail stay readable.",
                "Retire the agent",
                "df",
                false
            ),
            _ => null,
        };

    protected override async Task OnParametersSetAsync()
    {
        if (_shown != Name)
        {
            _shown = Name;
            await ReloadAsync();
        }
        if (Doing + Of == _asked)
            return;
        (_asked, _refused, _errors, _why) = (Doing + Of, null, null, "");
    }

    private async Task ReloadAsync()
    {
        var found = await Agents.GetAsync(Me, Name, Left);
        if (found.Problem is not null)
        {
            Navigation.NotFound();
            return;
        }
        _agent = found.Value;
        _id = IdText.Parse(IdText.Agent, _agent.Id);
        var team = IdText.Parse(IdText.Team, _agent.Team.Id);
        (_mayNotEdit, _mayNotKeys, _mayNotTrail) = (
            WhyNot(Permission.EditAgents, team),
            WhyNot(Permission.ManageKeys, team),
            WhyNot(Permission.ReadTrail, team)
        );
        var retirement = await Retirements.GetAsync(Me, _agent.Id, Left);
        _retirement = retirement.Problem is null ? retirement.Value : null;
        _problem = retirement.Problem is { Code: not "retirement_not_found" } problem ? problem : null;
    }

    private async Task BeginAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var body = new RetirementReason { Reason = _reason };
        var begun = await Once.RunAsync(_beginning, Me, body, me => Retirements.StartAsync(me, _agent!.Id, body, Left), Left);
        _busy = false;
        await ShowAsync(begun);
        if (begun.Problem is null)
            _reason = "";
    }

    private async Task DoAsync(RetirementStepBody step, RetirementAct act)
    {
        if (_busy)
            return;
        _busy = true;
        var done = await Steps.ActAsync(Me, _agent!.Id, step.Step, act, Left);
        _busy = false;
        await ReloadAsync();
        _problem = done.Problem ?? _problem;
    }

    private async Task AnswerAsync()
    {
        if (_busy || _agent is not { } agent)
            return;
        _busy = true;
        var reason = new RetirementReason { Reason = _why };
        (string Name, RetirementAct Act) step = Doing switch
        {
            "skip" => (Of ?? "", new RetirementAct { Skip = true, Reason = _why }),
            "cancel-runs" => ("runs", new RetirementAct { Mode = "cancel", Reason = _why }),
            _ => ("keys", new RetirementAct()),
        };
        var said = Doing switch
        {
            "abandon" => "Abandoned; the agent stays in service",
            "skip" => "Skipped",
            "cancel-runs" => "Asked to stop",
            "revoke" => "Revoked all keys",
            _ => $"Retired {agent.DisplayName}",
        };
        var answered = await Once.RunAsync(
            _answering,
            Me,
            new
            {
                Doing,
                Of,
                _why,
            },
            me =>
                Doing switch
                {
                    "abandon" => Retirements.AbandonAsync(me, agent.Id, reason, Left),
                    "finish" => Retirements.FinishAsync(me, agent.Id, new RetirementReason(), Left),
                    _ => Steps.ActAsync(me, agent.Id, step.Name, step.Act, Left),
                },
            Left
        );
        _busy = false;
        await ShowAsync(answered);
        if (answered.Problem is not null)
            return;
        Toasts.Show(said);
        Ask(null);
    }

    private async Task ShowAsync(Outcome<RetirementBody> answered)
    {
        _errors = answered.Problem?.Errors;
        _refused = _errors is null || !_errors.ContainsKey("reason") ? answered.Problem : null;
        if (answered.Problem is null)
            await ReloadAsync();
    }

    private string? Before(RetirementStepBody step) =>
        Current is { } first && first.Step != step.Step ? $"First: {RetirementWords.Title(first.Step).ToLowerInvariant()}." : null;

    private string Tone(RetirementStepBody step, bool chosen = false) => step == Current && !chosen ? "p" : "";

    private int Number(RetirementStepBody step) => _retirement!.Steps.ToList().IndexOf(step) + 1;
}
