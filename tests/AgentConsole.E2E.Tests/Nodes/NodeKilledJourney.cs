using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace AgentConsole.E2E.Tests.Nodes;

/// <summary>A person is in the middle of something when the node under the page is killed; the balancer gives the browser to the other one.</summary>
[Collection(NodesCollection.Name)]
public sealed class NodeKilledJourney(NodesFixture fixture, Chromium chromium)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static ILocator Tags(IPage page) => page.GetByLabel("Add tags");

    [Fact]
    public async Task The_page_says_so_and_comes_back_on_the_other_node_with_filter_selection_and_draft()
    {
        var first = fixture.NextAgent().Slug;
        while (first[^1] == '9')
            first = fixture.NextAgent().Slug;
        string[] slugs = [first, fixture.NextAgent().Slug];
        await using var wire = new Wire(fixture.Nodes.A.Address);
        var (name, value) = await fixture.Nodes.CookieAsync(fixture.Cast.Olga);
        await using var context = await chromium.Browser.NewContextAsync(
            new BrowserNewContextOptions
            {
                BaseURL = wire.Address.ToString(),
                ViewportSize = new ViewportSize { Width = 1440, Height = 900 },
            }
        );
        context.SetDefaultTimeout(15_000);
        await context.AddCookiesAsync([
            new Cookie
            {
                Name = name,
                Value = value,
                Url = wire.Address.ToString(),
            },
        ]);
        var page = await context.NewPageAsync();
        await page.GotoAsync("/fleet?sort=slug");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        var filter = first[..^1]; // of the ten beside them
        await page.GetByTestId("filter-text").FillAsync(filter);
        await page.WaitForURLAsync($"**q={filter}*");
        foreach (var slug in slugs)
            await page.Locator($"[data-select={slug}]").ClickAsync();
        var bar = page.GetByTestId("bulk-bar");
        await Expect(bar).ToContainTextAsync("2 selected");
        await bar.GetByText("Tag…", new LocatorGetByTextOptions { Exact = true }).First.ClickAsync();
        await Tags(page).FillAsync("kept-while-killed");
        await page.WaitForFunctionAsync("() => JSON.stringify(sessionStorage).includes('kept-while-killed')");
        await page.EvaluateAsync("() => { document.marked = true; }");
        var address = page.Url;

        await fixture.Nodes.A.KillAsync();

        await Expect(page.GetByTestId("live-badge").Locator(".live-off")).ToHaveTextAsync(new Regex("^(Reconnecting|Stale since .*)$"));
        await Expect(page.Locator("#components-reconnect-modal")).ToHaveClassAsync(new Regex("components-reconnect-(show|retrying)"));
        wire.LayTo(fixture.Nodes.B.Address);
        await page.WaitForFunctionAsync("() => document.marked !== true", null, new PageWaitForFunctionOptions { Timeout = 45_000 });
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await fixture.Nodes.A.StartAsync(Stop); // as the other tests need it, whatever comes of this one
        Assert.Equal(address, page.Url);
        await Expect(page.GetByTestId("filter-text")).ToHaveValueAsync(filter);
        await Expect(bar).ToContainTextAsync("2 selected");
        foreach (var slug in slugs)
            await Expect(page.Locator($"[data-select={slug}]")).ToBeCheckedAsync();
        await Expect(Tags(page)).ToHaveValueAsync("kept-while-killed"); // the question stands in the address
        await Expect(page.Locator(".draft[data-said]").First).ToContainTextAsync("Draft restored.");

        await page.Locator("dialog[open] button[type=submit]").DblClickAsync(); // twice is once
        await Expect(page.Locator("dialog[open]")).ToHaveCountAsync(0);

        await Expect(page.Locator(".toast")).ToContainTextAsync("2");
        using var onB = fixture.Nodes.B.Client(fixture.Olga);
        foreach (var slug in slugs)
        {
            var agent = await onB.GetFromJsonAsync<JsonElement>($"/api/v1/agents/{slug}", Stop);
            Assert.Equal("kept-while-killed", Assert.Single(agent.GetProperty("tags").EnumerateArray()).GetString());
            Assert.Single(await TrailAsync(onB, agent.GetProperty("id").GetString()!));
        }
    }

    private static async Task<IReadOnlyList<JsonElement>> TrailAsync(HttpClient client, string subject)
    {
        var trail = await client.GetFromJsonAsync<JsonElement>($"/api/v1/trail?target={subject}", Stop);
        return [.. trail.GetProperty("data").EnumerateArray()];
    }
}
