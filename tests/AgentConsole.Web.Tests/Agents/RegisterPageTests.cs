using AgentConsole.Core.Agents;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Agents;

public sealed class RegisterPageTests : ConsoleBunitContext
{
    [Fact]
    public async Task Ines_registers_an_agent_stores_its_key_and_stands_before_it()
    {
        var page = Render<RegisterPage>();

        await page.ActAsync("#f-slug", e => e.Input("mailroom-1"));
        await page.ActAsync("#f-tags", e => e.Change("mail, eu"));
        await page.ActAsync("form", e => e.Submit());
        await page.ActAsync("button[aria-label='Show it']", e => e.Click());
        var secret = page.Find("output").TextContent;
        await page.ActAsync(".secret input", e => e.Input(secret[^4..]));
        await page.PressAsync("I stored it");

        Assert.EndsWith("/agents/mailroom-1", Services.GetRequiredService<NavigationManager>().Uri, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, page.Markup, StringComparison.Ordinal);
        var agent = (await Get<AgentService>().GetAsync(House.As(Cast.Ines), "mailroom-1", Stop)).Value;
        Assert.Equal(["eu", "mail"], agent.Tags);
        Assert.Equal("ines@acme.example", agent.Owner!.Email);
    }

    [Fact]
    public async Task A_slug_that_is_taken_is_said_so_and_what_was_typed_stays()
    {
        await RegisterAsync("mailroom-1");
        var page = Render<RegisterPage>();

        await page.ActAsync("#f-slug", e => e.Input("mailroom-1"));
        await page.ActAsync("#f-environment", e => e.Change("production"));
        await page.ActAsync("form", e => e.Submit());

        page.WaitForAssertion(() =>
            Assert.Contains("Is taken by another agent", page.Find("#f-slug-h").TextContent, StringComparison.Ordinal)
        );
        Assert.Equal("true", page.Find("#f-slug").GetAttribute("aria-invalid"));
        Assert.Equal("production", page.Find("#f-environment").GetAttribute("value"));
    }

    [Fact]
    public void An_operator_who_may_make_no_keys_registers_without_one_and_reads_why()
    {
        LookAs(Cast.Otto);

        var page = Render<RegisterPage>();

        Assert.True(page.Find("input[type=checkbox]").HasAttribute("disabled"));
        Assert.Contains("key-admin", page.Find("#key-why").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Somebody_who_may_register_nowhere_is_told_which_role_is_missing()
    {
        LookAs(Cast.Aude);

        Assert.Contains("operator or team-admin", Render<RegisterPage>().Markup, StringComparison.Ordinal);
    }
}
