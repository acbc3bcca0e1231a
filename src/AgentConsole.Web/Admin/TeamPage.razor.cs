using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Admin;

/// <summary>One team: who is in it, with which roles.</summary>
public sealed partial class TeamPage
{
    private readonly Submission _adding = new("team-member");
    private readonly Submission _renaming = new("team-rename");
    private TeamBody? _team;
    private List<MemberBody> _members = [];
    private IReadOnlyList<MemberBody> _candidates = [];
    private Problem? _problem;
    private IReadOnlyDictionary<string, string[]>? _errors;
    private IReadOnlyDictionary<string, string[]>? _nameErrors;
    private string? _mayNot;
    private string? _name;
    private string? _zone;
    private long _revision; // of what the fields began with
    private Problem? _newer; // it was changed since
    private string _principal = "";
    private List<string> _roles = [];
    private string? _editing;
    private string? _shown;
    private (string? Act, string? Of) _asked;
    private bool _busy;

    [Inject]
    public required TeamService Teams { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Parameter]
    public required string Slug { get; set; }

    /// <summary>The question that is open, and what it is about.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    [SupplyParameterFromQuery]
    public string? Of { get; set; }

    private MemberBody? Leaving => Doing == "remove" ? _members.Find(member => member.Id == Of) : null;

    protected override async Task OnParametersSetAsync()
    {
        if (_shown != Slug)
        {
            _shown = Slug;
            Clear();
            await ReloadAsync();
            TakeNewer();
        }
        if (_asked == (Doing, Of))
            return;
        var edited = _asked.Act == "edit";
        _asked = (Doing, Of);
        if (Doing == "edit" && _members.Find(member => member.Id == Of) is { } chosen)
            Edit(chosen);
        else if (edited)
            Clear();
    }

    private string ZoneHelp =>
        $"Where this team's days begin, in spend and on the clock: an IANA id. Empty for the organization's, {Access.Current.ZoneOf(Me.OrganizationId)}.";

    private async Task ReloadAsync()
    {
        var me = Me;
        var team = await Teams.GetAsync(me, Slug, Left);
        var members = Teams.Members(me, Slug);
        _problem = team.Problem ?? members.Problem;
        if (_problem is not null)
            return;
        (_team, _members) = (team.Value, [.. members.Value]);
        _mayNot = Access.Current.FindTeam(me.OrganizationId, Slug) is { } card ? WhyNot(Permission.ManageTeam, card.Id) : null;
        Suggest(_principal);
    }

    // Whoever may not change members learns no names of others here.
    private void Suggest(string? text) =>
        _candidates = _mayNot is null && Teams.Candidates(Me, Slug, text) is { Problem: null } found ? found.Value : [];

    private void Type(string? text)
    {
        _principal = text ?? "";
        Suggest(_principal);
    }

    private void Edit(MemberBody member)
    {
        (_editing, _principal, _roles, _errors) = (member.Id, member.Label, [.. member.Roles], null);
    }

    private void Clear() => (_editing, _principal, _roles, _errors) = (null, "", [], null);

    private async Task SaveMemberAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var principal =
            _editing
            ?? _candidates.FirstOrDefault(c => string.Equals(c.Label, _principal.Trim(), StringComparison.OrdinalIgnoreCase))?.Id
            ?? _principal;
        var body = new SetMember { Roles = _roles };
        var saved = await Once.RunAsync(
            _adding,
            Me,
            new { principal, body },
            me => Teams.SetMemberAsync(me, Slug, principal, body, Left),
            Left
        );
        _busy = false;
        (_errors, var problem) = AdminWords.Split(saved.Problem);
        if (saved.Problem is null)
        {
            Toasts.Show(
                _editing is null
                    ? $"{saved.Value.Label} is now in {_team!.Name}"
                    : $"{saved.Value.Label} is now {string.Join(", ", saved.Value.Roles)} in {_team!.Name}"
            );
            Clear();
            if (Doing is not null)
                Ask(null);
        }
        await ReloadAsync();
        _problem ??= problem;
    }

    private async Task RemoveAsync(MemberBody leaving)
    {
        if (_busy)
            return;
        _busy = true;
        var removed = await Teams.RemoveMemberAsync(Me, Slug, leaving.Id, Left);
        _busy = false;
        Ask(null);
        if (removed.Problem is null)
            Toasts.Show($"{leaving.Label} is no longer in {_team!.Name}");
        await ReloadAsync();
        _problem ??= removed.Problem;
    }

    private async Task RenameAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var body = new ChangeTeam { Name = _name, TimeZone = _zone ?? "" };
        var renamed = await Once.RunAsync(_renaming, Me, body, me => Teams.ChangeAsync(me, Slug, _revision, body, Left), Left);
        _busy = false;
        _newer = renamed.Problem is { Kind: ProblemKind.Changed } changed ? changed : null;
        (_nameErrors, var problem) = AdminWords.Split(_newer is null ? renamed.Problem : null);
        if (renamed.Problem is null)
            Toasts.Show($"Saved {renamed.Value.Name}");
        await ReloadAsync();
        // Pressed again, it is meant on what is shown beside it now.
        if (renamed.Problem is null || _newer is not null)
            _revision = _team!.Revision;
        _problem ??= problem;
    }

    private void TakeNewer() => (_name, _zone, _revision, _newer) = (_team?.Name, _team?.TimeZone, _team?.Revision ?? 0, null);
}
