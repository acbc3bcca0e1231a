using System.Net.Http.Json;
using System.Text.RegularExpressions;
using AgentConsole.Core.Rotations;
using AgentConsole.Testing.Processes;
using HttpStatusCode = System.Net.HttpStatusCode;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>Many keys are given new secrets through a file sink, of which one row fails, is made right and resumed.</summary>
public sealed class BulkRotationJourney(Chromium chromium) : JourneyTest(chromium)
{
    private readonly string _root = Directory.CreateTempSubdirectory("agentconsole-test-").FullName;
    private ConsoleServer? _console;

    protected override ConsoleServer? Shared => _console;

    public override async ValueTask InitializeAsync()
    {
        _console = await ConsoleServer.StartAsync(settings: new Dictionary<string, string?> { ["AgentConsole:Sinks:FileRoots:0"] = _root });
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _console!.DisposeAsync();
        Directory.Delete(_root, recursive: true);
        GC.SuppressFinalize(this);
    }

    private static ILocator Button(IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    private static ILocator Bar(IPage page, string name) =>
        page.GetByTestId("bulk-bar").GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = name, Exact = true });

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

    private string FileOf(string slug) => Path.Combine(_root, slug, "current.key");

    private async Task CallAsync(string secret)
    {
        using var agent = Console.Client(secret);
        using var answer = await agent.PostAsync(new Uri("/api/v1/heartbeat", UriKind.Relative), null, Stop);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private async Task<Dictionary<string, string>> FurnishAsync()
    {
        var secrets = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var slug in new[] { "mailroom-1", "mailroom-2", "mailroom-3" })
            secrets[slug] = (await Console.AgentAsync(slug)).Secret;
        using var kurt = Console.Client(await Console.TokenAsync(Console.Cast.Kurt));
        using var made = await kurt.PostAsJsonAsync(
            "/api/v1/sinks",
            new
            {
                team = "payments",
                name = "files",
                kind = "file",
                file = new
                {
                    root = _root,
                    path = "{agent}/current.key",
                    format = "raw",
                },
            },
            Stop
        );
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(Stop));
        return secrets;
    }

    [Fact]
    public async Task Many_keys_with_one_failing_row_from_the_selection_to_the_report()
    {
        var secrets = await FurnishAsync();
        await CallAsync(secrets["mailroom-1"]);
        await Console.Get<AgentConsole.Core.Keys.KeyUse>().StepAsync(Stop); // a plan shows the callers that are written down
        // Where the folder of one agent should be, somebody left a file.
        var obstacle = Path.Combine(_root, "mailroom-2");
        await File.WriteAllTextAsync(obstacle, "old notes", Stop);
        var page = await OpenAsync(Console.Cast.Ines);

        // Select: the first, and with Shift all to the last.
        await page.GotoAsync("/keys?state=active");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        var boxes = page.Locator("[data-testid=key-row] [data-select]");
        await Expect(boxes).ToHaveCountAsync(3);
        await boxes.First.ClickAsync();
        await boxes.Last.ClickAsync(new LocatorClickOptions { Modifiers = [KeyboardModifier.Shift] });
        await Expect(page.GetByTestId("bulk-bar")).ToContainTextAsync("3 selected");
        await AssertAccessibleAsync(page);
        await ShootAsync(page, "bulk-0-selected");
        await Bar(page, "Rotate…").ClickAsync();

        // 1. Choose: the plan, and then the sink.
        await page.WaitForURLAsync(new Regex("/rotations/bulk/bulk_"));
        var first = page.Url;
        await Expect(page.GetByTestId("bulk-row")).ToHaveCountAsync(3);
        await Expect(page.Locator("[data-testid=bulk-row]", new PageLocatorOptions { HasText = "mailroom-1" }))
            .ToContainTextAsync("1 caller in 24 h");
        await page.GetByLabel("Who takes the new secrets").SelectOptionAsync("files");
        await page.GetByLabel("Why").FillAsync("Quarterly");
        await Button(page, "Make the plan with these choices").ClickAsync();
        await page.WaitForURLAsync(url => url != first);
        await Expect(page.Locator("body")).ToContainTextAsync("written to the sink files");
        await AssertAccessibleAsync(page);
        await ShootAsync(page, "bulk-1-plan");
        await Button(page, "Rotate 3 keys").ClickAsync();

        // 2. Hand over: two arrive, one says why not, and its old secret goes on.
        await Expect(page.GetByTestId("bulk-state")).ToHaveAttributeAsync("data-state", "finished");
        var failed = page.Locator("[data-testid=bulk-row][data-outcome=failed]");
        await Expect(failed).ToHaveCountAsync(1);
        await Expect(failed).ToContainTextAsync("mailroom-2");
        await AssertAccessibleAsync(page);
        await ShootAsync(page, "bulk-2-failed");
        await CallAsync(secrets["mailroom-2"]);
        await CallAsync(await File.ReadAllTextAsync(FileOf("mailroom-1"), Stop));

        // It is made right and resumed: the same address, also after a reload.
        File.Delete(obstacle);
        await page.ReloadAsync();
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await Button(page, "Try the 1 failed again").ClickAsync();
        await Expect(failed).ToHaveCountAsync(0);

        // 3. Observe: who has not moved yet, over the whole set.
        await CallAsync(await File.ReadAllTextAsync(FileOf("mailroom-3"), Stop));
        await page.GotoAsync(new Uri(page.Url).AbsolutePath + "?step=observe&waiting=true");
        await Expect(page.GetByTestId("verdict")).ToContainTextAsync("callers that have not moved");
        await Expect(page.Locator("[data-testid=bulk-row]", new PageLocatorOptions { HasText = "mailroom-2" }))
            .ToContainTextAsync("1 caller not moved");
        await AssertAccessibleAsync(page);
        await ShootAsync(page, "bulk-3-observe");
        await CallAsync(await File.ReadAllTextAsync(FileOf("mailroom-2"), Stop));

        // 4. Cut over all that are ready in one act, and then for good.
        await page.GotoAsync(new Uri(page.Url).AbsolutePath + "?step=cut-over");
        await Button(page, "Refuse the old secrets of 3 that are ready").ClickAsync(new LocatorClickOptions { Timeout = 40_000 });
        await Button(page, "Revoke 3 for good…").ClickAsync();
        await AssertAccessibleAsync(page);
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Revoke them" }).ClickAsync();

        // 5. Finish: the report is complete.
        await page.GotoAsync(new Uri(page.Url).AbsolutePath + "?step=finish");
        await Expect(page.Locator("body")).ToContainTextAsync("All its rotations are over.");
        await AssertAccessibleAsync(page);
        await ShootAsync(page, "bulk-5-finish");
        var csv = page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Report as CSV" });
        using var browser = Console.Browser(Console.Cast.Ines);
        var report = await browser.GetStringAsync(new Uri((await csv.GetAttributeAsync("href"))!, UriKind.Relative), Stop);
        Assert.Equal(3, Regex.Count(report, "done,.*completed"));

        await page.GotoAsync("/rotations?open=bulk");
        await Expect(page.GetByTestId("bulk-rotation-row")).ToHaveCountAsync(1);
        await AssertAccessibleAsync(page);
        await ShootAsync(page, "bulk-6-list");
    }

    [Fact]
    public async Task Keys_are_disabled_with_an_undo_and_revoked_after_a_look_at_the_plan()
    {
        await FurnishAsync();
        var page = await OpenAsync(Console.Cast.Ines);
        await page.GotoAsync("/keys?state=active");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await page.Locator("[data-select-all]").ClickAsync();
        await Expect(page.GetByTestId("bulk-bar")).ToContainTextAsync("3 selected");
        await Bar(page, "Disable").ClickAsync();
        await Expect(page.GetByTestId("key-row")).ToHaveCountAsync(0);
        await page.Locator(".toast").GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Undo" }).ClickAsync();
        await Expect(page.GetByTestId("key-row")).ToHaveCountAsync(3);

        await page.Locator("[data-select-all]").ClickAsync();
        await Bar(page, "Revoke…").ClickAsync();
        await page.WaitForURLAsync(new Regex("/keys/bulk/bulk_"));
        await Expect(page.Locator("body")).ToContainTextAsync("There is no way back.");
        await AssertAccessibleAsync(page);
        await ShootAsync(page, "bulk-revoke-plan");
        await Button(page, "Revoke 3 key versions").ClickAsync();
        await Expect(page.GetByTestId("bulk-state")).ToHaveAttributeAsync("data-state", "finished");
        await Expect(page.Locator("body")).ToContainTextAsync("Revoked 3 key versions.");
    }
}
