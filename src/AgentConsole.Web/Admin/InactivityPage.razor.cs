using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Inactivity;
using AgentConsole.Core.People;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentConsole.Web.Admin;

/// <summary>The policy of the organization or of a team for agents that do nothing, with who would be hit beside it before it is saved.</summary>
public sealed partial class InactivityPage
{
    private const int Shown = 20;
    private readonly Submission _saving = new("inactivity");
    private readonly Submission _exempting = new("inactivity-exempt");
    private List<InactivityPolicyBody>? _policies;
    private IReadOnlyList<TeamCard> _teams = [];
    private InactivityPolicyBody? _policy;
    private PolicyForm _form = new();
    private InactivityDryRun? _dry;
    private List<InactivityHit> _hits = [];
    private IReadOnlyList<InactivityExemptionBody> _exemptions = [];
    private Problem? _problem;
    private IReadOnlyDictionary<string, string[]>? _errors;
    private IReadOnlyDictionary<string, string[]>? _exemptErrors;
    private string? _seesNothing;
    private string? _mayNot;
    private string _of = "";
    private string? _shown;
    private string _exempt = "";
    private string? _exemptWhy;
    private DateOnly? _exemptUntil;
    private bool _busy;

    [Inject]
    public required InactivityService Inactivity { get; init; }

    [Inject]
    public required ExemptionService Exemptions { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    protected override async Task OnParametersSetAsync()
    {
        var me = Me;
        var seen = me.TeamsWith(Permission.ReadFleet);
        _seesNothing = seen is { All: false, Ids.Length: 0 } ? "Ask an org-admin or the team-admin of your team to add you." : null;
        if (_seesNothing is not null)
            return;
        _teams =
        [
            .. Access
                .Current.Teams.Values.Where(t => t.OrganizationId == me.OrganizationId && seen.Has(t.Id))
                .OrderBy(t => t.Name, StringComparer.OrdinalIgnoreCase),
        ];
        var query = QueryHelpers.ParseQuery(new Uri(Navigation.Uri).Query);
        var asked = query.TryGetValue("of", out var of) ? of.ToString() : "";
        _of = _teams.Any(t => t.Slug == asked) ? asked : "";
        if (query.TryGetValue("exempt", out var exempt) && exempt.ToString() is { Length: > 0 and <= 100 } agent)
            _exempt = agent;
        if (_shown == _of)
            return;
        _shown = _of;
        _mayNot =
            _of.Length == 0 ? WhyNot(Permission.ManageOrganization) : WhyNot(Permission.ManageTeam, _teams.First(t => t.Slug == _of).Id);
        await ReloadAsync(takeForm: true);
    }

    // Of what is not saved yet the list of policies is all that can be read.
    private string DryRunCall => _policy is { } policy ? $"/api/v1/inactivity-policies/{policy.Id}/dry-run" : "/api/v1/inactivity-policies";

    private Task HearAsync() => ReloadAsync(takeForm: false);

    private async Task ReloadAsync(bool takeForm)
    {
        var page = await Inactivity.ListAsync(Me, new PageRequest(PageRequest.MaxLimit), Left);
        _problem = page.Problem;
        if (page.Problem is not null)
            return;
        _policies = [.. page.Value.Items];
        _policy = _policies.Find(p => (p.Team ?? "") == _of);
        if (takeForm)
            _form = _policy is null ? new PolicyForm() : PolicyForm.Of(_policy);
        _exemptions = [];
        if (_policy is not null)
        {
            var exemptions = await Exemptions.ListAsync(Me, _policy.Id, new PageRequest(PageRequest.MaxLimit), Left);
            _exemptions = exemptions.Problem is null ? exemptions.Value.Items : [];
        }
        await TryAsync();
    }

    private Task Stale() => TryAsync();

    private async Task TryAsync()
    {
        var dry = await DryAsync(null);
        _errors = dry.Problem?.Errors;
        _dry = dry.Problem is null ? dry.Value : null;
        _hits = dry.Problem is null ? [.. dry.Value.Data] : [];
    }

    private async Task MoreAsync()
    {
        var dry = await DryAsync(_dry!.NextCursor);
        if (dry.Problem is not null)
            return;
        _dry = dry.Value;
        _hits.AddRange(dry.Value.Data);
    }

    // Who may not write a policy sees what the stored one would do.
    private async Task<Outcome<InactivityDryRun>> DryAsync(string? cursor) =>
        _mayNot is null ? await Inactivity.DryRunAsync(Me, _form.ToBody(_of), new PageRequest(Shown, cursor), Left)
        : _policy is null ? InactivityProblems.NotFound
        : await Inactivity.DryRunAsync(Me, _policy.Id, new PageRequest(Shown, cursor), Left);

    private void Choose(ChangeEventArgs e) => Navigation.NavigateTo(ConsoleUrls.InactivityOf(e.Value as string));

    private async Task SaveAsync()
    {
        if (_busy || _mayNot is not null)
            return;
        _busy = true;
        var body = _form.ToBody(_of);
        var saved = await Once.RunAsync(
            _saving,
            Me,
            body,
            me =>
                _policy is null
                    ? Inactivity.CreateAsync(me, body, Left)
                    : Inactivity.ChangeAsync(me, _policy.Id, _form.Revision, body, Left),
            Left
        );
        _busy = false;
        (_problem, _errors) = (saved.Problem, saved.Problem?.Errors);
        if (saved.Problem is not null)
            return;
        Toasts.Show(saved.Value.Enabled ? "Saved; the policy is on" : "Saved; the policy is off");
        await ReloadAsync(takeForm: true);
    }

    private async Task DeleteAsync()
    {
        var deleted = await Inactivity.DeleteAsync(Me, _policy!.Id, Left);
        _problem = deleted.Problem;
        if (deleted.Problem is null)
            await ReloadAsync(takeForm: true);
    }

    private async Task ConfirmAsync(int shown)
    {
        if (_busy)
            return;
        _busy = true;
        var confirmed = await Inactivity.ConfirmAsync(Me, _policy!.Id, new ConfirmInactivity { Agents = shown }, Left);
        _busy = false;
        await ReloadAsync(takeForm: false);
        _problem ??= confirmed.Problem;
    }

    private async Task ExemptAsync()
    {
        if (_mayNot is not null)
            return;
        var text = _exempt.Trim();
        var tag = text.StartsWith("tag:", StringComparison.OrdinalIgnoreCase) ? text[4..].Trim() : null;
        var body = new ExemptFromInactivity
        {
            Agent = tag is null ? text : null,
            Tag = tag,
            Reason = _exemptWhy,
            Until = _exemptUntil is { } day ? new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero) : null,
        };
        var done = await Once.RunAsync(_exempting, Me, body, me => Exemptions.ExemptAsync(me, _policy!.Id, body, Left), Left);
        _exemptErrors = done.Problem?.Errors;
        _problem = done.Problem is { Errors: null } other ? other : null;
        if (done.Problem is not null)
            return;
        (_exempt, _exemptWhy, _exemptUntil) = ("", null, null);
        await ReloadAsync(takeForm: false);
    }

