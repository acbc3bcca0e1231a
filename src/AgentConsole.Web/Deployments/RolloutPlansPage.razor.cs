using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.People;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Deployments;

/// <summary>Plans to use again, and a form for one of them.</summary>
public sealed partial class RolloutPlansPage
{
    private readonly Submission _saving = new("rollout-plan-save");
    private PlanForm _form = PlanForm.Usual();
    private string _name = "";
    private string _description = "";
    private string _team = "";
    private List<RolloutTemplateBody>? _plans;
    private RolloutTemplateBody? _changing;
    private string? _overtaken;
    private IReadOnlyList<TeamCard> _teams = [];
    private bool _everywhere;
    private bool _may;
    private bool _opened;
    private bool _busy;
    private Problem? _problem;
    private IReadOnlyDictionary<string, string[]>? _errors;

    [Inject]
    public required RolloutTemplates Templates { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    /// <summary>The question that is open, and which plan it is about.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    [SupplyParameterFromQuery]
    public string? Of { get; set; }

    private RolloutTemplateBody? Leaving => Doing == "delete" ? _plans?.Find(plan => plan.Id == Of) : null;

    private string Curl => $"curl {Navigation.BaseUri}api/v1/rollout-plans -H \"Authorization: Bearer $TOKEN\"";

    protected override async Task OnParametersSetAsync()
    {
        var me = Me;
        if (!_opened)
        {
            _opened = true;
            var scope = me.TeamsWith(Permission.EditAgents);
            _everywhere = me.MayEverywhere(Permission.ManageOrganization);
            _may = WhyNotAnywhere(Permission.EditAgents) is null;
            _teams =
            [
                .. Access
                    .Current.Teams.Values.Where(t => t.OrganizationId == me.OrganizationId && scope.Has(t.Id))
                    .OrderBy(t => t.Name, StringComparer.OrdinalIgnoreCase),
            ];
            Begin(null);
            await ReloadAsync();
        }
        var changing = Doing == "change" ? _plans?.Find(plan => plan.Id == Of) : null;
        if (changing?.Id != _changing?.Id)
            Begin(changing);
    }

    private void Begin(RolloutTemplateBody? changing)
    {
        (_changing, _errors, _overtaken) = (changing, null, null);
        _form = changing is null ? PlanForm.Usual() : PlanForm.Of(changing.Plan);
        (_name, _description) = (changing?.Name ?? "", changing?.Description ?? "");
        _team = _everywhere ? "" : _teams.FirstOrDefault()?.Slug ?? "";
    }

    private async Task ReloadAsync()
    {
        var page = await Templates.ListAsync(Me, new PageRequest(PageRequest.MaxLimit), Left);
        _problem = page.Problem;
        if (page.Problem is null)
            _plans = [.. page.Value.Items];
    }

    private async Task SaveAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var changing = _changing;
        var body = new SetRolloutTemplate
        {
            Team = changing is null ? _team : null,
            Name = _name,
            Description = _description,
            Plan = _form.ToBody(),
        };
        var saved = await Once.RunAsync(
            _saving,
            Me,
            new { changing?.Revision, body },
            me =>
                changing is null
                    ? Templates.CreateAsync(me, body, Left)
                    : Templates.ChangeAsync(me, changing.Id, changing.Revision, body, Left),
            Left
        );
        _busy = false;
        _errors = saved.Problem?.Errors;
        if (saved.Problem is { } problem)
        {
            await ReloadAsync();
            if (changing is not null && _plans?.Find(plan => plan.Id == changing.Id) is { } now && now.Revision != changing.Revision)
                (_changing, _overtaken) = (now, now.UpdatedBy);
            else if (_errors is null)
                _problem = problem;
            return;
        }
        Toasts.Show($"Saved {saved.Value.Name}");
        await ReloadAsync();
        Begin(null);
        if (changing is not null)
            Ask(null);
    }

    private async Task DeleteAsync(RolloutTemplateBody plan)
    {
        if (_busy)
            return;
        _busy = true;
        var deleted = await Templates.DeleteAsync(Me, plan.Id, Left);
        _busy = false;
        Ask(null);
        await ReloadAsync();
        _problem ??= deleted.Problem;
        if (deleted.Problem is null)
            Toasts.Show($"Deleted {plan.Name}");
    }

    private string? WhyNotChange(string? team) =>
        team is null ? WhyNot(Permission.ManageOrganization)
        : Access.Current.FindTeam(Me.OrganizationId, team) is { } card ? WhyNot(Permission.EditAgents, card.Id)
        : null;

    private string Scope(string? team) =>
        team is null ? "The organization" : Access.Current.FindTeam(Me.OrganizationId, team)?.Name ?? team;

    private static Dictionary<string, object> Named(string act, RolloutTemplateBody plan) =>
        new(StringComparer.Ordinal) { ["aria-label"] = $"{act} {plan.Name}" };
}
