using AgentConsole.Core.Agents;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Bunit.TestDoubles;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Agents;

public sealed class FleetPageTests : ConsoleBunitContext
{
    private IRenderedComponent<FleetPage> Open(string address = "/fleet")
    {
        Services.GetRequiredService<NavigationManager>().NavigateTo(address);
        return Render<FleetPage>();
    }

    private static string[] Names(IRenderedComponent<FleetPage> page) =>
        [.. page.FindAll("[data-testid=agent-row] .nm").Select(a => a.TextContent)];

    [Fact]
    public async Task An_agent_that_is_registered_while_the_page_is_open_appears()
    {
        var page = Open();
        Assert.Contains("Agents that you register appear here", page.Markup, StringComparison.Ordinal);
        Assert.Contains("curl -X POST", page.Markup, StringComparison.Ordinal);

        await RegisterAsync("mailroom-1");

        page.WaitForAssertion(() => Assert.Equal(["mailroom-1"], Names(page)));
    }

    [Fact]
    public async Task Only_agents_of_ones_teams_are_there_and_what_needs_attention_comes_first()
    {
        await RegisterAsync("calm");
        await RegisterAsync("stranger", body => body with { Team = "research" });
        await ChangeAsync(
            await RegisterAsync("trouble"),
            agent => (agent.Health, agent.HealthReason) = (Health.Failing, "14.2 % of runs fail, limit 5 %")
        );

        var page = Open();

        Assert.Equal(["trouble", "calm"], Names(page));
        Assert.Contains(
            "14.2 % of runs fail",
            page.Find("[data-slug=trouble] .st.failing").GetAttribute("title"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_run_shows_in_its_row_without_moving_it()
    {
        var agent = await RegisterAsync("mailroom-1");
        await RegisterAsync("aaa");
        var page = Open("/fleet?sort=slug");

        var run = await ReportAsync(agent, "failed");

        page.WaitForAssertion(() => Assert.Equal(run.Id, page.Find("[data-slug=mailroom-1]").GetAttribute("data-last-run")));
        Assert.Equal(["aaa", "mailroom-1"], Names(page));
        page.WaitForAssertion(() =>
            Assert.Contains("Failed", page.Find("[data-slug=mailroom-1] .c-lr").TextContent, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task While_the_pointer_rests_on_the_table_the_order_is_held_and_a_chip_says_what_waits()
    {
        await RegisterAsync("m-second");
        var page = Open("/fleet?sort=slug");
        await page.ActAsync("table", e => e.TriggerEvent("onhold", new HoldEventArgs { Why = "point" }));

        await RegisterAsync("a-first");

        page.WaitForAssertion(() => Assert.Contains("changed", page.Find(".chg").TextContent, StringComparison.Ordinal));
        Assert.Equal(["m-second"], Names(page));
        await page.ActAsync(".chg", e => e.Click());
        page.WaitForAssertion(() => Assert.Equal(["a-first", "m-second"], Names(page)));
    }

    [Fact]
    public async Task What_is_typed_filters_and_stands_in_the_address()
    {
        await RegisterAsync("mailroom-1");
        await RegisterAsync("ledger");
        var page = Open();

        await page.ActAsync("[data-testid=filter-text]", e => e.Input("mail"));

        page.WaitForAssertion(() => Assert.Equal(["mailroom-1"], Names(page)));
        Assert.EndsWith("/fleet?q=mail", Services.GetRequiredService<NavigationManager>().Uri, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_typed_fact_becomes_a_chip()
    {
        await RegisterAsync("mailroom-1", body => body with { Tags = ["eu"] });
        await RegisterAsync("ledger");
        var page = Open();

        await page.ActAsync("[data-testid=filter-text]", e => e.Change("tag:eu"));

        page.WaitForAssertion(() => Assert.Equal(["mailroom-1"], Names(page)));
        Assert.Contains("tag: eu", page.Find(".chip.accent").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_filter_that_leaves_nothing_says_how_many_there_are_without_it()
    {
        await RegisterAsync("mailroom-1");

        var page = Open("/fleet?q=nothing-like-it");

        page.WaitForAssertion(() =>
            Assert.Contains("1 agent without these filters", page.Markup.Replace('\u00a0', ' '), StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task An_address_with_nonsense_is_named_and_the_rest_is_shown()
    {
        await RegisterAsync("mailroom-1");

        var page = Open("/fleet?health=splendid");

        Assert.Contains("health: Must be one of degraded, failing, ok.", page.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Equal(["mailroom-1"], Names(page));
    }

    [Fact]
    public void Somebody_without_a_team_is_told_whom_to_ask()
    {
        LookAs(Cast.Nobody);

        var page = Open();

        Assert.Contains("Ask an org-admin", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void A_viewer_sees_what_is_missing_to_register()
    {
        LookAs(Cast.Victor);

        var page = Open();

        var button = page.FindAll("button").First(b => b.TextContent.Contains("Register agent", StringComparison.Ordinal));
        Assert.Equal("true", button.GetAttribute("aria-disabled"));
        Assert.Contains(
            "operator or team-admin",
            page.Find("#" + button.GetAttribute("aria-describedby")).TextContent,
            StringComparison.Ordinal
        );
    }

    private static AngleSharp.Dom.IElement Facet(IRenderedComponent<FleetPage> page, string name) =>
        page.FindAll(".facets .fc li").First(li => li.QuerySelector(".ell")!.TextContent == name);

    private static string Count(IRenderedComponent<FleetPage> page, string name) => Facet(page, name).QuerySelector(".n")!.TextContent;

    [Fact]
    public async Task Facets_count_under_the_filter_without_their_own_fact_and_nothing_is_grey()
    {
        await RegisterAsync("a", body => body with { Tags = ["eu"] });
        await RegisterAsync("b", body => body with { Tags = ["us"] });
        await ChangeAsync(await RegisterAsync("c", body => body with { Tags = ["eu"] }), agent => agent.Health = Health.Failing);

        var page = Open("/fleet?health=failing");

        page.WaitForAssertion(() => Assert.Equal("1", Count(page, "Failing")));
        Assert.Equal("2", Count(page, "OK"));
        Assert.Equal("1", Count(page, "eu"));
        Assert.Equal("0", Count(page, "us"));
        Assert.Contains("none", Facet(page, "us").ClassName, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_facet_leads_to_the_filter_with_it_and_the_button_beside_it_to_the_one_without()
    {
        await RegisterAsync("a", body => body with { Tags = ["eu"] });
        var page = Open("/fleet?health=ok,failing&sort=slug");
        page.WaitForAssertion(() => Assert.Equal("1", Count(page, "eu")));

        var links = Facet(page, "Degraded").QuerySelectorAll("a");

        Assert.Equal("/fleet?health=degraded%2Cfailing%2Cok&sort=slug", links[0].GetAttribute("href"));
        Assert.Equal("/fleet?health=failing%2Cok%2C-degraded&sort=slug", links[0].GetAttribute("data-not"));
        Assert.Equal(links[0].GetAttribute("data-not"), links[1].GetAttribute("href"));
        Assert.Equal("not Degraded: exclude it", links[1].GetAttribute("aria-label"));
        Assert.Equal("/fleet?health=failing&sort=slug", Facet(page, "OK").QuerySelector("a")!.GetAttribute("href"));
    }

    [Fact]
    public async Task Columns_and_density_stand_in_the_address_and_in_their_order()
    {
        await RegisterAsync("mailroom-1", body => body with { Tags = ["eu", "<b>"] });

        var page = Open("/fleet?columns=tags,owner,health,nonsense&density=compact");

        Assert.Equal(["Agent", "Tags", "Owner", "Health"], page.FindAll("thead th:not(.c-sel)").Select(th => th.TextContent));
        Assert.Equal(["<b>, eu", "Olga"], page.FindAll("tbody tr td:not(.c-sel)").Skip(1).Take(2).Select(td => td.TextContent));
        Assert.Equal("compact", page.Find(".fl").GetAttribute("data-density"));
        Assert.Contains("There is no column nonsense", page.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        var sorted = page.Find("thead th a").GetAttribute("href");
        Assert.Equal("/fleet?sort=slug&columns=tags%2Cowner%2Chealth&density=compact", sorted);
    }

    [Fact]
    public async Task The_chooser_adds_moves_and_takes_away_columns_with_buttons()
    {
        await RegisterAsync("mailroom-1");
        var page = Open("/fleet?columns=health,liveness");
        await page.ActAsync("[aria-label='Columns and density']", e => e.Click());

        await page.ActAsync("[aria-label='Move Liveness to the left']", e => e.Click());

        page.WaitForAssertion(() =>
            Assert.Equal(["Agent", "Liveness", "Health"], page.FindAll("thead th:not(.c-sel)").Select(th => th.TextContent))
        );
        await page.ActAsync(".cols li:nth-child(3) input", e => e.Change(false));
        page.WaitForAssertion(() => Assert.Equal(["Agent", "Liveness"], page.FindAll("thead th:not(.c-sel)").Select(th => th.TextContent)));
        Assert.EndsWith(
            "/fleet?columns=liveness&act=columns",
            Services.GetRequiredService<NavigationManager>().Uri,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Values_of_a_facet_keep_their_places_while_one_points_at_them()
    {
        static AgentFacets Counted(int one, int other) =>
            new(
                one + other,
                one + other,
                Enum.GetValues<AgentFact>()
                    .ToDictionary(
                        fact => fact,
                        fact =>
                            (IReadOnlyList<FacetValue>)(
                                fact == AgentFact.Tag
                                    ?
                                    [
                                        .. new[] { new FacetValue("eu", "eu", one), new FacetValue("us", "us", other) }.OrderByDescending(
                                            v => v.Count
                                        ),
                                    ]
                                    : []
                            )
                    )
            );
        static string[] Tags(IRenderedComponent<FleetFacets> facets) => [.. facets.FindAll(".ell").Select(e => e.TextContent)];
        var facets = Render<FleetFacets>(p =>
            p.Add(f => f.State, new FleetState()).Add(f => f.At, _ => "/fleet").Add(f => f.Counts, Counted(3, 2))
        );
        facets.Find("[data-hold]").TriggerEvent("onhold", new HoldEventArgs { Why = "point" });

        facets.Render(p => p.Add(f => f.Counts, Counted(3, 4)));
        Assert.Equal(["eu", "us"], Tags(facets));
        facets.Find("[data-hold]").TriggerEvent("onhold", new HoldEventArgs());

        Assert.Equal(["us", "eu"], Tags(facets));
    }
}
