using AgentConsole.Web.Spend;
using AgentConsole.Web.Tests.Components;
using Bunit;

namespace AgentConsole.Web.Tests.Spend;

public sealed class SpendPageTests : ConsoleBunitContext
{
    [Fact]
    public async Task Sums_and_total_are_shown_to_agree()
    {
        await ReportAsync(await RegisterAsync("mailroom-1"), "completed");
        var page = Render<SpendPage>();
        page.WaitForAssertion(() =>
            Assert.Contains("are the same", page.Find("[data-testid=spend-proof]").TextContent, StringComparison.Ordinal)
        );
        Assert.Contains("mailroom-1", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_shown_of_a_team_that_the_visitor_may_not_see()
    {
        await ReportAsync(await RegisterAsync("mailroom-1"), "completed");
        LookAs(Cast.Sara);
        var page = Render<SpendPage>();
        page.WaitForAssertion(() => Assert.Contains("No run ended in this time", page.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain("mailroom-1", page.Markup, StringComparison.Ordinal);
    }
}
