using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Admin;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Admin;

/// <summary>The lists of the admin pages are followed as the others are: nothing that was asked for is lost, and nothing moves under a pointer.</summary>
public sealed class AdminListTests : ConsoleBunitContext
{
    private async Task InviteAsync(int from, int count)
    {
        for (var i = from; i < from + count; i++)
        {
            var body = new InviteUser { Email = $"a{i:00}@acme.example", Roles = ["auditor"] };
            Assert.Null((await Get<UserService>().InviteAsync(House.As(Cast.Olga), body, Stop)).Problem);
        }
    }

    private static int Rows<T>(IRenderedComponent<T> page, string kind)
        where T : IComponent => page.FindAll($"[data-testid={kind}-row]").Count;

    [Fact]
    public async Task Users_that_were_asked_for_stay_when_somebody_changes_and_wait_while_one_points()
    {
        LookAs(Cast.Olga);
        await InviteAsync(0, 60);
        var page = Render<UsersPage>();
        page.WaitForAssertion(() => Assert.Equal(50, Rows(page, "user")));
        await page.PressAsync("Show more");
        page.WaitForAssertion(() => Assert.True(Rows(page, "user") > 60));
        var shown = Rows(page, "user");

        await InviteAsync(60, 1);
        await SoonAsync(page, () => Assert.Contains("a60@acme.example", page.Markup, StringComparison.Ordinal));
        Assert.Equal(shown, Rows(page, "user"));
        await page.ActAsync("table", e => e.TriggerEvent("onhold", new HoldEventArgs { Why = "point" }));
        await InviteAsync(61, 1);

        await SoonAsync(page, () => Assert.Contains("changed", page.Find(".chg").TextContent, StringComparison.Ordinal));
        Assert.DoesNotContain("a61@acme.example", page.Markup, StringComparison.Ordinal);
        // A question over the list leaves it as it is.
        Services.GetRequiredService<NavigationManager>().NavigateTo("/admin/users?act=made&of=usr_x");
        Assert.Equal(shown, Rows(page, "user"));
    }

    [Fact]
    public async Task Tokens_that_were_asked_for_stay_when_another_is_made()
    {
        LookAs(Cast.Ines);
        async Task CreateAsync(int from, int count)
        {
            for (var i = from; i < from + count; i++)
            {
                var body = new CreateToken { Name = $"t{i}", Scopes = ["agents:read"] };
                Assert.Null((await Get<TokenService>().CreateAsync(House.As(Cast.Ines), body, Stop)).Problem);
            }
        }
        await CreateAsync(0, 55);
        var page = Render<TokensPage>();
        page.WaitForAssertion(() => Assert.Equal(50, Rows(page, "token")));
        await page.PressAsync("Show more");
        page.WaitForAssertion(() => Assert.Equal(55, Rows(page, "token")));

        await CreateAsync(55, 1);

        await SoonAsync(page, () => Assert.Equal("t55", page.Find("[data-testid=token-row] .nm").TextContent));
        Assert.Equal(55, Rows(page, "token"));
    }

    [Fact]
    public void Nobody_counts_users_that_a_filter_hides()
    {
        LookAs(Cast.Olga);
        Services.GetRequiredService<NavigationManager>().NavigateTo("/admin/users?q=nobody-has-this-name");

        var page = Render<UsersPage>();

        Assert.Equal("Nothing fits all of these filters.", page.Find(".state p").TextContent);
    }

    [Fact]
    public async Task A_team_that_somebody_else_renamed_is_shown_as_it_is_now_beside_what_was_typed()
    {
        LookAs(Cast.Olga);
        var page = Render<TeamPage>(p => p.Add(t => t.Slug, "payments"));
        var before = (await Get<TeamService>().GetAsync(House.As(Cast.Olga), "payments", Stop)).Value;
        await page.ActAsync("#f-name", e => e.Change("Pay desk"));
        var other = new ChangeTeam { Name = "Invoices" };
        await Get<TeamService>().ChangeAsync(House.As(Cast.Olga), "payments", before.Revision, other, Stop);

        await page.InvokeAsync(() => page.FindAll("form")[^1].Submit());

        page.WaitForAssertion(() =>
            Assert.Contains("It is now called Invoices", page.Find("[data-testid=newer]").TextContent, StringComparison.Ordinal)
        );
        Assert.Contains("You changed this team 0\u00a0s ago", page.Find("[data-testid=newer]").TextContent, StringComparison.Ordinal);
        Assert.Equal("Pay desk", page.Find("#f-name").GetAttribute("value"));
        Assert.Equal("Invoices", (await Get<TeamService>().GetAsync(House.As(Cast.Olga), "payments", Stop)).Value.Name);
        await page.InvokeAsync(() => page.FindAll("form")[^1].Submit());
        page.WaitForAssertion(() => Assert.Empty(page.FindAll("[data-testid=newer]")));
        Assert.Equal("Pay desk", (await Get<TeamService>().GetAsync(House.As(Cast.Olga), "payments", Stop)).Value.Name);
    }

    [Fact]
    public async Task Or_what_it_is_now_is_taken_instead()
    {
        LookAs(Cast.Olga);
        var page = Render<TeamPage>(p => p.Add(t => t.Slug, "payments"));
        var before = (await Get<TeamService>().GetAsync(House.As(Cast.Olga), "payments", Stop)).Value;
        await page.ActAsync("#f-name", e => e.Change("Pay desk"));
        await Get<TeamService>().ChangeAsync(House.As(Cast.Olga), "payments", before.Revision, new ChangeTeam { Name = "Invoices" }, Stop);
        await page.InvokeAsync(() => page.FindAll("form")[^1].Submit());
        page.WaitForAssertion(() => page.Find("[data-testid=newer]"));

        await page.PressAsync("Take what it is now");

        Assert.Equal("Invoices", page.Find("#f-name").GetAttribute("value"));
        Assert.Empty(page.FindAll("[data-testid=newer]"));
    }
}
