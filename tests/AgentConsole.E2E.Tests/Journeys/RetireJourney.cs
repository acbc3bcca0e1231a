using System.Net.Http.Json;
using System.Security.Cryptography;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>An agent goes: a team-admin takes it out of service step by step, leaves, and comes back.</summary>
public sealed class RetireJourney(Chromium chromium) : JourneyTest(chromium)
{
    [Fact]
    public async Task A_team_admin_retires_an_agent_and_keeps_a_copy_of_its_history()
    {
        var (_, key) = await Console.AgentAsync("mailroom-1");
        using var agent = Console.Client(key);
        using var olga = Console.Client(await Console.TokenAsync(Console.Cast.Olga));
        await agent.PostAsJsonAsync("/api/v1/runs", new { external_id = "job-7", status = "running" }, Stop);
        await olga.PostAsJsonAsync("/api/v1/gateways", new { name = "gateway-eu" }, Stop);
        await olga.PutAsync("/api/v1/agents/mailroom-1/gateways/gateway-eu", null, Stop);
        await olga.PostAsJsonAsync("/api/v1/agents/mailroom-1/snapshots", new { version = "2.1.0", status = "active" }, Stop);
        var page = await OpenAsync(Console.Cast.Tara);
        await page.GotoAsync("/agents/mailroom-1");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await page.GetByTestId("to-retire").ClickAsync();
        await Expect(page.GetByTestId("retire-title")).ToHaveTextAsync("Retire mailroom-1");
        await page.GetByLabel("Why").FillAsync("Replaced by mailroom-2");
        await AssertAccessibleAsync(page);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Begin" }).ClickAsync();

        await Press("Unlink all");
        await ExpectStep("gateways", "done");
        await Press("Wait for them");
        await Expect(Step("runs")).ToContainTextAsync("This goes on by itself");
        await AssertAccessibleAsync(page);
        await page.ReloadAsync(); // it is kept where it stands
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await ExpectStep("runs", "open");
        await agent.PatchAsJsonAsync("/api/v1/runs/job-7", new { status = "completed" }, Stop);
        await ExpectStep("runs", "done");

        await Press("Revoke all…");
        await page.GetByRole(AriaRole.Dialog)
            .GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Revoke all keys" })
            .ClickAsync();
        await ExpectStep("keys", "done");
        Assert.Equal(401, (int)(await agent.GetAsync("/api/v1/whoami", Stop)).StatusCode);
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByTestId("export").ClickAsync());
        await ExpectStep("export", "done");
        var file = await File.ReadAllBytesAsync(await download.PathAsync(), Stop);
        await Expect(Step("export")).ToContainTextAsync(Convert.ToHexStringLower(SHA256.HashData(file))[..12]);

        await Press("Retire mailroom-1…");
        await AssertAccessibleAsync(page);
        await page.GetByRole(AriaRole.Dialog)
            .GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Retire the agent" })
            .ClickAsync();
        await Expect(page.GetByTestId("retire-title")).ToHaveTextAsync("mailroom-1 is retired");
        await Expect(page.GetByText("stay readable for good")).ToBeVisibleAsync();
        await AssertAccessibleAsync(page);
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "runs", Exact = true }).ClickAsync();
        await Expect(page.GetByTestId("run-row")).ToHaveCountAsync(1);

        Task Press(string name) => page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name }).ClickAsync();
        ILocator Step(string step) => page.Locator($"[data-step={step}]");
        Task ExpectStep(string step, string state) => Expect(Step(step)).ToHaveAttributeAsync("data-state", state);
    }
}
