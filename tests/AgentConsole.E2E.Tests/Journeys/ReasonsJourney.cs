namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>"Why can't I": whoever may only look finds on no page a control that cannot be pressed and does not say why.</summary>
public sealed class ReasonsJourney(Chromium chromium, FurnishedConsole scene) : JourneyTest(chromium), IClassFixture<FurnishedConsole>
{
    protected override ConsoleServer Shared => scene.Console;

    [Theory]
    [InlineData(1440)]
    [InlineData(390)]
    public async Task Every_control_that_a_viewer_may_not_press_says_why(int width)
    {
        var page = await OpenAsync(Console.Cast.Victor, width, 844);
        var faults = new List<string>();
        foreach (var address in EveryPage.Addresses.Select(scene.Fill).Append("/fleet?act=columns").Append("/fleet?act=save-view&q=mail"))
        {
            await page.GotoAsync(address);
            if (!address.StartsWith("/account", StringComparison.Ordinal)) // static
                await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
            var box = page.Locator("[data-select]").First;
            if (width == 390 && await box.CountAsync() > 0 && await page.Locator("dialog[open]").CountAsync() == 0)
            {
                await box.CheckAsync();
                await Expect(page.Locator("[data-selection]")).ToBeVisibleAsync();
                if (await page.Locator(".bulkbar details.narrow summary").CountAsync() > 0)
                    await page.Locator(".bulkbar details.narrow summary").ClickAsync();
            }
            var mute = await page.EvaluateAsync<string[]>(
                """
                () => [...document.querySelectorAll("[disabled], [aria-disabled=true]")]
                  .filter((control) => control.getAttribute("aria-busy") !== "true")
                  .filter((control) => !(document.getElementById(control.getAttribute("aria-describedby") ?? "")?.textContent.trim()))
                  .map((control) => control.outerHTML.slice(0, 200))
                """
            );
            faults.AddRange(mute.Select(control => $"{address}: {control}"));
        }
        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults));
    }
}
