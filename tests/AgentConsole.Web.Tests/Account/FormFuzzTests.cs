using System.Net;
using System.Text.RegularExpressions;
using AgentConsole.Web.Components;

namespace AgentConsole.Web.Tests.Account;

/// <summary>Every plain form under bad input: a page that says so, never a fault, never the password again, nothing done.</summary>
public sealed class FormFuzzTests
{
    private const string Password = "a-wrong-but-secret-word";

    private static readonly string[] Values =
    [
        "",
        " ",
        "\0",
        "a\0b",
        "\u202Egnp.exe",
        "\u0007",
        "<script>alert(1)</script>",
        "' OR 1=1 --",
        "\ud800",
        "olga@acme.example",
        "olga@acme.example\r\nBcc: all@acme.example",
        "-1",
        "000000",
        new('x', 10_000),
    ];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/account/sign-in", "sign-in", "Input.Email", "Input.Password")]
    [InlineData("/account/two-factor", "two-factor", "Input.Code")]
    [InlineData("/account/recovery", "recovery", "Input.Code")]
    [InlineData("/account/break-glass", "break-glass", "Input.Code", "Input.Reason")]
    [InlineData("/account/step-up", "step-up", "Input.Password", "Input.Code")]
    [InlineData("/account/passkeys/sign-in", "x", "credential", "returnUrl")]
    [InlineData("/account/passkeys/new", "x", "ticket", "credential", "name")]
    [InlineData("/account/step-up/passkey", "x", "ticket", "credential")]
    [InlineData("/account/step-up/password", "x", "password", "code")]
    [InlineData("/setup/not-the-link", "setup", "Input.OrganizationName", "Input.DisplayName", "Input.Email", "Input.Password")]
    [InlineData("/invite/not-the-link", "invite", "Input.DisplayName", "Input.Password")]
    [InlineData("/account/reset/not-the-link", "reset", "Input.Password")]
    public async Task A_form_of_strangers_refuses_nonsense(string path, string handler, params string[] fields)
    {
        await using var console = await ConsoleServer.StartAsync();
        using var browser = new FormBrowser(console);
        await browser.OpenAsync("/account/sign-in");
        var token = Regex.Match(browser.Page, "name=\"__RequestVerificationToken\" value=\"([^\"]+)\"").Groups[1].Value;
        Assert.NotEmpty(token);
        var random = new Random(2026);

        for (var i = 0; i < 40; i++)
        {
            var sent = fields
                .Where(_ => random.Next(6) > 0)
                .Select(field =>
                    (field, field.EndsWith("Password", StringComparison.Ordinal) && random.Next(2) == 0 ? Password : Pick(random))
                )
                .Append(("_handler", random.Next(5) == 0 ? Pick(random) : handler))
                .Append(("__RequestVerificationToken", random.Next(5) == 0 ? Pick(random) : token))
                .ToList();
            using var answer = await browser.PostAsync(path + (random.Next(3) == 0 ? "?returnUrl=//evil.example" : ""), sent);

            var said =
                $"call {i}: {string.Join(" ", sent.Select(f => f.Item1 + "=" + (f.Item2.Length > 40 ? f.Item2[..40] : f.Item2)))}: {browser.Page}";
            Assert.True((int)answer.StatusCode < 500, said);
            Assert.DoesNotContain(Password, browser.Page, StringComparison.Ordinal);
            Assert.DoesNotContain("<script>alert", browser.Page, StringComparison.Ordinal);
            Assert.Null(browser.Cookie("agentconsole"));
            Assert.DoesNotContain("evil.example", answer.Headers.Location?.OriginalString ?? "", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_form_of_the_account_refuses_nonsense_and_what_another_site_sends()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var browser = new FormBrowser(console);
        await browser.SignInAsync("ines@acme.example");
        await browser.OpenAsync("/account");
        var random = new Random(7);

        foreach (
            var path in (string[])
                [
                    ConsoleUrls.SignOut,
                    "/account/sessions/revoke",
                    "/account/passkeys/new",
                    "/account/passkeys/rename",
                    "/account/passkeys/remove",
                    "/account/step-up/password",
                    "/account/step-up/passkey",
                ]
        )
        {
            using var foreign = await browser.PostAsync(path, [("session", "others")]);
            Assert.Equal(HttpStatusCode.BadRequest, foreign.StatusCode);
        }
        for (var i = 0; i < 30; i++)
        {
            await browser.OpenAsync("/account");
            using var answer = await browser.SendAsync("/account/sessions/revoke", "/account/sessions/revoke", ("session", Pick(random)));
            Assert.True((int)answer.StatusCode < 500, string.Join("\n", console.Log.Lines.TakeLast(3)));
            if (answer.StatusCode != HttpStatusCode.BadRequest)
                Assert.StartsWith("/account", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        }
        Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync("/account")).StatusCode);
    }

    [Fact]
    public async Task The_form_of_the_look_keeps_to_what_it_knows_and_to_this_site()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var browser = new FormBrowser(console);
        var random = new Random(9);

        for (var i = 0; i < 40; i++)
        {
            using var answer = await browser.PostAsync(
                ConsoleUrls.Look,
                [
                    (Pick(random), Pick(random)),
                    ("theme", Pick(random)),
                    ("return", random.Next(2) == 0 ? "https://evil.example/" : Pick(random)),
                ]
            );
            Assert.True((int)answer.StatusCode < 500, browser.Page);
            Assert.Equal("system.system.comfortable", browser.Cookie(Look.Cookie) ?? "system.system.comfortable");
            Assert.DoesNotContain("evil.example", answer.Headers.Location?.OriginalString ?? "", StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a")]
    [InlineData("multipart/form-data", "--x")]
    [InlineData("application/json", "{}")]
    [InlineData("application/x-www-form-urlencoded", "%ZZ=%&&&=&%00=%FF")]
    [InlineData("nonsense", "")]
    public async Task A_body_that_is_no_form_is_refused(string type, string body)
    {
        await using var console = await ConsoleServer.StartAsync();
        using var client = console.Browser(console.Cast.Ines);

        foreach (
            var path in (string[])
                [
                    ConsoleUrls.Look,
                    ConsoleUrls.SignOut,
                    "/account/sessions/revoke",
                    "/account/sign-in",
                    "/account/passkeys/new",
                    "/account/passkeys/sign-in",
                    "/account/passkeys/rename",
                    "/account/passkeys/remove",
                    "/account/step-up/password",
                    "/account/step-up/passkey",
                ]
        )
        {
            using var content = new ByteArrayContent(System.Text.Encoding.Latin1.GetBytes(body));
            content.Headers.TryAddWithoutValidation("Content-Type", type);
            using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), content, Stop);
            Assert.True((int)answer.StatusCode < 500, $"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(Stop)}");
        }
    }

    private static string Pick(Random random) => Values[random.Next(Values.Length)];
}
