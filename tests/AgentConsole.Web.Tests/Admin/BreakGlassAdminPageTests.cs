using AgentConsole.Core.People;
using AgentConsole.Web.Admin;
using AgentConsole.Web.Overview;
using AgentConsole.Web.Tests.Components;
using Bunit;

namespace AgentConsole.Web.Tests.Admin;

public sealed class BreakGlassAdminPageTests : ConsoleBunitContext
{
    [Fact]
    public async Task A_code_is_shown_once_and_goes_with_the_press_that_puts_it_away()
    {
        LookAs(Cast.Olga);
        var page = Render<BreakGlassAdminPage>();
        page.WaitForAssertion(() => Assert.Contains("No code is sealed", page.Markup, StringComparison.Ordinal));
        await page.ActAsync("#f-name", e => e.Change("Safe in Oslo"));
        await page.ActAsync("form", e => e.Submit());
        page.WaitForAssertion(() => Assert.Matches("^([0-9A-Z]{5}-){7}[0-9A-Z]{5}$", page.Find("[data-testid=code]").TextContent));
        var code = page.Find("[data-testid=code]").TextContent;

        await page.PressAsync("It is in the envelope");

        Assert.DoesNotContain(code, page.Markup, StringComparison.Ordinal);
        Assert.Contains("Safe in Oslo", page.Find("[data-testid=break-glass-row]").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain(code, Render<BreakGlassAdminPage>().Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_auditor_reads_it_and_is_told_why_nothing_can_be_pressed()
    {
        await Get<BreakGlassService>().SealAsync(House.As(Cast.Olga), "Safe in Oslo", Stop);
        LookAs(Cast.Aude);
        var page = Render<BreakGlassAdminPage>();
        page.WaitForAssertion(() => Assert.NotEmpty(page.FindAll("[data-testid=break-glass-row]")));
        Assert.Contains("org-admin", page.Find("form .tip").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_team_admin_sees_no_envelope()
    {
        await Get<BreakGlassService>().SealAsync(House.As(Cast.Olga), "Safe in Oslo", Stop);
        LookAs(Cast.Tara);

        var page = Render<BreakGlassAdminPage>();

        Assert.Contains("org-admin", page.Markup, StringComparison.Ordinal);
        Assert.DoesNotContain("Safe in Oslo", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_overview_of_an_org_admin_asks_for_the_review()
    {
        await RegisterAsync("mailroom-1");
        var service = Get<BreakGlassService>();
        var code = (await service.SealAsync(House.As(Cast.Olga), "Safe in Oslo", Stop)).Value.Code;
        Assert.Null((await service.UseAsync(code, "Both admins are ill", CallOrigin.Unknown(), Stop)).Problem);
        LookAs(Cast.Olga);

        var page = Render<OverviewPage>();

        Assert.Equal("A break-glass account was used: review it", page.Find("h1").TextContent);
        Assert.Contains("Both admins are ill", page.Find(".nd").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_overview_of_others_does_not()
    {
        await RegisterAsync("mailroom-1");
        var service = Get<BreakGlassService>();
        var code = (await service.SealAsync(House.As(Cast.Olga), "Safe in Oslo", Stop)).Value.Code;
        Assert.Null((await service.UseAsync(code, "Both admins are ill", CallOrigin.Unknown(), Stop)).Problem);

        Assert.DoesNotContain("Both admins are ill", Render<OverviewPage>().Markup, StringComparison.Ordinal); // Ines looks
    }
}
