using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Components.Layout;
using AgentConsole.Web.Keys;
using AgentConsole.Web.Overview;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Agents;

public sealed class HandOverPageTests : ConsoleBunitContext
{
    [Fact]
    public async Task The_overview_says_who_lost_an_owner_and_the_page_gives_them_to_somebody_else()
    {
        await RegisterAsync("mailroom-1", body => body with { Owner = Cast.Otto.Email });
        await RegisterAsync("mailroom-2", body => body with { Owner = Cast.Otto.Email });
        await Get<UserService>().DisableAsync(House.As(Cast.Olga), IdText.Format(IdText.User, Cast.Otto.Id), Stop);

        var overview = Render<OverviewPage>();
        Assert.Equal("2 agents have lost their owner", overview.Find("h1").TextContent);
        Assert.Contains(
            "2 agents have lost their owner since Otto was disabled",
            overview.Find(".nd .a").TextContent,
            StringComparison.Ordinal
        );
        Assert.Equal("/fleet?owner=otto%40acme.example", overview.Find(".nd .a a").GetAttribute("href"));
        Services.GetRequiredService<NavigationManager>().NavigateTo(overview.Find(".nd .bt a").GetAttribute("href")!);
        var page = Render<HandOverPage>();
        Assert.Equal("2\u00a0agents lost their owner Otto", page.Find("h1").TextContent);
        Assert.Equal(2, page.FindAll("[data-testid=owned-row]").Count);

        await page.ActAsync("#f-to", e => e.Change(Cast.Tara.Email));
        await page.ActAsync("form", e => e.Submit());

        page.WaitForAssertion(() =>
            Assert.Contains("2\u00a0agents now belong to tara@acme.example", page.Markup, StringComparison.Ordinal)
        );
        Assert.Equal("All is well", Render<OverviewPage>().Find("h1").TextContent);
    }

    [Fact]
    public async Task A_hand_over_is_taken_back_but_for_what_somebody_gave_away_since()
    {
        await RegisterAsync("mailroom-1", body => body with { Owner = Cast.Otto.Email });
        var two = await RegisterAsync("mailroom-2", body => body with { Owner = Cast.Otto.Email });
        Services.GetRequiredService<NavigationManager>().NavigateTo("/fleet/hand-over?from=otto@acme.example");
        var page = Render<HandOverPage>();
        var toasts = Render<ToastHost>();
        await page.ActAsync("#f-to", e => e.Change(Cast.Tara.Email));
        await page.ActAsync("form", e => e.Submit());
        toasts.WaitForAssertion(() => Assert.Equal("/fleet?owner=tara%40acme.example", toasts.Find(".toast a").GetAttribute("href")));
        var agents = Get<AgentService>();
        await agents.ChangeAsync(House.As(Cast.Olga), two.Id, two.Revision + 1, new ChangeAgent { Owner = Cast.Ines.Email }, Stop);

        await toasts.ActAsync("[data-key=z]", e => e.Click());

        toasts.WaitForAssertion(() =>
            Assert.Contains("Undone for 1\u00a0agent; 1 changed meanwhile and stayed", toasts.Markup, StringComparison.Ordinal)
        );
        async Task<string?> OwnerAsync(string slug) => (await agents.GetAsync(House.As(Cast.Olga), slug, Stop)).Value.Owner?.Email;
        Assert.Equal((Cast.Otto.Email, Cast.Ines.Email), (await OwnerAsync("mailroom-1"), await OwnerAsync("mailroom-2")));
        page.WaitForAssertion(() => Assert.Single(page.FindAll("[data-testid=owned-row]")));
    }

    [Fact]
    public async Task A_wrong_owner_is_named_and_nothing_is_handed_over()
    {
        await RegisterAsync("mailroom-1", body => body with { Owner = Cast.Otto.Email });
        Services.GetRequiredService<NavigationManager>().NavigateTo("/fleet/hand-over?from=otto@acme.example");
        var page = Render<HandOverPage>();
        await page.ActAsync("#f-to", e => e.Change("nobody@nowhere.example"));
        await page.ActAsync("form", e => e.Submit());
        page.WaitForAssertion(() => Assert.Contains("Is no enabled user", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public void A_viewer_reads_which_role_is_missing()
    {
        LookAs(Cast.Victor);

        Assert.Contains("You may not give agents to somebody", Render<HandOverPage>().Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_of_keys_counts_those_that_nobody_needs()
    {
        await RegisterAsync("mailroom-1", body => body with { Key = true, Owner = Cast.Otto.Email });
        Services.GetRequiredService<NavigationManager>().NavigateTo("/keys?state=active&used=never");

        var page = Render<KeysPage>();

        Assert.Single(page.FindAll("[data-testid=key-row]"));
        Assert.Equal("Never used1", page.Find(".tabs [aria-current=page]").TextContent);
    }
}
