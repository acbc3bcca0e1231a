using AgentConsole.Core.Agents;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Overview;
using AgentConsole.Web.Tests.Components;
using Bunit;

namespace AgentConsole.Web.Tests.Overview;

public sealed class OverviewPageTests : ConsoleBunitContext
{
    [Theory]
    [InlineData(0, 0, 0, 0, 0, "No agent is registered yet")]
    [InlineData(9, 0, 0, 0, 0, "All is well")]
    [InlineData(9, 2, 3, 1, 0, "2 agents are failing, 1 is silent")]
    [InlineData(9, 0, 1, 0, 0, "1 agent is degraded")]
    [InlineData(9, 1, 0, 2, 1, "1 key was reported as leaked, 1 agent is failing")]
    [InlineData(9, 0, 0, 2, 0, "2 agents are silent")]
    public void The_title_says_what_matters_most(int agents, int failing, int degraded, int silent, int leaked, string expected)
    {
        Assert.Equal(expected, OverviewPage.Title(agents, failing, degraded, silent, leaked));
    }

    [Fact]
    public async Task What_fails_and_what_is_silent_needs_somebody_and_a_paused_agent_does_not()
    {
        await RegisterAsync("calm");
        await ChangeAsync(
            await RegisterAsync("trouble"),
            agent =>
                (agent.Health, agent.HealthReason, agent.HealthSince) = (
                    Health.Failing,
                    "14.2 % of runs fail, limit 5 %",
                    Clock.GetUtcNow().AddMinutes(-11)
                )
        );
        await ChangeAsync(
            await RegisterAsync("mute"),
            agent => (agent.Liveness, agent.LastSeenAt) = (Liveness.Silent, Clock.GetUtcNow().AddMinutes(-38))
        );
        await ChangeAsync(await RegisterAsync("resting"), agent => (agent.Lifecycle, agent.Liveness) = (Lifecycle.Paused, Liveness.Silent));

        var page = Render<OverviewPage>();

        Assert.Equal("1 agent is failing, 1 is silent", page.Find("h1").TextContent);
        Assert.Equal(["trouble", "mute"], page.FindAll(".nd .a b").Select(b => b.TextContent));
        Assert.Contains("14.2 % of runs fail, limit 5 %", page.Find(".nd .b").TextContent, StringComparison.Ordinal);
        Assert.Equal("/agents/trouble", page.Find(".nd .bt a").GetAttribute("href"));
    }

    [Fact]
    public async Task Runs_arrive_while_one_looks_and_wait_while_one_points()
    {
        var agent = await RegisterAsync("mailroom-1");
        await ReportAsync(agent, "completed", "job-1", "First");
        var page = Render<OverviewPage>();
        Assert.Single(page.FindAll("[data-testid=run-row]"));

        await page.ActAsync("table", e => e.TriggerEvent("onhold", new HoldEventArgs { Why = "point" }));
        await ReportAsync(agent, "running", "job-2", "Second");

        page.WaitForAssertion(() => Assert.Equal("1 new", page.Find(".chg").TextContent));
        Assert.Single(page.FindAll("[data-testid=run-row]"));
        await page.ActAsync(".chg", e => e.Click());
        Assert.Contains("Second", page.FindAll("[data-testid=run-row]")[0].TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_console_leads_to_the_first_agent()
    {
        var page = Render<OverviewPage>();

        Assert.Equal("No agent is registered yet", page.Find("h1").TextContent);
        Assert.Equal("/start", page.Find(".state a.p").GetAttribute("href"));
    }

    [Fact]
    public async Task What_needs_one_waits_while_one_points_at_the_list()
    {
        var first = await RegisterAsync("mailroom-1");
        await ChangeAsync(first, a => a.Health = Health.Degraded);
        var second = await RegisterAsync("reader-1");
        var page = Render<OverviewPage>();
        page.WaitForAssertion(() => Assert.Single(page.FindAll(".nd")));
        await page.ActAsync(".nds", e => e.TriggerEvent("onhold", new HoldEventArgs { Why = "point" }));

        await ChangeAsync(second, a => a.Health = Health.Failing);

        await SoonAsync(page, () => Assert.Contains("changed", page.Find(".chg").TextContent, StringComparison.Ordinal));
        Assert.Contains("mailroom-1", Assert.Single(page.FindAll(".nd")).TextContent, StringComparison.Ordinal);
        await page.ActAsync(".nds", e => e.TriggerEvent("onhold", new HoldEventArgs()));
        Assert.Contains("reader-1", page.FindAll(".nd")[0].TextContent, StringComparison.Ordinal);
        Assert.Equal(2, page.FindAll(".nd").Count);
    }
}
