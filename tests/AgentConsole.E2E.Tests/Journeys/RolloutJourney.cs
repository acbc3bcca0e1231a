using System.Net.Http.Json;
using AgentConsole.Core.Deployments.Rollouts;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>A rollout is planned and started by keyboard, goes on by its runs while two people look, and one of them takes it back.</summary>
public sealed class RolloutJourney(Chromium chromium) : JourneyTest(chromium)
{
    private async Task ReportAsync(string key, string version, int count, int failEvery)
    {
        using var agent = Console.Client(key);
        var now = Console.Get<TimeProvider>().GetUtcNow();
        var runs = Enumerable
            .Range(1, count)
            .Select(i => new
            {
                status = i % failEvery == 0 ? "failed" : "completed",
                version,
                started_at = now,
                duration_ms = 900 + i % 50,
            });
        using var told = await agent.PostAsJsonAsync("/api/v1/runs/batch", runs, Stop);
        Assert.True(told.IsSuccessStatusCode, await told.Content.ReadAsStringAsync(Stop));
    }

    private async Task<IPage> LiveAsync(AgentConsole.Testing.Person person, string address)
    {
        var page = await OpenAsync(person);
        await page.GotoAsync(address);
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        return page;
    }

    [Fact]
    public async Task It_is_started_by_keyboard_passes_a_step_and_is_taken_back_before_both_who_look()
    {
        var (_, key) = await Console.AgentAsync("mailroom-1");
        using var olga = Console.Client(await Console.TokenAsync(Console.Cast.Olga));
        using var set = await olga.PostAsJsonAsync(
            "/api/v1/agents/mailroom-1/snapshots",
            new { version = "2.1.0", status = "active" },
            Stop
        );
        Assert.True(set.IsSuccessStatusCode, await set.Content.ReadAsStringAsync(Stop));

        var page = await LiveAsync(Console.Cast.Olga, "/rollouts/new?agent=mailroom-1");
        await page.GetByLabel("Version", new PageGetByLabelOptions { Exact = true }).FocusAsync();
        await page.Keyboard.TypeAsync("2.2.0");
        await page.GetByLabel("How many").First.SelectOptionAsync("2");
        await Expect(page.GetByTestId("plan-step")).ToHaveCountAsync(2);
        foreach (var (label, value) in ((string, string)[])[("Hold, min", "0"), ("Minimum runs", "30"), ("Planned runs", "60")])
            await page.GetByTestId("plan-step").First.GetByLabel(label).FillAsync(value);
        await page.GetByTestId("plan-metric").First.GetByLabel("Margin, points").FillAsync("20");
        await AssertAccessibleAsync(page);

        // What was typed outlives the page.
        await page.ReloadAsync();
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await Expect(page.GetByLabel("Version", new PageGetByLabelOptions { Exact = true })).ToHaveValueAsync("2.2.0");
        await Expect(page.GetByTestId("plan-step")).ToHaveCountAsync(2);
        await Expect(page.GetByTestId("plan-step").First.GetByLabel("Planned runs")).ToHaveValueAsync("60");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Start the rollout" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");

        var says = page.GetByTestId("rollout-says");
        await Expect(says).ToContainTextAsync("Step 1 of 2: 0 of 30 runs of each version");
        var other = await LiveAsync(Console.Cast.Otto, new Uri(page.Url).AbsolutePath);
        await Expect(other.GetByTestId("also-here")).ToContainTextAsync("looks at this too");

        await ReportAsync(key, "2.2.0", 60, failEvery: 30);
        await ReportAsync(key, "2.1.0", 900, failEvery: 30);
        await Console.Get<RolloutWatch>().StepAsync(Stop);
        foreach (var looked in (IPage[])[page, other])
        {
            await Expect(looked.GetByTestId("rollout-says")).ToContainTextAsync("Step 2 of 2");
            await Expect(looked.GetByTestId("decision")).ToContainTextAsync("To the next step");
            await Expect(looked.GetByTestId("decision")).ToContainTextAsync("replays");
        }
        await AssertAccessibleAsync(page);
        await page.Keyboard.PressAsync("b");
        var why = page.GetByRole(AriaRole.Dialog).GetByLabel("Why");
        await why.FocusAsync();
        await AssertAccessibleAsync(page);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByText("Say why, in 3 to 500 characters.")).ToBeVisibleAsync();
        await why.FillAsync("The accountants want 2.1.0");
        await why.PressAsync("Enter");
        foreach (var looked in (IPage[])[page, other])
        {
            await Expect(looked.GetByTestId("rollout-state")).ToHaveAttributeAsync("data-state", "aborted");
            await Expect(looked.GetByTestId("rollout-says")).ToHaveTextAsync("Aborted: The accountants want 2.1.0");
        }
        await Expect(other.Locator(".ro-acts")).ToHaveCountAsync(0);
        await AssertAccessibleAsync(other);

        var file = await page.RunAndWaitForDownloadAsync(() =>
            page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Download the record" }).ClickAsync()
        );
        Assert.Contains("\"evidence\"", await File.ReadAllTextAsync((await file.PathAsync())!, Stop), StringComparison.Ordinal);
    }
}
