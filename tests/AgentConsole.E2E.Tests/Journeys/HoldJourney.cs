using System.Net.Http.Json;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>Rows that somebody looks at keep their places, whatever comes meanwhile, and the list catches up when they look away.</summary>
public sealed class HoldJourney(Chromium chromium) : JourneyTest(chromium)
{
    private string _key = "";

    private async Task ReportAsync(string summary)
    {
        using var agent = Console.Client(_key);
        using var answer = await agent.PostAsJsonAsync(
            new Uri("/api/v1/runs", UriKind.Relative),
            new { status = "completed", summary },
            Stop
        );
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }

    private async Task<(IPage Page, ILocator Rows, ILocator Chip)> OpenRunsAsync(int runs)
    {
        (_, _key) = await Console.AgentAsync("mailroom-1");
        for (var i = 1; i <= runs; i++)
            await ReportAsync($"Job {i}");
        var page = await OpenAsync(Console.Cast.Ines);
        await page.GotoAsync("/runs");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        return (page, page.GetByTestId("run-row"), page.Locator(".chg"));
    }

    [Fact]
    public async Task Under_the_pointer()
    {
        var (page, rows, chip) = await OpenRunsAsync(3);
        await rows.Nth(1).HoverAsync();
        await Expect(page.GetByText("Order held while you point")).ToBeVisibleAsync();

        await ReportAsync("New");
        await Expect(chip).ToHaveTextAsync("1 new");
        await Expect(rows).ToHaveCountAsync(3);
        await AssertAccessibleAsync(page);
        await page.Mouse.MoveAsync(5, 5);

        await Expect(rows.First).ToContainTextAsync("New");
        await Expect(chip).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task With_the_keyboards_focus_in_it()
    {
        var (page, rows, chip) = await OpenRunsAsync(3);
        await page.GetByTestId("filter-text").FocusAsync();
        for (var i = 0; i < 20 && await rows.Nth(0).EvaluateAsync<bool>("row => row !== document.activeElement"); i++)
            await page.Keyboard.PressAsync("Tab");
        await Expect(page.GetByText("Order held while you are in it")).ToBeVisibleAsync();

        await ReportAsync("New");
        await Expect(chip).ToHaveTextAsync("1 new");
        await chip.PressAsync("Enter");

        await Expect(rows.First).ToContainTextAsync("New");
    }

    [Fact]
    public async Task While_one_types_a_filter()
    {
        var (page, rows, chip) = await OpenRunsAsync(3);
        await page.GetByTestId("filter-text").PressSequentiallyAsync("Jo");
        await Expect(page.GetByText("Order held while you type")).ToBeVisibleAsync();

        await ReportAsync("New");
        await page.GetByTestId("filter-text").PressSequentiallyAsync("b");
        await Expect(chip).ToHaveTextAsync("1 new");
        await Expect(rows).ToHaveCountAsync(3);

        await Expect(rows.First).ToContainTextAsync("New"); // a moment after the last stroke, though the focus stays
    }

    [Fact]
    public async Task While_one_reads_further_down()
    {
        var (page, rows, chip) = await OpenRunsAsync(40);
        var job = page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Job 1", Exact = true });
        await job.ScrollIntoViewIfNeededAsync();
        await Expect(page.GetByText("Order held while you read on")).ToBeVisibleAsync();
        var before = await job.BoundingBoxAsync();

        await ReportAsync("New");
        await Expect(chip).ToHaveTextAsync("1 new");
        var after = await job.BoundingBoxAsync();
        Assert.Equal(before!.Y, after!.Y);
        await rows.First.ScrollIntoViewIfNeededAsync();

        await Expect(rows.First).ToContainTextAsync("New");
    }

    [Fact]
    public async Task While_text_is_selected_in_it()
    {
        var (page, rows, chip) = await OpenRunsAsync(3);
        await rows.Nth(1).EvaluateAsync("row => getSelection().selectAllChildren(row)");
        await Expect(page.GetByText("Order held while you select")).ToBeVisibleAsync();

        await ReportAsync("New");
        await Expect(chip).ToHaveTextAsync("1 new");
        await page.EvaluateAsync("() => getSelection().removeAllRanges()");

        await Expect(rows.First).ToContainTextAsync("New");
    }
}
