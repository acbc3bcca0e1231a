using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Spend;
using AgentConsole.Web.Spend;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

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

    [Fact]
    public async Task How_spend_is_computed_is_said_and_the_call_gives_the_same()
    {
        var agent = await RegisterAsync("mailroom-1");
        await ReportAsync(agent, "completed");
        foreach (
            var body in new[]
            {
                new ReportRun { Status = "completed", Cost = JsonElement.Parse("\"1.5\"") },
                new ReportRun
                {
                    Status = "completed",
                    Model = "big-1",
                    InputTokens = 1000,
                },
            }
        )
            Assert.Null((await Get<RunIngest>().ReportAsync(As(agent), null, body, 100)).Problem);
        Services.GetRequiredService<NavigationManager>().NavigateTo("/spend?by=model&zone=Asia/Kathmandu");
        var page = Render<SpendPage>();

        var how = page.WaitForElement("details.how");

        Assert.Contains("in the local days of Asia/Kathmandu", how.TextContent, StringComparison.Ordinal);
        Assert.Contains("counted as unpriced and are in no sum", how.TextContent, StringComparison.Ordinal);
        Assert.Equal(
            ("1.50", "1"),
            (page.Find("[data-testid=spend-total]").TextContent, page.Find("[data-testid=spend-unpriced]").TextContent)
        );
        var call = how.QuerySelector("code")!.TextContent;
        Assert.StartsWith("GET /api/v1/spend?", call, StringComparison.Ordinal);
        var members = QueryText.Read(call.Split('?')[1]);
        var errors = new FieldErrors();
        var same = await Get<SpendService>().ReadAsync(House.As(Cast.Ines), SpendQuery.Parse(members.GetValueOrDefault, errors), Stop);
        Assert.False(errors.Any);
        Assert.Equal(("model", "Asia/Kathmandu", "1.5"), (same.Value.By, same.Value.Zone, same.Value.Total.Cost));
    }

    // While it is yesterday in Pago Pago, the form shows that day and sends it along, though nobody chose it.
    [Theory]
    [InlineData("", true)]
    [InlineData("&slid_to=2000-01-01", false)] // the person chose another day than was shown
    public async Task A_day_that_was_only_shown_slides_into_another_zone(string instead, bool counted)
    {
        var shown = House.Clock.GetUtcNow().AddDays(-1).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        await ReportAsync(await RegisterAsync("mailroom-1"), "completed");
        var slid = instead.Length > 0 ? instead : $"&slid_to={shown}";
        Services.GetRequiredService<NavigationManager>().NavigateTo($"/spend?zone=UTC&to={shown}{slid}");

        var page = Render<SpendPage>();

        if (counted)
            Assert.Equal("mailroom-1", page.WaitForElement("[data-testid=spend-row] td").TextContent);
        else
            page.WaitForAssertion(() => Assert.Contains("No run ended in this time", page.Markup, StringComparison.Ordinal));
    }
}
