using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments;
using AgentConsole.Web.Components.Parts;
using AgentConsole.Web.Deployments;
using AgentConsole.Web.Overview;
using AgentConsole.Web.Tests.Components;
using Bunit;

namespace AgentConsole.Web.Tests.Deployments;

/// <summary>Where else a rollout is seen: the overview, its agent, its snapshots.</summary>
public sealed class RolloutElsewhereTests : RolloutBunit
{
    [Fact]
    public async Task The_overview_asks_for_a_decision_once_a_verdict_has_paused_it()
    {
        LookAs(Cast.Olga);
        await StartAsync(Plan(Step(10)) with { OnFail = "pause" });
        Browser.NavigateTo("/");
        var page = Render<OverviewPage>();
        page.WaitForAssertion(() =>
            Assert.Contains("mailroom-1 2.2.0", page.Find("[data-testid=in-progress]").TextContent, StringComparison.Ordinal)
        );
        Assert.DoesNotContain("Decide", page.Markup, StringComparison.Ordinal);

        await RunAsync("2.2.0", 300, failEvery: 2);
        await RunAsync("2.1.0", 2700, failEvery: 50);
        await WatchAsync();
        await SoonAsync(page, () => Assert.Contains("has a rollout that failed: 2.2.0", page.Markup, StringComparison.Ordinal));
        Assert.Contains("still gets 10\u00a0% of the traffic", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_agent_shows_what_its_open_rollout_says()
    {
        LookAs(Cast.Olga);
        await StartAsync(Plan(Step(10)));
        var part = Render<OpenRollouts>(p => p.Add(o => o.AgentId, IdText.Parse(IdText.Agent, Agent.Id)));
        part.WaitForAssertion(() =>
            Assert.Contains("Step 1 of 1: 0 of 100 runs", part.Find("[data-testid=open-rollout]").TextContent, StringComparison.Ordinal)
        );
        await RunAsync("2.2.0", 40);
        await RunAsync("2.1.0", 400);
        await WatchAsync();
        await SoonAsync(part, () => Assert.Contains("40 of 100 runs", part.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_snapshot_of_a_rollout_leads_to_it()
    {
        LookAs(Cast.Olga);
        var rollout = await StartAsync(Plan(Step(10)));
        Clock.Advance(TimeSpan.FromMinutes(1));
        await Get<Core.Deployments.Rollouts.RolloutService>()
            .AbortAsync(House.As(Cast.Olga), rollout.Id, new Contracts.RolloutAct { Reason = "Not now" }, Stop);
        var all = (await Get<SnapshotLists>().ListAsync(House.As(Cast.Olga), SnapshotFilter.None, new PageRequest(), Stop)).Value.Items;
        Assert.Equal(["2.1.0 rollback", "2.2.0 rollout", "2.1.0 person"], all.Select(s => $"{s.Version} {s.Trigger}"));
        Assert.Equal(
            [true, true, false],
            all.Select(snapshot =>
            {
                Browser.NavigateTo(ConsoleUrls.Snapshot(snapshot.Id));
                return Render<SnapshotPage>(p => p.Add(page => page.Id, snapshot.Id))
                    .Markup.Contains(ConsoleUrls.Rollout(rollout.Id), StringComparison.Ordinal);
            })
        );
    }
}
