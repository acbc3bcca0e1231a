using System.Text.RegularExpressions;
using AgentConsole.Testing.Processes;

namespace AgentConsole.E2E.Tests.Demo;

/// <summary>What a newcomer does first, with the built product as a process: start the demo, sign in as it says, see the fleet at work, take it away.</summary>
public sealed class DemoTests(Chromium chromium) : JourneyTest(chromium)
{
    private const int Agents = 9;
    private readonly string _folder = Directory.CreateTempSubdirectory("agentconsole-test-").FullName;
    private ConsoleProcess? _process;

    protected override Uri Address => _process!.Address;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_process is not null)
            await _process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<Match> StartAsync(Dictionary<string, string?> settings)
    {
        _process = await ConsoleProcess.StartAsync(settings, Stop, "--demo");
        return await _process.SaysAsync(@"Sign in as (\S+) with the password (\S+) \(kept in (.+)\)", Stop);
    }

    [Fact]
    public async Task Its_account_signs_in_every_agent_reports_and_one_command_takes_them_away_from_a_folder_that_was_named()
    {
        var settings = new Dictionary<string, string?>
        {
            ["AgentConsole__DataDirectory"] = Path.Combine(_folder, "data"),
            ["Logging__LogLevel__Microsoft.AspNetCore.Server.Kestrel.Connections"] = "Debug",
        };
        var account = await StartAsync(settings);
        var page = await OpenAsync(null);
        await page.GotoAsync("/fleet");
        await page.GetByLabel("E-mail").FillAsync(account.Groups[1].Value);
        await page.GetByLabel("Password").FillAsync(account.Groups[2].Value);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");

        await Expect(page.Locator("[data-testid=agent-row][data-last-run^=run_]"))
            .ToHaveCountAsync(Agents, new LocatorAssertionsToHaveCountOptions { Timeout = 40_000 });
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(Agents);
        await AssertAccessibleAsync(page);

        await _process!.StopAsync(Stop); // with the page open, which tries to connect again at once
        Assert.DoesNotContain("failed to close gracefully", _process.Output, StringComparison.Ordinal);
        var (code, output) = await ConsoleProcess.CommandAsync(settings, Stop, "demo", "remove");
        Assert.True(code == 0, output);
        Assert.Equal(Agents, Regex.Count(output, "is deleted and its keys are revoked"));
        Assert.Contains("The demo is gone.", output, StringComparison.Ordinal);
        (code, output) = await ConsoleProcess.CommandAsync(settings, Stop, "demo", "remove");
        Assert.True(code == 0, output);
        Assert.Contains("There is no demo in", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_of_its_agents_take_up_new_keys_while_they_work_and_the_page_shows_that_every_caller_has_moved()
    {
        var account = await StartAsync(new Dictionary<string, string?> { ["AgentConsole__DataDirectory"] = Path.Combine(_folder, "data") });
        var page = await OpenAsync(null);
        await page.GotoAsync("/rotations?open=all");
        await page.GetByLabel("E-mail").FillAsync(account.Groups[1].Value);
        await page.GetByLabel("Password").FillAsync(account.Groups[2].Value);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign in" }).ClickAsync();

        var over = new LocatorAssertionsToBeVisibleOptions { Timeout = 30_000 };
        foreach (var agent in new[] { "ledger-reconciler", "disk-watcher" })
        {
            var row = page.GetByTestId("rotation-row").Filter(new LocatorFilterOptions { HasText = agent });
            await Expect(
                    row.Filter(new LocatorFilterOptions { HasTextRegex = new Regex("Old disabled|Completed", RegexOptions.IgnoreCase) })
                )
                .ToBeVisibleAsync(over);
        }
        await page.GetByTestId("rotation-row")
            .Filter(new LocatorFilterOptions { HasText = "ledger-reconciler" })
            .GetByRole(AriaRole.Link)
            .First.ClickAsync();
        await Expect(page.GetByTestId("caller")).ToHaveAttributeAsync("data-state", "moved");
        Assert.DoesNotContain("is refused", _process!.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("could not report", _process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_own_folder_is_made_beside_the_console_and_goes_whole()
    {
        var settings = new Dictionary<string, string?> { ["ASPNETCORE_CONTENTROOT"] = _folder };
        var account = await StartAsync(settings);
        var own = Path.Combine(_folder, "data-demo");
        Assert.StartsWith(own, account.Groups[3].Value, StringComparison.Ordinal);
        var (code, output) = await ConsoleProcess.CommandAsync(settings, Stop, "demo", "remove");
        Assert.Equal(2, code);
        Assert.Contains("The demo is running: stop it first.", output, StringComparison.Ordinal);

        var page = await OpenAsync(null);
        await page.GotoAsync("/");
        await page.GetByLabel("E-mail").FillAsync(account.Groups[1].Value);
        await page.GetByLabel("Password").FillAsync(account.Groups[2].Value);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await Expect(page.GetByTestId("run-row").First).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 40_000 });
        await page.ReloadAsync();
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Remove…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Remove", Exact = true }).ClickAsync();
        await Expect(page.GetByTestId("samples-removed"))
            .ToContainTextAsync(
                new Regex(
                    @"9\sagents deleted, \d+\skey versions revoked, 3\speople and 1\sservice account disabled, 1\ssecret sink deleted"
                )
            );
        await page.GotoAsync("/");
        await Expect(page.Locator("h1")).ToHaveTextAsync("No agent is registered yet");

        await _process!.StopAsync(Stop);
        (code, output) = await ConsoleProcess.CommandAsync(settings, Stop, "demo", "remove");

        Assert.True(code == 0, output);
        Assert.Contains($"The demo is gone: {own} is deleted.", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(own));
    }
}
