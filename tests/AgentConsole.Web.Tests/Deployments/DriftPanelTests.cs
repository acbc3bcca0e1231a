using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Drift;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Overview;
using AgentConsole.Web.Tests.Components;
using Bunit;

namespace AgentConsole.Web.Tests.Deployments;

public sealed class DriftPanelTests : ConsoleBunitContext
{
    [Fact]
    public async Task An_instance_that_reports_the_old_version_appears_while_the_tab_is_open()
    {
        var agent = await RegisterAsync("mailroom-1");
        var tab = Render<AgentDeploymentsTab>(p => p.Add(t => t.Agent, agent));
        tab.WaitForAssertion(() => Assert.Contains("Nothing was deployed yet", tab.Markup, StringComparison.Ordinal));
        Assert.Empty(tab.FindAll("[data-testid=drift], [data-testid=published-split]"));

        await SetAsync("2.1.0", "active");
        await SetAsync("2.2.0", "canary", 5);
        await SoonAsync(
            tab,
            () => Assert.Contains("2.2.0 5\u00a0% canary", Text(tab.Find("[data-testid=split-row]")), StringComparison.Ordinal)
        );
        await SoonAsync(tab, () => Assert.Equal("unknown", tab.Find("[data-testid=drift]").GetAttribute("data-verdict")));
        Assert.Contains("No run and no heartbeat", tab.Find("[data-testid=drift]").TextContent, StringComparison.Ordinal);

        await SetAsync("2.3.0", "active");
        Clock.Advance(TimeSpan.FromMinutes(3));
        await SeeAsync(agent, "pod-7", "2.1.0");

        await SoonAsync(tab, () => Assert.Equal("drifting", tab.Find("[data-testid=drift]").GetAttribute("data-verdict")));
        var row = Assert.Single(tab.FindAll("[data-testid=lagging-row]"));
        Assert.Contains("pod-7", row.TextContent, StringComparison.Ordinal);
        Assert.Contains("2.1.0", row.TextContent, StringComparison.Ordinal);
        await SeeAsync(agent, "pod-7", "2.3.0");
        await SoonAsync(tab, () => Assert.Equal("none", tab.Find("[data-testid=drift]").GetAttribute("data-verdict")));
        Assert.Empty(tab.FindAll("[data-testid=lagging-row]"));
    }

    [Fact]
    public async Task Who_drifts_is_among_what_needs_a_person()
    {
        var agent = await RegisterAsync("mailroom-1");
        await SetAsync("2.3.0", "active");
        await SeeAsync(agent, "pod-7", "2.1.0");
        var page = Render<OverviewPage>();
        page.WaitForAssertion(() => Assert.NotEmpty(page.Find("h1").TextContent));
        Assert.DoesNotContain("runs what is not declared", page.Markup, StringComparison.Ordinal);

        Clock.Advance(TimeSpan.FromMinutes(3));
        await Get<DriftWatch>().StepAsync(Stop);

        await SoonAsync(page, () => Assert.Contains("runs what is not declared", page.Markup, StringComparison.Ordinal));
        Assert.Contains("2.1.0 is reported, 2.3.0 should run.", page.Markup, StringComparison.Ordinal);
    }

    private static string Text(AngleSharp.Dom.IElement element) =>
        string.Join(' ', element.TextContent.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries));

    private async Task SeeAsync(AgentBody agent, string instance, string version)
    {
        var card = Get<AgentDirectory>().Find(Core.Common.IdText.Parse(Core.Common.IdText.Agent, agent.Id))!;
        Get<InstanceBook>().Note(As(agent) with { Instance = instance }, card, version, 1);
        await Get<InstanceBook>().StepAsync(Stop);
    }

    private async Task SetAsync(string version, string status, decimal? percent = null)
    {
        var body = new SetSnapshot
        {
            Version = version,
            Status = status,
            TrafficPercent = percent,
        };
        Assert.Null((await Get<DeploymentService>().SetAsync(House.As(Cast.Olga), "mailroom-1", body, Stop)).Problem);
    }
}
