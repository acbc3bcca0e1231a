using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Deployments;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Parts;
using AgentConsole.Web.Components.Timeline;
using AgentConsole.Web.Deployments;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Deployments;

public sealed class TimelinePageTests : ConsoleBunitContext
{
    [Fact]
    public async Task The_page_opens_on_the_timeline_and_what_is_deployed_meanwhile_appears()
    {
        await RegisterAsync("mailroom-1");
        var page = Open<DeploymentsPage>(ConsoleUrls.Deployments);
        page.WaitForAssertion(() => Assert.Contains("What is deployed where", page.Markup, StringComparison.Ordinal));
        var table = page.FindAll("nav[aria-label=View] a")[1];
        Assert.Equal("/deployments?view=table", table.GetAttribute("href"));

        await SetAsync("mailroom-1", "2.1.0", "active");
        Clock.Advance(TimeSpan.FromHours(2));
        await SetAsync("mailroom-1", "2.2.0", "canary", body => body with { TrafficPercent = 5 });

        await SoonAsync(page, () => Assert.Equal(["deployed", "canary"], Marks(page)));
        Assert.Equal("2.1.0", page.Find("a.tl-sv").TextContent);
        Assert.Contains("canary 2.2.0 at 5\u00a0%", page.Find("[data-kind=canary]").GetAttribute("title"), StringComparison.Ordinal);
        Clock.Advance(TimeSpan.FromHours(2));
        await SetAsync("mailroom-1", "2.2.0", "active");
        await SoonAsync(page, () => Assert.Equal(["deployed", "canary", "promoted"], Marks(page)));
    }

    [Theory]
    [InlineData("", "/api/v1/deployments/timeline")]
    [InlineData("?view=table", "/api/v1/snapshots")]
    public async Task Each_view_is_copied_as_the_one_call_that_answers_it(string query, string call)
    {
        await RegisterAsync("mailroom-1");
        await SetAsync("mailroom-1", "2.1.0", "active");

        var page = Open<DeploymentsPage>(ConsoleUrls.Deployments + query);

        page.WaitForAssertion(() => Assert.Equal(call, Assert.Single(page.FindComponents<CopyAs>()).Instance.Call));
    }

    [Fact]
    public async Task While_somebody_points_at_it_a_new_lane_waits_and_the_time_stands()
    {
        await RegisterAsync("mailroom-2");
        await RegisterAsync("mailroom-1");
        await SetAsync("mailroom-2", "1.0", "active");
        var page = Open<DeploymentsPage>(ConsoleUrls.Deployments);
        page.WaitForAssertion(() => Assert.Single(page.FindAll("[data-testid=lane]")));
        var from = page.Find(".tl").GetAttribute("data-from");
        await page.ActAsync(".tl", e => e.TriggerEvent("onhold", new HoldEventArgs { Why = "point" }));

        Clock.Advance(TimeSpan.FromHours(4));
        await SetAsync("mailroom-1", "1.0", "active");

        await SoonAsync(page, () => Assert.Contains("changed", page.Find(".chg").TextContent, StringComparison.Ordinal));
        Assert.Equal("mailroom-2", Assert.Single(page.FindAll("[data-testid=lane]")).GetAttribute("data-agent"));
        Assert.Equal(from, page.Find(".tl").GetAttribute("data-from"));
        await page.ActAsync(".chg", e => e.Click());
        page.WaitForAssertion(() =>
            Assert.Equal(["mailroom-1", "mailroom-2"], page.FindAll("[data-testid=lane]").Select(l => l.GetAttribute("data-agent")))
        );
    }

    [Fact]
    public async Task A_mark_opens_what_was_deployed_and_whoever_may_goes_back_to_it()
    {
        await RegisterAsync("mailroom-1", body => body with { Environment = "production" });
        var first = await SetAsync("mailroom-1", "2.1.0", "active", body => body with { Model = "small-3", Reason = "Weekly" });
        Clock.Advance(TimeSpan.FromHours(1));
        var second = await SetAsync("mailroom-1", "2.2.0", "active", body => body with { Model = "small-4" });

        var page = Open<DeploymentsPage>(ConsoleUrls.Deployments);
        page.WaitForAssertion(() => Assert.Equal(2, page.FindAll("[data-kind=deployed]").Count));
        Assert.Contains("mark=" + first.Id, page.Find("[data-kind=deployed]").GetAttribute("href"), StringComparison.Ordinal);

        page = Open<DeploymentsPage>(page.Find("[data-kind=deployed]").GetAttribute("href")!);
        page.WaitForAssertion(() => Assert.Contains("Weekly", Detail(page), StringComparison.Ordinal));
        Assert.Equal("true", page.Find("[data-kind=deployed]").GetAttribute("aria-current"));
        Assert.Equal(
            $"/agents/mailroom-1/rollback?environment=production&to={first.Id}",
            page.FindAll("[data-testid=snapshot-detail] a").Single(a => a.TextContent == "Roll back to this…").GetAttribute("href")
        );

        page = Open<DeploymentsPage>(ConsoleUrls.With(ConsoleUrls.Deployments, ("mark", second.Id)));
        page.WaitForAssertion(() => Assert.Contains("Changed since 2.1.0", Detail(page), StringComparison.Ordinal));
        Assert.DoesNotContain("Roll back", Detail(page), StringComparison.Ordinal); // it is what runs
    }

