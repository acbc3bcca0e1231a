using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Runs;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Runs;

public sealed class RunsPageTests : ConsoleBunitContext
{
    private IRenderedComponent<RunsPage> Open(string address = "/runs")
    {
        Services.GetRequiredService<NavigationManager>().NavigateTo(address);
        return Render<RunsPage>();
    }

    private static string[] Names(IRenderedComponent<RunsPage> page) =>
        [.. page.FindAll("[data-testid=run-row] .nm").Select(a => a.TextContent)];

    private static Task LookAtItAsync(IRenderedComponent<RunsPage> page, string? why) =>
        page.ActAsync("table", e => e.TriggerEvent("onhold", new HoldEventArgs { Why = why }));

    [Fact]
    public async Task A_run_that_is_reported_while_the_page_is_open_comes_in_on_top_and_changes_in_its_place()
    {
        var agent = await RegisterAsync("mailroom-1");
        var page = Open();
        Assert.Contains("Runs that your agents report appear here", page.Markup, StringComparison.Ordinal);

        await ReportAsync(agent, "running", "job-1", "First");
        await SoonAsync(page, () => Assert.Equal(["First"], Names(page)));
        await ReportAsync(agent, "running", "job-2", "Second");
        await SoonAsync(page, () => Assert.Equal(["Second", "First"], Names(page)));
        await ReportAsync(agent, "failed", "job-1", "First");

        await SoonAsync(
            page,
            () => Assert.Contains("Failed", page.FindAll("[data-testid=run-row]")[1].TextContent, StringComparison.Ordinal)
        );
        Assert.Equal(["Second", "First"], Names(page));
    }

    [Theory]
    [InlineData("point", "Order held while you point")]
    [InlineData("focus", "Order held while you are in it")]
    [InlineData("typing", "Order held while you type")]
    [InlineData("select", "Order held while you select")]
    [InlineData("scroll", "Order held while you read on")]
    public async Task While_somebody_looks_new_runs_wait_and_come_in_when_they_look_away(string why, string words)
    {
        var agent = await RegisterAsync("mailroom-1");
        await ReportAsync(agent, "completed", "job-1", "First");
        var page = Open();
        await LookAtItAsync(page, why);
        Assert.Equal(words, page.Find(".held").TextContent.Trim());

        await ReportAsync(agent, "completed", "job-2", "Second");
        await SoonAsync(page, () => Assert.Equal("1 new", page.Find(".chg").TextContent));
        Assert.Equal(["First"], Names(page));
        await LookAtItAsync(page, null);

        await SoonAsync(page, () => Assert.Equal(["Second", "First"], Names(page)));
        Assert.Empty(page.FindAll(".chg"));
    }

    [Fact]
    public async Task A_run_that_leaves_the_filter_stays_while_somebody_looks_and_is_gone_afterwards()
    {
        var agent = await RegisterAsync("mailroom-1");
        await ReportAsync(agent, "running", "job-1", "First");
        await ReportAsync(agent, "running", "job-2", "Second");
        var page = Open("/runs?status=running");
        await LookAtItAsync(page, "point");

        await ReportAsync(agent, "completed", "job-1", "First");
        await ReportAsync(agent, "running", "job-3", "Third");
        await SoonAsync(page, () => Assert.Equal("1 new", page.Find(".chg").TextContent));
        Assert.Equal(["Second", "First"], Names(page));
        await LookAtItAsync(page, null);

        await SoonAsync(page, () => Assert.Equal(["Third", "Second"], Names(page)));
    }

