using AgentConsole.Testing.Processes;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>The first start of an empty console, as a process: its link makes the administrator, once.</summary>
public sealed class SetupJourney(Chromium chromium) : JourneyTest(chromium)
{
    private const string Password = "nine green bottles hang";
    private readonly string _folder = Directory.CreateTempSubdirectory("agentconsole-test-").FullName;
    private ConsoleProcess _process = null!;

    protected override Uri Address => _process.Address;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _process = await ConsoleProcess.StartAsync(
            new Dictionary<string, string?> { ["AgentConsole__DataDirectory"] = _folder, ["AgentConsole__SignIn__MaxFailures"] = "3" },
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
    public async Task The_printed_link_makes_the_administrator_works_once_and_guessing_locks_the_account()
    {
        var link = (await _process.SaysAsync(@"http://\S+/setup/\S+", Stop)).Value;
        var page = await OpenAsync(null);
        await page.GotoAsync(link);
        await EveryPageOfStrangers.LookAllAroundAsync(page, "stranger-setup");
        await page.GetByLabel("Organization").FillAsync("Acme");
        await page.GetByLabel("Your name").FillAsync("Olga");
        await page.GetByLabel("E-mail").FillAsync("olga@acme.example");
        await page.GetByLabel("Password").FillAsync("password1234");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Set up" }).ClickAsync();
        await Expect(page.GetByLabel("Password")).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(page.GetByLabel("Your name")).ToHaveValueAsync("Olga");
        await AssertAccessibleAsync(page);
        await page.GetByLabel("Password").FillAsync(Password);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Set up" }).ClickAsync();
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await Expect(page.GetByText("Acme", new PageGetByTextOptions { Exact = true })).ToBeVisibleAsync();

        var stranger = await OpenAsync(null);
        await stranger.GotoAsync(link);
        await Expect(stranger.GetByRole(AriaRole.Heading)).ToHaveTextAsync("This link does not work any more");
        await AssertAccessibleAsync(stranger);

        await stranger.GotoAsync("/account/sign-in");
        for (var guess = 0; guess < 3; guess++)
            await SignInAsync(stranger, "a guess, and a wrong one");
        await SignInAsync(stranger, Password);
        await Expect(stranger.GetByTestId("refused")).ToContainTextAsync("After several wrong attempts it is locked for a while");
    }

    private static async Task SignInAsync(IPage page, string password)
    {
        await page.GetByLabel("E-mail").FillAsync("olga@acme.example");
        await page.GetByLabel("Password").FillAsync(password);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByTestId("refused")).ToBeVisibleAsync();
    }
}
