using AgentConsole.Contracts;
using AgentConsole.Core.Runs;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Runs;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Runs;

public sealed class RunComparePageTests : ConsoleBunitContext
{
    private NavigationManager Navigation => Services.GetRequiredService<NavigationManager>();

    private IRenderedComponent<RunComparePage> Open(string address)
    {
        Navigation.NavigateTo(address);
        return Render<RunComparePage>();
    }

    private async Task<RunBody> RunAsync(
        AgentBody agent,
        string id,
        string status,
        long ms,
        params (string Name, long Ms, string Status)[] steps
    )
    {
        await ReportAsync(agent, "running", id);
        var events = steps
            .Select(s => new ReportEvent
            {
                Kind = "tool-call",
                Name = s.Name,
                DurationMs = s.Ms,
                Status = s.Status,
            })
            .ToList();
        if (events.Count > 0)
            Assert.Null((await Get<RunIngest>().AddEventsAsync(As(agent), null, id, events, 100)).Problem);
        var body = new ReportRun
        {
            ExternalId = id,
            Status = status,
            DurationMs = ms,
            InputTokens = ms,
            Summary = id,
        };
        return (await Get<RunIngest>().ReportAsync(As(agent), null, body, 100)).Value.Run;
    }

    [Fact]
    public async Task Both_runs_stand_side_by_side_and_what_differs_is_said_in_words()
    {
        var agent = await RegisterAsync("mailroom-1");
        var a = await RunAsync(agent, "good", "completed", 2_000, ("fetch", 500, "ok"), ("book", 1_000, "ok"));
        var b = await RunAsync(agent, "bad", "failed", 3_000, ("fetch", 1_500, "ok"), ("look-up", 900, "error"), ("book", 1_010, "error"));

        var page = Open(ConsoleUrls.Compare(a.Id, b.Id));

        page.WaitForElement("table.cmp");
        Assert.Equal("B took 1.0\u00a0s longer", page.Find("h1").TextContent);
        var facts = page.FindAll("table.cmp")[0].TextContent;
        Assert.Contains("+1.0\u00a0s (+50\u00a0%)", facts, StringComparison.Ordinal);
        Assert.Contains("+1,000", facts, StringComparison.Ordinal);
        Assert.Contains("differs", facts, StringComparison.Ordinal);
        var steps = page.FindAll("[data-testid=compared-step]").Select(row => row.TextContent).ToList();
        Assert.Equal(3, steps.Count);
        Assert.Contains("+1.0\u00a0s", steps[0], StringComparison.Ordinal);
        Assert.Contains("only in B", steps[1], StringComparison.Ordinal);
        Assert.Contains("fails in B", steps[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task How_two_runs_are_compared_is_said_and_the_call_gives_the_same()
    {
        var agent = await RegisterAsync("mailroom-1");
        var a = await RunAsync(agent, "first", "completed", 2_000, ("fetch", 1_000, "ok"), ("book", 1_000, "ok"));
        var b = await RunAsync(agent, "second", "completed", 2_000, ("fetch", 1_199, "ok"), ("book", 1_200, "ok"));
        var page = Open(ConsoleUrls.Compare(a.Id, b.Id, true));

        var how = page.WaitForElement("details.how");

        Assert.Contains("a difference is always B less A", how.TextContent, StringComparison.Ordinal);
        Assert.Contains("100 ms and a fifth of A's time apart", how.TextContent, StringComparison.Ordinal);
        Assert.Contains("book", Assert.Single(page.FindAll("[data-testid=compared-step]")).TextContent, StringComparison.Ordinal);
        Assert.Equal($"GET /api/v1/runs/{a.Id}/explain", how.QuerySelector("code")!.TextContent);
        var same = (await Get<RunService>().ExplainAsync(House.As(Cast.Ines), a.Id, null, Stop)).Value;
        foreach (var part in same.Parts)
            Assert.Contains(Words.Duration(part.Ms), page.FindAll("table.cmp")[1].TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_run_before_takes_its_word_s_place_in_the_address()
    {
        var agent = await RegisterAsync("mailroom-1");
        var good = await RunAsync(agent, "good", "completed", 2_000);
        var bad = await RunAsync(agent, "bad", "failed", 2_000);
        var last = await RunAsync(agent, "last", "completed", 2_000);

        var page = Open(ConsoleUrls.Compare(ConsoleUrls.Previous, last.Id));
        page.WaitForAssertion(() => Assert.EndsWith(ConsoleUrls.Compare(bad.Id, last.Id), Navigation.Uri, StringComparison.Ordinal));
        page = Open(ConsoleUrls.Compare(ConsoleUrls.LastGood, last.Id));
        page.WaitForAssertion(() => Assert.EndsWith(ConsoleUrls.Compare(good.Id, last.Id), Navigation.Uri, StringComparison.Ordinal));

        Says("There is no run before", ConsoleUrls.Compare(ConsoleUrls.Previous, good.Id));
        Says("Two runs are needed", "/runs/compare");
        Says("There is no such run", ConsoleUrls.Compare("run_x", good.Id));

        void Says(string sentence, string address)
        {
            var shown = Open(address);
            shown.WaitForAssertion(() => Assert.Contains(sentence, shown.Markup, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Whoever_may_not_see_the_runs_reads_that_there_are_none()
    {
        var agent = await RegisterAsync("mailroom-1");
        var a = await RunAsync(agent, "a", "completed", 2_000);
        var b = await RunAsync(agent, "b", "completed", 2_000);
        LookAs(Cast.Sara);

        var page = Open(ConsoleUrls.Compare(a.Id, b.Id));

        page.WaitForAssertion(() => Assert.Contains("There is no such run", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_runs_of_the_list_are_selected_and_a_third_takes_the_place_of_the_first()
    {
        var agent = await RegisterAsync("mailroom-1");
        var runs = new List<RunBody>();
        for (var i = 0; i < 3; i++)
            runs.Add(await ReportAsync(agent, "completed", $"job-{i}", $"Job {i}"));
        Navigation.NavigateTo(ConsoleUrls.Runs);
        var page = Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Equal(3, page.FindAll("[data-testid=run-row]").Count));
        Task ChooseAsync(params int[] jobs) =>
            page.ActAsync(
                "table.runs",
                e => e.TriggerEvent("onpick", new PickEventArgs { Names = [.. jobs.Select(job => runs[job].Id)], On = true })
            );

        await ChooseAsync(2);
        Assert.Contains("Select another one", page.Find(".cmp-bar").TextContent, StringComparison.Ordinal);
        await ChooseAsync(0);
        Assert.Equal(ConsoleUrls.Compare(runs[0].Id, runs[2].Id), page.Find(".cmp-bar a").GetAttribute("href"));
        await ChooseAsync(1);
        Assert.Equal(ConsoleUrls.Compare(runs[0].Id, runs[1].Id), page.Find(".cmp-bar a").GetAttribute("href"));
        // As the browser remembers them through a restart.
        Assert.Equal($"{runs[0].Id} {runs[1].Id}", page.Find("[data-selection]").GetAttribute("data-selection"));
        Assert.Equal(2, page.FindAll("tr[data-picked]").Count);
        await page.PressAsync("Clear");
        Assert.Empty(page.FindAll(".cmp-bar, tr[data-picked]"));
        await ChooseAsync(0, 1);
        Assert.Equal(ConsoleUrls.Compare(runs[0].Id, runs[1].Id), page.Find(".cmp-bar a").GetAttribute("href"));
    }
}
