using AgentConsole.Core.Retention;
using AgentConsole.Web.Retention;
using AgentConsole.Web.Tests.Components;
using Bunit;

namespace AgentConsole.Web.Tests.Retention;

public sealed class RetentionPageTests : ConsoleBunitContext
{
    [Fact]
    public async Task Limits_are_saved_after_their_effect_was_seen()
    {
        var agent = await RegisterAsync("mailroom-1");
        await ReportAsync(agent, "completed");
        LookAs(Cast.Olga);
        Clock.Advance(TimeSpan.FromHours(11));
        var page = Render<RetentionPage>();
        await page.ActAsync("#f-run_days", input => input.Change("1"));
        Assert.Contains("First see what would go", page.Markup, StringComparison.Ordinal);

        await page.PressAsync("See what would go");
        page.WaitForAssertion(() => Assert.Contains("no row is older", page.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain("First see what would go", page.Markup, StringComparison.Ordinal);
        await page.InvokeAsync(() => page.Find("form").Submit());

        var set = (await Get<RetentionService>().GetAsync(House.As(Cast.Olga), Stop)).Value;
        Assert.Equal((1, null, 1L), (set.RunDays, set.StepDays, set.Revision));
    }

    [Fact]
    public void Who_may_not_set_it_is_told_which_role_does()
    {
        LookAs(Cast.Tara);
        Assert.Contains("org-admin", Render<RetentionPage>().Markup, StringComparison.Ordinal);
    }
}
