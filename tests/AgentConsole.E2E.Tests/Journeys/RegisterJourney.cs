using System.Net.Http.Json;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>From nothing to a living agent: registered, given its key, heard.</summary>
public sealed class RegisterJourney(Chromium chromium) : JourneyTest(chromium)
{
    private static Task ReportAsync(HttpClient agent, string id) =>
        agent.PostAsJsonAsync(
            "/api/v1/runs",
            new
            {
                external_id = id,
                status = "completed",
                summary = "Invoice " + id,
            },
            Stop
        );

    [Fact]
    public async Task An_agent_is_registered_gets_its_key_once_and_its_runs_arrive_without_reload()
    {
        var page = await OpenAsync(Console.Cast.Ines);
        await page.GotoAsync("/fleet/register");
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await page.GetByLabel("Slug").FillAsync("mailroom-1");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Register", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Show it" }).ClickAsync();
        await Expect(page.GetByLabel("Key of mailroom-1")).Not.ToContainTextAsync("•");
        var secret = await page.GetByLabel("Key of mailroom-1").InnerTextAsync();
        Assert.StartsWith("ak_live_", secret, StringComparison.Ordinal);
        await AssertAccessibleAsync(page);
        await page.GetByLabel("I stored it; its last four characters are").FillAsync(secret[^4..]);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "I stored it", Exact = true }).ClickAsync();
        await Expect(page)
            .ToHaveURLAsync(
                new System.Text.RegularExpressions.Regex("/agents/mailroom-1$"),
                new PageAssertionsToHaveURLOptions { Timeout = 15_000 }
            );
        await Expect(page.GetByText(secret)).ToHaveCountAsync(0);
        var runs = await OpenAsync(Console.Cast.Victor);
        await runs.GotoAsync("/runs");
        await Expect(runs.GetByTestId("live-badge")).ToContainTextAsync("Live");

        using var agent = Console.Client(secret);
        await ReportAsync(agent, "1");

        await Expect(page.GetByTestId("run-row")).ToContainTextAsync("Invoice 1");
        await Expect(runs.GetByTestId("run-row")).ToContainTextAsync("Invoice 1");
    }

    [Fact]
    public async Task Nothing_moves_under_the_pointer_until_it_is_asked_for()
    {
        var (_, key) = await Console.AgentAsync("mailroom-1");
        using var agent = Console.Client(key);
        await ReportAsync(agent, "1");
        var page = await OpenAsync(Console.Cast.Victor);
        await page.GotoAsync("/runs");
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await page.GetByTestId("run-row").HoverAsync();
        await Expect(page.GetByText("Order held while you point")).ToBeVisibleAsync();

        await ReportAsync(agent, "2");

        var chip = page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "1 new" });
        await Expect(chip).ToBeVisibleAsync();
        await Expect(page.GetByTestId("run-row")).ToHaveCountAsync(1);
        await chip.ClickAsync();
        await Expect(page.GetByTestId("run-row")).ToHaveCountAsync(2);
        await Expect(page.GetByTestId("run-row").First).ToContainTextAsync("Invoice 2");
    }

    [Fact]
    public async Task What_is_paused_waits_and_comes_in_when_it_is_let()
    {
        var (_, key) = await Console.AgentAsync("mailroom-1");
        using var agent = Console.Client(key);
        var page = await OpenAsync(Console.Cast.Victor);
        await page.GotoAsync("/runs");
        var badge = page.GetByTestId("live-badge");
        await Expect(badge).ToContainTextAsync("Live");
        await badge.ClickAsync();
        await Expect(badge).ToHaveAttributeAsync("data-state", "paused");

        await ReportAsync(agent, "1");

        await Expect(badge).ToContainTextAsync("behind");
        await Expect(page.GetByTestId("run-row")).ToHaveCountAsync(0);
        await badge.ClickAsync();
        await Expect(page.GetByTestId("run-row")).ToContainTextAsync("Invoice 1");
    }
}
