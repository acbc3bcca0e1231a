using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>A dangerous act asks who is at the browser, over the page and without losing what was typed.</summary>
public sealed class StepUpJourney(Chromium chromium) : JourneyTest(chromium)
{
    private static ILocator Button(IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    private async Task AgeAsync()
    {
        await using var write = await Console.Get<ConsoleStore>().WriteAsync(Stop);
        foreach (var session in await write.Db.UserSessions.AsTracking().ToListAsync(Stop))
            session.AuthenticatedAt -= TimeSpan.FromMinutes(11);
        write.AfterCommit(Console.Get<AccessDirectory>().ReloadAsync);
        Assert.True(await write.TryCommitAsync(Stop));
    }

    [Fact]
    public async Task Olga_confirms_in_a_dialog_and_the_invitation_she_typed_is_made()
    {
        await AgeAsync();
        var page = await OpenAsync(Console.Cast.Olga);
        await page.GotoAsync("/admin/users");
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await page.GetByLabel("E-mail address").FillAsync("new@acme.example");
        await page.GetByLabel("org-admin", new PageGetByLabelOptions { Exact = false }).First.CheckAsync();
        await Button(page, "Make the invitation").ClickAsync();
        var dialog = page.GetByTestId("confirm");
        await Expect(dialog).ToContainTextAsync("Confirm it is you");
        await AssertAccessibleAsync(page);
        await dialog.GetByLabel("Your password").FillAsync("not the password");
        await dialog.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Confirm with the password" }).ClickAsync();
        await Expect(dialog).ToContainTextAsync("This is not your present password.");
        if (Environment.GetEnvironmentVariable("SHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, "step-up-dialog.png") });

        // Let alone, nothing is done and nothing is lost.
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByText("Confirm that it is you, with your password or a passkey")).ToBeVisibleAsync();
        await Expect(page.GetByLabel("E-mail address")).ToHaveValueAsync("new@acme.example");
        await Button(page, "Make the invitation").ClickAsync();
        await dialog.GetByLabel("Your password").FillAsync(Person.Password);
        await page.Keyboard.PressAsync("Enter");

        await Expect(page.GetByText("Invitation link for new@acme.example").First).ToBeVisibleAsync();
        await Expect(dialog).ToHaveCountAsync(0);
    }
}

/// <summary>A code is sealed, printed, used when nobody else is there, and reviewed.</summary>
public sealed class BreakGlassJourney(Chromium chromium) : JourneyTest(chromium)
{
    private static ILocator Button(IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    private static async Task ShootAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("SHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png") });
    }

    [Fact]
    public async Task The_envelope_is_opened_everybody_sees_it_and_Olga_reviews_it()
    {
        await Console.AgentAsync("mailroom-1");
        var olga = await OpenAsync(Console.Cast.Olga);
        await olga.GotoAsync("/admin/break-glass");
        await Expect(olga.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await olga.GetByLabel("Where will the envelope lie?").FillAsync("Safe in Oslo");
        await Button(olga, "Seal a code").ClickAsync();
        var code = (await olga.GetByTestId("code").InnerTextAsync()).Trim();
        await AssertAccessibleAsync(olga);
        await ShootAsync(olga, "break-glass-sealed");
        await olga.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });
        await Expect(olga.GetByTestId("code")).ToBeVisibleAsync();
        await Expect(olga.GetByTestId("break-glass-row")).ToBeHiddenAsync();
        await ShootAsync(olga, "break-glass-print");
        await olga.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Screen });
        await Button(olga, "It is in the envelope").ClickAsync();
        await Expect(olga.GetByText(code)).ToHaveCountAsync(0);
        await olga.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Manage" }).ClickAsync();
        await olga.GetByLabel("Test the code in the envelope").FillAsync(code.ToLowerInvariant());
        await Button(olga, "Test").ClickAsync();
        await Expect(olga.GetByText("This is the code that opens it.")).ToBeVisibleAsync();
        await olga.GotoAsync("/fleet");
        await Expect(olga.GetByTestId("live-badge")).ToContainTextAsync("Live");

        var page = await OpenAsync(null);
        await page.GotoAsync("/account/sign-in");
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Use a sealed code" }).ClickAsync();
        await page.GetByLabel("Sealed code").FillAsync(code);
        await page.GetByLabel("Why you need it").FillAsync("Both admins are on one plane");
        await AssertAccessibleAsync(page);
        await Button(page, "Break the seal and sign in").ClickAsync();
        await Expect(page.GetByTestId("break-glass-session")).ToBeVisibleAsync();
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");

        // The page that stood open says it by itself.
        await Expect(olga.GetByTestId("break-glass-banner")).ToContainTextAsync("Both admins are on one plane");
        await AssertAccessibleAsync(olga);
        await ShootAsync(olga, "break-glass-banner");
        await olga.GotoAsync("/");
        await Expect(olga.Locator("h1")).ToHaveTextAsync("A break-glass account was used: review it");
        await ShootAsync(olga, "break-glass-overview");
        await olga.Locator(".nd").GetByRole(AriaRole.Link, new LocatorGetByRoleOptions { Name = "Review" }).ClickAsync();
        await Expect(olga.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await olga.GetByLabel("Review", new PageGetByLabelOptions { Exact = true })
            .FillAsync("Two people were let in again. A new code lies in the safe.");
        await AssertAccessibleAsync(olga);
        await ShootAsync(olga, "break-glass-review");
        await Button(olga, "Write the review").ClickAsync();

        await Expect(olga.GetByTestId("reviewed-row")).ToContainTextAsync("Two people were let in again.");
        await Expect(olga.GetByTestId("break-glass-banner")).ToHaveCountAsync(0);
        await Expect(olga.GetByTestId("break-glass-row")).ToContainTextAsync("used up");
    }
}
