using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.Retirements;
using AgentConsole.Web.Retirements;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Retirements;

public sealed class RetirePageTests : ConsoleBunitContext
{
    [Fact]
    public async Task Somebody_begins_does_a_step_and_another_person_sees_where_it_stands()
    {
        await RegisterAsync("mailroom-1");
        var olga = House.As(Cast.Olga);
        await Get<GatewayService>().CreateAsync(olga, new SetGateway { Team = "payments", Name = "gateway-eu" }, Stop);
        await Get<GatewayLinks>().LinkAsync(olga, "mailroom-1", "gateway-eu", Stop);
        var page = Open("/agents/mailroom-1/retire");
        page.WaitForAssertion(() => Assert.Equal("Retire mailroom-1", page.Find("h1").TextContent));

        await page.ActAsync("#begin", form => form.Submit());
        page.WaitForAssertion(() => Assert.Equal("Say why, in 3 to 500 characters.", page.Find(".bad-field").TextContent.Trim()));
        await page.ActAsync("#f-reason", why => why.Change("Replaced by mailroom-2"));
        await page.ActAsync("#begin", form => form.Submit());

        page.WaitForAssertion(() => Assert.Equal("cur", Step(page, "gateways").ClassName));
        Assert.Contains("gateway-eu", Step(page, "gateways").TextContent, StringComparison.Ordinal);
        Assert.Contains("First: unlink its gateways", Step(page, "finish").QuerySelector(".tip")!.TextContent, StringComparison.Ordinal);
        await page.ActAsync("[data-step=gateways] .go button", button => button.Click());
        page.WaitForAssertion(() => Assert.Equal("done", Step(page, "gateways").GetAttribute("data-state")));

        // What comes back by another way opens the step again, on the open page.
        await Get<GatewayLinks>().LinkAsync(olga, "mailroom-1", "gateway-eu", Stop);
        await SoonAsync(page, () => Assert.Equal("open", Step(page, "gateways").GetAttribute("data-state")));
        var again = Render<RetirePage>(p => p.Add(r => r.Name, "mailroom-1"));
        again.WaitForAssertion(() =>
            Assert.Contains("Replaced by mailroom-2", again.Find("[data-testid=retire-reason]").TextContent, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_question_stands_in_the_address_and_the_end_is_asked_for()
    {
        await RegisterAsync("mailroom-1");
        await StartAsync();
        var page = Open("/agents/mailroom-1/retire?act=skip&of=export");
        page.WaitForAssertion(() => Assert.Contains("Go on without a copy?", page.Find("dialog").TextContent, StringComparison.Ordinal));
        await page.ActAsync("dialog #f-reason", why => why.Change("A trial"));
        await page.ActAsync("dialog footer .btn", button => button.Click());
        page.WaitForAssertion(() => Assert.Equal("skipped", Step(page, "export").GetAttribute("data-state")));

        page = Open("/agents/mailroom-1/retire?act=finish");
        page.WaitForAssertion(() => Assert.Contains("cannot be taken back", page.Find("dialog").TextContent, StringComparison.Ordinal));
        await page.ActAsync("dialog footer .btn", button => button.Click());

        page.WaitForAssertion(() => Assert.Equal("mailroom-1 is retired", page.Find("h1").TextContent));
        Assert.Contains("stay readable for good", page.Find(".note.ok").TextContent, StringComparison.Ordinal);
        var agent = (await Get<AgentService>().GetAsync(House.As(Cast.Olga), "mailroom-1", Stop)).Value;
        Assert.Equal("retired", agent.Lifecycle);
    }

    [Fact]
    public async Task Who_only_looks_sees_the_list_and_which_role_is_missing()
    {
        await RegisterAsync("mailroom-1");
        await StartAsync();
        LookAs(Cast.Victor);

        var page = Open("/agents/mailroom-1/retire");

        page.WaitForAssertion(() => Assert.Equal(5, page.FindAll("[data-testid=retire-step]").Count));
        Assert.All(page.FindAll("[data-testid=retire-step] .go .btn"), b => Assert.Equal("true", b.GetAttribute("aria-disabled")));
        Assert.Empty(page.FindAll("[data-testid=export]"));
    }

    private IRenderedComponent<RetirePage> Open(string address)
    {
        Services.GetRequiredService<NavigationManager>().NavigateTo(address);
        return Render<RetirePage>(p => p.Add(r => r.Name, "mailroom-1"));
    }

    private static AngleSharp.Dom.IElement Step(IRenderedComponent<RetirePage> page, string step) => page.Find($"[data-step={step}]");

    private Task StartAsync() =>
        Get<RetirementService>()
            .StartAsync(House.As(Cast.Olga), "mailroom-1", new RetirementReason { Reason = "Replaced by mailroom-2" }, Stop);
}
