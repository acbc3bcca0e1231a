using System.Net;
using System.Text.RegularExpressions;
using AgentConsole.Core.Keys;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>Keys in the hands of who answers for them: found, paused and let again, ended for good, made and shown once.</summary>
public sealed class KeysJourney(Chromium chromium) : JourneyTest(chromium)
{
    private static ILocator Button(IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    private async Task<IPage> OpenLiveAsync(Person person, string address)
    {
        var page = await OpenAsync(person);
        await page.GotoAsync(address);
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        return page;
    }

    private async Task<HttpStatusCode> BeatAsync(string key)
    {
        using var agent = Console.Client(key);
        using var answer = await agent.PostAsync(new Uri("/api/v1/heartbeat", UriKind.Relative), null, Stop);
        return answer.StatusCode;
    }

    private static async Task AssertNowhereAsync(IPage page, string secret)
    {
        Assert.DoesNotContain(secret, await page.ContentAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(
            secret,
            await page.EvaluateAsync<string[]>(
                "() => [...document.querySelectorAll('input, textarea, select')].map((field) => field.value)"
            )
        );
    }

    [Fact]
    public async Task A_key_is_found_disabled_and_let_again_by_undo()
    {
        var (_, key) = await Console.AgentAsync("mailroom-1");
        await Console.AgentAsync("reader-1");
        var page = await OpenLiveAsync(Console.Cast.Ines, "/keys");
        var rows = page.GetByTestId("key-row");
        await Expect(rows).ToHaveCountAsync(2);

        await page.GetByTestId("filter-text").FillAsync("mailroom");
        await page.GetByTestId("filter-text").PressAsync("Enter");
        await page.WaitForURLAsync(new Regex(@"/keys\?.*q=mailroom$"));
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await Expect(rows).ToHaveCountAsync(1);
        await AssertAccessibleAsync(page);

        await Button(page, "Disable").ClickAsync();
        await Expect(rows.Locator(".c-st")).ToContainTextAsync("Disabled");
        await Expect(page.GetByText("of mailroom-1.")).ToBeVisibleAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await BeatAsync(key));
        await AssertAccessibleAsync(page);

        await page.Locator(".toast").GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Undo" }).ClickAsync();
        await Expect(rows.Locator(".c-st")).ToContainTextAsync("Active");
        Assert.Equal(HttpStatusCode.OK, await BeatAsync(key));

        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Disabled", Exact = true }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex(@"/keys\?state=disabled$"));
        await Expect(page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "No key matches" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Revoking_asks_first_and_says_what_follows()
    {
        var (_, key) = await Console.AgentAsync("mailroom-1");
        Assert.Equal(HttpStatusCode.OK, await BeatAsync(key));
        await Console.Get<KeyUse>().StepAsync(Stop); // written every 2 s; not waited for here
        var page = await OpenLiveAsync(Console.Cast.Ines, "/keys");

        await Button(page, "Revoke…").ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(dialog.GetByRole(AriaRole.Heading)).ToHaveTextAsync(new Regex($"^Revoke ak_live_.*{key[^4..]}\\?$"));
        await Expect(dialog).ToContainTextAsync("mailroom-1 is refused with this key from now on, for good.");
        await Expect(dialog).ToContainTextAsync("from 127.0.0.1");
        await AssertAccessibleAsync(page);

        await page.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToHaveCountAsync(0);
        await Expect(Button(page, "Revoke…")).ToBeFocusedAsync();
        Assert.Equal(HttpStatusCode.OK, await BeatAsync(key));

        await Button(page, "Revoke…").ClickAsync();
        await Button(page, "Revoke").ClickAsync();
        await Expect(page.GetByTestId("key-row").Locator(".c-st")).ToContainTextAsync("Revoked");
        await Expect(page.GetByTestId("key-row").GetByRole(AriaRole.Button)).ToHaveCountAsync(0);
        Assert.Equal(HttpStatusCode.Unauthorized, await BeatAsync(key));
    }

    [Theory]
    [InlineData("I stored it")]
    [InlineData("Close")]
    public async Task A_new_key_is_shown_once_and_is_nowhere_when_its_dialog_is_closed(string way)
    {
        await Console.AgentAsync("mailroom-1");
        var page = await OpenLiveAsync(Console.Cast.Ines, "/agents/mailroom-1/keys");
        await Button(page, "Make a key").ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await AssertAccessibleAsync(page);
        await dialog.GetByLabel("Name").FillAsync("production");
        await Button(page, "Make it").ClickAsync();

        var shown = dialog.GetByLabel("Key of mailroom-1");
        await Expect(shown).ToContainTextAsync("•");
        await AssertAccessibleAsync(page);
        await Button(page, "Show it").ClickAsync();
        await Expect(shown).Not.ToContainTextAsync("•");
        var secret = await shown.InnerTextAsync();
        Assert.Equal(HttpStatusCode.OK, await BeatAsync(secret));
        if (way == "I stored it")
            await dialog.GetByLabel("I stored it; its last four characters are").FillAsync(secret[^4..]);
        await dialog.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = way, Exact = true }).ClickAsync();

        await Expect(dialog).ToHaveCountAsync(0);
        await Expect(page.GetByTestId("key-row").Filter(new LocatorFilterOptions { HasText = "production" })).ToHaveCountAsync(1);
        await AssertNowhereAsync(page, secret);
        await page.ReloadAsync();
        await Expect(page.GetByTestId("key-row")).ToHaveCountAsync(2);
        await AssertNowhereAsync(page, secret);
    }
}
