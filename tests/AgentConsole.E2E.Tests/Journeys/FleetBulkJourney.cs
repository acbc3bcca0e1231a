using System.Net.Http.Json;
using System.Text.Json;
using AgentConsole.Core.Agents;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>Many agents at once: selected on the fleet page, paused and put back, deleted by plan, and kept as a file.</summary>
public sealed class FleetBulkJourney(Chromium chromium) : JourneyTest(chromium)
{
    private const int Agents = 60;

    private static ILocator Button(IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    private static ILocator Box(IPage page, string slug) => page.Locator($"[data-select={slug}]");

    private static ILocator Bar(IPage page) => page.GetByTestId("bulk-bar");

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        using var olga = Console.Client(await Console.TokenAsync(Console.Cast.Olga));
        var agents = Enumerable
            .Range(0, Agents)
            .Select(i => new
            {
                slug = $"clerk-{i:00}",
                team = "payments",
                key = false,
            });
        using var made = await olga.PostAsJsonAsync("/api/v1/agents/bulk", agents, Stop);
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(Stop));
    }

    private async Task<IPage> FleetAsync(
        string address = "/fleet?sort=slug",
        int width = 1440,
        int height = 900,
        ColorScheme scheme = ColorScheme.Light
    )
    {
        var page = await OpenAsync(Console.Cast.Ines, width, height, scheme);
        await page.GotoAsync(address);
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        return page;
    }

    private static async Task ShotAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("SHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png") });
    }

    private int Paused() => Console.Get<AgentDirectory>().All.Count(a => a.Lifecycle == Lifecycle.Paused);

    [Fact]
    public async Task Shift_selects_a_range_all_that_match_are_paused_and_put_back()
    {
        var page = await FleetAsync();
        await Box(page, "clerk-02").ClickAsync();
        await Expect(Bar(page)).ToContainTextAsync("1 selected");
        await Box(page, "clerk-06").ClickAsync(new LocatorClickOptions { Modifiers = [KeyboardModifier.Shift] });
        await Expect(Bar(page)).ToContainTextAsync("5 selected");
        await Expect(page.Locator("tr[data-picked]")).ToHaveCountAsync(5);
        await Expect(page.GetByText("Order held while you select")).ToBeVisibleAsync();
        Assert.True(await page.EvaluateAsync<bool>("document.querySelector('[data-select-all]').indeterminate"));
        await ShotAsync(page, "bulk-selected");
        await AssertAccessibleAsync(page);

        // x takes the current row out again, Escape lets go of all.
        await page.Locator("tr[data-slug=clerk-04]").FocusAsync();
        await page.Keyboard.PressAsync("x");
        await Expect(Bar(page)).ToContainTextAsync("4 selected");
        await page.Keyboard.PressAsync("Escape");
        await Expect(Bar(page)).ToHaveCountAsync(0);
        await Expect(Box(page, "clerk-02")).Not.ToBeCheckedAsync();

        // The rows between are not drawn: the order of the list says which they are.
        await Box(page, "clerk-01").ClickAsync();
        await page.Locator(".fl > .scroll").EvaluateAsync("scroll => scroll.scrollTop = scroll.scrollHeight");
        await Box(page, "clerk-58").ClickAsync(new LocatorClickOptions { Modifiers = [KeyboardModifier.Shift] });
        await Expect(Bar(page)).ToContainTextAsync("58 selected");

        await Bar(page).GetByText("Select all 60").ClickAsync();
        await Expect(Bar(page)).ToContainTextAsync("60 selected");
        await Bar(page).GetByText("Pause", new LocatorGetByTextOptions { Exact = true }).ClickAsync();
        await Expect(page.Locator(".toast")).ToContainTextAsync("Paused 60");
        await Expect(Bar(page)).ToHaveCountAsync(0);
        Assert.Equal(Agents, Paused());
        await ShotAsync(page, "bulk-paused");
        await page.Keyboard.PressAsync("z");
        await Expect(page.Locator(".toast")).ToContainTextAsync("Undone");
        Assert.Equal(0, Paused());
    }

    [Fact]
    public async Task A_deletion_is_looked_at_first_and_its_result_stays()
    {
        var page = await FleetAsync("/fleet?sort=slug&q=clerk-0");
        await page.Locator("[data-select-all]").ClickAsync();
        await Expect(Bar(page)).ToContainTextAsync("10 selected");
        await Bar(page).GetByText("Delete…", new LocatorGetByTextOptions { Exact = true }).First.ClickAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Level = 1 })).ToHaveTextAsync("Delete 10\u00a0agents");
        await Expect(page.GetByTestId("plan-row")).ToHaveCountAsync(10);
        await ShotAsync(page, "plan-planned");
        await AssertAccessibleAsync(page);
        await Button(page, "Delete 10\u00a0agents").ClickAsync();
        await Expect(page.GetByTestId("plan-state")).ToHaveTextAsync("Applied");
        await ShotAsync(page, "plan-applied");
        await page.ReloadAsync();
        await Expect(page.GetByTestId("plan-group")).ToHaveAttributeAsync("data-group", "done");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameRegex = new System.Text.RegularExpressions.Regex("^Undo 10") })
            .ClickAsync();
        await Expect(page.GetByTestId("plan-state")).ToHaveTextAsync("Taken back");
        Assert.NotNull(Console.Get<AgentDirectory>().FindBySlug(Console.Cast.Acme, "clerk-05"));
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "To the fleet" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/fleet"));
    }

    [Theory]
    [InlineData(1440, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task Bar_and_plan_fit_and_are_accessible(int width, ColorScheme scheme)
    {
        var page = await FleetAsync("/fleet?sort=slug", width, 844, scheme);
        await Box(page, "clerk-01").ClickAsync();
        await Box(page, "clerk-02").ClickAsync();
        await Expect(Bar(page)).ToContainTextAsync("2 selected");
        await ShotAsync(page, $"bulk-{width}-{scheme}");
        await AssertAccessibleAsync(page);
        Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0);

        using var ines = Console.Client(await Console.TokenAsync(Console.Cast.Ines));
        using var made = await ines.PostAsJsonAsync(
            "/api/v1/agents/plans",
            new
            {
                action = "tag",
                add_tags = new[] { "night" },
                agents = new[] { "clerk-01", "clerk-02", "nobody-1" },
            },
            Stop
        );
        var plan = await made.Content.ReadFromJsonAsync<JsonElement>(Stop);
        await page.GotoAsync("/fleet/plans/" + plan.GetProperty("id").GetString());
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await Expect(page.GetByTestId("plan-row")).ToHaveCountAsync(3);
        await ShotAsync(page, $"plan-{width}-{scheme}");
        await AssertAccessibleAsync(page);
        Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0);
    }

    [Fact]
    public async Task The_fleet_as_a_file_is_exported_edited_and_applied_and_the_second_time_there_is_nothing_to_do()
    {
        using var ines = Console.Client(await Console.TokenAsync(Console.Cast.Ines));
        var file = await ines.GetStringAsync(new Uri("/api/v1/agents/fleet.yaml?q=clerk-0", UriKind.Relative), Stop);
        var edited = file.Replace("display_name: clerk-03", "display_name: Head clerk", StringComparison.Ordinal);
        var page = await OpenAsync(Console.Cast.Ines);
        foreach (var changes in new[] { true, false })
        {
            await page.GotoAsync("/fleet/bulk");
            await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
            await page.WaitForFunctionAsync("() => document.getElementById('bulk-file')?._blazorInputFileNextFileId !== undefined");
            await page.GetByLabel("or choose a file")
                .SetInputFilesAsync(
                    new FilePayload
                    {
                        Name = "fleet.yaml",
                        MimeType = "application/yaml",
                        Buffer = System.Text.Encoding.UTF8.GetBytes(edited),
                    }
                );
            await Expect(page.Locator("[data-testid=bulk-row]")).ToHaveCountAsync(10);
            await Expect(page.Locator("[data-testid=bulk-row][data-outcome=unchanged]")).ToHaveCountAsync(changes ? 9 : 10);
            if (!changes)
                break;
            var row = page.Locator("[data-testid=bulk-row][data-outcome=changed]");
            await Expect(row.Locator("del")).ToHaveTextAsync("clerk-03");
            await Expect(row.Locator("ins")).ToHaveTextAsync("Head clerk");
            await ShotAsync(page, "bulk-yaml-diff");
            await Button(page, "Apply 1\u00a0row").ClickAsync();
            await Expect(page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Level = 1 })).ToHaveTextAsync("The list is applied");
        }
    }
}
