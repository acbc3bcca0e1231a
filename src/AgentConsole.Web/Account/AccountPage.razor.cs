using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Account;

/// <summary>One's own account: static, so that it works without a circuit and can show what stands in one answer only.</summary>
public sealed partial class AccountPage
{
    private AccountFacts? _facts;
    private IReadOnlyList<SessionBody> _sessions = [];
    private IReadOnlyList<PasskeyBody> _passkeys = [];
    private IReadOnlyList<string>? _codes;
    private TotpOffer? _offer;
    private string? _asked;

    [CascadingParameter]
    public required HttpContext Http { get; set; }

    [Inject]
    public required AccountService Account { get; init; }

    [Inject]
    public required SessionService Sessions { get; init; }

    [Inject]
    public required PasskeyService Passkeys { get; init; }

    [SupplyParameterFromQuery]
    private string? Said { get; set; }

    /// <summary>The question that is open, and what it is about.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    private string? Doing { get; set; }

    [SupplyParameterFromQuery]
    private string? Of { get; set; }

    [SupplyParameterFromForm(FormName = "password")]
    private PasswordForm? Password { get; set; }

    [SupplyParameterFromForm(FormName = "totp-change")]
    private FactorForm? Factor { get; set; }

    [SupplyParameterFromForm(FormName = "totp-confirm")]
    private ConfirmForm? Confirm { get; set; }

    private Problem? Problem { get; set; }

    private IReadOnlyDictionary<string, string[]>? Errors => Problem?.Errors;

    private string? Word =>
        Problem is not null
            ? null
            : Said switch
            {
                "password" => "Your password is changed. Other browsers are signed out.",
                "session" => "That browser is signed out.",
                "others" => "All other browsers are signed out.",
                "two-factor-off" => "Two-factor sign-in is off.",
                "passkey" => "The passkey is added. You can sign in with it from now on.",
                "passkey-renamed" => "The passkey has its new name.",
                "passkey-removed" => "The passkey is removed: it signs in nobody here any more. Delete it on your device, too.",
                "few-codes" => "You have few recovery codes left. Make new ones below.",
                _ => null,
            };

    protected override async Task OpenAsync()
    {
        Http.Response.Headers.CacheControl = "no-cache, no-store";
        await ReadAsync();
        _offer = Account.Reopen(Me, Confirm?.Ticket); // the form that was sent must stand in the page again to be heard
    }

    private async Task ReadAsync()
    {
        var me = Me;
        if ((await Account.GetAsync(me, Left)).Try(out _facts, out var problem))
        {
            _sessions = (await Sessions.ListAsync(me, Left)).Value;
            _passkeys = (await Passkeys.ListAsync(me, Left)).Value;
            if (Said is "last-means")
                Problem = PasskeyWords.LastMeans;
            else if (Said is "passkey-name")
                Problem = PasskeyWords.Name;
            else if (Said is "passkey-refused")
                Problem = PasskeyWords.Refused;
        }
        else
            Refuse(problem, null);
    }

    private async Task ChangePasswordAsync()
    {
        var done = await Account.ChangePasswordAsync(Me, Password?.Current, Password?.New, Left);
        if (done.Problem is { } problem)
            Refuse(problem, "password");
        else
            GoTo(ConsoleUrls.With(ConsoleUrls.Account, ("said", "password")));
    }

    private async Task ChangeFactorAsync()
    {
        switch (Factor?.Act)
        {
            case "offer":
                if (!(await Account.OfferTotpAsync(Me, Factor?.Password, Left)).Try(out _offer, out var refused))
                    Refuse(refused, "factor");
                break;
            case "codes":
                if (!(await Account.NewRecoveryCodesAsync(Me, Factor?.Password, Left)).Try(out _codes, out refused))
                    Refuse(refused, "factor");
                break;
            case "off":
                if ((await Account.DisableTotpAsync(Me, Factor?.Password, Left)).Problem is { } problem)
                    Refuse(problem, "factor");
                else
                    GoTo(ConsoleUrls.With(ConsoleUrls.Account, ("said", "two-factor-off")));
                break;
        }
    }

    private async Task ConfirmAsync()
    {
        if ((await Account.ConfirmTotpAsync(Me, Confirm?.Ticket, Confirm?.Code, Left)).Try(out _codes, out var problem))
        {
            await ReadAsync();
            return;
        }
        Refuse(problem, "confirm");
    }

    // By its path alone: host and scheme are as the browser knows them, behind a proxy too.
    private void GoTo(string path) => Http.Response.Redirect(path);

    private void Refuse(Problem problem, string? asked)
    {
        if (problem.Code == StepUp.Code)
        {
            GoTo(ConsoleUrls.StepUp(ConsoleUrls.Account + (asked == "password" ? "#password" : "#two-factor")));
            return;
        }
        Problem = problem;
        _asked = asked;
        if (!Http.Response.HasStarted)
            Http.Response.StatusCode = ProblemHttp.StatusOf(problem.Kind) is var status && status == 401 ? 400 : status; // a browser would ask for a password of its own
    }

    private sealed class PasswordForm
    {
        public string? Current { get; set; }
        public string? New { get; set; }
    }

    private sealed class FactorForm
    {
        public string? Password { get; set; }
        public string? Act { get; set; }
    }

    private sealed class ConfirmForm
    {
        public string? Ticket { get; set; }
        public string? Code { get; set; }
    }
}

/// <summary>A browser's name out of what it says of itself; good enough to tell one's own apart.</summary>
internal static class BrowserNames
{
    private static readonly (string Sign, string Name)[] Browsers =
    [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];

    private static readonly (string Sign, string Name)[] Systems =
    [
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];

    public static string Of(string? userAgent)
    {
        if (string.IsNullOrWhiteSpace(userAgent))
            return "Unknown";
        var browser = Browsers.FirstOrDefault(b => userAgent.Contains(b.Sign, StringComparison.Ordinal)).Name;
        var system = Systems.FirstOrDefault(s => userAgent.Contains(s.Sign, StringComparison.Ordinal)).Name;
        return browser is null ? Texts.Clip(userAgent, 40)!
            : system is null ? browser
            : $"{browser} on {system}";
    }
}

/// <summary>Refusals of plain forms, which came back with the address.</summary>
internal static class PasskeyWords
{
    public static readonly Problem LastMeans = new(
        ProblemKind.Conflict,
        "last_sign_in_means",
        "That passkey is the only way to sign in to this account, and stays. Register another one first."
    );
    public static readonly Problem Name = new(
        ProblemKind.Invalid,
        "invalid",
        "A passkey needs a name of at most 100 characters, in one line."
    );
    public static readonly Problem Refused = new(
        ProblemKind.Conflict,
        "not_changed",
        "The passkey was not changed: somebody changed it at the same moment, or this session may not. Look at it below and try again."
    );
}
