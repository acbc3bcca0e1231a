using System.Text.Json;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>Passkeys in a browser with an authenticator of its own: made, used to sign in and to confirm, removed.</summary>
public sealed class PasskeyJourney(Chromium chromium) : JourneyTest(chromium)
{
    // Passkeys are bound to a name, and an address of digits is none.
    protected override Uri Address => new UriBuilder(Console.Address) { Host = "localhost" }.Uri;

    private static ILocator Button(IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    /// <summary>A finger that is always right, on a device of this page's browser.</summary>
    private static async Task<(ICDPSession Session, string Id)> DeviceAsync(IPage page, bool presence = true)
    {
        var session = await page.Context.NewCDPSessionAsync(page);
        await session.SendAsync("WebAuthn.enable");
        var made = await session.SendAsync(
            "WebAuthn.addVirtualAuthenticator",
            new Dictionary<string, object>
            {
                ["options"] = new
                {
                    protocol = "ctap2",
                    transport = "internal",
                    hasResidentKey = true,
                    hasUserVerification = true,
                    isUserVerified = true,
                    automaticPresenceSimulation = presence,
                },
            }
        );
        return (session, made!.Value.GetProperty("authenticatorId").GetString()!);
    }

    private static async Task AddAsync(IPage page, string name)
    {
        await page.GotoAsync("/account");
        await page.GetByLabel("Name of the new passkey").FillAsync(name);
        await Button(page, "Add a passkey").ClickAsync();
        await Expect(page.GetByText("The passkey is added.")).ToBeVisibleAsync();
    }

    private static async Task SignOutAsync(IPage page)
    {
        await page.GotoAsync("/account");
        await page.GetByLabel("account of Ines").ClickAsync();
        await Button(page, "Sign out").ClickAsync();
        await Expect(page.GetByText("You are signed out.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Ines_adds_a_passkey_signs_in_with_it_and_a_removed_one_is_refused()
    {
        var page = await OpenAsync(Console.Cast.Ines);
        var (session, device) = await DeviceAsync(page, presence: false);
        await session.SendAsync(
            "WebAuthn.setAutomaticPresenceSimulation",
            new Dictionary<string, object> { ["authenticatorId"] = device, ["enabled"] = true }
        );
        await AddAsync(page, "Laptop of Ines");
        await AssertAccessibleAsync(page);
        // The quiet offer of the sign-in page would be answered by itself: the finger rests until the button is pressed.
        async Task FingerAsync(bool on) =>
            await session.SendAsync(
                "WebAuthn.setAutomaticPresenceSimulation",
                new Dictionary<string, object> { ["authenticatorId"] = device, ["enabled"] = on }
            );
        await FingerAsync(false);
        await SignOutAsync(page);
        await Expect(Button(page, "Continue with a passkey")).ToBeVisibleAsync();
        await AssertAccessibleAsync(page);
        await FingerAsync(true);
        await Button(page, "Continue with a passkey").ClickAsync();
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");

        await page.GotoAsync("/account");
        await Expect(page.GetByTestId("passkey-row")).ToContainTextAsync("last used");
        await page.GetByTestId("passkey-row").Locator("summary").ClickAsync();
        await page.GetByLabel("Name of Laptop of Ines").FillAsync("Old laptop");
        await Button(page, "Rename").ClickAsync();
        await page.GetByTestId("passkey-row").Locator("summary").ClickAsync();
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Remove Old laptop…" }).ClickAsync();
        await Expect(page.GetByTestId("passkey-removing")).ToContainTextAsync("Remove Old laptop?");
        await AssertAccessibleAsync(page);
        await Button(page, "Remove it").ClickAsync();
        await Expect(page.GetByText("The passkey is removed")).ToBeVisibleAsync();
        await FingerAsync(false);
        await SignOutAsync(page);
        await FingerAsync(true);
        await Button(page, "Continue with a passkey").ClickAsync();
        await Expect(page.GetByText("This passkey is not known here")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_second_device_is_added_and_a_copy_of_the_first_is_refused_for_good()
    {
        var page = await OpenAsync(Console.Cast.Ines);
        var (session, device) = await DeviceAsync(page);
        await AddAsync(page, "Laptop");
        var kept = await session.SendAsync("WebAuthn.getCredentials", new Dictionary<string, object> { ["authenticatorId"] = device });
        var copy = JsonSerializer.Deserialize<Dictionary<string, object>>(kept!.Value.GetProperty("credentials")[0].GetRawText())!;

        var other = await OpenAsync(Console.Cast.Ines);
        var (phone, _) = await DeviceAsync(other);
        await AddAsync(other, "Phone");
        await Expect(other.GetByTestId("passkey-row")).ToHaveCountAsync(2);
        await phone.DetachAsync();

        // The first device is used once more, then an old copy of it turns up elsewhere.
        await page.GotoAsync("/account/step-up?returnUrl=%2Faccount");
        await Button(page, "Confirm with a passkey").ClickAsync();
        await page.WaitForURLAsync("**/account");
        var stranger = await OpenAsync(null);
        var (evil, theirs) = await DeviceAsync(stranger);
        await evil.SendAsync(
            "WebAuthn.addCredential",
            new Dictionary<string, object> { ["authenticatorId"] = theirs, ["credential"] = copy }
        );
        await stranger.GotoAsync("/account/sign-in");
        await Button(stranger, "Continue with a passkey").ClickAsync();
        // The quiet offer of the page answers by itself again and again: the copy's counter is ahead by then, and it is refused all the same.
        await Expect(stranger.GetByText("The counter of this passkey went back")).ToBeVisibleAsync();

        await page.GotoAsync("/account");
        await Expect(page.GetByText("Somebody may have a copy of this passkey.")).ToBeVisibleAsync();
    }
}
