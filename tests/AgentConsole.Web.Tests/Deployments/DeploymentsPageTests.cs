using AgentConsole.Contracts;
using AgentConsole.Core.Deployments;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Deployments;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Deployments;

public sealed class DeploymentsPageTests : ConsoleBunitContext
{
    [Fact]
    public async Task A_snapshot_that_is_set_while_the_page_is_open_appears()
    {
        await RegisterAsync("mailroom-1");
        var page = Open<DeploymentsPage>(ConsoleUrls.DeploymentsTable([]));
        page.WaitForAssertion(() => Assert.Contains("What is deployed where", page.Markup, StringComparison.Ordinal));

        await SetAsync("2.1.0", "active");

        await SoonAsync(page, () => Assert.Equal(["2.1.0"], Versions(page)));
        await SetAsync("2.2.0", "active");
        await SoonAsync(page, () => Assert.Equal(["2.2.0", "2.1.0"], Versions(page)));
        Assert.Contains("Superseded", page.FindAll("[data-testid=snapshot-row]")[1].TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_address_says_which()
    {
        await RegisterAsync("mailroom-1");
        await SetAsync("2.1.0", "active");
        await SetAsync("2.2.0", "canary", body => body with { TrafficPercent = 5 });
        await SetAsync("3.0.0", "active", body => body with { Environment = "staging" });

        var page = Open<DeploymentsPage>(ConsoleUrls.Deployments + "?view=table&status=canary&outcome=current");
        page.WaitForAssertion(() => Assert.Equal(["2.2.0"], Versions(page)));
        Assert.Contains("5\u00a0%", page.Find("[data-testid=snapshot-row]").TextContent, StringComparison.Ordinal);
        Assert.Equal("Canaries", page.Find("nav.tabs [aria-current=page]").TextContent);
        Services.GetRequiredService<NavigationManager>().NavigateTo(ConsoleUrls.Deployments + "?view=table&environment=staging");
        page = Render<DeploymentsPage>();
        page.WaitForAssertion(() => Assert.Equal(["3.0.0"], Versions(page)));
        Assert.Contains("environment=staging", page.Find("nav.tabs a:last-of-type").GetAttribute("href"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_snapshot_says_what_it_changed_and_against_which_is_in_the_address()
    {
        await RegisterAsync("mailroom-1");
        var first = await SetAsync("2.0.0", "active", body => body with { Model = "small-3", Tools = ["mail.send"] });
        await SetAsync("2.1.0", "active", body => body with { Model = "small-4", Tools = ["mail.send"] });
        var last = await SetAsync("2.2.0", "active", body => body with { Model = "small-4", Tools = ["mail.send", "tax.lookup"] });

        var page = Open<SnapshotPage>(ConsoleUrls.Snapshot(last.Id), last.Id);
        page.WaitForAssertion(() => Assert.Equal(["tools"], Differences(page)));
        page = Open<SnapshotPage>(ConsoleUrls.Snapshot(last.Id, first.Id), last.Id);
        page.WaitForAssertion(() => Assert.Equal(["model", "tools"], Differences(page)));
        page = Open<SnapshotPage>(ConsoleUrls.Snapshot(first.Id), first.Id);
        page.WaitForAssertion(() => Assert.Contains("Nothing was deployed", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Somebody_deploys_from_the_agent()
    {
        var agent = await RegisterAsync("mailroom-1");
        Services.GetRequiredService<NavigationManager>().NavigateTo("/agents/mailroom-1/deployments?act=deploy");
        var tab = Render<AgentDeploymentsTab>(p => p.Add(t => t.Agent, agent));
        await tab.ActAsync("#f-version", e => e.Change("2.2.0"));
        await tab.ActAsync("#f-status", e => e.Change("canary"));
        await tab.ActAsync("#f-traffic_percent", e => e.Change("many"));
        await tab.ActAsync("#deploy", e => e.Submit());
        tab.WaitForAssertion(() => Assert.Contains("from 0 to 100", tab.Find(".bad-field").TextContent, StringComparison.Ordinal));

        await tab.ActAsync("#f-traffic_percent", e => e.Change("5"));
        await tab.ActAsync("#deploy", e => e.Submit());

        tab.WaitForAssertion(() => Assert.Contains("2.2.0", tab.Find("[data-testid=snapshot-row]").TextContent, StringComparison.Ordinal));
        var made = (await Get<SnapshotLists>().ListAsync(House.As(Cast.Olga), SnapshotFilter.None, new Core.Common.PageRequest(), Stop))
            .Value
            .Items[0];
        Assert.Equal(("canary", "person"), (made.Status, made.Trigger));
    }

    [Fact]
    public async Task A_strangers_address_leads_nowhere()
    {
        await RegisterAsync("mailroom-1");
        var made = await SetAsync("2.2.0", "active");
        LookAs(Cast.Sara);

        var page = Open<SnapshotPage>(ConsoleUrls.Snapshot(made.Id), made.Id);
        page.WaitForAssertion(() => Assert.Contains("no such snapshot", page.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain("2.2.0", page.Markup, StringComparison.Ordinal);
    }

    private IRenderedComponent<T> Open<T>(string address, string? id = null)
        where T : IComponent
    {
        Services.GetRequiredService<NavigationManager>().NavigateTo(address);
        return id is null ? Render<T>() : Render<T>(p => p.TryAdd(nameof(SnapshotPage.Id), id));
    }

    private static string[] Versions<T>(IRenderedComponent<T> page)
        where T : IComponent => [.. page.FindAll("[data-testid=snapshot-row] .nm").Select(a => a.TextContent)];

    private static string[] Differences(IRenderedComponent<SnapshotPage> page) =>
        [.. page.FindAll("[data-testid=diff-row] th").Select(th => th.TextContent)];

    private async Task<SnapshotBody> SetAsync(string version, string status, Func<SetSnapshot, SetSnapshot>? more = null)
    {
        var body = new SetSnapshot { Version = version, Status = status };
        return (await Get<DeploymentService>().SetAsync(House.As(Cast.Olga), "mailroom-1", more?.Invoke(body) ?? body, Stop)).Value;
    }
}
