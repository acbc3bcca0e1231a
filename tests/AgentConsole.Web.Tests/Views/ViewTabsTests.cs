using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Views;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Layout;
using AgentConsole.Web.Keys;
using AgentConsole.Web.Runs;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Views;

public sealed class ViewTabsTests : ConsoleBunitContext
{
    private NavigationManager Browser => Services.GetRequiredService<NavigationManager>();

    private string Address => "/" + Browser.ToBaseRelativePath(Browser.Uri);

    private IRenderedComponent<TPage> Open<TPage>(string address)
        where TPage : IComponent
    {
        Browser.NavigateTo(address);
        return Render<TPage>();
    }

    private async Task<ViewBody> SaveAsync(SaveView view) => (await Get<ViewService>().CreateAsync(House.As(Cast.Ines), view, Stop)).Value;

    private static SaveView Fleet(string name, string query) =>
        new()
        {
            Page = "fleet",
            Name = name,
            Query = query,
        };

    [Fact]
    public async Task A_filter_is_saved_under_a_name_and_is_then_the_tab_one_stands_on()
    {
        await RegisterAsync("mailroom-1", body => body with { Tags = ["eu"] });
        var page = Open<FleetPage>("/fleet?tag=eu&columns=team,health");
        await page.ActAsync(".views-act button", e => e.Click());
        await page.ActAsync("#f-name", e => e.Change("Europe"));

        await page.ActAsync("#view-form", e => e.Submit());

        page.WaitForAssertion(() => Assert.Equal("Europe", page.Find(".tabs a[aria-current]").TextContent));
        var saved = Assert.Single((await Get<ViewService>().ListAsync(House.As(Cast.Ines), null, new PageRequest(), Stop)).Value.Items);
        Assert.Equal(("tag=eu", "team,health"), (saved.Query, saved.Columns));
        Assert.Equal($"/fleet?view={saved.Id}&tag=eu&columns=team%2Chealth", Address);
        Assert.Empty(page.FindAll("[data-testid=view-modified]"));
    }

    [Fact]
    public async Task What_is_changed_of_a_view_is_marked_and_can_be_saved_or_taken_back()
    {
        await RegisterAsync("mailroom-1", body => body with { Tags = ["eu"] });
        var view = await SaveAsync(Fleet("Europe", "tag=eu"));
        var page = Open<FleetPage>($"/fleet?view={view.Id}&tag=eu");
        page.WaitForAssertion(() => Assert.Equal("Europe", page.Find(".tabs a[aria-current]").TextContent));
        Assert.Empty(page.FindAll("[data-testid=view-modified]"));

        await page.ActAsync("[data-testid=filter-text]", e => e.Input("mail"));

        page.WaitForAssertion(() => page.Find("[data-testid=view-modified]"));
        Assert.Equal($"/fleet?view={view.Id}&tag=eu", page.Find(".views-act a").GetAttribute("href"));
        await page.ActAsync(".views-act > .may > button", e => e.Click());
        page.WaitForAssertion(() => Assert.Empty(page.FindAll("[data-testid=view-modified]")));
        Assert.Equal("q=mail&tag=eu", (await Get<ViewService>().GetAsync(House.As(Cast.Ines), view.Id, Stop)).Value.Query);
    }

    [Theory]
    [InlineData(false, "Europe is as it was.", "tag=eu")]
    [InlineData(true, "Not undone: ", "tag=uk")]
    public async Task An_undo_that_is_pressed_after_one_left_the_page_says_what_became_of_it(bool changed, string said, string query)
    {
        await RegisterAsync("mailroom-1", body => body with { Tags = ["eu"] });
        var view = await SaveAsync(Fleet("Europe", "tag=eu"));
        var page = Open<FleetPage>($"/fleet?view={view.Id}&tag=eu");
        await page.ActAsync("[data-testid=filter-text]", e => e.Input("mail"));
        page.WaitForAssertion(() => page.Find("[data-testid=view-modified]"));
        await page.ActAsync(".views-act > .may > button", e => e.Click());
        var toasts = Services.GetRequiredService<Toasts>();
        page.WaitForAssertion(() => Assert.NotNull(toasts.Current));
        await DisposeComponentsAsync();
        var saved = (await Get<ViewService>().GetAsync(House.As(Cast.Ines), view.Id, Stop)).Value;
        if (changed)
            await Get<ViewService>().ChangeAsync(House.As(Cast.Ines), view.Id, saved.Revision, new ChangeView { Query = "tag=uk" }, Stop);

        await toasts.Current!.Undo!();

        Assert.StartsWith(said, toasts.Current.Text, StringComparison.Ordinal);
        Assert.Equal(query, (await Get<ViewService>().GetAsync(House.As(Cast.Ines), view.Id, Stop)).Value.Query);
    }

