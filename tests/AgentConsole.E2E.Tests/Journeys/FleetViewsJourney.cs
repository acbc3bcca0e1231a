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
            var made = await olga.PostAsJsonAsync("/api/v1/agents", new { slug, team, tags = new[] { tag } }, Stop);
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
        await facets.GetByRole(AriaRole.Link, new() { Name = "Research 1", Exact = true }).ClickAsync(new() { Modifiers = [KeyboardModifier.Alt] });
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(2);
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("team=-research&tag=eu$"));

        // Kept under a name, and pinned.
        await page.GetByRole(AriaRole.Button, new() { Name = "Save view…" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Europe");
        await page.GetByLabel("Pin it to the navigation, with its count").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
        var nav = page.GetByRole(AriaRole.Navigation, new() { Name = "Main", Exact = true });
        await Expect(nav.GetByRole(AriaRole.Link, new() { Name = "Europe 2" })).ToBeVisibleAsync();
        await Expect(page.Locator(".tabs").GetByRole(AriaRole.Link, new() { Name = "Europe" })).ToHaveAttributeAsync("aria-current", "page");

        // Changed, and back.
        await page.GetByTestId("filter-text").FillAsync("mail");
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(1);
        await Expect(page.GetByTestId("view-modified")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Reset" }).ClickAsync();
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(2);
        await Expect(page.GetByTestId("view-modified")).ToBeHiddenAsync();

        // The address holds it all.
        await page.ReloadAsync();
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(2);
        await Expect(page.Locator(".tabs").GetByRole(AriaRole.Link, new() { Name = "Europe" })).ToHaveAttributeAsync("aria-current", "page");

        // The file has what the page shows.
        await page.Locator("summary[aria-label=Export]").ClickAsync();
        var file = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "CSV" }).ClickAsync());
        var lines = await File.ReadAllLinesAsync(await file.PathAsync(), Stop);
        Assert.Equal(["ledger", "mailroom-1"], lines.Skip(1).Select(line => line.Split(',')[1]).Order(StringComparer.Ordinal));

        // What another registers is counted in the navigation without a reload.
        var more = await olga.PostAsJsonAsync("/api/v1/agents", new { slug = "courier", team = "payments", tags = new[] { "eu" } }, Stop);
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
}
