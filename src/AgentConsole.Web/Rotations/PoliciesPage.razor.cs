using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations.Schedules;
using AgentConsole.Core.Sinks;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Rotations;

/// <summary>Rotation policies: whose they are, what they say, and a form for one of them.</summary>
public sealed partial class PoliciesPage
{
    private readonly Submission _saving = new("rotation-policy-save");
    private PolicyForm _form = new();
    private List<RotationPolicyBody>? _policies;
    private RotationPolicyBody? _changing;
    private IReadOnlyList<TeamCard> _teams = [];
    private IReadOnlyList<(string Id, string Name)> _sinks = [];
    private bool _everywhere;
    private string? _seesNothing;
    private string? _mayNot;
    private bool _opened;
    private bool _busy;
    private Problem? _problem;
    private IReadOnlyDictionary<string, string[]>? _errors;

    [Inject]
    public required RotationPolicyService Policies { get; init; }

    [Inject]
    public required SinkService Sinks { get; init; }

    [Inject]
    public required AgentDirectory Agents { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    /// <summary>The question that is open, and which policy it is about.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    [SupplyParameterFromQuery]
    public string? Of { get; set; }

    private RotationPolicyBody? Leaving => Doing == "delete" ? _policies?.Find(policy => policy.Id == Of) : null;

    private string Curl =>
        $"curl {Navigation.BaseUri}api/v1/rotation-policies -H \"Authorization: Bearer $TOKEN\" -H \"Content-Type: application/json\" -d '{{\"team\":\"payments\",\"cadence_days\":90}}'";

    protected override async Task OnParametersSetAsync()
    {
        var me = Me;
        if (!_opened)
        {
            _opened = true;
            if (me.TeamsWith(Permission.ReadFleet) is { All: false, Ids.Length: 0 })
            {
                _seesNothing = "Ask an org-admin or the team-admin of your team to add you; then its policies appear here.";
                return;
            }
            var scope = me.TeamsWith(Permission.ManageKeys);
            _everywhere = me.MayEverywhere(Permission.ManageOrganization);
            _teams =
            [
                .. Access
                    .Current.Teams.Values.Where(t => t.OrganizationId == me.OrganizationId && scope.Has(t.Id))
                    .OrderBy(t => t.Name, StringComparer.OrdinalIgnoreCase),
            ];
            _mayNot = WhyNotAnywhere(Permission.ManageKeys);
            await ReloadAsync();
            await NewFormAsync();
        }
        var changing = Doing == "change" ? _policies?.Find(policy => policy.Id == Of) : null;
        if (changing?.Id == _changing?.Id)
            return;
        (_changing, _errors) = (changing, null);
        if (changing is null)
            await NewFormAsync();
        else
            await TakeAsync(PolicyForm.Of(changing));
    }

    private async Task ReloadAsync()
    {
        var page = await Policies.ListAsync(Me, new PageRequest(PageRequest.MaxLimit), Left);
        var all = new List<RotationPolicyBody>();
        while (page.Problem is null)
        {
            all.AddRange(page.Value.Items);
            if (page.Value.NextCursor is not { } next)
                break;
            page = await Policies.ListAsync(Me, new PageRequest(PageRequest.MaxLimit, next), Left);
        }
        _problem = page.Problem;
        if (page.Problem is null)
            _policies = all;
    }

    private async Task SaveAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var (body, changing) = (_form.ToBody(), _changing);
        var saved = await Once.RunAsync(
            _saving,
            Me,
            body,
            me =>
                changing is null
                    ? Policies.CreateAsync(me, body, Left)
                    : Policies.ChangeAsync(me, changing.Id, changing.Revision, body, Left),
            Left
        );
        _busy = false;
        _errors = saved.Problem?.Errors;
        _problem = _errors is null ? saved.Problem : null;
        if (saved.Problem is not null)
            return;
        Toasts.Show($"Saved the policy of {NameOf(saved.Value)}.", null, ConsoleUrls.RotationsDue, "What is due");
        await ReloadAsync();
        await NewFormAsync();
        if (changing is not null)
            Ask(null);
    }

    private async Task DeleteAsync(RotationPolicyBody policy)
    {
        if (_busy)
            return;
        _busy = true;
        var deleted = await Policies.DeleteAsync(Me, policy.Id, Left);
        _busy = false;
        Ask(null);
        await ReloadAsync();
        _problem ??= deleted.Problem;
    }

    private Task NewFormAsync() => TakeAsync(new PolicyForm { Team = _everywhere ? "" : _teams.FirstOrDefault()?.Slug ?? "" });

    private Task TakeAsync(PolicyForm form)
    {
        _form = form;
        return FindSinksAsync();
    }

    // Those that serve everybody the policy is for.
    private async Task FindSinksAsync()
    {
        var me = Me;
        var team =
            _form.Agent.Length > 0 ? Agents.FindBySlug(me.OrganizationId, _form.Agent.Trim())?.TeamId
            : _form.Team.Length > 0 ? Access.Current.FindTeam(me.OrganizationId, _form.Team)?.Id
            : null;
        if (team is { } one)
        {
            _sinks = [.. (await Sinks.ChoicesAsync(me, one, Left)).Select(s => (IdText.Format(IdText.Sink, s.Id), s.Name))];
        }
        else
        {
            var page = await Sinks.ListAsync(me, new PageRequest(PageRequest.MaxLimit), Left);
            _sinks = page.Problem is null ? [.. page.Value.Items.Where(s => s.Team is null).Select(s => (s.Id, s.Name))] : [];
        }
        if (_form.Sink.Length > 0 && _sinks.All(s => s.Id != _form.Sink))
            _form.Sink = "";
    }

    private string NameOf(RotationPolicyBody policy) =>
        policy.Agent
        ?? string.Join(
            " / ",
            new[]
            {
                policy.Team is { } slug ? Access.Current.FindTeam(Me.OrganizationId, slug)?.Name ?? slug : "The organization",
                policy.Environment,
            }.OfType<string>()
        );

    private string? WhyNotFor(RotationPolicyBody policy)
    {
        var me = Me;
        var team =
            policy.Agent is { } agent ? Agents.FindBySlug(me.OrganizationId, agent)?.TeamId
            : policy.Team is { } slug ? Access.Current.FindTeam(me.OrganizationId, slug)?.Id
            : null;
        return Policies.MayNot(me, team)?.Detail;
    }

    private Dictionary<string, object> Named(string act, RotationPolicyBody policy) =>
        new(StringComparer.Ordinal) { ["aria-label"] = $"{act} the policy of {NameOf(policy)}" };
}
