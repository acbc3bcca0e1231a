using AgentConsole.Core.Agents;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Agents;

public sealed class FirstRunPageTests : ConsoleBunitContext
{
    private NavigationManager Navigation => Services.GetRequiredService<NavigationManager>();

    [Fact]
    public async Task A_name_a_key_a_program_and_the_page_turns_green_with_the_first_run()
    {
        var page = Render<FirstRunPage>();
        await page.ActAsync("#f-slug", e => e.Input("mailroom-1"));
        await page.ActAsync("form", e => e.Submit());

        Assert.Contains("Waiting for the first run", page.Markup, StringComparison.Ordinal);
        await page.ActAsync("button[aria-label='Show it']", e => e.Click());
        var secret = page.Find("output").TextContent;
        Assert.StartsWith("ak_live_", secret, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, page.Find("pre").TextContent, StringComparison.Ordinal);
        Assert.EndsWith("/start?agent=mailroom-1", Navigation.Uri, StringComparison.Ordinal);

        var agent = (await Get<AgentService>().GetAsync(House.As(Cast.Ines), "mailroom-1", Stop)).Value;
        await ReportAsync(agent, "running", "first-1");
        await SoonAsync(page, () => Assert.Contains("running", page.Find("[data-testid=first-run]").TextContent, StringComparison.Ordinal));
        await ReportAsync(agent, "completed", "first-1", "Counted 3 files");

        await SoonAsync(
            page,
            () => Assert.Contains("Counted 3 files", page.Find("[data-testid=first-run]").TextContent, StringComparison.Ordinal)
        );
        Assert.DoesNotContain(secret, page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_without_a_key_is_said_to_have_none_and_who_makes_it()
    {
        await RegisterAsync("mailroom-1");
        Navigation.NavigateTo("/start?agent=mailroom-1");

        var page = Render<FirstRunPage>();

        Assert.Contains("It has no key yet.", page.Markup, StringComparison.Ordinal);
        Assert.DoesNotContain("was shown once", page.Markup, StringComparison.Ordinal);
        Assert.Equal("Make one", page.Find("a[href='/agents/mailroom-1/keys?act=mint']").TextContent);
    }

    [Fact]
    public async Task Whoever_may_not_make_its_key_reads_who_may()
    {
        await RegisterAsync("mailroom-1");
        LookAs(Cast.Victor);
        Navigation.NavigateTo("/start?agent=mailroom-1");

        Assert.Contains("key-admin", Render<FirstRunPage>().Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Coming_back_to_its_address_goes_on_waiting_and_shows_no_key()
    {
        await RegisterAsync("mailroom-1", body => body with { Key = true });
        Navigation.NavigateTo("/start?agent=mailroom-1&lang=python");

        var page = Render<FirstRunPage>();

        Assert.Contains("Waiting for the first run", page.Markup, StringComparison.Ordinal);
        Assert.Contains("urllib.request", page.Find("pre").TextContent, StringComparison.Ordinal);
        Assert.Empty(page.FindAll(".secret"));
    }

    [Fact]
    public async Task Another_agents_run_is_not_taken_for_the_first_one()
    {
        var other = await RegisterAsync("reader-1");
        await RegisterAsync("mailroom-1");
        Navigation.NavigateTo("/start?agent=mailroom-1");
        var page = Render<FirstRunPage>();

        await ReportAsync(other, "completed");
        await SoonAsync(page, () => Assert.Contains("Waiting", page.Markup, StringComparison.Ordinal));

        Assert.Empty(page.FindAll("[data-testid=first-run]"));
    }

    [Fact]
    public async Task An_agent_one_may_not_see_is_not_waited_for()
    {
        await RegisterAsync("mailroom-1");
        LookAs(Cast.Sara);
        Navigation.NavigateTo("/start?agent=mailroom-1");

        var page = Render<FirstRunPage>();

        Assert.DoesNotContain("mailroom-1", page.Markup, StringComparison.Ordinal);
        Assert.NotEmpty(page.FindAll("form"));
    }

    [Fact]
    public void Who_may_register_nowhere_reads_which_role_is_missing()
    {
        LookAs(Cast.Aude);

        Assert.Contains("operator or team-admin", Render<FirstRunPage>().Markup, StringComparison.Ordinal);
    }
}
