using System.Net;
using System.Text.RegularExpressions;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Account;

namespace AgentConsole.Web.Tests.Account;

public sealed class SignInPageTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task Ines_signs_in_without_a_script_works_and_signs_out(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        using var browser = new FormBrowser(console);
        var stranger = await browser.OpenAsync("/account");
        Assert.Equal(HttpStatusCode.Redirect, stranger.StatusCode);
        Assert.Equal("/account/sign-in?returnUrl=%2Faccount", stranger.Headers.Location!.PathAndQuery);

        var entered = await browser.SignInAsync("ines@acme.example", returnUrl: "/account");
        Assert.Equal((HttpStatusCode.Redirect, "/account"), (entered.StatusCode, entered.Headers.Location!.OriginalString));
        var kept = browser.Cookie("agentconsole")!;
        Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync("/account")).StatusCode);
        Assert.Contains("ines@acme.example", browser.Page, StringComparison.Ordinal);

        var left = await browser.SendAsync(ConsoleUrls.SignOut, ConsoleUrls.SignOut);
        Assert.Equal(HttpStatusCode.Redirect, left.StatusCode);
        Assert.Null(browser.Cookie("agentconsole"));

        // Whoever kept the cookie has nothing.
        browser.Cookies.Add(console.Address, new Cookie("agentconsole", kept));
        Assert.Equal(HttpStatusCode.Redirect, (await browser.OpenAsync("/account")).StatusCode);
    }

    [Fact]
    public async Task The_cookie_is_out_of_reach_of_scripts_and_of_other_sites()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var browser = new FormBrowser(console);

        var answer = await browser.SignInAsync("ines@acme.example");

        var cookie = answer.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("agentconsole=C", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.True((await browser.OpenAsync("/account")).Headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task Wrong_unknown_and_disabled_see_the_same_page()
    {
        await using var console = await ConsoleServer.StartAsync();
        await console.Get<UserService>().DisableAsync(console.As(console.Cast.Olga), IdText.Format("usr", console.Cast.Victor.Id), Stop);
        var seen = new List<string>();
        foreach (
            var (email, password) in new[]
            {
                ("ines@acme.example", "not-her-password"),
                ("x@nowhere.example", "not-her-password"),
                ("victor@acme.example", Person.Password),
            }
        )
        {
            using var browser = new FormBrowser(console);
            var answer = await browser.SignInAsync(email, password);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Null(browser.Cookie("agentconsole"));
            Assert.DoesNotContain(password, browser.Page, StringComparison.Ordinal);
            seen.Add(Regex.Match(browser.Page, "data-testid=\"refused\".*?</div></div>", RegexOptions.Singleline).Value);
        }
        Assert.NotEqual("", seen[0]);
        Assert.Single(seen.Distinct());
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("/\t/evil.example")]
    [InlineData("https://evil.example/")]
    [InlineData("javascript:alert(1)")]
    [InlineData("\\\\evil.example")]
    public async Task After_signing_in_one_stays_in_the_console(string returnUrl)
    {
        await using var console = await ConsoleServer.StartAsync();
        using var browser = new FormBrowser(console);

        var answer = await browser.SignInAsync("ines@acme.example", returnUrl: returnUrl);

        Assert.Equal("/", answer.Headers.Location!.OriginalString);
        Assert.Equal(
            "/",
            (await browser.OpenAsync("/account/sign-in?returnUrl=" + Uri.EscapeDataString(returnUrl))).Headers.Location!.OriginalString
        );
    }

    [Fact]
    public async Task Another_site_can_neither_sign_in_nor_out_nor_change_anything()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var browser = new FormBrowser(console);

        var planted = await browser.PostAsync(
            "/account/sign-in",
            [("_handler", "sign-in"), ("Input.Email", "ines@acme.example"), ("Input.Password", Person.Password)]
        );
        Assert.Equal(HttpStatusCode.BadRequest, planted.StatusCode);
        Assert.Null(browser.Cookie("agentconsole"));

        await browser.SignInAsync("ines@acme.example");
        foreach (var path in new[] { ConsoleUrls.SignOut, "/account/sessions/revoke" })
            Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync(path, [("session", "others")])).StatusCode);
        var password = await browser.PostAsync(
            "/account",
            [("_handler", "password"), ("Password.Current", Person.Password), ("Password.New", "several good words")]
        );
        Assert.Equal(HttpStatusCode.BadRequest, password.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync("/account")).StatusCode);
    }

    [Fact]
    public async Task Signing_in_gives_a_new_session_and_ends_the_one_that_was_planted_in_the_browser()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var thief = new FormBrowser(console);
        await thief.SignInAsync("otto@acme.example");
        var planted = thief.Cookie("agentconsole")!;
        using var browser = new FormBrowser(console);
        await browser.OpenAsync("/account/sign-in");
        browser.Cookies.Add(console.Address, new Cookie("agentconsole", planted));

        // The form was loaded before, so the anti-forgery token belongs to nobody: the planted cookie makes it invalid.
        var mixed = await browser.SendAsync(
            "/account/sign-in",
            "sign-in",
            ("Input.Email", "ines@acme.example"),
            ("Input.Password", Person.Password)
        );

        Assert.Equal(HttpStatusCode.BadRequest, mixed.StatusCode);
        Assert.Equal(planted, browser.Cookie("agentconsole"));
    }

    [Theory, BothDatabases]
    public async Task With_a_second_factor_the_password_leads_to_the_second_step_and_no_further(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        using var browser = new FormBrowser(console);
        await browser.SignInAsync("ines@acme.example");
        var (secret, codes) = await EnrolAsync(browser);

        using var other = new FormBrowser(console);
        var half = await other.SignInAsync("ines@acme.example", returnUrl: "/account");
        Assert.Equal("/account/two-factor?returnUrl=%2Faccount", half.Headers.Location!.OriginalString);
        Assert.Null(other.Cookie("agentconsole"));
        Assert.Equal(HttpStatusCode.Redirect, (await other.OpenAsync("/account")).StatusCode);

        await other.OpenAsync("/account/two-factor?returnUrl=%2Faccount");
        var wrong = await other.SendAsync("/account/two-factor?returnUrl=%2Faccount", "two-factor", ("Input.Code", "000000"));
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Null(other.Cookie("agentconsole"));

        await other.OpenAsync("/account/recovery?returnUrl=%2Faccount");
        var entered = await other.SendAsync("/account/recovery?returnUrl=%2Faccount", "recovery", ("Input.Code", codes[0]));
        Assert.Equal("/account", entered.Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.OK, (await other.OpenAsync("/account")).StatusCode);
        Assert.Contains("9 recovery codes", WebUtility.HtmlDecode(other.Page).Replace('\u00A0', ' '), StringComparison.Ordinal);
        Assert.DoesNotContain(codes[1], other.Page, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, other.Page, StringComparison.Ordinal);
        Assert.DoesNotContain(
            console.Log.Lines,
            l => codes.Any(c => l.Contains(c, StringComparison.Ordinal)) || l.Contains(secret, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task The_second_step_without_the_first_begins_again()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var browser = new FormBrowser(console);

        var answer = await browser.OpenAsync("/account/two-factor");

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal("/account/sign-in", answer.Headers.Location!.OriginalString);
    }

    [Theory, BothDatabases]
    public async Task An_invited_person_comes_in_once_and_the_link_is_written_nowhere(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        var invited = (
            await console
                .Get<UserService>()
                .InviteAsync(console.As(console.Cast.Olga), new InviteUser { Email = "nina@acme.example" }, Stop)
        ).Value;
        using var browser = new FormBrowser(console);

        var page = await browser.OpenAsync(invited.Link!);
        Assert.Equal("no-referrer", page.Headers.GetValues("Referrer-Policy").Single());
        Assert.True(page.Headers.CacheControl!.NoStore);
        var weak = await browser.SendAsync(invited.Link!, "invite", ("Input.DisplayName", "Nina"), ("Input.Password", "password1234"));
        Assert.Equal(HttpStatusCode.BadRequest, weak.StatusCode);
        Assert.Contains("aria-invalid=\"true\"", browser.Page, StringComparison.Ordinal);
        Assert.DoesNotContain("password1234", browser.Page, StringComparison.Ordinal);
        var entered = await browser.SendAsync(
            invited.Link!,
            "invite",
            ("Input.DisplayName", "Nina"),
            ("Input.Password", "several good words")
        );
        Assert.Equal("/", entered.Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync("/account")).StatusCode);

        using var late = new FormBrowser(console);
        Assert.Equal(HttpStatusCode.Gone, (await late.OpenAsync(invited.Link!)).StatusCode);
        Assert.Contains("does not work any more", late.Page, StringComparison.Ordinal);
        var secret = invited.Link![(invited.Link!.LastIndexOf('/') + 1)..];
        Assert.DoesNotContain(console.Log.Lines, l => l.Contains(secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_reset_link_sets_a_password_and_does_not_sign_in()
    {
        await using var console = await ConsoleServer.StartAsync();
        var link = (
            await console.Get<UserService>().ResetAsync(console.As(console.Cast.Olga), IdText.Format("usr", console.Cast.Ines.Id), Stop)
        )
            .Value
            .Link!;
        using var browser = new FormBrowser(console);
        await browser.OpenAsync(link);

        var done = await browser.SendAsync(link, "reset", ("Input.Password", "several good words"));

        Assert.Equal("/account/sign-in?said=reset", done.Headers.Location!.OriginalString);
        Assert.Null(browser.Cookie("agentconsole"));
        Assert.Equal(HttpStatusCode.Gone, (await browser.OpenAsync(link)).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await browser.SignInAsync("ines@acme.example", "several good words")).StatusCode);
        Assert.DoesNotContain(console.Log.Lines, l => l.Contains(link, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_setup_link_that_never_was_says_so()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var browser = new FormBrowser(console);

        var answer = await browser.OpenAsync("/setup/" + new string('x', 43));

        Assert.Equal(HttpStatusCode.Gone, answer.StatusCode);
        Assert.DoesNotContain("<form", browser.Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_address_may_try_sixty_times_a_minute()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var browser = new FormBrowser(console);
        await browser.OpenAsync("/account/sign-in");

        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 61; i++)
            statuses.Add((await browser.PostAsync("/account/sign-in", [("_handler", "sign-in")])).StatusCode);

        Assert.Equal(HttpStatusCode.TooManyRequests, statuses[^1]);
        Assert.DoesNotContain(HttpStatusCode.TooManyRequests, statuses[..^1]);
        Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync("/account/sign-in")).StatusCode);
    }

    [Theory]
    [InlineData("http://[::]:5080", "http://localhost:5080/setup/abc")]
    [InlineData("http://127.0.0.1:80", "http://127.0.0.1:80/setup/abc")]
    [InlineData("https://console.example:8443", "https://console.example:8443/setup/abc")]
    public void The_setup_line_names_an_address_that_can_be_opened(string address, string link)
    {
        using var output = new StringWriter();

        SetupLine.Write(output, [address], "/setup/abc");

        Assert.Contains(link, output.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Sets two-factor sign-in up in the account page. Answers with the app's key and the recovery codes as shown.</summary>
    private static async Task<(string Secret, List<string> Codes)> EnrolAsync(FormBrowser browser)
    {
        await browser.OpenAsync("/account");
        await browser.SendAsync("/account", "totp-change", ("Factor.Password", Person.Password), ("Factor.Act", "offer"));
        Assert.Contains("<svg class=\"qr\"", browser.Page, StringComparison.Ordinal);
        var secret = Regex.Match(browser.Page, "data-testid=\"totp-secret\">([A-Z2-7]+)<").Groups[1].Value;
        var wrong = await browser.SendAsync("/account", "totp-confirm", ("Confirm.Code", "000000"));
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        var code = Totp.CodeAt(FromBase32(secret), Totp.StepAt(TimeProvider.System.GetUtcNow()));
        await browser.SendAsync("/account", "totp-confirm", ("Confirm.Code", code));
        var codes = Regex.Matches(browser.Page, "<li>([a-z2-9]{5}-[a-z2-9]{5})</li>").Select(m => m.Groups[1].Value).ToList();
        Assert.Equal(10, codes.Count);
        return (secret, codes);
    }

    private static byte[] FromBase32(string text)
    {
        var bytes = new List<byte>();
        var (held, bits) = (0, 0);
        foreach (var c in text)
        {
            held = ((held << 5) | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal)) & 0xFFFF;
            bits += 5;
            if (bits < 8)
                continue;
            bits -= 8;
            bytes.Add((byte)(held >> bits));
        }
        return [.. bytes];
    }
}
