namespace AgentConsole.E2E.Tests.Journeys;

public sealed class PaletteJourney(Chromium chromium) : JourneyTest(chromium)
{
    private static ILocator Chosen(IPage page) => page.Locator("[role=option][aria-selected=true]");

    private static async Task AskAsync(IPage page, string text)
    {
        await page.Keyboard.PressAsync("Control+k");
        await page.GetByRole(AriaRole.Combobox).FillAsync(text);
        await Expect(page.GetByTestId("palette")).ToHaveAttributeAsync("data-answers", text);
    }

    private async Task<IPage> LiveAsync(Person person, string address, int width = 1440)
    {
        var page = await OpenAsync(person, width, 844);
        await page.GotoAsync(address);
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        return page;
    }

    [Fact]
    public async Task An_operator_finds_an_agent_pauses_it_and_undoes_it_without_a_mouse()
    {
        await Console.AgentAsync("mailroom-1");
        await Console.AgentAsync("reader-1");
        var page = await LiveAsync(Console.Cast.Otto, "/runs");

        await AskAsync(page, "mailr");
        await Expect(Chosen(page)).ToContainTextAsync("mailroom-1");
        await Expect(page.GetByTestId("palette").GetByRole(AriaRole.Status)).ToContainTextAsync("results");
        await AssertAccessibleAsync(page);
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync("**/agents/mailroom-1");

        await AskAsync(page, "");
        await Expect(Chosen(page)).ToContainTextAsync("mailroom-1"); // lately chosen comes first
        await page.Keyboard.PressAsync("Escape");
        await AskAsync(page, "pause mail");
        await Expect(Chosen(page)).ToContainTextAsync("Pause mailroom-1");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByText("Paused mailroom-1")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("z");
        await Expect(page.GetByText("Resumed mailroom-1")).ToBeVisibleAsync();

        await AskAsync(page, "sign out");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync("**/account/sign-in*");
        Assert.Equal(0, await page.EvaluateAsync<int>("Object.keys(localStorage).length"));
    }

    [Fact]
    public async Task An_action_opens_what_its_button_opens_and_an_address_alone_does_nothing()
    {
        await Console.AgentAsync("mailroom-1");
        var page = await LiveAsync(Console.Cast.Otto, "/fleet");

        await AskAsync(page, "delete mail");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Delete mailroom-1?");
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);

        await page.GotoAsync("/agents/mailroom-1?act=pause");
        await page.WaitForURLAsync("**/agents/mailroom-1");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Pause", Exact = true })).ToBeVisibleAsync();
        await Expect(page.GetByText("Paused mailroom-1")).ToHaveCountAsync(0);

        // What one may not do says so, and does nothing.
        await AskAsync(page, "mint mail");
        await Expect(Chosen(page)).ToHaveAttributeAsync("aria-disabled", "true");
        await Expect(Chosen(page)).ToContainTextAsync("key-admin");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByTestId("palette")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_pasted_key_stays_in_no_storage_and_on_a_phone_the_palette_fills_the_screen()
    {
        var (_, secret) = await Console.AgentAsync("mailroom-1");
        var page = await LiveAsync(Console.Cast.Ines, "/fleet", 390);

        await page.GetByRole(AriaRole.Button, new() { Name = "Search or act" }).ClickAsync();
        var field = page.GetByRole(AriaRole.Combobox);
        await field.FillAsync(secret);
        await Expect(page.GetByText("looked up by its hash")).ToBeVisibleAsync();
        await AssertAccessibleAsync(page);
        var box = (await page.GetByTestId("palette").BoundingBoxAsync())!;
        Assert.Equal((390, 844), (box.Width, box.Height));
        await field.PressAsync("Enter");
        await page.WaitForURLAsync("**/agents/mailroom-1/keys");
        Assert.DoesNotContain(
            secret,
            await page.EvaluateAsync<string>("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href])"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_key_is_disabled_and_its_revocation_opened_from_the_palette()
    {
        await Console.AgentAsync("mailroom-1");
        var page = await LiveAsync(Console.Cast.Ines, "/keys");
        await Expect(page.GetByTestId("key-row")).ToHaveCountAsync(1);
        var secret = (await page.Locator(".c-se").First.InnerTextAsync()).Trim();
        await page.GotoAsync("/runs");
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");

        await AskAsync(page, "revoke " + secret);
        await Expect(Chosen(page)).ToContainTextAsync("Revoke ak_live_");
        await Expect(Chosen(page)).ToContainTextAsync("key-admin or team-admin");
        await AssertAccessibleAsync(page);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Revoke");
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await Expect(page.GetByTestId("key-row")).ToContainTextAsync("Active");

        await AskAsync(page, "disable " + secret);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByTestId("key-row")).ToContainTextAsync("Disabled");
        await page.Keyboard.PressAsync("z");
        await Expect(page.GetByTestId("key-row")).ToContainTextAsync("Active");

        await AskAsync(page, "retntn");
        await Expect(Chosen(page)).ToContainTextAsync("Retention");
    }
}
