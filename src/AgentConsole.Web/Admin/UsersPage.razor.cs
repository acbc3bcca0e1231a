using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Admin;

/// <summary>The users of the organization; which one is being managed stands in the address.</summary>
public sealed partial class UsersPage
{
    private readonly Submission _removing = new("passkey-remove");
    private readonly Submission _inviting = new("user-invite");
    private UserFilter? _filter;
    private IReadOnlyList<TeamCard> _teams = [];
    private string? _seesNothing;
    private Problem? _problem;
    private IReadOnlyDictionary<string, string[]>? _errors;
    private UserBody? _managed;
    private List<string> _managedRoles = [];
    private Problem? _dialogProblem;
    private OwnedAgents? _owned;
    private IReadOnlyDictionary<string, string[]>? _dialogErrors;
    private IReadOnlyList<PasskeyBody> _passkeys = [];
    private string? _passkeyReason;
    private string? _email;
    private string? _name;
    private List<string> _roles = [];
    private Dictionary<string, List<string>> _teamRoles = new(StringComparer.Ordinal);
    private string? _link;
    private string _linkTitle = "";
    private bool _busy;

    [Inject]
    public required UserService Users { get; init; }

    [Inject]
    public required OwnerHandOver HandOver { get; init; }

    [Inject]
    public required PasskeyService Passkeys { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [SupplyParameterFromQuery]
    public string? Q { get; set; }

    [SupplyParameterFromQuery]
    public string? State { get; set; }

    [SupplyParameterFromQuery(Name = "user")]
    public string? Managed { get; set; }

    /// <summary>The question that is open, and what it is about.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    [SupplyParameterFromQuery]
    public string? Of { get; set; }

    protected override async Task OnParametersSetAsync()
    {
        _seesNothing = WhyNot(Permission.ManageOrganization);
        if (_seesNothing is not null)
            return;
        var organization = Me.OrganizationId;
        _teams =
        [
            .. Access
                .Current.Teams.Values.Where(t => t.OrganizationId == organization)
                .OrderBy(t => t.Name, StringComparer.OrdinalIgnoreCase),
        ];
        var filter = new UserFilter(Q, State);
        if (List.Rows is null || filter != _filter)
        {
            _filter = filter;
            await ReloadAsync();
        }
        _problem = null;
        await ManageAsync();
    }

    private RereadRows<UserBody> List =>
        field ??= new RereadRows<UserBody>(
            row => IdText.Parse(IdText.User, row.Id),
            page => Users.ListAsync(Me, new UserFilter(Q, State), page, Left),
            Clock
        );

    private Task ReloadAsync() => List.LoadAsync();

    private async Task ManageAsync()
    {
        (_managed, _dialogProblem, _dialogErrors, _passkeyReason) = (null, null, null, null);
        if (Managed is null)
            return;
        var user = await Users.GetAsync(Me, Managed, Left);
        if (user.Problem is { } problem)
            _problem ??= problem;
        else
        {
            (_managed, _managedRoles) = (user.Value, [.. user.Value.Roles]);
            var passkeys = await Passkeys.ListOfAsync(Me, user.Value.Id, Left);
            _passkeys = passkeys.Problem is null ? passkeys.Value : [];
        }
        _owned = null;
        if (_managed?.OwnedAgents > 0)
            _owned = (await HandOver.LookAsync(Me, _managed.Id, 5, Left)) is { Problem: null } owned ? owned.Value : null;
    }

    private string Owned =>
        _owned is null
            ? ""
            : string.Join(", ", _owned.First.Select(row => row.DisplayName)) + (_owned.Total > _owned.First.Count ? ", …" : "");

    private void Close() => Navigation.NavigateTo(ConsoleUrls.With("/admin/users", ("q", Q), ("state", State)));

    private async Task InviteAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var body = new InviteUser
        {
            Email = _email,
            DisplayName = _name,
            Roles = _roles,
            Teams = _teamRoles
                .Where(t => t.Value.Count > 0)
                .ToDictionary(t => t.Key, t => (IReadOnlyList<string>)t.Value, StringComparer.Ordinal),
        };
        var invited = await ConfirmedAsync(() => Once.RunAsync(_inviting, Me, body, me => Users.InviteAsync(me, body, Left), Left));
        _busy = false;
        (_errors, _problem) = AdminWords.Split(invited.Problem);
        if (invited.Problem is not null)
            return;
        (_linkTitle, _link) = ($"Invitation link for {invited.Value.Email}", Absolute(invited.Value.Link));
        (_email, _name, _roles, _teamRoles) = (null, null, [], new Dictionary<string, List<string>>(StringComparer.Ordinal));
        await List.ActedAsync();
        Ask("made", invited.Value.Id, instead: true);
    }

    private void Forget()
    {
        _link = null;
        Ask(null);
    }

    private async Task DoAsync(Func<Actor, string, Task<Outcome<UserBody>>> act, Func<UserBody, string> said)
    {
        var id = _managed!.Id;
        var done = await ConfirmedAsync(() => act(Me, id));
        _dialogProblem = done.Problem;
        if (done.Problem is not null)
            return;
        Toasts.Show(said(done.Value));
        await List.ActedAsync();
        Close();
    }

    private async Task LinkAsync(string title, Func<Actor, string, Task<Outcome<UserBody>>> act)
    {
        var (email, id) = (_managed!.Email, _managed.Id);
        var made = await ConfirmedAsync(() => act(Me, id));
        _dialogProblem = made.Problem;
        if (made.Problem is not null)
            return;
        (_linkTitle, _link) = ($"{title} for {email}", Absolute(made.Value.Link));
        Close();
    }

    private async Task RemovePasskeyAsync(PasskeyBody passkey)
    {
        var id = _managed!.Id;
        var done = await ConfirmedAsync(() =>
            Once.RunAsync(
                _removing,
                Me,
                new { passkey.Id, _passkeyReason },
                me => Passkeys.RemoveOfAsync(me, id, passkey.Id, _passkeyReason, Left),
                Left
            )
        );
        (_dialogErrors, _dialogProblem) = AdminWords.Split(done.Problem);
        if (done.Problem is not null)
            return;
        Toasts.Show($"Removed the passkey {passkey.Name} of {_managed.Email}; all their sessions have ended");
        await ManageAsync();
    }

    private Task SaveRolesAsync() =>
        DoAsync(
            (me, id) => Users.ChangeAsync(me, id, _managed!.Revision, new ChangeUser { Roles = _managedRoles }, Left),
            user =>
                user.Roles.Count == 0
                    ? $"{user.Email} has no role in the organization now"
                    : $"{user.Email} is now {string.Join(", ", user.Roles)}"
        );

    private static string Enabled(UserBody user) => $"Enabled {user.Email}";

    private static string Disabled(UserBody user) => $"Disabled {user.Email}; all their sessions and tokens have ended";

    private static string NoTwoFactor(UserBody user) => $"Removed two-factor of {user.Email}";

    private string? Absolute(string? link) => link is null ? null : Navigation.ToAbsoluteUri(link).ToString();

    private static string TeamsOf(UserBody user) => string.Join("; ", user.Teams.Select(t => $"{t.Key}: {string.Join(", ", t.Value)}"));
}
