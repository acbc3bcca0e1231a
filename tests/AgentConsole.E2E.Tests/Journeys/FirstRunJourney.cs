using System.Diagnostics;
using AgentConsole.Testing.Processes;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>From an empty data folder to an agent that works, as somebody does it who sees the console for the first time.</summary>
public sealed class FirstRunJourney(Chromium chromium) : JourneyTest(chromium)
{
    private readonly string _folder = Directory.CreateTempSubdirectory("agentconsole-test-").FullName;
    private ConsoleProcess _process = null!;

    protected override Uri Address => _process.Address;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _process = await ConsoleProcess.StartAsync(
            new Dictionary<string, string?> { ["AgentConsole__DataDirectory"] = Path.Combine(_folder, "data") },
            Stop
        );
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task From_an_empty_folder_to_the_first_run_in_less_than_five_minutes_and_without_a_reload()
    {
        Assert.SkipUnless(File.Exists("/bin/bash") && File.Exists("/usr/bin/curl"), "curl is not installed here");
        var began = Stopwatch.GetTimestamp();
        var link = (await _process.SaysAsync(@"http://\S+/setup/\S+", Stop)).Value;
        var page = await OpenAsync(null);
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await page.GotoAsync(link); // the last address that is typed
        await page.GetByLabel("Organization").FillAsync("Acme");
        await page.GetByLabel("Your name").FillAsync("Olga");
        await page.GetByLabel("E-mail").FillAsync("olga@acme.example");
        await page.GetByLabel("Password").FillAsync("nine green bottles hang");
        await page.GetByRole(AriaRole.Button, new() { Name = "Set up" }).ClickAsync();
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");

        // The way in that is there on every other day.
        await page.Locator("summary.ava").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.GetByLabel("E-mail").FillAsync("olga@acme.example");
        await page.GetByLabel("Password").FillAsync("nine green bottles hang");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        var reloads = 0;
        page.Load += (_, _) => reloads++;

        await page.GetByRole(AriaRole.Link, new() { Name = "Register your first agent" }).First.ClickAsync();
        await page.WaitForURLAsync("**/start");
        await page.GetByLabel("Slug").FillAsync("first-agent");
        await page.GetByRole(AriaRole.Button, new() { Name = "Register", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Show it" }).ClickAsync();
        await Expect(page.GetByLabel("Key of first-agent")).Not.ToContainTextAsync("•");
        var key = await page.GetByLabel("Key of first-agent").InnerTextAsync();
        await page.GetByLabel("I stored it; its last four characters are").FillAsync(key[^4..]);
        await page.GetByRole(AriaRole.Button, new() { Name = "I stored it", Exact = true }).ClickAsync();
        await Expect(page.GetByTestId("waiting")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy the program" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Copy the program" })).ToHaveAttributeAsync("data-copied", "");
        var program = await page.EvaluateAsync<string>("navigator.clipboard.readText()");
        Assert.DoesNotContain(key, program, StringComparison.Ordinal);

        await RunAsync(program, key);

        await Expect(page.GetByTestId("first-run")).ToContainTextAsync("Counted the files here");
        await Expect(page.Locator("ol.start > li.done")).ToHaveCountAsync(3);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("The first run is here");
        Assert.Equal(0, reloads);
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromMinutes(5));
        await AssertAccessibleAsync(page);

        // And on the overview everything that was empty is there.
        await page.GetByRole(AriaRole.Link, new() { Name = "Overview" }).First.ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("All is well");
        Assert.Equal(0, reloads);
    }

    private async Task RunAsync(string program, string key)
    {
        var start = new ProcessStartInfo("/bin/bash")
        {
            WorkingDirectory = _folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(program);
        start.Environment["AGENT_KEY"] = key;
        using var shell = Process.Start(start)!;
        var errors = shell.StandardError.ReadToEndAsync(Stop);
        var output = await shell.StandardOutput.ReadToEndAsync(Stop);
        await shell.WaitForExitAsync(Stop);
        Assert.True(shell.ExitCode == 0, output + await errors);
    }
}
