using AgentConsole.Contracts;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.Freezes;
using AgentConsole.Web.Components;
using AgentConsole.Web.Deployments;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Deployments;

public sealed class RolloutPageTests : RolloutBunit
{
    [Fact]
    public async Task Before_the_first_look_it_says_how_many_runs_are_missing_and_then_its_verdict()
    {
        LookAs(Cast.Olga);
        var rollout = await StartAsync(Plan(Step(10), Step(50)));
        var page = Open(rollout.Id);
        Assert.StartsWith("Step 1 of 2: 0 of 100 runs", Says(page), StringComparison.Ordinal);
        Assert.Contains("2.2.0 gets 10", Text(page, "rollout-waits"), StringComparison.Ordinal);
        Assert.All(
            page.FindAll("[data-testid=reading]"),
            row => Assert.Contains("Not judged yet", row.TextContent, StringComparison.Ordinal)
        );

        await RunAsync("2.2.0", 40, failEvery: 20);
        await RunAsync("2.1.0", 400, failEvery: 50);
        await WatchAsync();
        await SoonAsync(page, () => Assert.Contains("40 of 100 at least", Text(page, "tally-canary"), StringComparison.Ordinal));
        Assert.Contains("2 failed", Text(page, "tally-canary"), StringComparison.Ordinal);
        Assert.Contains("5.0\u00a0%", page.FindAll("[data-testid=reading]")[0].TextContent, StringComparison.Ordinal);

        await RunAsync("2.2.0", 260, failEvery: 50);
        await RunAsync("2.1.0", 2300, failEvery: 50);
        await WatchAsync();
        await SoonAsync(page, () => Assert.Single(page.FindAll("[data-testid=decision]")));
        var rows = page.FindAll("[data-testid=reading]");
        Assert.Contains("Pass", rows[0].TextContent, StringComparison.Ordinal);
        Assert.Contains("limit +5", rows[0].TextContent, StringComparison.Ordinal);
        Assert.Contains("Dry run", rows[1].TextContent, StringComparison.Ordinal);
        Assert.Contains("limit +5", page.Find("[data-testid=reading] .gauge").GetAttribute("aria-label"), StringComparison.Ordinal);
        Assert.Contains("replays", page.Find("[data-testid=decision]").TextContent, StringComparison.Ordinal);
        Assert.Equal(
            $"/api/v1/rollouts/{rollout.Id}/decisions/1/record",
            page.Find("[data-testid=decision] a[download]").GetAttribute("href")
        );

        Clock.Advance(TimeSpan.FromMinutes(31));
        await WatchAsync();
        await SoonAsync(page, () => Assert.StartsWith("Step 2 of 2", Says(page), StringComparison.Ordinal));
        Assert.Equal(["ok", "cur", null], page.FindAll("[data-testid=rollout-steps] li").Select(li => li.GetAttribute("class")));
        Assert.Contains("before the first look of step 2", page.Markup, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100, "100 runs")]
    [InlineData(300, "100 to 300 runs")]
    public async Task A_step_says_how_many_runs_it_takes(long planned, string says)
    {
        LookAs(Cast.Olga);
        var rollout = await StartAsync(Plan(Step(10, hold: 0, planned: planned)));

        var page = Open(rollout.Id);

        page.WaitForAssertion(() => Assert.Equal(says, page.Find("[data-testid=rollout-steps] li small").TextContent));
    }

    [Fact]
    public async Task One_press_pauses_and_the_toast_resumes()
    {
        LookAs(Cast.Olga);
        var rollout = await StartAsync(Plan(Step(10)));
        var page = Open(rollout.Id);
        await page.ActAsync("[data-deed=pause]", button => button.Click());
        page.WaitForAssertion(() => Assert.Equal("paused", State(page)));
        await page.InvokeAsync(() => Services.GetRequiredService<Toasts>().Current!.Undo!());
        page.WaitForAssertion(() => Assert.Equal("running", State(page)));
    }

    [Fact]
    public async Task What_failed_offers_the_way_back_first_and_asks_why()
    {
        LookAs(Cast.Olga);
        var rollout = await StartAsync(Plan(Step(10)) with { OnFail = "pause" });
        await RunAsync("2.2.0", 300, failEvery: 2);
        await RunAsync("2.1.0", 2700, failEvery: 50);
        await WatchAsync();
        var page = Open(rollout.Id);
        Assert.Contains("Paused: failed", page.Find("[data-testid=rollout-state]").TextContent, StringComparison.Ordinal);
        var first = page.Find(".ro-acts button");
        Assert.Equal(("abort", "btn p"), (first.GetAttribute("data-deed"), first.GetAttribute("class")));

        page = Open(rollout.Id, "abort");
        await page.ActAsync("#rollout-act", form => form.Submit());
        page.WaitForAssertion(() =>
            Assert.Contains("Say why, in 3 to 500", page.Find("dialog .bad-field").TextContent, StringComparison.Ordinal)
        );
        await page.ActAsync("#f-reason", input => input.Change("Half of the runs fail"));
        await page.ActAsync("#rollout-act", form => form.Submit());
        page.WaitForAssertion(() => Assert.Equal("aborted", State(page)));
        Assert.Equal("Aborted: Half of the runs fail", Says(page));
        Assert.Empty(page.FindAll(".ro-acts"));
        Assert.Equal("Half of the runs fail", (await ReadAsync(rollout.Id)).EndedReason);
    }

