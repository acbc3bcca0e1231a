using System.Net.Http.Json;
using System.Text.RegularExpressions;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.Drift;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>A version's whole way, as one person walks it at the console's pages: a canary, all of the traffic, back again, and the agent out of service.</summary>
public sealed class DeploymentFlowJourney(Chromium chromium) : JourneyTest(chromium)
{
    private const string Slug = "mailroom-1";

    [Fact]
    public async Task A_version_goes_from_canary_to_production_and_back_and_its_agent_is_retired()
    {
        var (_, key) = await Console.AgentAsync(Slug);
        await Console.Services.DeployedAsync(Slug, "", new DeploymentHistory.Step(5, "2.1.0"));
        using var olga = Console.Client(await Console.TokenAsync(Console.Cast.Olga));
        foreach (var name in (string[])["gateway-canary", "gateway-prod-eu-west", "gateway-prod-us-east"])
        {
            using var made = await olga.PostAsJsonAsync("/api/v1/gateways", new { name }, Stop);
            Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(Stop));
        }
        var page = await OpenAsync(Console.Cast.Tara);

        await GoAsync($"/agents/{Slug}/gateways");
        await LinkAsync("gateway-canary");
        await Expect(page.GetByTestId("agent-gateway-row")).ToHaveCountAsync(1);
        await AssertAccessibleAsync(page);

        await GoAsync($"/agents/{Slug}/deployments");
        await page.GetByRole(AriaRole.Link, new() { Name = "Start rollout…" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex($@"/rollouts/new\?agent={Slug}$"));
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await Expect(page.GetByText("Compared with 2.1.0, which is active.")).ToBeVisibleAsync();
        await page.GetByLabel("Version", new() { Exact = true }).FillAsync("2.2.0");
        await page.GetByLabel("How many").First.SelectOptionAsync("1");
        await Expect(page.GetByTestId("plan-step")).ToHaveCountAsync(1);
        foreach (
            var (label, value) in ((string, string)[])
                [("Share, %", "5"), ("Hold, min", "0"), ("Minimum runs", "100"), ("Planned runs", "100")]
        )
            await page.GetByTestId("plan-step").GetByLabel(label).FillAsync(value);
        await page.GetByTestId("plan-metric").First.GetByLabel("Margin, points").FillAsync("10");
        await AssertAccessibleAsync(page);
        await PressAsync("Start the rollout");

        await Expect(page).ToHaveURLAsync(new Regex("/rollouts/rol_"));
        await Expect(page.GetByTestId("rollout-says")).ToContainTextAsync("Step 1 of 1: 0 of 100 runs of each version");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await ReportAsync(key, "2.2.0", "gateway-canary", completed: 100);
        await ReportAsync(key, "2.1.0", null, completed: 400);
        await Console.Get<RolloutWatch>().StepAsync(Stop);
        await Expect(page.GetByTestId("rollout-state")).ToHaveAttributeAsync("data-state", "promoted");
        await Expect(page.GetByTestId("rollout-says")).ToHaveTextAsync("Promoted: 2.2.0 is active.");
        await Expect(page.GetByTestId("decision")).ToContainTextAsync("Promoted");

        await GoAsync($"/agents/{Slug}/gateways");
        await LinkAsync("gateway-prod-us-east");
        await LinkAsync("gateway-prod-eu-west");
        await page.GetByRole(AriaRole.Button, new() { Name = "Unlink gateway-canary" }).ClickAsync();
        await Expect(page.GetByTestId("agent-gateway-row")).ToHaveCountAsync(2);
        await Expect(Gateway("gateway-canary")).ToHaveCountAsync(0);

        // In production it fails as it never did as a canary.
        await ReportAsync(key, "2.2.0", "gateway-prod-us-east", completed: 20, failed: 15);
        await ReportAsync(key, "2.2.0", "gateway-prod-eu-west", completed: 20, failed: 10);

        await GoAsync("/deployments");
        await Expect(page.GetByTestId("lane")).ToHaveCountAsync(1);
        await Expect(page.Locator("[data-kind=several]")).ToHaveAttributeAsync("title", new Regex("2.changes: .*canary.*promoted"));
        await page.Locator(".tl").FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(page.Locator(":focus")).ToHaveAttributeAsync("title", new Regex("deployed 2.1.0$"));
        await page.Keyboard.PressAsync("Enter");
        var detail = page.GetByTestId("snapshot-detail");
        await Expect(detail).ToContainTextAsync($"{Slug} 2.1.0");
        await AssertAccessibleAsync(page);
        await detail.GetByRole(AriaRole.Link, new() { Name = "Roll back to this…" }).PressAsync("Enter");

        await Expect(page.Locator("h1")).ToHaveTextAsync($"Roll {Slug} back from 2.2.0 to 2.1.0");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        var since = page.GetByTestId("figures").Locator("tbody tr").First;
        await Expect(since.Locator("th")).ToHaveTextAsync("2.2.0");
        await Expect(since.Locator("td").Nth(3)).ToHaveTextAsync("25");
        var gateways = page.GetByTestId("gateways").Locator("tbody tr");
        await Expect(gateways).ToHaveCountAsync(3);
        foreach (
            var (at, name, by, linked) in ((int, string, string, string)[])
                [
                    (0, "gateway-canary", "2.2.0 only", "No"),
                    (1, "gateway-prod-eu-west", "neither; it is linked", "Yes"),
                    (2, "gateway-prod-us-east", "neither; it is linked", "Yes"),
                ]
        )
            await Expect(gateways.Nth(at).Locator("td")).ToHaveTextAsync([name, by, linked, "In", "Unknown"]);
        await page.GetByLabel("Why").FillAsync("It loses attachments");
        await AssertAccessibleAsync(page);
        await PressAsync("Roll back to 2.1.0");
        await Expect(page.Locator("h1")).ToHaveTextAsync($"{Slug} is back on 2.1.0");
        await Expect(page.GetByTestId("rolled-back")).ToContainTextAsync("Rolled back from 2.2.0 because It loses attachments");

        // One instance was left behind: it is named where the rollback is watched, and on the agent's tab.
        using var pod = Console.Client(key);
        pod.DefaultRequestHeaders.Add("X-AgentConsole-Instance", "pod-7");
        using var begun = await pod.PostAsJsonAsync(
            "/api/v1/runs",
            new
            {
                external_id = "job-7",
                status = "running",
                version = "2.2.0",
                gateway = "gateway-prod-us-east",
            },
            Stop
        );
        Assert.True(begun.IsSuccessStatusCode, await begun.Content.ReadAsStringAsync(Stop));
        await Expect(page.GetByTestId("drift-row")).ToHaveCountAsync(1);
        await Expect(page.GetByTestId("drift-row")).ToContainTextAsync("gateway-prod-us-east");
        await Console.Get<InstanceBook>().StepAsync(Stop);
        await Console.Get<DriftWatch>().StepAsync(Stop);
        await GoAsync($"/agents/{Slug}/deployments");
        await Expect(page.GetByTestId("drift")).ToHaveAttributeAsync("data-verdict", "drifting");
        await Expect(page.GetByTestId("lagging-row")).ToHaveCountAsync(1);
        await Expect(page.GetByTestId("lagging-row")).ToContainTextAsync("pod-7");
        await Expect(page.GetByTestId("lagging-row").Locator("td").First).ToHaveTextAsync("2.2.0");
        await AssertAccessibleAsync(page);

        await GoAsync($"/agents/{Slug}");
        await page.GetByTestId("to-retire").ClickAsync();
        await Expect(page.GetByTestId("retire-title")).ToHaveTextAsync($"Retire {Slug}");
        await page.GetByLabel("Why").FillAsync("The post goes elsewhere now");
        await PressAsync("Begin");
        await Expect(Step("gateways")).ToContainTextAsync("gateway-prod-eu-west");
        await PressAsync("Unlink all");
        await DoneAsync("gateways");
        await PressAsync("Wait for them");
        await Expect(Step("runs")).ToContainTextAsync("This goes on by itself");
        using var ended = await pod.PatchAsJsonAsync("/api/v1/runs/job-7", new { status = "completed" }, Stop);
        Assert.True(ended.IsSuccessStatusCode, await ended.Content.ReadAsStringAsync(Stop));
        await DoneAsync("runs");
        await PressAsync("Revoke all…");
        await AnswerAsync("Revoke all keys");
        await DoneAsync("keys");
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByTestId("export").ClickAsync());
        await DoneAsync("export");
        Assert.Contains("It loses attachments", await File.ReadAllTextAsync(await download.PathAsync(), Stop), StringComparison.Ordinal);
        await PressAsync($"Retire {Slug}…");
        await AnswerAsync("Retire the agent");
        await Expect(page.GetByTestId("retire-title")).ToHaveTextAsync($"{Slug} is retired");
        await AssertAccessibleAsync(page);

