namespace AgentConsole.E2E.Tests.Journeys;

public sealed class KeyboardJourney(Chromium chromium) : JourneyTest(chromium)
{
    private const string FocusedRow = "document.activeElement?.closest('tr')?.dataset.slug ?? null";

    private async Task<IPage> FleetAsync(int agents, string query = "?sort=slug")
    {
        for (var i = 1; i <= agents; i++)
            await Console.AgentAsync($"mailroom-{i:000}");
        var page = await OpenAsync(Console.Cast.Olga);
        await page.GotoAsync("/fleet" + query);
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        return page;
    }

    [Fact]
    public async Task An_operator_walks_the_console_with_single_keys()
    {
        var page = await FleetAsync(3, "?q=mail&sort=slug");

        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("j");
        Assert.Equal("mailroom-002", await page.EvaluateAsync<string>(FocusedRow));
        await page.Keyboard.PressAsync("k");
        Assert.Equal("mailroom-001", await page.EvaluateAsync<string>(FocusedRow));
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync("**/agents/mailroom-001");
        await Expect(page.Locator("h1")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex(@"/fleet\?q=mail&sort=slug$"));

        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("k");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Keys" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("/");
        await Expect(page.GetByTestId("filter-text")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("gf j?");
        await Expect(page.GetByTestId("filter-text")).ToHaveValueAsync("gf j?");
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByTestId("filter-text")).Not.ToBeFocusedAsync();
    }

    [Fact]
    public async Task Single_keys_leave_alone_whoever_composes_or_holds_a_modifier_and_can_be_switched_off()
    {
        var page = await FleetAsync(1);

        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("Alt+k");
        await page.EvaluateAsync(
            "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', isComposing: true, bubbles: true }))"
        );
        Assert.EndsWith("/fleet?sort=slug", page.Url, StringComparison.Ordinal);
        Assert.Null(await page.EvaluateAsync<string?>(FocusedRow));

        await page.GetByLabel("Look: theme, contrast, density, keys, times").ClickAsync();
        await page.GetByRole(AriaRole.Group, new() { Name = "Single keys" })
            .GetByRole(AriaRole.Button, new() { Name = "Off" })
            .ClickAsync();
        await page.ReloadAsync();
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-keys", "off");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("?");
        Assert.Null(await page.EvaluateAsync<string?>(FocusedRow));
        await Expect(page.GetByTestId("help")).ToHaveCountAsync(0);
        // The sheet stays within reach, and switches them on again.
        await page.Locator("summary.ava").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Keys" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Switch single keys on" }).ClickAsync();
        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.PressAsync("j");
        Assert.Equal("mailroom-001", await page.EvaluateAsync<string>(FocusedRow));
    }

    [Fact]
    public async Task The_sheet_lists_what_works_on_this_page()
    {
        var page = await FleetAsync(1);

        await page.Keyboard.PressAsync("?");
        var sheet = page.GetByTestId("help");
        await Expect(sheet).ToContainTextAsync("Next row");
        await Expect(sheet).ToContainTextAsync("Filter agents");
        await Expect(sheet).ToContainTextAsync("Trail");
        await AssertAccessibleAsync(page);
        await page.Keyboard.PressAsync("Escape");
        await Expect(sheet).ToHaveCountAsync(0);

        await page.GotoAsync("/fleet/register");
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await page.Locator("h1").ClickAsync();
        await page.Keyboard.PressAsync("?");
        await Expect(sheet).ToContainTextAsync("Go to");
        await Expect(sheet).Not.ToContainTextAsync("Next row");
    }

    [Fact]
    public async Task Every_place_has_its_letter()
    {
        var page = await FleetAsync(1);
        foreach (var letter in "orsktmf")
        {
            await page.Keyboard.PressAsync("g");
            await page.Keyboard.PressAsync(letter.ToString());
            // Drawn, not only on its way: the navigation says where one is.
            await Expect(page.Locator($".shell [data-go='{letter}'][aria-current]").First).ToBeAttachedAsync();
            await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        }
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("c");
        await page.WaitForURLAsync("**/account");
    }

    [Fact]
    public async Task A_key_pressed_as_the_sheet_closes_keeps_the_row_it_moved_to()
    {
        var page = await FleetAsync(1);
        await page.Locator("summary.ava").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Keys" }).ClickAsync();
        await Expect(page.GetByTestId("help")).ToBeVisibleAsync();

        var row = await page.EvaluateAsync<string?>(
            $$"""
            () => new Promise(done => {
              const sheet = document.querySelector('[data-testid=help]');
              sheet.addEventListener('close', () => setTimeout(() => done({{FocusedRow}})));
              sheet.close();
              document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }));
            })
            """
        );

        Assert.Equal("mailroom-001", row);
    }

    [Fact]
    public async Task Rows_go_on_below_what_is_drawn_and_a_row_that_is_no_longer_drawn_hands_its_focus_on()
    {
        var page = await FleetAsync(120);

        for (var i = 0; i < 40; i++)
        {
            await page.Keyboard.PressAsync("j");
            await page.WaitForFunctionAsync($"() => ({FocusedRow}) === 'mailroom-{i + 1:000}'");
        }

        await page.EvaluateAsync("document.querySelector('.fl .scroll').scrollTop = 1e6");
        await Expect(page.Locator("tr[data-slug='mailroom-040']")).ToHaveCountAsync(0);
        await page.WaitForFunctionAsync("() => document.activeElement?.closest('tr[data-slug]') != null");
    }

    [Fact]
    public async Task A_dialog_that_the_browser_closes_by_itself_is_closed_for_the_page_too()
    {
        await Console.AgentAsync("mailroom-1");
        var page = await OpenAsync(Console.Cast.Ines);
        await page.GotoAsync("/agents/mailroom-1/keys");
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        for (var times = 0; times < 2; times++)
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Make a key" }).ClickAsync();
            await Expect(page.Locator("dialog[open]")).ToBeVisibleAsync();
            await page.Locator("dialog").EvaluateAsync("dialog => dialog.close()"); // as with a second Escape
            await Expect(page.Locator("dialog")).ToHaveCountAsync(0);
            Assert.DoesNotContain("act=", page.Url, StringComparison.Ordinal);
        }
    }
}