    [Fact]
    public async Task Filters_stand_as_chips_and_nonsense_in_the_address_is_named()
    {
        var agent = await RegisterAsync("mailroom-1");
        await ReportAsync(agent, "failed", "job-1", "Broken");
        await ReportAsync(agent, "completed", "job-2", "Fine");

        var page = Open("/runs?status=failed&since=yesterday-ish");

        Assert.Equal(["Broken"], Names(page));
        Assert.Contains("status: failed", page.Find(".chip.accent").TextContent, StringComparison.Ordinal);
        Assert.Contains("since:", page.Find("[role=alert]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runs_of_other_teams_are_not_there()
    {
        var agent = await RegisterAsync("mailroom-1");
        await ReportAsync(agent, "completed", "job-1", "Secret of payments");
        LookAs(Cast.Sara);

        var page = Open();

        Assert.Empty(page.FindAll("[data-testid=run-row]"));
        Assert.DoesNotContain("Secret of payments", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_filter_that_leaves_nothing_offers_to_clear_it()
    {
        var agent = await RegisterAsync("mailroom-1");
        await ReportAsync(agent, "completed", "job-1", "Fine");

        var page = Open("/runs?status=failed");

        Assert.Contains("No run matches", page.Markup, StringComparison.Ordinal);
        Assert.Equal("/runs?view=all", page.Find(".state a").GetAttribute("href"));
    }

    [Fact]
    public async Task Cancel_in_a_row_asks_by_its_address_and_says_why_it_cannot_be_pressed()
    {
        var agent = await RegisterAsync("mailroom-1");
        var run = await ReportAsync(agent, "running", "job-1", "Reads the mail");
        const string Button = "[data-testid=run-row] .c-act button";
        var browser = Services.GetRequiredService<NavigationManager>();
        string Why(IRenderedComponent<RunsPage> page) => page.Find("#" + page.Find(Button).GetAttribute("aria-describedby")).TextContent;

        var page = Open();
        await page.ActAsync(Button, e => e.Click());
        page.WaitForAssertion(() => Assert.EndsWith($"?act=cancel&of={run.Id}", browser.Uri, StringComparison.Ordinal));
        var back = Render<RunsPage>();
        Assert.Contains("Cancel Reads the mail?", back.Find("dialog").TextContent, StringComparison.Ordinal);
        await back.PressAsync("Ask to cancel");
        back.WaitForAssertion(() => Assert.Empty(back.FindAll("dialog")));

        await SoonAsync(back, () => Assert.Contains("asked for it already", Why(back), StringComparison.Ordinal));
        Clock.Advance(TimeSpan.FromSeconds(31));
        back.Render();
        Assert.Equal("Ask again to cancel Reads the mail…", back.Find(Button).GetAttribute("aria-label"));
        Assert.Null(back.Find(Button).GetAttribute("aria-disabled"));
    }

    [Fact]
    public async Task Who_may_not_cancel_sees_cancel_in_a_row_with_the_reason()
    {
        await ReportAsync(await RegisterAsync("mailroom-1"), "running", "job-1", "Reads the mail");
        LookAs(Cast.Victor);

        var page = Open();

        var button = page.Find("[data-testid=run-row] .c-act button");
        Assert.Equal("true", button.GetAttribute("aria-disabled"));
        Assert.Contains(
            "operator or team-admin",
            page.Find("#" + button.GetAttribute("aria-describedby")).TextContent,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_run_that_falls_out_of_a_relative_range_leaves_by_itself_but_not_under_a_pointer()
    {
        var agent = await RegisterAsync("mailroom-1");
        await ReportAsync(agent, "completed", "job-1", "First");
        Clock.Advance(TimeSpan.FromMinutes(10));
        await ReportAsync(agent, "completed", "job-2", "Second");
        var page = Open("/runs?since=15m");
        Assert.Equal(["Second", "First"], Names(page));
        await LookAtItAsync(page, "point");

        Clock.Advance(TimeSpan.FromMinutes(6));
        await page.InvokeAsync(() => { });
        Assert.Equal(["Second", "First"], Names(page));
        await LookAtItAsync(page, null);
        Assert.Equal(["Second"], Names(page));
        Clock.Advance(TimeSpan.FromMinutes(10));

        await SoonAsync(page, () => Assert.Empty(Names(page)));
    }
}
