using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Web.Tests.Account;

/// <summary>Passkeys, confirming and the sealed code as a browser meets them over HTTP; the authenticator is made of software.</summary>
public sealed class PasskeyPageTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static SoftPasskey DeviceFor(ConsoleServer console) =>
        new(console.Address.Host) { Origin = console.Address.GetLeftPart(UriPartial.Authority) };

    private static string Token(FormBrowser browser) =>
        Regex.Match(browser.Page, "name=\"__RequestVerificationToken\" value=\"([^\"]+)\"").Groups[1].Value;

    private static async Task<HttpResponseMessage> RegisterAsync(FormBrowser browser, SoftPasskey device, string name = "Laptop")
    {
        await browser.OpenAsync("/account");
        var token = Token(browser);
        using var offer = await browser.OpenAsync("/account/passkeys/new");
        Assert.True(offer.IsSuccessStatusCode, browser.Page);
        var asked = JsonDocument.Parse(browser.Page).RootElement;
        return await browser.PostAsync(
            "/account/passkeys/new",
            [
                ("__RequestVerificationToken", token),
                ("ticket", asked.GetProperty("ticket").GetString()!),
                ("credential", device.Make(asked.GetProperty("options").GetRawText())),
                ("name", name),
            ]
        );
    }

    private static async Task<HttpResponseMessage> SignInAsync(FormBrowser browser, SoftPasskey device, string returnUrl = "/keys")
    {
        await browser.OpenAsync("/account/sign-in");
        var token = Token(browser);
        await browser.OpenAsync("/account/passkeys/sign-in");
        var answer = device.Use(browser.Page);
        return await browser.PostAsync(
            "/account/passkeys/sign-in",
            [("__RequestVerificationToken", token), ("credential", answer), ("returnUrl", returnUrl)]
        );
    }

    /// <summary>As if eleven minutes had gone by since everybody signed in.</summary>
    private static async Task AgeAsync(ConsoleServer console)
    {
        await using var write = await console.Get<ConsoleStore>().WriteAsync(Stop);
        foreach (var session in await write.Db.UserSessions.AsTracking().ToListAsync(Stop))
            session.AuthenticatedAt -= TimeSpan.FromMinutes(11);
        write.AfterCommit(console.Get<AccessDirectory>().ReloadAsync);
        Assert.True(await write.TryCommitAsync(Stop));
    }

    [Fact]
    public async Task A_passkey_is_added_and_signs_in_and_its_answer_is_good_once_and_in_this_browser_only()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var device = DeviceFor(console);
        using (var own = new FormBrowser(console))
        {
            await own.SignInAsync("ines@acme.example");
            using var made = await RegisterAsync(own, device);
            Assert.Equal("""{"to":"/account?said=passkey#passkeys"}""", own.Page);
            await own.OpenAsync("/account");
            Assert.Contains("Laptop", own.Page, StringComparison.Ordinal);
        }

        using var browser = new FormBrowser(console);
        using var entered = await SignInAsync(browser, device);
        Assert.Equal("""{"to":"/keys"}""", browser.Page);
        Assert.NotNull(browser.Cookie("agentconsole"));
        Assert.Null(browser.Cookie("agentconsole-passkey")); // used up
        Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync("/account")).StatusCode);

        using var evil = new FormBrowser(console);
        using var away = await SignInAsync(evil, device, "//evil.example");
        Assert.Equal("""{"to":"/"}""", evil.Page);

        // An answer that was seen on the way: without the browser's cookie it is nothing, and a challenge is answered once.
        using var thief = new FormBrowser(console);
        await thief.OpenAsync("/account/sign-in");
        var token = Token(thief);
        await thief.OpenAsync("/account/passkeys/sign-in");
        var ticket = thief.Cookie("agentconsole-passkey")!;
        var answer = device.Use(thief.Page);
        IEnumerable<(string, string)> Fields() => [("__RequestVerificationToken", token), ("credential", answer)];
        using var other = new FormBrowser(console);
        await other.OpenAsync("/account/sign-in");
        using var foreign = await other.PostAsync(
            "/account/passkeys/sign-in",
            [("__RequestVerificationToken", Token(other)), ("credential", answer), ("ticket", ticket)]
        );
        Assert.Equal((HttpStatusCode.Forbidden, null), (foreign.StatusCode, other.Cookie("agentconsole")));
        Assert.Contains("passkey_expired", other.Page, StringComparison.Ordinal);
        using var noToken = await thief.PostAsync("/account/passkeys/sign-in", [("credential", answer)]);
        Assert.Equal(HttpStatusCode.BadRequest, noToken.StatusCode);
        using var first = await thief.PostAsync("/account/passkeys/sign-in", Fields());
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        other.Cookies.Add(new Cookie("agentconsole-passkey", ticket, "/account", console.Address.Host));
        await other.OpenAsync("/account/sign-in");
        using var again = await other.PostAsync(
            "/account/passkeys/sign-in",
            [("__RequestVerificationToken", Token(other)), ("credential", answer)]
        );
        Assert.Contains("passkey_expired", other.Page, StringComparison.Ordinal);
        Assert.Null(other.Cookie("agentconsole"));
    }

    [Fact]
    public async Task A_stolen_cookie_changes_no_passkey_and_the_way_to_confirm_stays_on_this_site()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var device = DeviceFor(console);
        using var browser = new FormBrowser(console);
        await browser.SignInAsync("ines@acme.example");
        using var made = await RegisterAsync(browser, device);
        await AgeAsync(console);

        using var offer = await browser.OpenAsync("/account/passkeys/new");
        Assert.Equal(HttpStatusCode.Forbidden, offer.StatusCode);
        Assert.Contains("step_up_required", browser.Page, StringComparison.Ordinal);
        await browser.OpenAsync("/account");
        var id = Regex.Match(browser.Page, "pky_[a-z0-9]{26}").Value;
        await browser.OpenAsync("/account?act=remove&of=" + id);
        using var removed = await browser.SendAsync("/account/passkeys/remove", "/account/passkeys/remove", ("passkey", id));
        Assert.Equal("/account/step-up?returnUrl=%2Faccount%23passkeys", removed.Headers.Location?.OriginalString);

        foreach (
            var evil in (string[])["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"]
        )
        {
            var path = "/account/step-up?returnUrl=" + Uri.EscapeDataString(evil);
            await browser.OpenAsync(path);
            Assert.DoesNotContain(
                "evil.example\"",
                browser.Page.Replace(Uri.EscapeDataString(evil), "", StringComparison.Ordinal),
                StringComparison.Ordinal
            );
            using var wrong = await browser.SendAsync(path, "step-up", ("Input.Password", "not it"));
            Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
            using var confirmed = await browser.SendAsync(path, "step-up", ("Input.Password", Person.Password));
            Assert.Equal("/", confirmed.Headers.Location?.OriginalString);
        }

        // The page asks before, and has a sentence for what it does not know.
        await browser.OpenAsync("/account?said=passkey-refused");
        Assert.Contains("The passkey was not changed", browser.Page, StringComparison.Ordinal);
        Assert.DoesNotContain("action=\"/account/passkeys/remove\"", browser.Page, StringComparison.Ordinal);
        await browser.OpenAsync("/account?act=remove&of=" + id);
        Assert.Contains("Remove Laptop?", browser.Page, StringComparison.Ordinal);
        using var done = await browser.SendAsync("/account/passkeys/remove", "/account/passkeys/remove", ("passkey", id));
        Assert.Equal("/account?said=passkey-removed#passkeys", done.Headers.Location?.OriginalString);
        using var stranger = new FormBrowser(console);
        using var refused = await SignInAsync(stranger, device);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Null(stranger.Cookie("agentconsole"));
    }

    [Fact]
    public async Task An_org_admin_sees_who_has_passkeys_and_removes_a_lost_one_over_the_api()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var device = DeviceFor(console);
        using var browser = new FormBrowser(console);
        await browser.SignInAsync("ines@acme.example");
        using var made = await RegisterAsync(browser, device);
        using var olga = console.Client(await console.TokenAsync(console.Cast.Olga));
        var user = "/api/v1/users/" + IdText.Format(IdText.User, console.Cast.Ines.Id);
        async Task<JsonElement> ReadAsync(string path) =>
            JsonDocument.Parse(await olga.GetStringAsync(new Uri(path, UriKind.Relative), Stop)).RootElement;

        Assert.Equal(1, (await ReadAsync(user)).GetProperty("passkeys").GetInt32());
        var listed = (await ReadAsync(user + "/passkeys")).GetProperty("data")[0];
        Assert.Equal("Laptop", listed.GetProperty("name").GetString());
        var id = listed.GetProperty("id").GetString();
        using var silent = await olga.DeleteAsync(new Uri($"{user}/passkeys/{id}", UriKind.Relative), Stop);
        Assert.Equal(HttpStatusCode.BadRequest, silent.StatusCode);
        using var removed = await olga.DeleteAsync(new Uri($"{user}/passkeys/{id}?reason=The+laptop+was+stolen", UriKind.Relative), Stop);
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);

        using var thief = new FormBrowser(console);
        using var refused = await SignInAsync(thief, device);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        using var ended = await browser.OpenAsync("/account");
        Assert.Equal(HttpStatusCode.Redirect, ended.StatusCode); // the sessions of that person ended
    }

    [Fact]
    public async Task Who_is_not_signed_in_confirms_nothing()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var browser = new FormBrowser(console);
        using var page = await browser.OpenAsync("/account/step-up?returnUrl=/keys");
        Assert.StartsWith("/account/sign-in", page.Headers.Location?.OriginalString, StringComparison.Ordinal);
        foreach (var path in (string[])["/account/step-up/means", "/account/step-up/passkey", "/account/passkeys/new"])
            Assert.Equal(HttpStatusCode.Unauthorized, (await browser.OpenAsync(path)).StatusCode);
    }

    [Fact]
    public async Task A_sealed_code_opens_the_console_once_and_every_org_admin_sees_it()
    {
        await using var console = await ConsoleServer.StartAsync();
        var actors = console.Get<ActorSource>();
        var olga = console.Cast.Olga;
        var code = (
            await console
                .Get<BreakGlassService>()
                .SealAsync(actors.ForSession(olga.Id, olga.SessionId, CallOrigin.Unknown()).Value, "Safe in Oslo", Stop)
        )
            .Value
            .Code!;
        using var browser = new FormBrowser(console);
        const string path = "/account/break-glass";
        await browser.OpenAsync(path);
        using var mistyped = await browser.SendAsync(path, "break-glass", ("Input.Code", code[..^1]), ("Input.Reason", "All are ill"));
        Assert.Contains("typing error", browser.Page, StringComparison.Ordinal);
        Assert.DoesNotContain(code[..11], browser.Page, StringComparison.Ordinal); // a page that stands open shows no code
        await browser.OpenAsync(path);
        using var entered = await browser.SendAsync(path, "break-glass", ("Input.Code", code), ("Input.Reason", "All are <ill>"));
        Assert.Equal("/", entered.Headers.Location?.OriginalString);
        await browser.OpenAsync("/fleet");
        Assert.Contains("You are in a break-glass session", browser.Page, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync("/account")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync("/admin/users")).StatusCode);

        using var again = new FormBrowser(console);
        await again.OpenAsync(path);
        using var refused = await again.SendAsync(path, "break-glass", ("Input.Code", code), ("Input.Reason", "Again"));
        Assert.Contains("opens nothing", again.Page, StringComparison.Ordinal);
        Assert.Null(again.Cookie("agentconsole"));

        using var admin = console.Browser(olga);
        foreach (var page in (string[])["/fleet", "/", "/admin/teams"])
        {
            var shown = await admin.GetStringAsync(new Uri(page, UriKind.Relative), Stop);
            Assert.Contains("break-glass-banner", shown, StringComparison.Ordinal);
            Assert.Contains("All are &lt;ill&gt;", shown, StringComparison.Ordinal);
        }
        foreach (var person in new[] { console.Cast.Ines, console.Cast.Gus })
        {
            using var client = console.Browser(person);
            Assert.DoesNotContain(
                "break-glass-banner",
                await client.GetStringAsync(new Uri("/fleet", UriKind.Relative), Stop),
                StringComparison.Ordinal
            );
        }
        using var ines = console.Browser(console.Cast.Ines);
        Assert.DoesNotContain(
            "Safe in Oslo",
            await ines.GetStringAsync(new Uri("/admin/break-glass", UriKind.Relative), Stop),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(console.Log.Lines, line => line.Contains(code[..11], StringComparison.Ordinal));
    }
}
