using System.Net.Http.Json;
using System.Text.RegularExpressions;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>Somebody looks at what was deployed, with the keyboard alone, closer and closer, and sees what a colleague deploys meanwhile.</summary>
public sealed class TimelineJourney(Chromium chromium) : JourneyTest(chromium)
{
    [Fact]
    public async Task The_keyboard_leads_from_mark_to_mark_opens_and_closes_and_goes_closer()
    {
        var stock = await PastAsync();
        var page = await OpenAsync(Console.Cast.Ines);
        await page.GotoAsync("/deployments");
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await Expect(page.GetByTestId("lane")).ToHaveCountAsync(2);
        await AssertAccessibleAsync(page);

        // One mark is in the tab order, and arrows lead on from it.
        await Expect(page.Locator(".tl [data-tl]:not([tabindex='-1'])")).ToHaveCountAsync(1);
        await page.Locator(".tl").FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(page.Locator(":focus")).ToHaveTextAsync("4.3.1"); // what was there when the day began
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(page.Locator(":focus")).ToHaveAttributeAsync("title", new Regex("deployed 4.3.2$"));
        await page.Keyboard.PressAsync("ArrowDown");
        await Expect(page.Locator(":focus")).ToHaveAttributeAsync("title", new Regex("canary 2.7.1 at 5"));
        await page.Keyboard.PressAsync("End");
        await Expect(page.Locator(":focus")).ToHaveAttributeAsync("title", new Regex("promoted 2.7.1$"));
        await page.Keyboard.PressAsync("ArrowLeft");
        await Expect(page.Locator(":focus")).ToHaveAttributeAsync("title", new Regex("canary 2.7.1 goes on at 25"));
        await Expect(page.Locator(".tl [data-tl]:not([tabindex='-1'])")).ToHaveCountAsync(1);

        await page.Keyboard.PressAsync("Enter");
        var detail = page.GetByTestId("snapshot-detail");
        await Expect(detail).ToContainTextAsync("stock-1 2.7.1");
        await Expect(page).ToHaveURLAsync(new Regex($@"\?mark={IdText.Format(IdText.Snapshot, stock[2])}$"));
        await Expect(page.Locator(".tl [aria-current=true]")).ToHaveCountAsync(1);
        await Expect(detail.GetByText("Roll back to this…")).ToHaveAttributeAsync("href", new Regex("^/agents/stock-1/rollback"));
        await AssertAccessibleAsync(page);

        await page.Keyboard.PressAsync("+");
        await Expect(page).ToHaveURLAsync(new Regex("zoom=6h&mark="));
        await Expect(detail).ToContainTextAsync("stock-1 2.7.1");
        await Expect(page.Locator("[aria-label='Time shown'] [aria-current]")).ToHaveTextAsync("6 h");
        await page.Keyboard.PressAsync("Escape");
        await Expect(detail).ToHaveCountAsync(0);
        await page.Keyboard.PressAsync("[");
        await Expect(page).ToHaveURLAsync(new Regex("from=.*zoom=6h"));
        await page.Keyboard.PressAsync("n");
        await Expect(page).ToHaveURLAsync(new Regex(@"/deployments\?zoom=6h$"));
        await page.GoBackAsync();
        await Expect(page).ToHaveURLAsync(new Regex("from="));
    }

    [Fact]
    public async Task What_a_colleague_deploys_appears_and_what_is_under_the_pointer_stays()
    {
        await PastAsync();
        var page = await OpenAsync(Console.Cast.Ines);
        await page.GotoAsync("/deployments");
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        var promoted = page.Locator("[data-kind=promoted]");
        await promoted.HoverAsync();
        await Expect(page.GetByText("Order held while you point")).ToBeVisibleAsync();
        var before = await promoted.BoundingBoxAsync();
        using var olga = Console.Client(await Console.TokenAsync(Console.Cast.Olga));
        await Console.AgentAsync("alpha-1");

        foreach (var slug in (string[])["stock-1", "alpha-1"])
        {
            using var set = await olga.PostAsJsonAsync(
                $"/api/v1/agents/{slug}/snapshots",
                new
                {
                    version = "9.0.0",
                    status = "active",
                    environment = "production",
                },
                Stop
            );
            set.EnsureSuccessStatusCode();
        }

        await Expect(page.Locator(".chg")).ToContainTextAsync("changed"); // the lane of alpha-1 would stand above
        var after = await promoted.BoundingBoxAsync();
        Assert.Equal((before!.X, before.Y), (after!.X, after.Y));
        await page.Locator(".chg").ClickAsync();
        await Expect(page.GetByTestId("lane").First).ToHaveAttributeAsync("data-agent", "alpha-1");
        await Expect(page.Locator("[data-agent=stock-1] [data-kind=deployed]")).ToHaveAttributeAsync("title", new Regex("9.0.0"));
    }

    [Fact]
    public async Task It_stands_in_the_page_before_any_script_runs_and_every_lane_comes_by_scrolling()
    {
        await PastAsync();
        for (var i = 0; i < 60; i++)
        {
            await Console.AgentAsync($"many-{i:00}");
            await Console.Services.DeployedAsync($"many-{i:00}", "production", new DeploymentHistory.Step(3, "1.0.0"));
        }
        using var plain = Console.Client(null);
        var (name, value) = Console.Cookie(Console.Cast.Ines);
        plain.DefaultRequestHeaders.Add("Cookie", $"{name}={value}");
        var html = await plain.GetStringAsync(new Uri("/deployments?agent=stock-1", UriKind.Relative), Stop);
        Assert.Matches("data-kind=\"promoted\"[^>]+href=\"/deployments\\?agent=stock-1&amp;mark=dep_", html);

        var page = await OpenAsync(Console.Cast.Ines);
        await page.GotoAsync("/deployments");
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await Expect(page.GetByTestId("lane")).ToHaveCountAsync(25);
        for (var shown = 25; shown < 62; shown = await page.GetByTestId("lane").CountAsync())
        {
            await page.Locator(".tl").EvaluateAsync("timeline => timeline.scrollTo(0, timeline.scrollHeight)");
            await Expect(page.GetByTestId("lane")).Not.ToHaveCountAsync(shown);
        }
        await Expect(page.GetByTestId("lane")).ToHaveCountAsync(62);
        await Expect(page.GetByTestId("lane").Last).ToHaveAttributeAsync("data-agent", "stock-1");
    }

    private async Task<IReadOnlyList<Guid>> PastAsync()
    {
        foreach (var slug in (string[])["ledger-1", "stock-1"])
            await Console.AgentAsync(slug);
        var rollout = SnapshotTrigger.Rollout;
        await Console.Services.DeployedAsync("ledger-1", "production", new(80, "4.3.1"), new(9, "4.3.2"));
        return await Console.Services.DeployedAsync(
            "stock-1",
            "production",
            new(300, "2.7.0"),
            new(8, "2.7.1", SnapshotStatus.Canary, 5, rollout),
            new(5, "2.7.1", SnapshotStatus.Canary, 25, rollout),
            new(2, "2.7.1", SnapshotStatus.Active, null, rollout)
        );
    }
}