        await GoAsync($"/deployments?view=table&agent={Slug}");
        var rows = page.GetByTestId("snapshot-row");
        await Expect(rows.Locator("td:first-child a")).ToHaveTextAsync(["2.1.0", "2.1.0", "2.2.0", "2.2.0", "2.1.0"]);
        await Expect(rows.Nth(0)).ToContainTextAsync("The post goes elsewhere now");
        await Expect(rows.Nth(1)).ToContainTextAsync("Rolled back from 2.2.0 because “It loses attachments”");
        await Expect(rows.Nth(2)).ToContainTextAsync("Rolled back");
        await rows.Nth(2).GetByRole(AriaRole.Link, new() { Name = "2.2.0" }).ClickAsync();
        await Expect(page.Locator(".ph")).ToContainTextAsync("Rolled back");

        async Task GoAsync(string address)
        {
            await page.GotoAsync(address);
            await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        }

        async Task LinkAsync(string gateway)
        {
            await page.GetByLabel("Gateway to link").SelectOptionAsync(gateway);
            await page.GetByRole(AriaRole.Button, new() { Name = "Link", Exact = true }).ClickAsync();
            await Expect(Gateway(gateway)).ToHaveCountAsync(1);
        }

        ILocator Gateway(string gateway) => page.GetByTestId("agent-gateway-row").Filter(new() { HasText = gateway });
        ILocator Step(string step) => page.Locator($"[data-step={step}]");
        Task DoneAsync(string step) => Expect(Step(step)).ToHaveAttributeAsync("data-state", "done");
        Task PressAsync(string name) => page.GetByRole(AriaRole.Button, new() { Name = name }).ClickAsync();
        Task AnswerAsync(string name) => page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = name }).ClickAsync();
    }

    private async Task ReportAsync(string key, string version, string? gateway, int completed, int failed = 0)
    {
        using var agent = Console.Client(key);
        var now = Console.Get<TimeProvider>().GetUtcNow();
        var runs = Enumerable
            .Range(0, completed + failed)
            .Select(i => new
            {
                status = i < completed ? "completed" : "failed",
                version,
                gateway,
                started_at = now,
                duration_ms = 900 + i % 50,
            });
        using var told = await agent.PostAsJsonAsync("/api/v1/runs/batch", runs, Stop);
        Assert.True(told.IsSuccessStatusCode, await told.Content.ReadAsStringAsync(Stop));
    }
}
