using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Data;
using AgentConsole.Core.Prices;
using AgentConsole.Core.Runs;
using AgentConsole.Web.Components;
using AgentConsole.Web.Prices;
using AgentConsole.Web.Tests.Components;
using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Prices;

public sealed class PricesPageTests : ConsoleBunitContext
{
    private const string Header = "model,input_per_million,output_per_million,effective_from,source\n";

    private NavigationManager Browser => Services.GetRequiredService<NavigationManager>();

    private IRenderedComponent<PricesPage> Open(string address = "/admin/prices")
    {
        LookAs(Cast.Olga);
        Browser.NavigateTo(address);
        return Render<PricesPage>();
    }

    private async Task<PriceBody> PriceAsync(string model, string input)
    {
        var body = new AddPrice
        {
            Model = model,
            InputPerMillion = JsonSerializer.SerializeToElement(input),
            OutputPerMillion = JsonSerializer.SerializeToElement("0"),
            EffectiveFrom = "2020-01-01",
            Source = "contract",
        };
        return (await Get<PriceService>().AddAsync(House.As(Cast.Olga), body, Stop)).Value;
    }

    private static IElement? Import(IRenderedComponent<PricesPage> page) =>
        page.FindAll("button").FirstOrDefault(b => b.TextContent.Trim().StartsWith("Import", StringComparison.Ordinal));

    private static async Task CheckAsync(IRenderedComponent<PricesPage> page, string list)
    {
        await page.ActAsync("#price-list", area => area.Change(list));
        await page.InvokeAsync(() => page.FindAll("form")[1].Submit());
        page.WaitForAssertion(() => Assert.Contains("as they stand already", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_imported_is_what_was_checked()
    {
        var page = Open();
        await CheckAsync(page, Header + "big-1,1,2,2026-01-01,contract\n");
        var offered = Import(page)!;
        Assert.Equal("Import 1\u00a0price", offered.TextContent.Trim());

        // Another list: what was found out holds no more, and a press that is on its way does nothing.
        await page.ActAsync("#price-list", area => area.Change(Header + "big-1,1,2,2026-01-01,contract\nbig-2,9,9,2026-01-01,typo\n"));
        Assert.Null(Import(page));
        Assert.DoesNotContain("as they stand already", page.Markup, StringComparison.Ordinal);

        await CheckAsync(page, Header + "big-1,1,2,2026-01-01,contract\n");
        await page.InvokeAsync(() => Import(page)!.Click());
        page.WaitForAssertion(() => Assert.Contains("Imported.", page.Markup, StringComparison.Ordinal));
        Assert.Null(Import(page)); // it is done
        Assert.Single(page.FindAll("[data-testid=price-row]"));

        await CheckAsync(page, Header + "big-1,1,2,2026-01-01,contract\n");
        Assert.Null(Import(page)); // it would enter nothing
        await CheckAsync(page, Header + "big-1,1,2,2026-01-01,contract\nbig-2,x,2,2026-01-01,contract\n");
        Assert.Null(Import(page)); // it has errors
    }

    [Fact]
    public async Task To_correct_a_price_is_a_question_of_the_address()
    {
        var wrong = await PriceAsync("big-1", "1");
        var page = Open("/admin/prices?model=big-9");
        page.WaitForAssertion(() => Assert.Single(page.FindAll("[data-testid=price-row]")));
        await page.ActAsync("form input.m", input => input.Change("typed-1"));
        await page.PressAsync("Correct");
        page.WaitForAssertion(() => Assert.EndsWith($"&act=correct&of={wrong.Id}", Browser.Uri, StringComparison.Ordinal));
        Assert.Equal("typed-1", page.Find("form input.m").GetAttribute("value"));

        // After a restart the address is all that is left.
        var back = Render<PricesPage>();
        back.WaitForAssertion(() =>
            Assert.Contains("Correct the price of big-1", back.Find("dialog").TextContent, StringComparison.Ordinal)
        );
        await back.PressAsync("Withdraw it");
        back.WaitForAssertion(() => Assert.Contains("This is required.", back.Find("dialog").TextContent, StringComparison.Ordinal));
        await back.ActAsync("dialog input.inp", input => input.Change("Typed wrongly"));
        await back.PressAsync("Withdraw it");

        back.WaitForAssertion(() => Assert.Empty(back.FindAll("dialog")));
        Assert.DoesNotContain("act=", Browser.Uri, StringComparison.Ordinal);
        back.WaitForAssertion(() => Assert.Empty(back.FindAll("[data-testid=price-row]")));
        // Somebody else was faster: the question is not asked again.
        Assert.Empty(Open($"/admin/prices?act=correct&of={wrong.Id}").FindAll("dialog"));
    }

    [Fact]
    public async Task A_question_that_is_closed_while_it_works_is_answered_all_the_same()
    {
        var wrong = await PriceAsync("big-1", "1");
        var page = Open($"/admin/prices?act=correct&of={wrong.Id}");
        await page.ActAsync("dialog input.inp", input => input.Change("Typed wrongly"));
        await using (await Get<ConsoleStore>().WriteAsync(Stop))
        {
            await page.PressAsync("Withdraw it"); // which waits for its turn to write
            Browser.NavigateTo("/admin/prices");
            page.WaitForAssertion(() => Assert.Empty(page.FindAll("dialog")));
        }

        page.WaitForAssertion(() => Assert.Empty(page.FindAll("[data-testid=price-row]")));
        Assert.Equal("Withdrew the price of big-1", Services.GetRequiredService<Toasts>().Current?.Text);
    }

    [Fact]
    public async Task How_a_cost_is_computed_is_said_and_is_so()
    {
        await PriceAsync("big*", "1");
        await PriceAsync("big-1*", "2");
        await PriceAsync("big-1-exact", "4");
        var agent = await RegisterAsync("mailroom-1");
        var body = new ReportRun { Status = "completed", InputTokens = 1_000_001 };

        var how = Open().WaitForElement("details.how").TextContent;

        Assert.Contains("exact model name, else the longest beginning", how, StringComparison.Ordinal);
        Assert.Contains("GET /api/v1/prices", how, StringComparison.Ordinal);
        await ReportAsync(agent, "completed");
        foreach (var (model, cost) in new[] { ("big-1-exact", "4.000004"), ("big-1-other", "2.000002"), ("big-2", "1.000001") })
            Assert.Equal((cost, "computed"), await CostAsync(agent, body with { Model = model }));
    }

    private async Task<(string?, string?)> CostAsync(AgentBody agent, ReportRun body)
    {
        var run = (await Get<RunIngest>().ReportAsync(As(agent), null, body, 100)).Value.Run;
        return (run.Cost, run.CostSource);
    }
}
