using AgentConsole.Core.People;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>Two-factor sign-in is set up, used, and got around with a recovery code.</summary>
public sealed class TwoFactorJourney(Chromium chromium) : JourneyTest(chromium)
{
    private static ILocator Button(IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    private static byte[] Base32(string text)
    {
        var (bytes, held, bits) = (new List<byte>(), 0, 0);
        foreach (var letter in text.Where(char.IsLetterOrDigit))
        {
            held = (held << 5) | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(letter, StringComparison.Ordinal);
            bits += 5;
            if (bits < 8)
                continue;
            bits -= 8;
            bytes.Add((byte)(held >> bits));
            held &= (1 << bits) - 1;
        }
        return [.. bytes];
    }

    private async Task SignOutAndInAsync(IPage page)
    {
        await page.GotoAsync("/account");
        await page.GetByLabel("account of Ines").ClickAsync();
        await Button(page, "Sign out").ClickAsync();
        await Expect(page.GetByText("You are signed out.")).ToBeVisibleAsync();
        await page.GetByLabel("E-mail").FillAsync(Console.Cast.Ines.Email);
        await page.GetByLabel("Password").FillAsync(Person.Password);
        await Button(page, "Sign in").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading)).ToHaveTextAsync("Second step");
    }

    [Fact]
    public async Task A_person_turns_it_on_and_signs_in_with_the_app_and_with_a_recovery_code()
    {
        var page = await OpenAsync(Console.Cast.Ines);
        await page.GotoAsync("/account");
        await page.GetByLabel("Your password").FillAsync(Person.Password);
        await Button(page, "Set up an authenticator app").ClickAsync();
        var secret = Base32(await page.GetByTestId("totp-secret").InnerTextAsync());
        await AssertAccessibleAsync(page);
        // The neighbour before: each code is good once, and the next sign-in needs the present one.
        var clock = Console.Get<TimeProvider>();
        await page.GetByLabel("Code of six digits").FillAsync(Totp.CodeAt(secret, Totp.StepAt(clock.GetUtcNow()) - 1));
        await Button(page, "Turn on").ClickAsync();
        var listed = page.GetByTestId("recovery-codes").Locator("li");
        await Expect(listed).ToHaveCountAsync(10);
        var codes = await listed.AllInnerTextsAsync();
        await AssertAccessibleAsync(page);

        await SignOutAndInAsync(page);
        await EveryPageOfStrangers.LookAllAroundAsync(page, "stranger-two-factor");
        await page.GetByLabel("Code of six digits").FillAsync(Totp.CodeAt(secret, Totp.StepAt(clock.GetUtcNow()) + 1));
        await Button(page, "Sign in").ClickAsync();
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");

        await SignOutAndInAsync(page);
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Use a recovery code" }).ClickAsync();
        await page.GetByLabel("Recovery code").FillAsync(codes[0].Trim());
        await EveryPageOfStrangers.LookAllAroundAsync(page, "stranger-recovery");
        await Button(page, "Sign in").ClickAsync();
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await page.GotoAsync("/account");
        await Expect(page.GetByText("9 recovery codes left.")).ToBeVisibleAsync();
    }
}
