using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Admin;

/// <summary>API tokens: one's own, or everybody's for org-admins.</summary>
public sealed partial class TokensPage
{
    private readonly Submission _creating = new("token-create");
    private bool _busy;
    private IReadOnlyList<TeamCard> _teams = [];
    private IReadOnlyList<Principal> _accounts = [];
    private Problem? _problem;
    private IReadOnlyDictionary<string, string[]>? _errors;
    private string? _name;
    private string _owner = "";
    private int _days = 90;
    private List<string> _scopes = [];
    private List<string> _limit = [];
    private bool? _shownAll;
    private string? _secret;
    private string _secretName = "";

    [Inject]
    public required TokenService Tokens { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [SupplyParameterFromQuery]
    public bool All { get; set; }

    /// <summary>The question that is open, and what it is about.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    [SupplyParameterFromQuery]
    public string? Of { get; set; }

    private TokenBody? Leaving => Doing == "revoke" ? List.Rows?.FirstOrDefault(token => token.Id == Of) : null;

    private string Curl => $"curl {Navigation.BaseUri}api/v1/whoami -H \"Authorization: Bearer $TOKEN\"";

    protected override async Task OnParametersSetAsync()
    {
        if (Doing != "made")
            _secret = null;
        if (_shownAll == All)
            return; // a question was opened or closed
        _shownAll = All;
        var me = Me;
        var scope = me.TeamsWith(Permission.ReadFleet);
        var now = Access.Current;
        _teams =
        [
            .. now
                .Teams.Values.Where(t => t.OrganizationId == me.OrganizationId && scope.Has(t.Id))
                .OrderBy(t => t.Name, StringComparer.OrdinalIgnoreCase),
        ];
        _accounts = me.MayEverywhere(Permission.ManageOrganization)
            ?
            [
                .. now
                    .Principals.Values.Where(p =>
                        p.OrganizationId == me.OrganizationId && p is { Kind: ActorKind.ServiceAccount, Enabled: true }
                    )
                    .OrderBy(p => p.Label, StringComparer.OrdinalIgnoreCase),
            ]
            : [];
        await ReloadAsync();
    }

    private RereadRows<TokenBody> List =>
        field ??= new RereadRows<TokenBody>(
            row => IdText.Parse(IdText.Token, row.Id),
            page => Tokens.ListAsync(Me, All, page, Left),
            Clock
        );

    private Task ReloadAsync() => List.LoadAsync();

    private async Task CreateAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var body = new CreateToken
        {
            Name = _name,
            Scopes = _scopes,
            Teams = _limit,
            ExpiresAt = _days == 0 ? null : Now.AddDays(_days),
            ServiceAccount = _owner.Length == 0 ? null : _owner,
        };
        // A press that is repeated later asks for the same, although its days are counted from another moment.
        var asked = new
        {
            body.Name,
            body.Scopes,
            body.Teams,
            body.ServiceAccount,
            _days,
        };
        var made = await ConfirmedAsync(() => Once.RunAsync(_creating, Me, asked, me => Tokens.CreateAsync(me, body, Left), Left));
        _busy = false;
        (_errors, var problem) = AdminWords.Split(made.Problem);
        if (made.Problem is null)
        {
            (_secret, _secretName) = (made.Value.Token, made.Value.Name);
            (_name, _owner, _scopes, _limit) = (null, "", [], []);
            Ask("made", made.Value.Id, instead: true);
        }
        _problem = problem;
        await List.ActedAsync();
    }

    private async Task RevokeAsync(TokenBody leaving)
    {
        if (_busy)
            return;
        _busy = true;
        var revoked = await Tokens.RevokeAsync(Me, leaving.Id, Left);
        _busy = false;
        Ask(null);
        if (revoked.Problem is null)
            Toasts.Show($"Revoked {leaving.Name}; it is refused from now on");
        _problem = revoked.Problem;
        await List.ActedAsync();
    }

    private void Forget()
    {
        _secret = null;
        Ask(null);
    }

    private static void Toggle(List<string> list, string value, bool on)
    {
        if (on && !list.Contains(value))
            list.Add(value);
        else if (!on)
            list.Remove(value);
    }

    protected override void Leave() => _secret = null;
}
