using System.Text.RegularExpressions;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Testing.Processes;
using Microsoft.EntityFrameworkCore;
using HttpStatusCode = System.Net.HttpStatusCode;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>A key is given a new secret while its callers work: nobody is cut off, and whoever is late is named.</summary>
public sealed class RotationJourney(Chromium chromium) : JourneyTest(chromium)
{
    private static ILocator Button(IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    private static Task<string?> SecretAsync(IPage page) => page.Locator("[data-secret] [data-copy]").GetAttributeAsync("data-copy");

    private static ILocator Caller(IPage page, string name) => page.Locator($"[data-testid=caller][data-caller='{name}']");

    private static async Task<HttpStatusCode> CallAsync(HttpClient client, string instance)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/heartbeat");
        request.Headers.Add("X-AgentConsole-Instance", instance);
        using var answer = await client.SendAsync(request, Stop);
        return answer.StatusCode;
    }

    private static async Task ShootAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("SHOTS") is not { Length: > 0 } folder)
            return;
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
            foreach (var (width, height) in new[] { (1440, 900), (390, 844) })
            {
                await page.SetViewportSizeAsync(width, height);
                await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}-{width}-{scheme}.png") });
            }
        }
        await page.SetViewportSizeAsync(1440, 900);
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Light });
    }

    [Fact]
    public async Task From_rotate_to_completed_with_two_callers_of_which_one_is_late()
    {
        var (_, first) = await Console.AgentAsync("mailroom-1");
        using var old = Console.Client(first);
        Assert.Equal(HttpStatusCode.OK, await CallAsync(old, "mail-a"));
        Assert.Equal(HttpStatusCode.OK, await CallAsync(old, "mail-b"));
        var page = await OpenAsync(Console.Cast.Ines);
        await page.GotoAsync("/agents/mailroom-1/keys");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");

        // 1. Choose, with the callers in sight.
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Rotate…" }).ClickAsync();
        await Expect(page.GetByTestId("caller")).ToHaveCountAsync(2);
        await AssertAccessibleAsync(page);
        await ShootAsync(page, "rotation-1-choose");
        await page.GetByLabel("Why").FillAsync("Yearly");
        await Button(page, "Go on to hand over").ClickAsync();

        // 2. Hand over: shown once, confirmed with its last four characters.
        await page.WaitForURLAsync(new Regex("/rotations/rot_"));
        var address = new Uri(page.Url).AbsolutePath;
        await Expect(Button(page, "Make the new secret")).ToBeVisibleAsync();
        await ShootAsync(page, "rotation-2-planned");
        await Button(page, "Make the new secret").ClickAsync();
        await Expect(page.Locator("[data-secret]")).ToBeVisibleAsync();
        var secret = (await SecretAsync(page))!;
        await AssertAccessibleAsync(page);
        await ShootAsync(page, "rotation-2-secret");
        Assert.Equal($"AGENT_KEY={secret}\n", await page.Locator("[data-save$='.env']").GetAttributeAsync("data-text"));
        await page.GetByLabel("I stored it; its last four characters are").FillAsync(secret[^4..]);
        await Button(page, "I stored it").ClickAsync();

        // 3. Observe: both secrets work, and the late one is named.
        await page.WaitForURLAsync(new Regex("step=observe"));
        Assert.DoesNotContain(secret, await page.ContentAsync(), StringComparison.Ordinal);
        using var moved = Console.Client(secret);
        Assert.Equal(HttpStatusCode.OK, await CallAsync(moved, "mail-a"));
        Assert.Equal(HttpStatusCode.OK, await CallAsync(old, "mail-b"));
        await Expect(Caller(page, "mail-a")).ToHaveAttributeAsync("data-state", "moved");
        await Expect(Caller(page, "mail-b")).ToHaveAttributeAsync("data-state", "waiting");
        await Expect(page.GetByTestId("verdict")).ToContainTextAsync("1 of 2 callers still needs the new secret");
        var gate = page.GetByTestId("gate");
        await Expect(gate).ToContainTextAsync("mail-b");
        await Expect(gate).ToHaveAttributeAsync("data-open", "false");
        await AssertAccessibleAsync(page);
        await ShootAsync(page, "rotation-3-observe");

        // It opens by itself once the late one has moved.
        Assert.Equal(HttpStatusCode.OK, await CallAsync(moved, "mail-b"));
        await Expect(gate).ToHaveAttributeAsync("data-open", "true");
        await ShootAsync(page, "rotation-4-ready");

        // 4. Cut over, and see who still knocks.
        await Button(page, "Disable the old secret").ClickAsync();
        await page.WaitForURLAsync(new Regex("step=cut-over"));
        await Expect(page.GetByTestId("rotation-state")).ToHaveAttributeAsync("data-state", "old-disabled");
        Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync(old, "mail-b"));
        await Expect(page.GetByTestId("knock")).ToHaveCountAsync(1, new LocatorAssertionsToHaveCountOptions { Timeout = 5_000 });
        await AssertAccessibleAsync(page);
        await ShootAsync(page, "rotation-4-knock");

        // 5. Finish.
        await Button(page, "Revoke it and finish…").ClickAsync();
        await page.GetByRole(AriaRole.Dialog)
            .GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Revoke it and finish" })
            .ClickAsync();
        await page.WaitForURLAsync(new Regex("step=finish"));
        await Expect(page.GetByTestId("verdict")).ToContainTextAsync("Completed");
        await AssertAccessibleAsync(page);
        await ShootAsync(page, "rotation-5-finish");
        Assert.Equal(HttpStatusCode.OK, await CallAsync(moved, "mail-a"));
        Assert.DoesNotContain(secret, await page.EvaluateAsync<string>("() => JSON.stringify(sessionStorage)"), StringComparison.Ordinal);

        await page.GotoAsync("/rotations?open=all");
        await Expect(page.GetByTestId("rotation-row")).ToHaveCountAsync(1);
        await AssertAccessibleAsync(page);
        await ShootAsync(page, "rotations");
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "mailroom-1", Exact = true }).ClickAsync();
        await page.WaitForURLAsync(new Regex(Regex.Escape(address)));
    }
}

