using System.Net.Http.Json;
using System.Text.RegularExpressions;
using AgentConsole.Testing.Processes;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>The link between browser and console breaks: the page says so in time, and makes good what it missed.</summary>
public sealed class ReconnectJourney(Chromium chromium) : JourneyTest(chromium)
{
    private Wire _wire = null!;

    protected override Uri Address => _wire.Address;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _wire = new Wire(Console.Address);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _wire.DisposeAsync();
    }

    // Put on the document, so that it is gone after a reload.
    private static Task MarkAsync(IPage page) => page.EvaluateAsync("() => { document.marked = true; }");

    private static Task<bool> IsMarkedAsync(IPage page) => page.EvaluateAsync<bool>("() => document.marked === true");

    [Fact]
    public async Task A_cut_link_is_named_soon_goes_stale_and_comes_back_with_what_happened_meanwhile()
    {
        var (_, key) = await Console.AgentAsync("mailroom-1");
        using var agent = Console.Client(key);
        var page = await OpenAsync(Console.Cast.Victor);
        await page.Clock.InstallAsync();
        await page.GotoAsync("/runs");
        var badge = page.GetByTestId("live-badge");
        await Expect(badge).ToHaveTextAsync("Live");
        await MarkAsync(page);

        _wire.Cut();
        await Expect(page.Locator("#components-reconnect-modal")).ToHaveClassAsync(new Regex("components-reconnect-show"));
        await page.Clock.RunForAsync(2_000);
        await Expect(badge.Locator(".live-off")).ToHaveTextAsync("Reconnecting");
        await Expect(badge.Locator(".live-now")).ToBeHiddenAsync();
        await AssertAccessibleAsync(page);

        await page.Clock.RunForAsync(13_000);
        await Expect(badge.Locator(".live-off")).ToHaveTextAsync(new Regex(@"^Stale since \d\d:\d\d:\d\d UTC$"));
        await Expect(page.Locator("#components-reconnect-modal")).Not.ToHaveClassAsync(new Regex("components-reconnect-failed"));
        await AssertAccessibleAsync(page);
        using var answer = await agent.PostAsJsonAsync("/api/v1/runs", new { status = "completed", summary = "Invoice 1" }, Stop);
        answer.EnsureSuccessStatusCode();
        await Expect(page.GetByTestId("run-row")).ToHaveCountAsync(0);

        _wire.Mend();
        for (var step = 0; step < 40 && await badge.Locator(".live-now").IsHiddenAsync(); step++)
            await page.Clock.RunForAsync(1_000);

        await Expect(badge.Locator(".live-now")).ToBeVisibleAsync();
        await Expect(badge).ToHaveTextAsync("Live");
        await Expect(page.GetByTestId("run-row")).ToContainTextAsync("Invoice 1");
        Assert.True(await IsMarkedAsync(page), "The page was loaded again.");
    }

    [Fact]
    public async Task A_break_shorter_than_two_seconds_is_not_spoken_of()
    {
        var page = await OpenAsync(Console.Cast.Victor);
        await page.GotoAsync("/runs");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await page.EvaluateAsync(
            """
            () => {
              document.words = [];
              document.states = [];
              new MutationObserver(() => document.words.push(document.querySelector(".live-off").textContent))
                .observe(document.querySelector(".live-off"), { childList: true, characterData: true, subtree: true });
              const modal = document.getElementById("components-reconnect-modal");
              new MutationObserver(() => document.states.push(modal.className)).observe(modal, { attributes: true });
            }
            """
        );

        _wire.Cut();
        _wire.Mend();

        await page.WaitForFunctionAsync("() => document.states.at(-1)?.includes('components-reconnect-hide')");
        Assert.DoesNotContain("Reconnecting", await page.EvaluateAsync<string[]>("() => document.words"));
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
    }

    [Fact]
    public async Task However_long_it_is_away_the_page_comes_back_by_itself_and_says_meanwhile_what_happens_to_what_is_pressed()
    {
        var page = await OpenAsync(Console.Cast.Victor);
        await page.Clock.InstallAsync();
        await page.GotoAsync("/runs");
        var badge = page.GetByTestId("live-badge");
        await Expect(badge).ToHaveTextAsync("Live");
        await MarkAsync(page);

        _wire.Cut();
        await Expect(page.Locator("#components-reconnect-modal")).ToHaveClassAsync(new Regex("components-reconnect-show"));
        // Ten minutes; each attempt is a real call that fails, so the clock goes in steps.
        for (var step = 0; step < 60; step++)
            await page.Clock.RunForAsync(10_000);
        await Expect(page.Locator("#components-reconnect-modal")).ToContainTextAsync("It is tried again by itself");
        await Expect(page.Locator("#components-reconnect-modal")).ToBeVisibleAsync();
        await Expect(badge.Locator(".live-off")).ToHaveTextAsync(new Regex("^Stale since"));
        await AssertAccessibleAsync(page);
        await badge.ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert).Filter(new LocatorFilterOptions { HasText = "Not sent" })).ToBeVisibleAsync();

        _wire.Mend();
        for (var step = 0; step < 40 && await badge.Locator(".live-now").IsHiddenAsync(); step++)
            await page.Clock.RunForAsync(1_000);

        await Expect(badge.Locator(".live-now")).ToBeVisibleAsync();
        await Expect(badge).ToHaveTextAsync("Live"); // the press of before was not kept: it would say Paused
        Assert.True(await IsMarkedAsync(page), "The page was loaded again.");
    }

    [Theory]
    [InlineData("Escape")]
    [InlineData("Cancel")]
    public async Task A_question_can_be_left_while_the_link_is_cut_and_the_page_hears_of_it_afterwards(string by)
    {
        await Console.AgentAsync("mailroom-1");
        var page = await OpenAsync(Console.Cast.Olga);
        await page.GotoAsync("/agents/mailroom-1/keys");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await MarkAsync(page);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Make a key" }).ClickAsync();
        var dialog = page.Locator("dialog.dlg");
        await Expect(dialog).ToBeVisibleAsync();

        _wire.Cut();
        await Expect(page.Locator("#components-reconnect-modal")).ToHaveClassAsync(new Regex("components-reconnect-show"));
        if (by == "Escape")
            await page.Keyboard.PressAsync("Escape");
        else
            await dialog.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = by }).ClickAsync();
        await Expect(dialog).ToBeHiddenAsync();
        _wire.Mend();

        await Expect(dialog).ToHaveCountAsync(0, new() { Timeout = 20_000 });
        await Expect(page).ToHaveURLAsync(new Regex("/agents/mailroom-1/keys$"));
        Assert.True(await IsMarkedAsync(page), "The page was loaded again.");
    }

    [Fact]
    public async Task A_console_that_was_started_anew_is_picked_up_at_the_same_address_with_its_filters()
    {
        await using var folder = await ConsoleFolder.CreateAsync();
        await using (var services = folder.Open())
            await folder.AgentsAsync(services, 3, "mailroom");
        var (name, value) = await folder.CookieAsync(folder.Cast.Ines);
        var page = await OpenAsync(null);
        await page.Context.AddCookiesAsync([
            new Cookie
            {
                Name = name,
                Value = value,
                Url = Address.ToString(),
            },
        ]);
        await using (var before = await ConsoleProcess.StartAsync(folder.Settings, Stop))
        {
            _wire.LayTo(before.Address);
            await page.GotoAsync("/fleet?sort=slug");
            await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
            await page.GetByTestId("filter-text").FillAsync("00002");
            await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(1);
            await Expect(page).ToHaveURLAsync(new Regex("q=00002"));
            await MarkAsync(page);
        }
        var address = page.Url;
        await Expect(page.GetByTestId("live-badge").Locator(".live-off")).ToHaveTextAsync("Reconnecting");

        await using var after = await ConsoleProcess.StartAsync(folder.Settings, Stop);
        _wire.LayTo(after.Address);

        await page.WaitForFunctionAsync("() => document.marked !== true", null, new PageWaitForFunctionOptions { Timeout = 45_000 });
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        Assert.Equal(address, page.Url);
        await Expect(page.GetByTestId("filter-text")).ToHaveValueAsync("00002");
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(1);
    }
}
