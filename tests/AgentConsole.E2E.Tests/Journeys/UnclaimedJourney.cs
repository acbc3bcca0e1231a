using System.Net;
using System.Net.Http.Json;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>A script reports with somebody's token: it is seen, claimed in the browser, and goes on with a key of its own.</summary>
public sealed class UnclaimedJourney(Chromium chromium) : JourneyTest(chromium)
{
    [Fact]
    public async Task A_stray_agent_is_seen_within_five_seconds_and_claimed()
    {
        using var script = Console.Client(await Console.TokenAsync(Console.Cast.Ines));
        var page = await OpenAsync(Console.Cast.Ines);
        await page.GotoAsync("/fleet/unclaimed");
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");

        using var stray = await script.PostAsJsonAsync("/api/v1/runs", new { agent = "sorter-9", status = "completed" }, Stop);
        Assert.Equal(HttpStatusCode.Accepted, stray.StatusCode);

        await Expect(page.GetByTestId("unclaimed-row"))
            .ToContainTextAsync("sorter-9", new LocatorAssertionsToContainTextOptions { Timeout = 5_000 });
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Claim…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Claim it" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Show it" }).ClickAsync();
        await Expect(page.GetByLabel("Key of sorter-9")).Not.ToContainTextAsync("•");
        var secret = await page.GetByLabel("Key of sorter-9").InnerTextAsync();
        await AssertAccessibleAsync(page);
        await page.GetByLabel("I stored it; its last four characters are").FillAsync(secret[^4..]);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "I stored it", Exact = true }).ClickAsync();
        await page.WaitForURLAsync("**/agents/sorter-9");

        using var agent = Console.Client(secret);
        using var own = await agent.PostAsJsonAsync("/api/v1/runs", new { status = "completed", summary = "With its own key" }, Stop);
        Assert.Equal(HttpStatusCode.Created, own.StatusCode);
        await Expect(page.GetByTestId("run-row")).ToContainTextAsync("With its own key");
    }
}