    [Fact]
    public async Task Whoever_only_looks_is_offered_no_way_back()
    {
        await RegisterAsync("mailroom-1");
        var first = await SetAsync("mailroom-1", "2.1.0", "active");
        await SetAsync("mailroom-1", "2.2.0", "active");
        LookAs(Cast.Victor);

        var page = Open<DeploymentsPage>(ConsoleUrls.With(ConsoleUrls.Deployments, ("mark", first.Id)));

        page.WaitForAssertion(() => Assert.Contains("2.1.0", Detail(page), StringComparison.Ordinal));
        Assert.DoesNotContain("Roll back", Detail(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_strangers_snapshot_is_not_opened()
    {
        await RegisterAsync("mailroom-1");
        var made = await SetAsync("mailroom-1", "2.1.0", "active");
        LookAs(Cast.Sara);

        var page = Open<DeploymentsPage>(ConsoleUrls.With(ConsoleUrls.Deployments, ("mark", made.Id)));

        page.WaitForAssertion(() => Assert.Contains("no such snapshot", Detail(page), StringComparison.Ordinal));
        Assert.DoesNotContain("2.1.0", page.Markup, StringComparison.Ordinal);
        Assert.Empty(page.FindAll("[data-testid=lane]"));
    }

    [Fact]
    public async Task Filters_and_time_stay_in_every_address()
    {
        await RegisterAsync("mailroom-1", body => body with { Environment = "production" });
        await SetAsync("mailroom-1", "2.1.0", "active");
        var page = Open<DeploymentsPage>(ConsoleUrls.Deployments + "?environment=production&zoom=week");
        page.WaitForAssertion(() => Assert.Single(page.FindAll("[data-testid=lane]")));

        Assert.Equal("7 d", page.Find("[aria-label='Time shown'] [aria-current]").TextContent);
        Assert.Equal("/deployments?environment=production&zoom=month", page.Find("[data-key='-']").GetAttribute("href"));
        Assert.Equal("/deployments?environment=production", page.Find("[data-key='+']").GetAttribute("href"));
        Assert.Matches(
            @"^/deployments\?environment=production&from=[^&]+&zoom=week$",
            page.Find("[aria-label=Earlier]").GetAttribute("href")
        );
        Assert.Equal("week", page.Find("form input[name=zoom]").GetAttribute("value"));
        Assert.Equal("/deployments?view=table&environment=production", page.FindAll("nav[aria-label=View] a")[1].GetAttribute("href"));

        page = Open<DeploymentsPage>(page.Find("[aria-label=Earlier]").GetAttribute("href")!);
        page.WaitForAssertion(() => Assert.Empty(page.FindAll("[aria-label='Move in time'] [aria-current]")));
        Assert.Contains("to=", page.FindAll("nav[aria-label=View] a")[1].GetAttribute("href"), StringComparison.Ordinal);
        page = Open<DeploymentsPage>(ConsoleUrls.Deployments + "?version=9.9.9");
        page.WaitForAssertion(() => Assert.Contains("No lane matches", page.Markup, StringComparison.Ordinal));
        page = Open<DeploymentsPage>(ConsoleUrls.Deployments + "?zoom=century&from=yesterday&to=2026-01-01T00:00:00Z");
        page.WaitForAssertion(() => Assert.Contains("makes no sense", page.Markup, StringComparison.Ordinal));
        Assert.Single(page.FindAll("[data-testid=lane]"));
    }

    [Fact]
    public async Task What_crowds_leads_closer_and_at_the_closest_to_the_table()
    {
        await RegisterAsync("mailroom-1");
        for (var i = 0; i < 4; i++)
        {
            await SetAsync("mailroom-1", $"2.{i}.0", "active");
            Clock.Advance(TimeSpan.FromMinutes(5));
        }
        var page = Open<DeploymentsPage>(ConsoleUrls.Deployments);
        page.WaitForAssertion(() => Assert.Equal("4", page.Find("[data-kind=several]").TextContent));
        Assert.Contains(
            "4\u00a0changes: 4\u00a0deployed",
            page.Find("[data-kind=several]").GetAttribute("aria-label"),
            StringComparison.Ordinal
        );

        page = Open<DeploymentsPage>(page.Find("[data-kind=several]").GetAttribute("href")!);
        page.WaitForAssertion(() => Assert.Equal(4, page.FindAll("[data-kind=deployed]").Count));

        await SetAsync("mailroom-1", "3.0.0", "active");
        await SetAsync("mailroom-1", "3.0.1", "active");
        page = Open<DeploymentsPage>(ConsoleUrls.Deployments + "?zoom=hour");
        page.WaitForAssertion(() =>
            Assert.StartsWith(
                "/deployments?view=table&agent=mailroom-1&",
                page.FindAll("[data-kind=several]")[^1].GetAttribute("href"),
                StringComparison.Ordinal
            )
        );
        page = Open<DeploymentsPage>(page.FindAll("[data-kind=several]")[^1].GetAttribute("href")!);
        page.WaitForAssertion(() =>
            Assert.Equal("/deployments?view=table&agent=mailroom-1", page.Find("[aria-label='Any time']").GetAttribute("href"))
        );
        page.WaitForAssertion(() =>
            Assert.Equal(["3.0.1", "3.0.0"], page.FindAll("[data-testid=snapshot-row] .nm").Select(a => a.TextContent))
        );
    }

    [Fact]
    public async Task An_agents_tab_shows_its_own_lanes_above_its_table()
    {
        var agent = await RegisterAsync("mailroom-1");
        await RegisterAsync("mailroom-2");
        await SetAsync("mailroom-1", "2.1.0", "active");
        await SetAsync("mailroom-1", "2.1.0", "active", body => body with { Environment = "staging" });
        await SetAsync("mailroom-2", "7.0.0", "active");
        Services.GetRequiredService<NavigationManager>().NavigateTo("/agents/mailroom-1/deployments?zoom=hour");

        var tab = Render<AgentDeploymentsTab>(p => p.Add(t => t.Agent, agent));

        tab.WaitForAssertion(() => Assert.Equal(2, tab.FindAll("[data-testid=lane]").Count));
        Assert.Equal(2, tab.FindAll("[data-testid=snapshot-row]").Count);
        Assert.Empty(tab.FindAll(".tl-team"));
        Assert.StartsWith(
            "/agents/mailroom-1/deployments?zoom=hour&mark=",
            tab.Find(".tl-mk[data-kind]").GetAttribute("href"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_store_that_is_away_is_said_in_its_place()
    {
        await RegisterAsync("mailroom-1");
        await SetAsync("mailroom-1", "2.1.0", "active");
        await TakeAwayAsync("snapshots");

        var page = Open<DeploymentsPage>(ConsoleUrls.Deployments);

        page.WaitForAssertion(() => Assert.Contains("The timeline could not be read", page.Markup, StringComparison.Ordinal));
        Assert.Contains("This could not be read", page.Find(".tl-g").TextContent, StringComparison.Ordinal);
        await TakeAwayAsync("snapshots", back: true);
        await page.ActAsync(".note .btn", e => e.Click());
        page.WaitForAssertion(() => Assert.Single(page.FindAll("[data-testid=lane]")));
    }

    [Fact]
    public void Whoever_is_in_no_team_is_told_so()
    {
        LookAs(Cast.Nobody);

        var page = Open<DeploymentsPage>(ConsoleUrls.Deployments);

        page.WaitForAssertion(() => Assert.Contains("You are in no team yet", page.Markup, StringComparison.Ordinal));
    }

    private IRenderedComponent<T> Open<T>(string address)
        where T : IComponent
    {
        Services.GetRequiredService<NavigationManager>().NavigateTo(address);
        return Render<T>();
    }

    private static string[] Marks<T>(IRenderedComponent<T> page)
        where T : IComponent => [.. page.FindAll(".tl-mk[data-kind]").Select(m => m.GetAttribute("data-kind")!)];

    private static string Detail<T>(IRenderedComponent<T> page)
        where T : IComponent => page.Find("[data-testid=snapshot-detail]").TextContent;

    private async Task<SnapshotBody> SetAsync(string agent, string version, string status, Func<SetSnapshot, SetSnapshot>? more = null)
    {
        var body = new SetSnapshot { Version = version, Status = status };
        var set = await Get<DeploymentService>().SetAsync(House.As(Cast.Olga), agent, more?.Invoke(body) ?? body, Stop);
        Assert.Null(set.Problem);
        return set.Value;
    }
}