    [Fact]
    public async Task A_refused_name_keeps_its_form_and_can_be_sent_again()
    {
        var view = await SaveAsync(Fleet("Europe", "tag=eu"));
        var page = Open<FleetPage>($"/fleet?view={view.Id}&tag=eu");
        page.WaitForAssertion(() => Assert.Equal("Europe", page.Find(".tabs a[aria-current]").TextContent));
        await page.PressAsync("Rename…");
        Assert.EndsWith("&act=rename-view", Address, StringComparison.Ordinal);
        await page.ActAsync("#f-name", e => e.Change("Old world"));
        await Get<ViewService>().ChangeAsync(House.As(Cast.Ines), view.Id, view.Revision, new ChangeView { Query = "tag=eu,uk" }, Stop);

        await page.ActAsync("#view-form", e => e.Submit());

        page.WaitForAssertion(() =>
            Assert.Contains("The view was not renamed.", page.Find("dialog").TextContent, StringComparison.Ordinal)
        );
        Assert.Equal("Old world", page.Find("#f-name").GetAttribute("value"));
        await page.ActAsync("#view-form", e => e.Submit());
        page.WaitForAssertion(() => Assert.Empty(page.FindAll("dialog")));
        var renamed = (await Get<ViewService>().GetAsync(House.As(Cast.Ines), view.Id, Stop)).Value;
        Assert.Equal(("Old world", "tag=eu%2Cuk"), (renamed.Name, renamed.Query));
    }

