using AgentConsole.Web.Spend;
using AgentConsole.Web.Tests.Components;
using Bunit;

namespace AgentConsole.Web.Tests.Spend;

public sealed class SpendPageTests : ConsoleBunitContext
{
    [Fact]
    public async Task Nothing_is_shown_of_a_team_that_the_visitor_may_not_see()
    {
        var agent = await RegisterAsync("mailroom-1");
        await ReportAsync(agent, "completed");

        var mine = Render<SpendPage>();
        mine.WaitForAssertion(() =>
            Assert.Contains("are the same", mine.Find("[data-testid=spend-proof]").TextContent, StringComparison.Ordinal)
        );
        Assert.Contains("mailroom-1", mine.Markup, StringComparison.Ordinal);

        LookAs(Cast.Sara);
        var hers = Render<SpendPage>();
        hers.WaitForAssertion(() => Assert.Contains("No run ended in this time", hers.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain("mailroom-1", hers.Markup, StringComparison.Ordinal);
    }
}
