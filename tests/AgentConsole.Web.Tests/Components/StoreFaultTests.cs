using AgentConsole.Core.Agents;
using AgentConsole.Core.Live;
using AgentConsole.Core.Runs;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Components.Layout;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Overview;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Components;

/// <summary>A database that does not answer for a while: what was read stays in the page, which says of when it is.</summary>
public sealed class StoreFaultTests : ConsoleBunitContext
{
    private static string[] Names<T>(IRenderedComponent<T> page)
        where T : IComponent => [.. page.FindAll("[data-testid=agent-row] .nm").Select(a => a.TextContent)];

    [Fact]
    public async Task A_letter_of_the_filter_leaves_the_fleet_as_it_was_and_can_be_tried_again()
    {
        await RegisterAsync("mailroom-1");
        await RegisterAsync("reader-1");
        var page = Render<FleetPage>();
        page.WaitForAssertion(() => Assert.Equal(2, Names(page).Length));
        var read = Clock.GetUtcNow();
        await TakeAwayAsync("agents");

        await page.ActAsync("[data-testid=filter-text]", e => e.Input("mail"));

        page.WaitForAssertion(() =>
            Assert.Contains(
                $"What is shown is as it was at {read:HH:mm:ss} UTC.",
                page.Find("[role=alert]").TextContent,
                StringComparison.Ordinal
            )
        );
        Assert.Equal(2, Names(page).Length);
        await TakeAwayAsync("agents", back: true);
        await page.PressAsync("Try again");
        page.WaitForAssertion(() => Assert.Equal(["mailroom-1"], Names(page)));
        Assert.Empty(page.FindAll("[role=alert]"));
    }

    [Fact]
    public async Task A_list_that_could_never_be_read_says_so_and_does_not_pretend_to_load()
    {
        await TakeAwayAsync("api_tokens");
        var page = Render<Web.Admin.TokensPage>();
        page.WaitForAssertion(() => Assert.Single(page.FindAll("[data-testid=broken]")));
        Assert.Empty(page.FindAll(".skel"));
        Assert.Single(page.FindAll("[role=alert]"));

        await TakeAwayAsync("api_tokens", back: true);
        await page.PressAsync("Try again");

        page.WaitForAssertion(() => Assert.Empty(page.FindAll("[role=alert]")));
        Assert.Empty(page.FindAll("[data-testid=broken]"));
    }

    private void Tell(AgentBody agent)
    {
        var id = Core.Common.IdText.Parse(Core.Common.IdText.Agent, agent.Id);
        Get<ChangeFeed>().Publish(new LiveEvent("agent", Cast.Acme, Cast.Payments, id, id));
    }

    [Fact]
    public async Task A_live_update_leaves_it_too_and_it_mends_itself()
    {
        var agent = await RegisterAsync("mailroom-1");
        var page = Render<FleetPage>();
        page.WaitForAssertion(() => Assert.Single(Names(page)));
        await TakeAwayAsync("agents");
        Tell(agent); // of a change before that
        await SoonAsync(
            page,
            () => Assert.Contains("The database did not answer.", page.Find("[role=alert]").TextContent, StringComparison.Ordinal)
        );
        Assert.Single(Names(page));

        await TakeAwayAsync("agents", back: true);

        await SoonAsync(page, () => Assert.Empty(page.FindAll("[role=alert]")));
    }

    [Fact]
    public async Task The_overview_keeps_its_figures()
    {
        var agent = await RegisterAsync("mailroom-1");
        var page = Render<OverviewPage>();
        page.WaitForAssertion(() => Assert.Equal("All is well", page.Find("h1").TextContent));
        await TakeAwayAsync("agents");
        Tell(agent);
        await SoonAsync(
            page,
            () => Assert.Contains("The figures could not be read.", page.Find("[role=alert]").TextContent, StringComparison.Ordinal)
        );
        Assert.Equal("All is well", page.Find("h1").TextContent);

        await TakeAwayAsync("agents", back: true);
        await page.PressAsync("Try again");

        page.WaitForAssertion(() => Assert.Empty(page.FindAll("[role=alert]")));
    }

    [Fact]
    public async Task A_list_of_runs_that_could_not_be_followed_is_read_anew_with_the_next_change()
    {
        var agent = await RegisterAsync("mailroom-1");
        await ReportAsync(agent, "completed", "job-1", "First");
        var list = new RunList(Get<RunService>(), () => House.As(Cast.Ines), Clock, 50, 500, Stop);
        await list.LoadAsync(new RunFilter());
        var run = await ReportAsync(agent, "completed", "job-2", "Second");
        var change = new LiveEvent("run", Cast.Acme, Cast.Payments, null, Core.Common.IdText.Parse(Core.Common.IdText.Run, run.Id));
        await TakeAwayAsync("runs");
        await list.HearAsync(new LiveBatch([change], Overflow: false));
        Assert.Equal("store_unavailable", list.Problem!.Code);
        Assert.Equal(["First"], list.Rows.Select(r => r.Summary));
        Assert.True(list.Missed);

        await TakeAwayAsync("runs", back: true);
        await list.HearAsync(new LiveBatch([change], Overflow: false));

        Assert.Null(list.Problem);
        Assert.Equal(["Second", "First"], list.Rows.Select(r => r.Summary));
    }

    [Fact]
    public async Task A_filter_whose_runs_could_not_be_read_is_read_anew_and_nothing_comes_in_among_the_rows_before()
    {
        var agent = await RegisterAsync("mailroom-1");
        await ReportAsync(agent, "completed", "job-1", "First");
        var list = new RunList(Get<RunService>(), () => House.As(Cast.Ines), Clock, 50, 500, Stop);
        await list.LoadAsync(new RunFilter());
        await list.HearAsync(new HoldEventArgs { Why = "point" });
        await TakeAwayAsync("runs");
        await list.LoadAsync(new RunFilter { Text = "job-2" });
        Assert.Equal(["First"], list.Rows.Select(r => r.Summary));
        Assert.True(list.Missed);
        Assert.EndsWith("still those of the filter before.", list.Problem!.Detail, StringComparison.Ordinal);
        await TakeAwayAsync("runs", back: true);
        var run = await ReportAsync(agent, "completed", "job-2", "Second");

        await list.HearAsync(
            new LiveBatch(
                [new LiveEvent("run", Cast.Acme, Cast.Payments, null, Core.Common.IdText.Parse(Core.Common.IdText.Run, run.Id))],
                Overflow: false
            )
        );

        Assert.Null(list.Problem);
        Assert.Equal(["Second"], list.Rows.Select(r => r.Summary));
        Assert.False(list.Missed);
    }

    private sealed class Fragile : ComponentBase
    {
        public static bool Broken { get; set; }

        protected override void BuildRenderTree(Microsoft.AspNetCore.Components.Rendering.RenderTreeBuilder builder)
        {
            if (Broken)
                throw new InvalidOperationException("Nobody saw this coming");
            builder.AddContent(0, "Here I am");
        }
    }

    [Fact]
    public async Task A_fault_of_the_code_shows_an_id_and_no_word_of_it_and_can_be_tried_again()
    {
        Fragile.Broken = true;
        var page = Render<PageBoundary>(p => p.AddChildContent<Fragile>());
        Assert.Matches("^[0-9a-f]{32}$", page.Find("[data-copy]").GetAttribute("data-copy"));
        Assert.DoesNotContain("Nobody saw", page.Markup, StringComparison.Ordinal);

        Fragile.Broken = false;
        await page.PressAsync("Try again");

        page.WaitForAssertion(() => Assert.Equal("Here I am", page.Markup.Trim()));
    }
}
