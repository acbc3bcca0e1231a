using System.Net.Http.Json;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>Changes that come by themselves: they flash once, and a key holds them back.</summary>
public sealed class PauseJourney(Chromium chromium) : JourneyTest(chromium)
{
    private string _key = "";

    private async Task ReportAsync(string status)
    {
        using var agent = Console.Client(_key);
        using var answer = await agent.PostAsJsonAsync(
            new Uri("/api/v1/runs", UriKind.Relative),
            new
            {
                external_id = "job-7",
                status,
                summary = "Reads the mail",
            },
            Stop
        );
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }

    // Counts every flash from now on, also one that is over before anybody looks.
    private const string CountFlashes = """
        () => {
          window.flashes = [];
          new MutationObserver((records) => {
            for (const { target } of records) if (target.hasAttribute("data-flash")) window.flashes.push(target.className);
          }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["data-flash"] });
        }
        """;

    private async Task<IPage> OpenRunsAsync()
    {
        (_, _key) = await Console.AgentAsync("mailroom-1");
        await ReportAsync("running");
        var page = await OpenAsync(Console.Cast.Ines);
        await page.GotoAsync("/runs");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await page.EvaluateAsync(CountFlashes);
        return page;
    }

    [Fact]
    public async Task What_changed_flashes_once_and_nothing_else_does()
    {
        var page = await OpenRunsAsync();
        Assert.Empty(await page.EvaluateAsync<string[]>("() => window.flashes"));

        await ReportAsync("waiting");
        await Expect(page.GetByTestId("run-row")).ToContainTextAsync("Waiting");

        await page.WaitForFunctionAsync("() => window.flashes.length > 0 && !document.querySelector('[data-flash]')");
        Assert.Equal(["c-st"], await page.EvaluateAsync<string[]>("() => window.flashes"));
    }

    [Fact]
    public async Task A_key_pauses_the_page_and_lets_in_what_waited()
    {
        var page = await OpenRunsAsync();
        var badge = page.GetByTestId("live-badge");
        await page.Keyboard.PressAsync("Shift+P");
        await Expect(badge).ToHaveTextAsync("Paused by you");

        await ReportAsync("waiting");
        await Expect(badge).ToHaveTextAsync("Paused by you, 1 behind");
        await Expect(page.GetByTestId("run-row")).ToContainTextAsync("Running");
        await AssertAccessibleAsync(page);

        await page.Keyboard.PressAsync("Shift+P");
        await Expect(page.GetByTestId("run-row")).ToContainTextAsync("Waiting");
        await Expect(badge).ToHaveTextAsync("Live");
        await page.WaitForFunctionAsync("() => window.flashes.length === 1");

        // Never while somebody types.
        await page.GetByTestId("filter-text").FocusAsync();
        await page.Keyboard.PressAsync("Shift+P");
        await Expect(badge).ToHaveTextAsync("Live");
    }

    [Fact]
    public async Task Under_reduced_motion_nothing_is_animated()
    {
        var page = await OpenRunsAsync();
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ReducedMotion = ReducedMotion.Reduce });

        await ReportAsync("waiting");
        await Expect(page.GetByTestId("run-row")).ToContainTextAsync("Waiting");

        Assert.Equal("none", await page.Locator(".c-st").EvaluateAsync<string>("cell => getComputedStyle(cell).animationName"));
    }
}
