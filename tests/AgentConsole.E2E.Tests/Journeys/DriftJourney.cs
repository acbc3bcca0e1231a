using System.Net.Http.Json;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>A new version is active, and one instance goes on with the old one.</summary>
public sealed class DriftJourney(Chromium chromium) : JourneyTest(chromium)
{
    protected override Task<ConsoleServer> StartAsync() =>
        ConsoleServer.StartAsync(
            settings: new Dictionary<string, string?>(StringComparer.Ordinal) { ["AgentConsole:Drift:GraceSeconds"] = "0" }
        );

    [Fact]
    public async Task An_instance_that_was_left_behind_appears_live_and_goes_when_it_moves()
    {
        var (_, secret) = await Console.AgentAsync("mailroom-1");
        using var otto = Console.Client(await Console.TokenAsync(Console.Cast.Otto));
        await DeployAsync(otto, "2.1.0");
        await ReportAsync(secret, "pod-6", "2.1.0");
        await ReportAsync(secret, "pod-7", "2.1.0");
        var page = await OpenAsync(Console.Cast.Ines);
        await page.GotoAsync("/agents/mailroom-1/deployments");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await Expect(page.GetByTestId("drift")).ToHaveAttributeAsync("data-verdict", "none", new() { Timeout = 15_000 });
        await Expect(page.GetByTestId("published-split")).ToContainTextAsync("2.1.0");

        await DeployAsync(otto, "2.2.0");
        await ReportAsync(secret, "pod-6", "2.2.0");
        await ReportAsync(secret, "pod-7", "2.1.0");

        await Expect(page.GetByTestId("drift")).ToHaveAttributeAsync("data-verdict", "drifting", new() { Timeout = 15_000 });
        await Expect(page.GetByTestId("lagging-row")).ToHaveCountAsync(1);
        await Expect(page.GetByTestId("lagging-row")).ToContainTextAsync("pod-7");
        await Expect(page.GetByTestId("version-differs")).ToContainTextAsync("2.2.0 declared, 2.1.0 seen last");
        // Within one period of evaluation the overview names it.
        await page.GotoAsync("/");
        await Expect(page.GetByText("2.1.0 is reported, 2.2.0 should run.")).ToBeVisibleAsync(new() { Timeout = 20_000 });
        await page.GetByRole(AriaRole.Link, new() { Name = "See which" }).ClickAsync();

        await ReportAsync(secret, "pod-7", "2.2.0");

        await Expect(page.GetByTestId("drift")).ToHaveAttributeAsync("data-verdict", "none", new() { Timeout = 15_000 });
        await Expect(page.GetByTestId("lagging-row")).ToHaveCountAsync(0);
    }

    private static async Task DeployAsync(HttpClient client, string version)
    {
        using var answer = await client.PostAsJsonAsync(
            new Uri("/api/v1/agents/mailroom-1/snapshots", UriKind.Relative),
            new { version, status = "active" },
            Stop
        );
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }

    private async Task ReportAsync(string secret, string instance, string version)
    {
        using var agent = Console.Client(secret);
        agent.DefaultRequestHeaders.Add("X-AgentConsole-Instance", instance);
        using var answer = await agent.PostAsJsonAsync(
            new Uri("/api/v1/runs", UriKind.Relative),
            new { status = "completed", version },
            Stop
        );
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }
}
