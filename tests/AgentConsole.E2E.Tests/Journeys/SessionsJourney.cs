namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>Signing in and out, and a browser that is signed out from another one.</summary>
public sealed class SessionsJourney(Chromium chromium) : JourneyTest(chromium)
{
    private static async Task SignInAsync(IPage page, string email, string password)
    {
        await page.GetByLabel("E-mail").FillAsync(email);
        await page.GetByLabel("Password").FillAsync(password);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign in" }).ClickAsync();
    }

    [Fact]
    public async Task A_wrong_password_is_refused_the_right_one_opens_the_page_asked_for_and_signing_out_closes_it()
    {
        var page = await OpenAsync(null);
        await page.GotoAsync("/keys");
        await SignInAsync(page, Console.Cast.Ines.Email, "not the password at all");
        await Expect(page.GetByTestId("refused")).ToContainTextAsync("is not right");
        await AssertAccessibleAsync(page);

        await SignInAsync(page, Console.Cast.Ines.Email, Person.Password);
        await page.WaitForURLAsync("**/keys");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await page.GetByLabel("account of Ines").ClickAsync();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign out" }).ClickAsync();

        await page.WaitForURLAsync("**/account/sign-in?said=signed-out");
        await Expect(page.GetByText("You are signed out")).ToBeVisibleAsync();
        await page.GotoAsync("/keys");
        await page.WaitForURLAsync("**/account/sign-in**");
    }

    [Fact]
    public async Task A_browser_that_is_signed_out_from_another_one_shows_nothing_from_then_on()
    {
        var here = await OpenAsync(Console.Cast.Ines);
        var there = await OpenAsync(null);
        await there.GotoAsync("/runs");
        await SignInAsync(there, Console.Cast.Ines.Email, Person.Password);
        await Expect(there.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await here.GotoAsync("/account");
        await Expect(here.GetByTestId("session-row")).ToHaveCountAsync(2);

        await here.GetByTestId("session-row").GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Sign out" }).ClickAsync();

        await Expect(here.GetByText("That browser is signed out.")).ToBeVisibleAsync();
        await there.WaitForURLAsync("**/account/sign-in**");
        await Expect(here.GetByTestId("session-row")).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task One_browser_signs_out_all_others_and_stays()
    {
        var here = await OpenAsync(null);
        await here.GotoAsync("/account");
        await SignInAsync(here, Console.Cast.Ines.Email, Person.Password);
        await here.WaitForURLAsync("**/account");
        var others = new[] { await OpenAsync(Console.Cast.Ines), await OpenAsync(null) };
        await others[1].GotoAsync("/runs");
        await SignInAsync(others[1], Console.Cast.Ines.Email, Person.Password);
        await others[0].GotoAsync("/runs");
        foreach (var other in others)
            await Expect(other.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        await here.ReloadAsync();
        await Expect(here.GetByTestId("session-row")).ToHaveCountAsync(3);
        await AssertAccessibleAsync(here);

        await here.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign out of all others" }).ClickAsync();

        await Expect(here.GetByText("All other browsers are signed out.")).ToBeVisibleAsync();
        await Expect(here.GetByTestId("session-row")).ToHaveCountAsync(1);
        await Expect(here.GetByTestId("session-row")).ToContainTextAsync("this one");
        await Expect(here.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign out of all others" })).ToHaveCountAsync(0);
        foreach (var other in others)
            await other.WaitForURLAsync("**/account/sign-in**");
        await here.GotoAsync("/runs");
        await Expect(here.GetByTestId("live-badge")).ToHaveTextAsync("Live");
    }
}
