using AgentConsole.Core.Keys;
using AgentConsole.Web.Tests.Components;
using AgentConsole.Web.Trail;
using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Trail;

public sealed class TrailPageTests : ConsoleBunitContext
{
    private IRenderedComponent<TrailPage> Open(string address = "/trail")
    {
        LookAs(Cast.Aude);
        Services.GetRequiredService<NavigationManager>().NavigateTo(address);
        return Render<TrailPage>();
    }

    private async Task DisableKeyAsync(string slug)
    {
        var keys = await Get<KeyService>().ListAsync(House.As(Cast.Ines), slug, Stop);
        var disabled = await Get<KeyService>()
            .DisableAsync(House.As(Cast.Ines), slug, keys.Value[0].Id, new KeyAction { Reason = "Lost laptop" }, Stop);
        Assert.Null(disabled.Problem);
    }

    [Fact]
    public async Task A_record_says_who_did_what_to_what_why_and_what_it_was_before()
    {
        await RegisterAsync("mailroom-1", body => body with { Key = true });
        await DisableKeyAsync("mailroom-1");

        var page = Open("/trail?action=key.disabled");

        var row = Assert.Single(page.FindAll("[data-testid=trail-row]"));
        Assert.Contains("Ines", row.TextContent, StringComparison.Ordinal);
        Assert.Contains("Lost laptop", row.TextContent, StringComparison.Ordinal);
        Assert.Contains("active", row.QuerySelectorAll("del").Select(d => d.TextContent));
        Assert.Contains("disabled", row.QuerySelectorAll("ins").Select(i => i.TextContent));
    }

    [Fact]
    public async Task What_happens_while_the_page_is_open_comes_in_on_top()
    {
        var page = Open();
        Assert.Contains("Every change is recorded here", page.Markup, StringComparison.Ordinal);

        await RegisterAsync("mailroom-1");

        page.WaitForAssertion(() =>
            Assert.Contains("mailroom-1", page.Find("[data-testid=trail-row]").TextContent, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task The_export_is_of_what_is_filtered()
    {
        await RegisterAsync("mailroom-1");

        var page = Open("/trail?outcome=done&action=agent.");

        Assert.NotEmpty(page.FindAll("[data-testid=trail-row]"));
        foreach (var format in (string[])["csv", "ndjson"])
        {
            var link = page.FindAll("a[download]")
                .Single(a => a.GetAttribute("href")!.Contains("format=" + format, StringComparison.Ordinal));
            Assert.StartsWith("/api/v1/trail/export?", link.GetAttribute("href"), StringComparison.Ordinal);
            Assert.Contains("action=agent.", link.GetAttribute("href"), StringComparison.Ordinal);
            Assert.Contains("outcome=done", link.GetAttribute("href"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Following_a_target_shows_its_records_and_a_chip_to_take_the_filter_away()
    {
        var agent = await RegisterAsync("mailroom-1");
        await RegisterAsync("ledger");

        var page = Open($"/trail?action=agent.&target={agent.Id}");

        Assert.Contains("mailroom-1", Assert.Single(page.FindAll("[data-testid=trail-row]")).TextContent, StringComparison.Ordinal);
        Assert.Contains("target: ", page.Find(".chip.accent").TextContent, StringComparison.Ordinal);
        Assert.Equal("/trail?action=agent.", page.Find(".x-chip").GetAttribute("href"));
    }

    [Fact]
    public async Task Verifying_recomputes_the_chain_and_says_what_that_proves()
    {
        await RegisterAsync("mailroom-1");
        var page = Open();

        await page.PressAsync("Verify now");

        page.WaitForAssertion(() =>
            Assert.Contains("The chain is whole.", page.Find("[role=status]").TextContent, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Who_may_not_read_the_trail_is_told_which_role_may()
    {
        await RegisterAsync("mailroom-1");
        LookAs(Cast.Victor);
        Services.GetRequiredService<NavigationManager>().NavigateTo("/trail");

        var page = Render<TrailPage>();

        Assert.Contains("The trail is for those who answer for it", page.Markup, StringComparison.Ordinal);
        Assert.Empty(page.FindAll("[data-testid=trail-row], a[download]"));
    }
}
