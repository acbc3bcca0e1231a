using System.Net.Http.Json;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>Every page that is read shows what it knows before its circuit is up: here the circuit never comes.</summary>
public sealed class ReadPages(Chromium chromium) : JourneyTest(chromium)
{
    [Fact]
    public async Task Show_their_rows_without_a_script()
    {
        var (_, key) = await Console.AgentAsync("mailroom-1");
        using var agent = Console.Client(key);
        using var answer = await agent.PostAsJsonAsync(
            "/api/v1/runs",
            new
            {
                external_id = "invoice-1",
                status = "completed",
                duration_ms = 1400,
                summary = "Invoice 1",
            },
            Stop
        );
        var run = (await answer.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Stop)).GetProperty("id").GetString()!;
        using var olga = Console.Client(await Console.TokenAsync(Console.Cast.Olga));
        using var paused = await olga.PostAsJsonAsync("/api/v1/agents/mailroom-1/pause", new { reason = "For the trail" }, Stop);
        Assert.True(paused.IsSuccessStatusCode);
        var page = await OpenAsync(Console.Cast.Olga);
        await page.RouteAsync("**/*.js", route => route.AbortAsync());
        await page.RouteAsync("**/_blazor**", route => route.AbortAsync());
        var pages = new Dictionary<string, string>
        {
            ["/"] = "mailroom-1",
            ["/fleet"] = "mailroom-1",
            ["/fleet?q=mail"] = "mailroom-1",
            ["/agents/mailroom-1"] = "mailroom-1",
            ["/agents/mailroom-1/runs"] = "Invoice 1",
            ["/agents/mailroom-1/keys"] = "ak_live_",
            ["/agents/mailroom-1/keys?act=mint"] = "Make a key for",
            ["/agents/mailroom-1?act=delete"] = "Delete mailroom-1?",
            ["/agents/mailroom-1/trail"] = "For the trail",
            ["/agents/mailroom-1/settings"] = "Payments",
            ["/runs"] = "Invoice 1",
            [$"/runs/{run}"] = "Invoice 1",
            ["/keys"] = "ak_live_",
            ["/trail"] = "agent.paused",
            ["/admin/teams"] = "Payments",
            ["/admin/teams/payments"] = "ines@acme.example",
            ["/admin/users"] = "ines@acme.example",
            ["/admin/service-accounts"] = "New service account",
            ["/admin/tokens"] = "New token",
            ["/admin/roles"] = "key-admin",
            ["/account"] = "olga@acme.example",
        };
        foreach (var (address, text) in pages)
        {
            await page.GotoAsync(address);
            var shown = await page.Locator("body").InnerTextAsync() + await page.ContentAsync();
            Assert.True(shown.Contains(text, StringComparison.OrdinalIgnoreCase), $"{address} does not show {text}.");
            await Expect(page.Locator("main h1, main .ph, main .adm").First).ToBeVisibleAsync();
            Assert.Equal(0, await page.Locator("main .sk").CountAsync());
        }
    }
}

/// <summary>The same for pages that need more to be there.</summary>
public sealed class ReadPagesOfAFullConsole(Chromium chromium, FurnishedConsole scene)
    : JourneyTest(chromium),
        IClassFixture<FurnishedConsole>
{
    protected override ConsoleServer Shared => scene.Console;

    [Fact]
    public async Task Show_what_they_know_without_a_script()
    {
        var page = await OpenAsync(Console.Cast.Olga);
        await page.RouteAsync("**/*.js", route => route.AbortAsync());
        await page.RouteAsync("**/_blazor**", route => route.AbortAsync());
        var pages = new Dictionary<string, string>
        {
            ["/start"] = "A first agent",
            ["/start?agent=quiet-1&lang=python"] = "quiet-1 is registered",
            ["/start?agent=mailroom-1"] = "The first run is here",
            ["/fleet/unclaimed"] = "sorter-9",
            ["/fleet/plans/{plan}"] = "nobody-1",
            ["/fleet/hand-over?from=none"] = "reader-1",
            ["/runs/compare?a=previous&b={run}"] = "Invoice 2026-11-0958",
            ["/rotations"] = "mailroom-1",
            ["/rotations/new?agent=reader-1"] = "reader-1",
            ["/rotations/{rotation}"] = "mailroom-1",
            ["/spend"] = "mailroom-1",
            ["/spend?by=model"] = "small-1",
            ["/spend/re-rate"] = "Earlier ones",
            ["/admin/prices"] = "Contract of March",
            ["/admin/retention"] = "Nothing was removed yet",
            ["/admin/inactivity"] = "agents left alone do not count",
            ["/admin/sinks"] = "No sink yet",
            ["/gateways"] = "gateway-prod-eu",
            ["/gateways/gateway-prod-eu"] = "eu-central-1",
            ["/agents/mailroom-1/gateways"] = "gateway-canary",
            ["/admin/break-glass"] = "No code is sealed",
            ["/admin/system"] = "Ready",
        };
        var faults = new List<string>();
        foreach (var (address, text) in pages)
        {
            await page.GotoAsync(scene.Fill(address));
            if (await page.Locator("main :is(h1, .adm)").CountAsync() == 0)
                faults.Add($"{address} has no heading");
            if (!(await page.Locator("main").TextContentAsync())!.Contains(text, StringComparison.Ordinal))
                faults.Add($"{address} does not show {text}");
            if (await page.Locator("main .sk").CountAsync() > 0)
                faults.Add($"{address} shows that it waits");
        }
        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults));
    }
}
