using System.Net.Http.Json;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>A version books twice: an operator takes it back, and sees who goes on with it.</summary>
public sealed class RollbackJourney(Chromium chromium) : JourneyTest(chromium)
{
    [Fact]
    public async Task An_operator_rolls_back_by_the_keyboard_and_sees_who_still_runs_the_old_version()
    {
        var (_, key) = await Console.AgentAsync("mailroom-1");
        using var agent = Console.Client(key);
        using var olga = Console.Client(await Console.TokenAsync(Console.Cast.Olga));
        foreach (var (version, model) in ((string, string)[])[("2.1.0", "small-3"), ("2.2.0", "small-4")])
        {
            var set = await olga.PostAsJsonAsync(
                "/api/v1/agents/mailroom-1/snapshots",
                new
                {
                    version,
                    status = "active",
                    model,
                },
                Stop
            );
            Assert.True(set.IsSuccessStatusCode, await set.Content.ReadAsStringAsync(Stop));
        }
        await agent.PostAsJsonAsync("/api/v1/runs", new { status = "running", version = "2.2.0" }, Stop);
        var page = await OpenAsync(Console.Cast.Otto);
        await page.GotoAsync("/agents/mailroom-1/deployments");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await Expect(page.GetByTestId("to-rollback")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("b");

        await Expect(page.Locator("h1")).ToHaveTextAsync("Roll mailroom-1 back from 2.2.0 to 2.1.0");
        await Expect(page.GetByTestId("diff-row")).ToContainTextAsync("small-3");
        await Expect(page.GetByTestId("in-flight")).ToContainTextAsync("1\u00a0run of 2.2.0 in flight");
        await AssertAccessibleAsync(page);
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await page.GetByLabel("Why").FillAsync("It books twice");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Roll back to 2.1.0" }).ClickAsync();

        await Expect(page.Locator("h1")).ToHaveTextAsync("mailroom-1 is back on 2.1.0");
        await Expect(page.GetByTestId("rolled-back")).ToContainTextAsync("Rolled back from 2.2.0 because It books twice");
        await Expect(page.GetByTestId("drift-row")).ToHaveCountAsync(0);
        await agent.PostAsJsonAsync(
            "/api/v1/runs",
            new
            {
                status = "completed",
                version = "2.2.0",
                model = "small-4",
            },
            Stop
        );
        await Expect(page.GetByTestId("drift-row")).ToHaveCountAsync(1);
        await AssertAccessibleAsync(page);
        await page.ReloadAsync();
        await Expect(page.GetByTestId("drift-row")).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "2.2.0", Exact = true }).First.ClickAsync();
        await Expect(page.Locator(".ph")).ToContainTextAsync("Rolled back");
    }
}