    private async Task EndAsync(InactivityExemptionBody exemption)
    {
        var done = await Exemptions.EndAsync(Me, _policy!.Id, exemption.Id, Left);
        await ReloadAsync(takeForm: false);
        _problem ??= done.Problem;
    }

    /// <summary>What stands in the fields.</summary>
    private sealed class PolicyForm
    {
        public bool Enabled { get; set; }
        public string Sign { get; set; } = "sign-of-life";
        public int? Days { get; set; } = 30;
        public int? GraceDays { get; set; } = 7;
        public string Action { get; set; } = "flag";
        public string Environment { get; set; } = "";
        public string Tags { get; set; } = "";
        public string Lifecycles { get; set; } = "registered,active";
        public int? MaxSharePercent { get; set; } = 20;
        public int? GapHours { get; set; } = 4;
        public int? HoldDays { get; set; } = 3;
        public long? Revision { get; init; }

        public static PolicyForm Of(InactivityPolicyBody policy) =>
            new()
            {
                Enabled = policy.Enabled,
                Sign = policy.Sign,
                Days = policy.Days,
                GraceDays = policy.GraceDays,
                Action = policy.Action,
                Environment = policy.Environment ?? "",
                Tags = string.Join(", ", policy.Tags),
                Lifecycles = string.Join(',', policy.Lifecycles),
                MaxSharePercent = policy.MaxSharePercent,
                GapHours = policy.GapHours,
                HoldDays = policy.HoldDays,
                Revision = policy.Revision,
            };

        public SetInactivityPolicy ToBody(string team) =>
            new()
            {
                Team = team,
                Enabled = Enabled,
                Sign = Sign,
                Days = Days ?? 0,
                GraceDays = GraceDays ?? 0,
                Action = Action,
                Environment = Environment,
                Tags = Tags.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                Lifecycles = Lifecycles.Split(','),
                MaxSharePercent = MaxSharePercent ?? 0,
                GapHours = GapHours ?? 0,
                HoldDays = HoldDays ?? -1,
            };
    }
}
