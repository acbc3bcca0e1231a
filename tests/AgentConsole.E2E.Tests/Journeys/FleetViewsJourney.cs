using System.Net.Http.Json;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>An operator narrows the fleet by facets, keeps what was found as a view, pins it, changes it and takes the change back, and hands out a file.</summary>
public sealed class FleetViewsJourney(Chromium chromium) : JourneyTest(chromium)
{
    [Fact]
    public async Task What_one_finds_by_facets_can_be_kept_pinned_reset_and_exported()
    {
        using var olga = Console.Client(await Console.TokenAsync(Console.Cast.Olga));
        foreach (
            var (slug, team, tag) in new[]
            {
                ("mailroom-1", "payments", "eu"),
                ("mailroom-2", "payments", "us"),
                ("ledger", "payments", "eu"),
                ("reader", "research", "eu"),
            }
        )
        {
            var made = await olga.PostAsJsonAsync(
                "/api/v1/agents",
                new
                {
                    slug,
                    team,
                    tags = new[] { tag },
                },
                Stop
            );
            Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(Stop));
        }
        var page = await OpenAsync(Console.Cast.Olga);
        await page.GotoAsync("/fleet");
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(4);

        // A click includes, Alt-click excludes, and the counts follow.
        var facets = page.Locator(".facets");
        await facets.GetByRole(AriaRole.Link, new() { Name = "eu 3", Exact = true }).ClickAsync();
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(3);
        await facets
            .GetByRole(AriaRole.Link, new() { Name = "Research 1", Exact = true })
            .ClickAsync(new() { Modifiers = [KeyboardModifier.Alt] });
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(2);
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("team=-research&tag=eu$"));

        // Kept under a name, and pinned.
        await page.GetByRole(AriaRole.Button, new() { Name = "Save view…" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Europe");
        await ShotAsync(page, "view-save");
        await page.GetByLabel("Pin it to the navigation, with its count").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
        var nav = page.GetByRole(AriaRole.Navigation, new() { Name = "Main", Exact = true });
        await Expect(nav.GetByRole(AriaRole.Link, new() { Name = "Europe 2" })).ToBeVisibleAsync();
        await Expect(page.Locator(".tabs").GetByRole(AriaRole.Link, new() { Name = "Europe" }))
            .ToHaveAttributeAsync("aria-current", "page");

        // Changed, and back.
        await page.GetByTestId("filter-text").FillAsync("mail");
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(1);
        await Expect(page.GetByTestId("view-modified")).ToBeVisibleAsync();
        await ShotAsync(page, "view-modified");
        await page.GetByRole(AriaRole.Link, new() { Name = "Reset" }).ClickAsync();
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(2);
        await Expect(page.GetByTestId("view-modified")).ToBeHiddenAsync();

        // The address holds it all.
        await page.ReloadAsync();
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(2);
        await Expect(page.Locator(".tabs").GetByRole(AriaRole.Link, new() { Name = "Europe" }))
            .ToHaveAttributeAsync("aria-current", "page");

        // The file has what the page shows.
        await page.Locator("summary[aria-label=Export]").ClickAsync();
        var file = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "CSV" }).ClickAsync());
        var lines = await File.ReadAllLinesAsync(await file.PathAsync(), Stop);
        Assert.Equal(["ledger", "mailroom-1"], lines.Skip(1).Select(line => line.Split(',')[1]).Order(StringComparer.Ordinal));

        // What another registers is counted in the navigation without a reload.
        var more = await olga.PostAsJsonAsync(
            "/api/v1/agents",
            new
            {
                slug = "courier",
                team = "payments",
                tags = new[] { "eu" },
            },
            Stop
        );
        Assert.True(more.IsSuccessStatusCode);
        await Expect(nav.GetByRole(AriaRole.Link, new() { Name = "Europe 3" })).ToBeVisibleAsync(new() { Timeout = 15_000 });

        // Made the default, the page opens with it, and everything stays one click away.
        await page.Locator("summary[aria-label='View Europe']").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Open the page with it" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Open the page without it" })).ToBeAttachedAsync();
        await page.GotoAsync("/fleet");
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("view=view_"));
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(3);
        await page.Locator(".tabs").GetByRole(AriaRole.Link, new() { Name = "All" }).ClickAsync();
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(5);
    }

    [Fact]
    public async Task With_the_keyboard_and_on_a_phone_facets_and_columns_are_in_reach()
    {
        await Console.AgentAsync("mailroom-1");
        await Console.AgentAsync("reader-1", Console.Cast.Research);
        var page = await OpenAsync(Console.Cast.Olga);
        await page.GotoAsync("/fleet");
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await Expect(page.Locator(".facets")).ToContainTextAsync("Research");

        // The button beside a value excludes it, without a mouse.
        await page.Locator(".facets").GetByRole(AriaRole.Link, new() { Name = "not Research" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(1);
        await Expect(page.Locator(".chip.accent")).ToContainTextAsync("not team: research");

        // What was folded stays folded.
        await page.Locator(".facets .fc > summary", new() { HasText = "Liveness" }).ClickAsync();
        await page.ReloadAsync();
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await Expect(page.Locator(".facets [data-keeps=facet-liveness]")).Not.ToHaveAttributeAsync("open", "");

        // Columns by buttons; the person finds them again.
        await page.GetByRole(AriaRole.Button, new() { Name = "Columns and density" }).ClickAsync();
        await page.GetByLabel("Owner", new() { Exact = true }).CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Move Health to the right" }).ClickAsync();
        await Expect(page.Locator("thead th:not(.c-sel)").Nth(1)).ToHaveTextAsync("Liveness");
        await ShotAsync(page, "columns");
        await AssertAccessibleAsync(page);
        await page.Keyboard.PressAsync("Escape");
        await page.GotoAsync("/fleet");
        await Expect(page.Locator("thead th:not(.c-sel)").Nth(1)).ToHaveTextAsync("Liveness");
        await Expect(page.Locator("thead th:not(.c-sel)").Last).ToHaveTextAsync("Owner");

        var phone = await OpenAsync(Console.Cast.Olga, 390, 844);
        await phone.GotoAsync("/fleet?view=all");
        await Expect(phone.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await phone.GetByRole(AriaRole.Button, new() { Name = "Facets" }).ClickAsync();
        await phone.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Link, new() { Name = "not Research" }).ClickAsync();
        await Expect(phone.GetByRole(AriaRole.Button, new() { Name = "Show 1 agent" })).ToBeVisibleAsync();
        await ShotAsync(phone, "facets-sheet");
        await AssertAccessibleAsync(phone);
        await phone.GetByRole(AriaRole.Button, new() { Name = "Show 1 agent" }).ClickAsync();
        await Expect(phone.GetByTestId("agent-row")).ToHaveCountAsync(1);
    }

    private static async Task ShotAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("SHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png") });
    }
}