    [Fact]
    public async Task A_step_that_began_under_an_open_question_is_not_skipped()
    {
        LookAs(Cast.Olga);
        var rollout = await StartAsync(Plan(Step(10), Step(20), Step(50)));
        var page = Open(rollout.Id, "advance");
        await page.ActAsync("#f-reason", input => input.Change("It looks good"));
        await Get<RolloutService>().AdvanceAsync(House.As(Cast.Otto), rollout.Id, new RolloutAct { Reason = "Good enough" }, Stop);
        await SoonAsync(page, () => Assert.StartsWith("Step 2", Says(page), StringComparison.Ordinal));

        await page.ActAsync("#rollout-act", form => form.Submit());
        page.WaitForAssertion(() => Assert.Contains("moved on while you wrote", page.Find("dialog").TextContent, StringComparison.Ordinal));
        Assert.Equal(2, (await ReadAsync(rollout.Id)).Step);
        await page.ActAsync("#rollout-act", form => form.Submit());
        page.WaitForAssertion(() => Assert.StartsWith("Step 3", Says(page), StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_says_which_freeze_holds_it_and_until_when()
    {
        LookAs(Cast.Olga);
        var rollout = await StartAsync(Plan(Step(10)));
        await RunAsync("2.2.0", 300, failEvery: 50);
        await RunAsync("2.1.0", 2700, failEvery: 50);
        var now = Clock.GetUtcNow();
        var frozen = await Get<FreezeService>()
            .CreateAsync(
                House.As(Cast.Olga),
                new SetFreeze
                {
                    Name = "Year's end",
                    StartsAt = now.AddMinutes(-1),
                    EndsAt = now.AddHours(3),
                    Reason = "The books are closed",
                },
                Stop
            );
        Assert.Null(frozen.Problem);
        Clock.Advance(TimeSpan.FromMinutes(31));
        await WatchAsync();

        var page = Open(rollout.Id);
        Assert.Contains("Waits for a freeze", page.Find("[data-testid=rollout-state]").TextContent, StringComparison.Ordinal);
        Assert.Contains("Year's end holds it until", Text(page, "rollout-waits"), StringComparison.Ordinal);
        Assert.Contains("The books are closed", Text(page, "rollout-waits"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_only_looks_is_told_which_role_is_missing()
    {
        var rollout = await StartAsync(Plan(Step(10)));
        LookAs(Cast.Victor);
        var page = Open(rollout.Id, "abort");
        Assert.Empty(page.FindAll("dialog"));
        var button = page.Find("[data-deed=abort]");
        Assert.Equal("true", button.GetAttribute("aria-disabled"));
        Assert.Contains("operator", button.ParentElement!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stranger_sees_none()
    {
        var rollout = await StartAsync(Plan(Step(10)));
        LookAs(Cast.Sara);
        Assert.Contains("There is no such rollout", Open(rollout.Id).Markup, StringComparison.Ordinal);
        Browser.NavigateTo(ConsoleUrls.Rollouts);
        Assert.Contains("No rollout is open", Render<RolloutsPage>().Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_list_shows_open_ones_first_and_those_that_are_over_at_their_address()
    {
        LookAs(Cast.Olga);
        Browser.NavigateTo(ConsoleUrls.Rollouts);
        var page = Render<RolloutsPage>();
        page.WaitForAssertion(() => Assert.Contains("No rollout is open", page.Markup, StringComparison.Ordinal));
        var rollout = await StartAsync(Plan(Step(10)));
        await SoonAsync(page, () => Assert.Contains("2.2.0 against 2.1.0", Text(page, "rollout-row"), StringComparison.Ordinal));

        await Get<RolloutService>().AbortAsync(House.As(Cast.Olga), rollout.Id, new RolloutAct { Reason = "Not now" }, Stop);
        await SoonAsync(page, () => Assert.Contains("No rollout is open", page.Markup, StringComparison.Ordinal));
        Browser.NavigateTo(ConsoleUrls.Rollouts + "?open=false&agent=mailroom-1");
        page = Render<RolloutsPage>();
        page.WaitForAssertion(() => Assert.Contains("Aborted", Text(page, "rollout-row"), StringComparison.Ordinal));
        Browser.NavigateTo(ConsoleUrls.Rollouts + "?open=false&agent=nobody");
        Assert.Contains("No rollout matches", Render<RolloutsPage>().Markup, StringComparison.Ordinal);
    }

    private IRenderedComponent<RolloutPage> Open(string id, string? act = null)
    {
        Browser.NavigateTo(ConsoleUrls.With(ConsoleUrls.Rollout(id), ("act", act)));
        return Render<RolloutPage>(p => p.Add(page => page.Id, id));
    }

    private static string? State(IRenderedComponent<RolloutPage> page) =>
        page.Find("[data-testid=rollout-state]").GetAttribute("data-state");

    private static string Says(IRenderedComponent<RolloutPage> page) => page.Find("[data-testid=rollout-says]").TextContent;

    private static string Text<T>(IRenderedComponent<T> page, string id)
        where T : Microsoft.AspNetCore.Components.IComponent => page.Find($"[data-testid={id}]").TextContent;
}
