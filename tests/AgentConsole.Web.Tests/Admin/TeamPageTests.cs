using AgentConsole.Core.People;
using AgentConsole.Web.Admin;
using AgentConsole.Web.Components.Layout;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Admin;

public sealed class TeamPageTests : ConsoleBunitContext
{
    [Fact]
    public async Task What_was_done_with_a_team_is_said()
    {
        LookAs(Cast.Tara);
        Services.GetRequiredService<NavigationManager>().NavigateTo("/admin/teams/payments");
        var page = Render<TeamPage>(p => p.Add(t => t.Slug, "payments"));
        var toasts = Render<ToastHost>();
        void Says(string text) =>
            toasts.WaitForAssertion(() => Assert.Contains(text, toasts.Find(".toast").TextContent, StringComparison.Ordinal));

        await page.ActAsync("#f-name", e => e.Change("Payments and refunds"));
        await page.ActAsync("form:has(#f-name)", e => e.Submit());
        Says("Saved Payments and refunds");
        Assert.Equal("Payments and refunds", page.Find("h1").TextContent);

        await page.ActAsync("#f-principal", e => e.Input("nobody@acme.example"));
        await page.ActAsync("form:has(#f-principal) input[type=checkbox]", e => e.Change(true));
        await page.ActAsync("form:has(#f-principal)", e => e.Submit());
        Says("nobody@acme.example is now in Payments and refunds");

        var members = Get<TeamService>().Members(House.As(Cast.Tara), "payments").Value;
        Services
            .GetRequiredService<NavigationManager>()
            .NavigateTo($"/admin/teams/payments?act=remove&of={members.Single(m => m.Label == "nobody@acme.example").Id}");
        page.Render();
        await page.ActAsync("dialog footer .df", e => e.Click());
        Says("nobody@acme.example is no longer in Payments and refunds");
    }
}
