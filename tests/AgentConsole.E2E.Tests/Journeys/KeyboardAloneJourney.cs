using AgentConsole.Core.Agents;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>A form, a dialog and a plan from the first field to the result, without a mouse.</summary>
public sealed class KeyboardAloneJourney(Chromium chromium) : JourneyTest(chromium)
{
    private const int FarEnough = 200;

    private static ILocator Button(IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    // Goes on with Tab, as a person does, until this has the focus; the focus must be seen there.
    private static async Task TabToAsync(IPage page, ILocator target)
    {
        await Expect(target).ToBeVisibleAsync();
        for (var i = 0; i < FarEnough; i++)
        {
            if (await target.EvaluateAsync<bool>("element => element === document.activeElement"))
            {
                Assert.True(await target.EvaluateAsync<bool>("element => element.matches(':focus-visible')"));
                return;
            }
            await page.Keyboard.PressAsync("Tab");
        }
        Assert.Fail(
            $"Tab does not lead to {target}; it is at {await page.EvaluateAsync<string>("document.activeElement.outerHTML.slice(0, 200)")}"
        );
    }

    private static async Task PressAsync(IPage page, ILocator target)
    {
        await TabToAsync(page, target);
        await page.Keyboard.PressAsync("Enter");
    }

    // Looks at the secret, and says its end back.
    private static async Task StoreAsync(IPage page)
    {
        await PressAsync(page, Button(page, "Show it"));
        var secret = page.Locator(".secret output");
        await Expect(secret).Not.ToContainTextAsync("•");
        await TabToAsync(page, page.GetByLabel("I stored it; its last four characters are"));
        await page.Keyboard.TypeAsync((await secret.InnerTextAsync())[^4..]);
        await Expect(Button(page, "I stored it")).Not.ToHaveAttributeAsync("aria-disabled", "true");
        await PressAsync(page, Button(page, "I stored it"));
        await Expect(page.Locator(".secret")).ToHaveCountAsync(0);
    }

    private async Task<IPage> LiveAsync(string address)
    {
        var page = await OpenAsync(Console.Cast.Olga);
        await page.GotoAsync(address);
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        return page;
    }

    [Fact]
    public async Task An_agent_is_registered_and_gets_a_second_key()
    {
        var page = await LiveAsync("/fleet");
        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync("register agent");
        await Expect(page.Locator("[role=option][aria-selected=true]")).ToContainTextAsync("Register agent");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync("**/fleet/register");
        await TabToAsync(page, page.GetByLabel("Slug"));
        await page.Keyboard.TypeAsync("clerk-1");
        await TabToAsync(page, page.GetByLabel("Team", new PageGetByLabelOptions { Exact = true }));
        await page.Keyboard.TypeAsync("Payments");
        await PressAsync(page, Button(page, "Register"));
        await StoreAsync(page);
        await page.WaitForURLAsync("**/agents/clerk-1");

        await PressAsync(page, page.Locator("main nav a[href='/agents/clerk-1/keys']"));
        await page.WaitForURLAsync("**/agents/clerk-1/keys");
        await PressAsync(page, Button(page, "Make a key"));
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(dialog).ToBeVisibleAsync();
        await TabToAsync(page, dialog.GetByLabel("Name", new LocatorGetByLabelOptions { Exact = true }));
        await page.Keyboard.TypeAsync("night shift");
        await page.Keyboard.PressAsync("Enter");
        await StoreAsync(page);

        await Expect(dialog).ToHaveCountAsync(0);
        await Expect(page.GetByText("night shift").First).ToBeVisibleAsync();
        var clerk = Console.Get<AgentDirectory>().All.Single();
        Assert.Equal(("clerk-1", Console.Cast.Payments), (clerk.Slug, clerk.TeamId));
    }

    [Fact]
    public async Task Two_agents_are_paused_put_back_and_deleted_by_a_plan()
    {
        foreach (var slug in (string[])["clerk-1", "clerk-2", "clerk-3"])
            await Console.AgentAsync(slug);
        int Paused() => Console.Get<AgentDirectory>().All.Count(a => a.Lifecycle == Lifecycle.Paused);
        var page = await LiveAsync("/fleet?sort=slug");
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(3);
        foreach (var key in (string[])["j", "x", "j", "x"])
            await page.Keyboard.PressAsync(key);
        await Expect(page.GetByTestId("bulk-bar")).ToContainTextAsync("2 selected");
        var bar = page.GetByTestId("bulk-bar");
        await PressAsync(page, bar.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Pause", Exact = true }));
        await Expect(page.GetByTestId("agent-row").Filter(new LocatorFilterOptions { HasText = "Paused" })).ToHaveCountAsync(2);
        Assert.Equal(2, Paused());
        await page.Keyboard.PressAsync("z");
        await Expect(page.GetByTestId("agent-row").Filter(new LocatorFilterOptions { HasText = "Paused" })).ToHaveCountAsync(0);

        foreach (var slug in (string[])["clerk-1", "clerk-2"])
        {
            await TabToAsync(page, page.Locator($"[data-select={slug}]"));
            await page.Keyboard.PressAsync("Space");
        }
        await PressAsync(page, bar.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Delete…", Exact = true }));
        await page.WaitForURLAsync("**/fleet/plans/bpl_*");
        await PressAsync(page, Button(page, "Delete 2 agents"));

        await Expect(page.GetByTestId("plan-state")).ToHaveAttributeAsync("data-state", "applied");
        Assert.Equal(2, Console.Get<AgentDirectory>().All.Count(a => a.Lifecycle == Lifecycle.Deleted));
    }
}
