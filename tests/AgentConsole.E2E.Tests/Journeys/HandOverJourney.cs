namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>A page can be used before its circuit is up, and the circuit takes over what was done until then.</summary>
public sealed class HandOverJourney(Chromium chromium) : JourneyTest(chromium)
{
    [Fact]
    public async Task What_was_opened_typed_and_focused_before_the_circuit_came_up_is_still_so_afterwards()
    {
        var page = await OpenAsync(Console.Cast.Ines);
        var released = new TaskCompletionSource();
        await page.RouteAsync(
            "**/_framework/blazor.web*.js",
            async route =>
            {
                await released.Task;
                await route.ContinueAsync();
            }
        );
        await page.GotoAsync("/fleet", new PageGotoOptions { WaitUntil = WaitUntilState.Commit });
        var filter = page.GetByTestId("filter-text");
        var account = page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign out" });
        await page.GetByLabel("account of Ines").ClickAsync();
        await Expect(account).ToBeVisibleAsync();
        await filter.FillAsync("nobody has this name");

        released.SetResult();

        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await Expect(account).ToBeVisibleAsync();
        await Expect(filter).ToHaveValueAsync("nobody has this name");
        await Expect(filter).ToBeFocusedAsync();
        await page.WaitForURLAsync("**/fleet?*nobody*");
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(0);
    }
}
