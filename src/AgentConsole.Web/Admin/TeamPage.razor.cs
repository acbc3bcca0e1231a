using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Components;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Admin;

/// <summary>One team: who is in it, with which roles.</summary>
public sealed partial class TeamPage
{
    private TeamBody? _team;
    private List<MemberBody> _members = [];
    private IReadOnlyList<MemberBody> _candidates = [];
    private Problem? _problem;
    private IReadOnlyDictionary<string, string[]>? _errors;
    private IReadOnlyDictionary<string, string[]>? _nameErrors;
    private string? _mayNot;
    private string? _name;
    private string? _zone;
    private string _principal = "";
    private List<string> _roles = [];
    private string? _editing;
    private MemberBody? _leaving;

    [Inject]
    public required TeamService Teams { get; init; }

    [Parameter]
    public required string Slug { get; set; }

    protected override async Task OnParametersSetAsync()
    {
        Clear();
        await ReloadAsync();
        (_name, _zone) = (_team?.Name, _team?.TimeZone);
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

    private void Clear() => (_editing, _principal, _roles, _errors, _leaving) = (null, "", [], null, null);

    private async Task SaveMemberAsync()
    {
        var principal =
            _editing
            ?? _candidates.FirstOrDefault(c => string.Equals(c.Label, _principal.Trim(), StringComparison.OrdinalIgnoreCase))?.Id
            ?? _principal;
        var saved = await Teams.SetMemberAsync(Me, Slug, principal, new SetMember { Roles = _roles }, Left);
        (_errors, var problem) = AdminWords.Split(saved.Problem);
        if (saved.Problem is null)
            Clear();
        await ReloadAsync();
        _problem ??= problem;
    }

    private async Task RemoveAsync()
    {
        var removed = await Teams.RemoveMemberAsync(Me, Slug, _leaving!.Id, Left);
        Clear();
        await ReloadAsync();
        _problem ??= removed.Problem;
    }

    private async Task RenameAsync()
    {
        var renamed = await Teams.ChangeAsync(Me, Slug, _team!.Revision, new ChangeTeam { Name = _name, TimeZone = _zone ?? "" }, Left);
        (_nameErrors, var problem) = AdminWords.Split(renamed.Problem);
        await ReloadAsync();
        _problem ??= problem;
    }
}