/// <summary>The console is killed under the wizard: the secret can be shown again to whom it was issued, and the watching goes on.</summary>
public sealed class RotationRestartJourney(Chromium chromium)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static ILocator Button(IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    private static async Task CallAsync(ConsoleProcess console, string key, string instance)
    {
        using var client = console.Client(key);
        client.DefaultRequestHeaders.Add("X-AgentConsole-Instance", instance);
        using var answer = await client.PostAsync(new Uri("/api/v1/heartbeat", UriKind.Relative), null, Stop);
        Assert.True(answer.IsSuccessStatusCode, answer.StatusCode.ToString());
    }

    // Meanwhile the sign-in has become too old to show a secret on its strength.
    private static async Task AgeAsync(ConsoleFolder folder)
    {
        await using var services = folder.Open();
        await using var write = await ((ConsoleStore)services.GetService(typeof(ConsoleStore))!).WriteAsync(Stop);
        foreach (var session in await write.Db.Set<UserSession>().AsTracking().ToListAsync(Stop))
            session.AuthenticatedAt -= TimeSpan.FromMinutes(11);
        Assert.True(await write.TryCommitAsync(Stop));
    }

    [Fact]
    public async Task A_wizard_outlives_a_restart_while_it_hands_over_and_while_it_observes()
    {
        var port = ConsoleProcess.FreePort();
        await using var folder = await ConsoleFolder.CreateAsync();
        string first;
        await using (var services = folder.Open())
            first = (await folder.AgentsAsync(services, 1, "mailroom"))[0].Secret;
        var settings = new Dictionary<string, string?>(folder.Settings) { ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}" };
        var (name, value) = await folder.CookieAsync(folder.Cast.Ines);
        var console = await ConsoleProcess.StartAsync(settings, Stop);
        try
        {
            await using var context = await chromium.Browser.NewContextAsync(
                new BrowserNewContextOptions { BaseURL = $"http://127.0.0.1:{port}" }
            );
            context.SetDefaultTimeout(30_000);
            await context.AddCookiesAsync([
                new Cookie
                {
                    Name = name,
                    Value = value,
                    Url = $"http://127.0.0.1:{port}",
                },
            ]);
            await CallAsync(console, first, "mail-a");
            var page = await context.NewPageAsync();
            await page.GotoAsync("/rotations/new?agent=mailroom-00000");
            await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
            await Button(page, "Go on to hand over").ClickAsync();
            await Button(page, "Make the new secret").ClickAsync();
            await Expect(page.Locator("[data-secret]")).ToBeVisibleAsync();
            var secret = (await page.Locator("[data-secret] [data-copy]").GetAttributeAsync("data-copy"))!;

            console = await RestartAsync(page, console);
            Assert.DoesNotContain(secret, await page.ContentAsync(), StringComparison.Ordinal);
            await Button(page, "Show it again").ClickAsync();
            var dialog = page.GetByTestId("confirm");
            await dialog.GetByLabel("Your password").FillAsync(Person.Password);
            await page.Keyboard.PressAsync("Enter");
            await Expect(page.Locator("[data-secret]")).ToBeVisibleAsync();
            Assert.Equal(secret, await page.Locator("[data-secret] [data-copy]").GetAttributeAsync("data-copy"));
            await page.GetByLabel("I stored it; its last four characters are").FillAsync(secret[^4..]);
            await Button(page, "I stored it").ClickAsync();
            await page.WaitForURLAsync(new Regex("step=observe"));
            await Expect(page.GetByTestId("verdict")).ToContainTextAsync("still need");

            console = await RestartAsync(page, console);
            await Expect(page.GetByTestId("gate")).ToContainTextAsync("mail-a");
            await CallAsync(console, secret, "mail-a");
            await Expect(page.Locator("[data-testid=caller][data-caller='mail-a']")).ToHaveAttributeAsync("data-state", "moved");
            await Expect(page.GetByTestId("gate")).ToHaveAttributeAsync("data-open", "true", new() { Timeout = 30_000 });
        }
        finally
        {
            await console.DisposeAsync();
        }

        async Task<ConsoleProcess> RestartAsync(IPage page, ConsoleProcess running)
        {
            await page.EvaluateAsync("() => { document.marked = true; }");
            await running.KillAsync();
            await running.DisposeAsync();
            await AgeAsync(folder);
            var next = await ConsoleProcess.StartAsync(settings, Stop);
            await page.WaitForFunctionAsync("() => document.marked !== true", null, new PageWaitForFunctionOptions { Timeout = 30_000 });
            await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
            return next;
        }
    }
}
