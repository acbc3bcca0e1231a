using System.Net.Http.Json;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>Runs without a price are seen, a price is entered, and the period is priced anew as the plan showed.</summary>
public sealed class SpendJourney(Chromium chromium) : JourneyTest(chromium)
{
    [Fact]
    public async Task Unpriced_runs_turn_priced_and_the_sums_agree()
    {
        var (_, key) = await Console.AgentAsync("mailroom-1");
        using var agent = Console.Client(key);
        for (var i = 0; i < 3; i++)
        {
            await agent.PostAsJsonAsync(
                "/api/v1/runs",
                new
                {
                    external_id = $"invoice-{i}",
                    status = "completed",
                    model = "small-1",
                    input_tokens = 1_000_000,
                    output_tokens = 100_000,
                },
                Stop
            );
        }
        var page = await OpenAsync(Console.Cast.Olga);
        await page.GotoAsync("/spend");
        await Expect(page.GetByTestId("spend-total")).ToHaveTextAsync("0.00");
        await Expect(page.GetByTestId("unpriced-model")).ToContainTextAsync("3 runs of model small-1 have no price");
        await AssertAccessibleAsync(page);
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Add a price" }).ClickAsync();

        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await Expect(page.GetByLabel("Model")).ToHaveValueAsync("small-1");
        await page.GetByLabel("Input, USD per 1,000,000 tokens").FillAsync("0.5");
        await page.GetByLabel("Output, USD per 1,000,000 tokens").FillAsync("5");
        await page.GetByLabel("Counts from").FillAsync("2020-01-01");
        await page.GetByLabel("Source").FillAsync("Contract of March");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Enter price" }).ClickAsync();
        await Expect(page.GetByTestId("price-row")).ToContainTextAsync("Contract of March");

        await page.GotoAsync("/spend/re-rate");
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await page.GetByLabel("First day")
            .FillAsync(
                Console
                    .Get<TimeProvider>()
                    .GetUtcNow()
                    .AddDays(-2)
                    .ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)
            );
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "See what would change" }).ClickAsync();
        await Expect(page.GetByTestId("rerate-runs")).ToHaveTextAsync("3");
        await Expect(page.GetByTestId("rerate-difference")).ToHaveTextAsync("3.00");
        await AssertAccessibleAsync(page);
        await page.GetByLabel("Reason").FillAsync("The price came late");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Apply to 3" }).ClickAsync();
        await Expect(page.GetByTestId("rerate-state"))
            .ToContainTextAsync("3 runs changed", new LocatorAssertionsToContainTextOptions { Timeout = 15_000 });

        await page.GotoAsync("/spend?by=model");
        await Expect(page.GetByTestId("spend-total")).ToHaveTextAsync("3.00");
        await Expect(page.GetByTestId("spend-unpriced")).ToHaveTextAsync("0");
        await Expect(page.GetByTestId("spend-proof")).ToContainTextAsync("are the same: USD 3.00");
    }
}