    [Fact]
    public async Task What_is_asked_stands_in_the_address_and_comes_back_with_it()
    {
        await RegisterAsync("mailroom-1", body => body with { Tags = ["eu"] });

        var page = Open<FleetPage>("/fleet?tag=eu&act=save-view");
        page.WaitForAssertion(() => Assert.Equal("Save this view", page.Find("dialog h2").TextContent));
        Browser.NavigateTo("/fleet?tag=eu&act=facets");

        page.WaitForAssertion(() => Assert.Equal("Facets", page.Find("dialog h2").TextContent));
        // Each choice keeps it open.
        page.WaitForAssertion(() =>
            Assert.All(page.FindAll("dialog .fc a"), a => Assert.Contains("act=facets", a.GetAttribute("href"), StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task A_viewer_sees_the_teams_view_and_why_they_may_not_change_it()
    {
        await RegisterAsync("mailroom-1");
        var view = await SaveAsync(Fleet("Ours", "health=ok") with { Team = "payments" });
        LookAs(Cast.Victor);

        var page = Open<FleetPage>($"/fleet?view={view.Id}&health=failing");

        page.WaitForAssertion(() => page.Find("[data-testid=view-modified]"));
        var save = page.Find(".views-act .why button");
        Assert.Equal("true", save.GetAttribute("aria-disabled"));
        Assert.Contains(
            "operator or team-admin",
            page.Find("#" + save.GetAttribute("aria-describedby")).TextContent,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(page.FindAll(".drop button"), b => b.TextContent.Contains("Delete", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_page_without_a_wish_opens_with_the_default_view_and_all_is_still_there()
    {
        await RegisterAsync("mailroom-1", body => body with { Tags = ["eu"] });
        await RegisterAsync("ledger");
        var view = await SaveAsync(Fleet("Europe", "tag=eu") with { Default = true });

        var page = Open<FleetPage>("/fleet");

        page.WaitForAssertion(() => Assert.Single(page.FindAll("[data-testid=agent-row]")));
        Assert.Equal($"/fleet?view={view.Id}&tag=eu", Address);
        var all = page.FindAll(".tabs a").First(a => a.TextContent.StartsWith("All", StringComparison.Ordinal)).GetAttribute("href")!;
        Assert.Equal("/fleet?view=all", all);
        Browser.NavigateTo(all);
        page.WaitForAssertion(() => Assert.Equal(2, page.FindAll("[data-testid=agent-row]").Count));
        Assert.Equal(all, Address);
    }

    [Fact]
    public async Task Columns_that_one_chose_come_back_with_the_page()
    {
        await RegisterAsync("mailroom-1");
        var page = Open<FleetPage>("/fleet?columns=health,liveness");
        await page.ActAsync("[aria-label='Columns and density']", e => e.Click());
        await page.ActAsync("[aria-label='Move Liveness to the left']", e => e.Click());
        // The chooser stays open, also for a page that is loaded again.
        page.WaitForAssertion(() => Assert.Equal("/fleet?columns=liveness%2Chealth&act=columns", Address));
        Assert.NotEmpty(Open<FleetPage>(Address).FindAll("dialog .cols"));
        await page.PressAsync("Done");
        page.WaitForAssertion(() => Assert.Empty(page.FindAll("dialog")));

        var again = Open<FleetPage>("/fleet");

        again.WaitForAssertion(() =>
            Assert.Equal(["Agent", "Liveness", "Health"], again.FindAll("thead th:not(.c-sel)").Select(th => th.TextContent))
        );
        Assert.Equal("/fleet?columns=liveness%2Chealth", Address);
    }

    [Fact]
    public async Task A_view_that_is_not_ones_own_is_not_there()
    {
        await RegisterAsync("mailroom-1");
        var other = (await Get<ViewService>().CreateAsync(House.As(Cast.Otto), Fleet("Otto's", "q=mail"), Stop)).Value;

        var page = Open<FleetPage>($"/fleet?view={other.Id}&q=mail");

        page.WaitForAssertion(() => Assert.Contains("not there, or not yours", page.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain("Otto's", page.Markup, StringComparison.Ordinal);
        Assert.Single(page.FindAll("[data-testid=agent-row]"));
    }

    [Fact]
    public async Task Runs_and_keys_have_views_too()
    {
        var runs = await SaveAsync(
            new SaveView
            {
                Page = "runs",
                Name = "Broken",
                Query = "status=failed",
                Default = true,
            }
        );
        var keys = await SaveAsync(
            new SaveView
            {
                Page = "keys",
                Name = "Idle",
                Query = "state=active&sort=longest-unused",
            }
        );

        var log = Open<RunsPage>("/runs");
        log.WaitForAssertion(() => Assert.Equal("Broken", log.Find(".tabs a[aria-current]").TextContent));
        Assert.Equal($"/runs?view={runs.Id}&status=failed", Address);
        var list = Open<KeysPage>($"/keys?view={keys.Id}&state=active");
        list.WaitForAssertion(() => list.Find("[data-testid=view-modified]"));
        Assert.Equal(keys.Id, list.Find("form input[name=view]").GetAttribute("value"));
    }

    [Fact]
    public async Task Pinned_views_stand_in_the_navigation_with_a_count_that_follows()
    {
        await RegisterAsync("mailroom-1", body => body with { Tags = ["eu"] });
        await SaveAsync(Fleet("Europe", "tag=eu") with { Pinned = true });
        var nav = Render<PinnedViews>(p => p.Add(n => n.Path, "/fleet"));
        nav.WaitForAssertion(() => Assert.Equal("Europe1", nav.Find("a.pin").TextContent));

        Clock.Advance(TimeSpan.FromSeconds(6));
        await RegisterAsync("ledger", body => body with { Tags = ["eu"] });

        nav.WaitForAssertion(() => Assert.Equal("Europe2", nav.Find("a.pin").TextContent));
    }
}
