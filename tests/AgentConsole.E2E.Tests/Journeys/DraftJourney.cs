using System.Text.RegularExpressions;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>What is typed is kept for the person who typed it, and for nobody else; never a secret.</summary>
public sealed class DraftJourney(Chromium chromium) : JourneyTest(chromium)
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

    private static ILocator Slug(IPage page) => page.GetByLabel("Slug", new PageGetByLabelOptions { Exact = true });

    private static ILocator Button(IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    private static Task<string> KeptAsync(IPage page) =>
        page.EvaluateAsync<string>("() => JSON.stringify(sessionStorage) + JSON.stringify(localStorage)");

    private async Task<IPage> TypeAsync(string slug)
    {
        var page = await OpenAsync(Console.Cast.Olga);
        await page.GotoAsync("/fleet/register");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await Slug(page).FillAsync(slug);
        await page.WaitForFunctionAsync("slug => JSON.stringify(sessionStorage).includes(slug)", slug);
        return page;
    }

    [Fact]
    public async Task Another_person_in_the_same_tab_finds_nothing_of_it()
    {
        var page = await TypeAsync("olgas-secret-plan");
        var (name, value) = Console.Cookie(Console.Cast.Ines);
        await page.Context.ClearCookiesAsync();
        await page.Context.AddCookiesAsync([
            new Cookie
            {
                Name = name,
                Value = value,
                Url = Address.ToString(),
            },
        ]);

        await page.GotoAsync("/fleet/register");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");

        await Expect(Slug(page)).ToHaveValueAsync("");
        Assert.DoesNotContain("olgas-secret-plan", await KeptAsync(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signing_out_ends_it()
    {
        var page = await TypeAsync("of-this-session");

        await page.GetByLabel("account of Olga").ClickAsync();
        await Button(page, "Sign out").ClickAsync();
        await page.WaitForURLAsync("**/account/sign-in**");

        Assert.DoesNotContain("of-this-session", await KeptAsync(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_was_signed_out_meanwhile_signs_in_and_goes_on_where_the_form_was()
    {
        var page = await TypeAsync("after-the-night");
        await page.Context.ClearCookiesAsync();

        await page.ReloadAsync();
        await page.GetByLabel("E-mail").FillAsync(Console.Cast.Olga.Email);
        await page.GetByLabel("Password").FillAsync(Person.Password);
        await Button(page, "Sign in").ClickAsync();

        await page.WaitForURLAsync("**/fleet/register", new PageWaitForURLOptions { WaitUntil = WaitUntilState.Commit });
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await Expect(Slug(page)).ToHaveValueAsync("after-the-night");
        Assert.DoesNotContain(Person.Password, await KeptAsync(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Discard_brings_the_empty_form_back_for_good()
    {
        var page = await TypeAsync("never-mind");
        await page.ReloadAsync();
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await Expect(Slug(page)).ToHaveValueAsync("never-mind");
        await AssertAccessibleAsync(page);
        if (Environment.GetEnvironmentVariable("SHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, "draft-restored.png") });

        await Button(page, "Discard").ClickAsync();

        await Expect(Slug(page)).ToHaveValueAsync("");
        await page.ReloadAsync();
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await Expect(Slug(page)).ToHaveValueAsync("");
        await Expect(page.Locator(".draft[data-said]")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task What_is_pressed_while_the_console_is_away_is_not_sent_and_what_is_typed_is_heard_afterwards()
    {
        var page = await TypeAsync("typed-before");
        await page.EvaluateAsync("() => { document.marked = true; }");

        _wire.Cut();
        await Expect(page.Locator("#components-reconnect-modal")).ToHaveClassAsync(new Regex("components-reconnect-show"));
        await Slug(page).FillAsync("typed-while-away");
        await Button(page, "Register").ClickAsync();
        await Expect(page.GetByText("Not sent: the console cannot be reached.")).ToBeVisibleAsync();
        if (Environment.GetEnvironmentVariable("SHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, "not-sent.png") });
        _wire.Mend();
        await Expect(page.Locator("#components-reconnect-modal"))
            .ToHaveClassAsync(new Regex("components-reconnect-hide"), new() { Timeout = 20_000 });

        await Button(page, "Register").ClickAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "typed-while-away is registered" }))
            .ToBeVisibleAsync();
        Assert.True(await page.EvaluateAsync<bool>("() => document.marked === true"), "The page was loaded again.");
    }

    [Fact]
    public async Task A_secret_is_in_no_store_of_the_browser_and_says_after_a_reload_that_it_was_shown()
    {
        await Console.AgentAsync("mailroom-1");
        var page = await OpenAsync(Console.Cast.Olga);
        await page.GotoAsync("/agents/mailroom-1/keys?act=mint");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await Button(page, "Make it").ClickAsync();
        var secret = await page.Locator("[data-save]").GetAttributeAsync("data-text");
        await page.Locator("dialog .secret input").FillAsync("wxyz");
        await page.WaitForTimeoutAsync(400);
        var kept = await KeptAsync(page);
        Assert.DoesNotContain(secret!, kept, StringComparison.Ordinal);
        Assert.DoesNotContain("wxyz", kept, StringComparison.Ordinal);

        await page.ReloadAsync();

        await Expect(page.Locator("dialog[open]")).ToContainTextAsync("its secret was shown once");
        Assert.DoesNotContain(secret!, await page.ContentAsync(), StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("SHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, "shown-once.png") });
    }
}
