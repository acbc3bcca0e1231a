using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Gateways;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Components;
using AgentConsole.Web.Gateways;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Gateways;

public sealed class GatewayPagesTests : ConsoleBunitContext
{
    private NavigationManager Browser => Services.GetRequiredService<NavigationManager>();

    private async Task<GatewayBody> MakeAsync(string name) =>
        (await Get<GatewayService>().CreateAsync(House.As(Cast.Otto), new SetGateway { Team = "payments", Name = name }, Stop)).Value;

    private async Task<AgentBody> AgentAsync() =>
        (
            await Get<AgentService>().RegisterAsync(House.As(Cast.Otto), new RegisterAgent { Slug = "mailroom-1", Team = "payments" }, Stop)
        ).Value;

    private IRenderedComponent<GatewaysPage> Open(Person who, string address = "/gateways")
    {
        LookAs(who);
        Browser.NavigateTo(address);
        return Render<GatewaysPage>();
    }

    [Fact]
    public async Task One_press_takes_a_gateway_out_and_the_toast_takes_that_back()
    {
        await MakeAsync("gateway-prod-eu");
        var page = Open(Cast.Otto);
        await page.ActAsync("[aria-label='Take out gateway-prod-eu']", button => button.Click());
        page.WaitForAssertion(() =>
            Assert.Contains("Taken out", page.Find("[data-testid=gateway-row]").TextContent, StringComparison.Ordinal)
        );

        var toast = Services.GetRequiredService<Toasts>().Current!;
        Assert.Equal("Took gateway-prod-eu out of routing", toast.Text);
        await page.InvokeAsync(() => toast.Undo!());
        page.WaitForAssertion(() =>
            Assert.Contains("In routing", page.Find("[data-testid=gateway-row]").TextContent, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Who_only_looks_is_told_which_role_is_missing()
    {
        await MakeAsync("gateway-prod-eu");
        var page = Open(Cast.Victor);
        var button = page.Find("[aria-label='Take out gateway-prod-eu']");
        Assert.Equal("true", button.GetAttribute("aria-disabled"));
        Assert.Contains("operator", button.ParentElement!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stranger_sees_none()
    {
        await MakeAsync("gateway-prod-eu");
        Assert.Contains("No gateway yet", Open(Cast.Sara).Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_made_elsewhere_appears_and_nonsense_in_the_address_is_said()
    {
        var page = Open(Cast.Victor);
        Assert.Contains("No gateway yet", page.Markup, StringComparison.Ordinal);
        await MakeAsync("edge");
        page.WaitForAssertion(() => Assert.Equal("edge", page.Find("[data-testid=gateway-row] a").TextContent));
        Assert.Contains("No gateway matches", Open(Cast.Victor, "/gateways?q=prod").Markup, StringComparison.Ordinal);
        Assert.Contains("Must be true or false", Open(Cast.Victor, "/gateways?in_routing=perhaps").Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_is_linked_and_unlinked_on_its_tab()
    {
        await MakeAsync("edge");
        var agent = await AgentAsync();
        LookAs(Cast.Otto);
        Browser.NavigateTo("/agents/mailroom-1/gateways");
        var tab = Render<AgentGatewaysTab>(parameters => parameters.Add(t => t.Agent, agent));
        await tab.ActAsync("select", select => select.Change("edge"));
        await tab.InvokeAsync(() => tab.Find("form").Submit());
        tab.WaitForAssertion(() => Assert.Equal("edge", tab.Find("[data-testid=agent-gateway-row] a").TextContent));
        Assert.Single((await Get<GatewayLinks>().OfAgentAsync(House.As(Cast.Otto), agent.Id, new PageRequest(), Stop)).Value.Items);

        await tab.ActAsync("[aria-label='Unlink edge']", button => button.Click());
        tab.WaitForAssertion(() => Assert.Contains("No gateway is linked", tab.Markup, StringComparison.Ordinal));
        Assert.Empty((await Get<GatewayLinks>().OfAgentAsync(House.As(Cast.Otto), agent.Id, new PageRequest(), Stop)).Value.Items);
    }
}
