using System.Net.Http.Json;
using System.Text.Json;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>An operator cancels a run; the page follows the agent and is never ahead of it.</summary>
public sealed class CancelJourney(Chromium chromium) : JourneyTest(chromium)
{
    [Fact]
    public async Task The_page_says_cancelled_when_the_agent_does_and_not_before()
    {
        var (_, key) = await Console.AgentAsync("mailroom-1");
        using var agent = Console.Client(key);
        var made = await agent.PostAsJsonAsync(
            "/api/v1/runs",
            new
            {
                external_id = "job-7",
                status = "running",
                summary = "Reads the mail",
            },
            Stop
        );
        var run = (await made.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("id").GetString()!;
        var waits = agent.GetFromJsonAsync<JsonElement>("/api/v1/runs/cancellations?wait=60", Stop);
        var page = await OpenAsync(Console.Cast.Otto);
        await page.GotoAsync("/runs");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Cancel Reads the mail…" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(dialog).ToContainTextAsync("The agent is asked to stop");
        await dialog.GetByLabel("Why").FillAsync("wrong inbox");
        await AssertAccessibleAsync(page);
        await SnapAsync(page, "cancel-dialog");

        await dialog.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Ask to cancel" }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        var heard = (await waits).GetProperty("data")[0];
        Assert.Equal("wrong inbox", heard.GetProperty("reason").GetString());
        await Expect(page.GetByTestId("run-row")).ToContainTextAsync("cancel asked");
        await SnapAsync(page, "cancel-list");

        await page.GotoAsync("/runs/" + run);
        await Expect(page.GetByTestId("cancel-status")).ToContainTextAsync("Cancel asked, not confirmed");
        await Expect(page.GetByTestId("run-status")).ToHaveTextAsync("Running");
        var before = await page.GetByTestId("cancel-status").InnerTextAsync();
        await Expect(page.GetByTestId("cancel-status")).Not.ToHaveTextAsync(before); // it counts
        await AssertAccessibleAsync(page);
        await SnapAsync(page, "cancel-asked");

        if (Environment.GetEnvironmentVariable("SHOTS") is { Length: > 0 })
        {
            // For its picture alone somebody waits until the time is over.
            await Expect(page.GetByTestId("cancel-note"))
                .ToContainTextAsync("the agent has not answered", new LocatorAssertionsToContainTextOptions { Timeout = 40_000 });
            await SnapAsync(page, "cancel-not-confirmed");
            await page.SetViewportSizeAsync(390, 844);
            await SnapAsync(page, "cancel-not-confirmed-390");
            await page.SetViewportSizeAsync(1440, 900);
        }
        await agent.PostAsync("/api/v1/runs/job-7/cancel/acknowledge", null, Stop);
        await Expect(page.GetByTestId("cancel-status")).ToContainTextAsync("Cancel heard, not confirmed");
        await Expect(page.GetByTestId("run-status")).ToHaveTextAsync("Running");

        await agent.PatchAsJsonAsync("/api/v1/runs/job-7", new { status = "cancelled" }, Stop);
        await Expect(page.GetByTestId("run-status")).ToHaveTextAsync("Cancelled");
        await Expect(page.GetByTestId("cancel-status")).ToHaveCountAsync(0);
    }

    // With SHOTS set to a folder: a picture, to be looked at.
    private static async Task SnapAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("SHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png") });
    }
}
