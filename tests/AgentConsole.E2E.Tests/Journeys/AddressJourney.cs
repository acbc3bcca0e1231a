using System.Net.Http.Json;
using System.Text.RegularExpressions;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>The address is the state of a list: a link that changes nothing but filters changes what the page shows, and Back brings it back.</summary>
public sealed class AddressJourney(Chromium chromium) : JourneyTest(chromium)
{
    [Theory]
    [InlineData("/fleet", "Deleted", @"/fleet\?deleted=true$", "agent-row")]
    [InlineData("/runs", "Failed", @"/runs\?status=failed", "run-row")]
    [InlineData("/agents/mailroom-1/runs", "Failed", @"/runs\?status=failed", "run-row")]
    [InlineData("/keys", "Disabled", @"/keys\?state=disabled$", "key-row")]
    [InlineData("/trail?q=nobody-has-this-name", "Clear", "/trail$", "trail-row")]
    public async Task A_link_to_the_same_list_with_other_filters_is_followed_and_Back_returns(
        string address,
        string link,
        string then,
        string row
    )
    {
        var (_, key) = await Console.AgentAsync("mailroom-1");
        using var agent = Console.Client(key);
        using var run = await agent.PostAsJsonAsync("/api/v1/runs", new { status = "completed" }, Stop);
        run.EnsureSuccessStatusCode();
        using var olga = Console.Client(await Console.TokenAsync(Console.Cast.Olga));
        using var made = await olga.PostAsJsonAsync("/api/v1/agents", new { slug = "reader-1", team = "payments" }, Stop);
        made.EnsureSuccessStatusCode();
        var page = await OpenAsync(Console.Cast.Olga);
        await page.GotoAsync(address);
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        var before = await page.GetByTestId(row).CountAsync();

        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = link, Exact = true }).First.ClickAsync();

        await Expect(page).ToHaveURLAsync(new Regex(then));
        await Expect(page.GetByTestId(row)).Not.ToHaveCountAsync(before);
        await page.GoBackAsync();
        await Expect(page.GetByTestId(row)).ToHaveCountAsync(before);
    }
}
