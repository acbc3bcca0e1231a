using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>The trail is narrowed to what is asked about, can be passed on as an address, and leaves as a file with just that in it.</summary>
public sealed class TrailJourney(Chromium chromium) : JourneyTest(chromium)
{
    private async Task RegisterAsync(HttpClient olga, string slug)
    {
        using var answer = await olga.PostAsJsonAsync(
            "/api/v1/agents",
            new
            {
                slug,
                team = "payments",
                key = true,
            },
            Stop
        );
        answer.EnsureSuccessStatusCode();
    }

    private static async Task<string[]> LinesAsync(IPage page, string format)
    {
        var link = page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = format, Exact = true });
        var download = await page.RunAndWaitForDownloadAsync(() => link.ClickAsync());
        Assert.EndsWith("." + format.ToLowerInvariant(), download.SuggestedFilename, StringComparison.Ordinal);
        return await File.ReadAllLinesAsync(await download.PathAsync(), Stop);
    }

    [Fact]
    public async Task Records_are_filtered_by_name_and_kind_the_address_holds_it_and_the_export_has_exactly_these()
    {
        using var olga = Console.Client(await Console.TokenAsync(Console.Cast.Olga));
        await RegisterAsync(olga, "mailroom-1");
        await RegisterAsync(olga, "mailroom-2");
        await RegisterAsync(olga, "reader-1");
        var page = await OpenAsync(Console.Cast.Olga);
        await page.GotoAsync("/trail");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await Expect(page.GetByTestId("trail-row").Filter(new LocatorFilterOptions { HasText = "reader-1" })).Not.ToHaveCountAsync(0);

        await page.GetByTestId("filter-text").FillAsync("mailroom");
        await page.GetByLabel("Action").FillAsync("agent.");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Filter", Exact = true }).ClickAsync();

        await Expect(page).ToHaveURLAsync(new Regex(@"/trail\?q=mailroom&action=agent\."));
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        var rows = page.GetByTestId("trail-row");
        await Expect(rows).ToHaveCountAsync(2);
        await AssertAccessibleAsync(page);

        var colleague = await OpenAsync(Console.Cast.Aude);
        await colleague.GotoAsync(page.Url);
        await Expect(colleague.GetByTestId("filter-text")).ToHaveValueAsync("mailroom");
        await Expect(colleague.GetByLabel("Action")).ToHaveValueAsync("agent.");
        await Expect(colleague.GetByTestId("trail-row")).ToHaveCountAsync(2);

        // Newest first on the page, oldest first in the file.
        var numbers = (await rows.Locator("td:first-child .who").AllInnerTextsAsync())
            .Select(text => text["no. ".Length..])
            .Reverse()
            .ToList();
        var records = (await LinesAsync(page, "NDJSON")).Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();
        Assert.Equal(numbers, records.Select(record => record.GetProperty("seq").GetRawText()));
        Assert.All(records, record => Assert.StartsWith("agent.", record.GetProperty("action").GetString(), StringComparison.Ordinal));
        Assert.Equal(["mailroom-1", "mailroom-2"], records.Select(record => record.GetProperty("target_label").GetString()));

        var cells = (await LinesAsync(page, "CSV")).Select(line => line.Split(',')).ToList();
        Assert.Equal("seq", cells[0][0]);
        Assert.Equal(numbers, cells.Skip(1).Select(line => line[0]));
    }

    [Fact]
    public async Task What_matches_nothing_is_said_and_one_link_leads_back_to_everything()
    {
        using var olga = Console.Client(await Console.TokenAsync(Console.Cast.Olga));
        await RegisterAsync(olga, "mailroom-1");
        var page = await OpenAsync(Console.Cast.Olga);
        await page.GotoAsync("/trail?q=nobody-has-this-name");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await Expect(page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "No record matches" })).ToBeVisibleAsync();
        await AssertAccessibleAsync(page);

        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Clear", Exact = true }).ClickAsync();

        await Expect(page).ToHaveURLAsync(new Regex("/trail$"));
        await Expect(page.GetByTestId("trail-row").Filter(new LocatorFilterOptions { HasText = "mailroom-1" })).Not.ToHaveCountAsync(0);
        await Expect(page.GetByTestId("filter-text")).ToHaveValueAsync("");
    }
}
