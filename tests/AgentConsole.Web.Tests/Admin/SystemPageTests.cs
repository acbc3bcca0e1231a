using AgentConsole.Web.Admin;
using AgentConsole.Web.Tests.Components;
using Bunit;

namespace AgentConsole.Web.Tests.Admin;

public sealed class SystemPageTests : ConsoleBunitContext
{
    [Fact]
    public async Task A_node_that_goes_is_not_ready_and_says_why()
    {
        LookAs(Cast.Olga);
        var page = Render<SystemPage>();
        page.WaitForAssertion(() => Assert.Equal("Ready", page.Find("section.sec h2").TextContent));
        Assert.Empty(page.FindAll("[role=alert]"));

        Node.StopApplication();
        await page.PressAsync("Look again");

        page.WaitForAssertion(() => Assert.Equal("Not ready", page.Find("section.sec h2").TextContent));
        Assert.Equal("This node is stopping.", page.Find("[role=alert]").TextContent.Trim());
    }

    [Fact]
    public async Task A_store_that_takes_no_writes_is_said_beside_what_still_works()
    {
        LookAs(Cast.Olga);
        await TakeAwayAsync("store_facts");

        var page = Render<SystemPage>();

        page.WaitForAssertion(() => Assert.Equal("Not ready", page.Find("section.sec h2").TextContent));
        Assert.Contains("The store does not take writes.", page.Markup, StringComparison.Ordinal);
        Assert.Equal(
            ["yes", "no", "yes"],
            page.FindAll("section.sec dl.wide")[0].QuerySelectorAll("dd").Select(d => d.TextContent.Split(' ')[0])
        );
        await TakeAwayAsync("store_facts", back: true);
    }
}
