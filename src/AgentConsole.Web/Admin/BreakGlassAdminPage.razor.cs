using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Options;

namespace AgentConsole.Web.Admin;

/// <summary>The envelopes of the organization, and the review of what was done with them.</summary>
public sealed partial class BreakGlassAdminPage
{
    private const string Address = ConsoleUrls.BreakGlassAdmin;

    private IReadOnlyList<BreakGlassBody>? _accounts;
    private IReadOnlyList<BreakGlassUseBody>? _uses;
    private BreakGlassBody? _sealed;
    private BreakGlassBody? _managed;
    private string? _seesNothing;
    private string? _mayNot;
    private string _organization = "";
    private string? _name;
    private string? _review;
    private string? _code;
    private bool _fits;
    private int _minutes;
    private Problem? _problem;
    private Problem? _dialogProblem;
    private IReadOnlyDictionary<string, string[]>? _errors;
    private IReadOnlyDictionary<string, string[]>? _dialogErrors;

    private readonly Submission _reviewing = new("break-glass-review");
    private readonly Submission _sealing = new("break-glass-seal");

    [Inject]
    public required BreakGlassService BreakGlass { get; init; }

    [Inject]
    public required IOptions<SignInOptions> Options { get; init; }

    /// <summary>Which account is being managed.</summary>
    [SupplyParameterFromQuery(Name = "account")]
    public string? Managed { get; set; }

    protected override async Task OnParametersSetAsync()
    {
        var me = Me;
        // An auditor reads here, too.
        _seesNothing = WhyNot(Permission.ManageOrganization) is { } why && !me.MayEverywhere(Permission.ReadTrail) ? why : null;
        if (_seesNothing is not null)
            return;
        _mayNot =
            WhyNot(Permission.ManageOrganization)
            ?? (
                me.Method == AuthMethod.BreakGlass
                    ? "A break-glass session may not do this: an org-admin must, signed in as a person."
                    : null
            );
        _organization = Access.Current.Organizations.GetValueOrDefault(me.OrganizationId) ?? "";
        _minutes = Options.Value.BreakGlassMinutes;
        await ReloadAsync();
        (_managed, _dialogProblem, _dialogErrors, _code, _fits) = (
            _accounts?.FirstOrDefault(a => a.Id == Managed),
            null,
            null,
            null,
            false
        );
    }

    private async Task ReloadAsync()
    {
        var accounts = await BreakGlass.ListAsync(Me, Left);
        var uses = await BreakGlass.UsesAsync(Me, Left);
        _problem = accounts.Problem ?? uses.Problem;
        if (_problem is null)
            (_accounts, _uses) = (accounts.Value, uses.Value);
    }

    private void Close() => Navigation.NavigateTo(Address);

    private async Task SealAsync()
    {
        var made = await ConfirmedAsync(() => Once.RunAsync(_sealing, Me, _name, me => BreakGlass.SealAsync(me, _name, Left), Left));
        (_errors, var problem) = AdminWords.Split(made.Problem);
        if (made.Problem is null)
            (_sealed, _name) = (made.Value, null);
        await ReloadAsync();
        _problem ??= problem;
    }

    private async Task SealAgainAsync()
    {
        var id = _managed!.Id;
        var made = await ConfirmedAsync(() => BreakGlass.SealAgainAsync(Me, id, Left));
        _dialogProblem = made.Problem;
        if (made.Problem is not null)
            return;
        _sealed = made.Value;
        Close();
    }

    private async Task TestAsync()
    {
        var id = _managed!.Id;
        var tested = await ConfirmedAsync(() => BreakGlass.TestAsync(Me, id, _code, Left));
        (_dialogErrors, _dialogProblem) = AdminWords.Split(tested.Problem);
        _fits = tested.Problem is null;
        if (_fits)
            _code = null;
        await ReloadAsync();
    }

    private async Task RemoveAsync()
    {
        var id = _managed!.Id;
        var done = await ConfirmedAsync(() => BreakGlass.RemoveAsync(Me, id, Left));
        _dialogProblem = done.Problem;
        if (done.Problem is null)
            Close();
    }

    private async Task ReviewAsync(BreakGlassUseBody use)
    {
        var done = await Once.RunAsync(
            _reviewing,
            Me,
            new { use.Id, _review },
            me => BreakGlass.ReviewAsync(me, use.Id, _review, Left),
            Left
        );
        (_errors, var problem) = AdminWords.Split(done.Problem);
        if (done.Problem is null)
            _review = null;
        await ReloadAsync();
        _problem ??= problem;
    }
}
