using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Layout;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Keys;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Keys;

public sealed class KeysPageTests : ConsoleBunitContext
{
    private IRenderedComponent<KeysPage> Open(string address = "/keys")
    {
        Services.GetRequiredService<NavigationManager>().NavigateTo(address);
        return Render<KeysPage>();
    }

    private static string[] Agents(IRenderedComponent<KeysPage> page) =>
        [.. page.FindAll("[data-testid=key-row] .nm").Select(a => a.TextContent)];

    private Task<AgentBody> WithKeyAsync(string slug) => RegisterAsync(slug, body => body with { Key = true });

    [Fact]
    public async Task A_key_that_is_made_while_the_page_is_open_appears_and_waits_while_somebody_points()
    {
        await WithKeyAsync("mailroom-1");
        var page = Open();
        await WithKeyAsync("reader-1");
        page.WaitForAssertion(() => Assert.Equal(["reader-1", "mailroom-1"], Agents(page)));

        await page.ActAsync("table", e => e.TriggerEvent("onhold", new HoldEventArgs { Why = "point" }));
        await WithKeyAsync("ledger-1");
        await SoonAsync(page, () => Assert.Contains("changed", page.Find(".chg").TextContent, StringComparison.Ordinal));
        Assert.Equal(["reader-1", "mailroom-1"], Agents(page));
        await page.ActAsync(".chg", e => e.Click());

        Assert.Equal(["ledger-1", "reader-1", "mailroom-1"], Agents(page));
    }

    [Fact]
    public async Task What_a_person_does_to_a_key_shows_at_once_though_they_point_at_it()
    {
        await WithKeyAsync("mailroom-1");
        var page = Open("/keys?state=active");
        var toasts = Render<ToastHost>();
        await page.ActAsync("table", e => e.TriggerEvent("onhold", new HoldEventArgs { Why = "point" }));

        await page.PressAsync("Disable");
        page.WaitForAssertion(() => Assert.Contains("No key matches", page.Markup, StringComparison.Ordinal));

        await toasts.ActAsync("[data-key=z]", e => e.Click());
        page.WaitForAssertion(() => Assert.Equal(["mailroom-1"], Agents(page)));
    }

    [Theory]
    [InlineData(false, "Enabled ", "active")]
    [InlineData(true, "Not undone: ", "revoked")]
    public async Task An_undo_that_is_pressed_after_one_left_the_page_says_what_became_of_it(bool revoked, string said, string state)
    {
        var agent = await WithKeyAsync("mailroom-1");
        var page = Open();
        var toasts = Services.GetRequiredService<Toasts>();
        await page.PressAsync("Disable");
        page.WaitForAssertion(() => Assert.NotNull(toasts.Current));
        await DisposeComponentsAsync();
        var key = Assert.Single((await Get<KeyService>().ListAsync(House.As(Cast.Ines), agent.Id, Stop)).Value);
        if (revoked)
            await Get<KeyService>().RevokeAsync(House.As(Cast.Ines), agent.Id, key.Id, new KeyAction { KeyVersion = 1 }, Stop);

        await toasts.Current!.Undo!();

        Assert.StartsWith(said, toasts.Current.Text, StringComparison.Ordinal);
        key = Assert.Single((await Get<KeyService>().ListAsync(House.As(Cast.Ines), agent.Id, Stop)).Value);
        Assert.Equal(state, key.Versions[0].State);
    }

    [Fact]
    public async Task An_undo_on_the_page_of_an_agent_is_of_that_agent_whichever_is_shown_by_then()
    {
        var (first, other) = (await WithKeyAsync("mailroom-1"), await WithKeyAsync("reader-1"));
        var page = Render<AgentConsole.Web.Agents.AgentKeysTab>(p => p.Add(t => t.Agent, first));
        var toasts = Services.GetRequiredService<Toasts>();
        await page.PressAsync("Disable");
        page.WaitForAssertion(() => Assert.NotNull(toasts.Current));
        page.Render(p => p.Add(t => t.Agent, other));
        page.WaitForAssertion(() => Assert.Contains("Active", page.Find(".c-st").TextContent, StringComparison.Ordinal));

        await page.InvokeAsync(toasts.Current!.Undo!);

        Assert.StartsWith("Enabled ", toasts.Current!.Text, StringComparison.Ordinal);
        var key = Assert.Single((await Get<KeyService>().ListAsync(House.As(Cast.Ines), first.Id, Stop)).Value);
        Assert.Equal("active", key.Versions[0].State);
        var shown = Assert.Single((await Get<KeyService>().ListAsync(House.As(Cast.Ines), other.Id, Stop)).Value);
        Assert.Contains(shown.Versions[0].Last4, page.Find(".c-se").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Revoking_names_the_consequence_first()
    {
        await WithKeyAsync("mailroom-1");
        var page = Open();
        var toasts = Render<ToastHost>();

        await page.PressAsync("Revoke…");
        Assert.Contains(
            "mailroom-1 is refused with this key from now on, for good.",
            page.Find("dialog").TextContent,
            StringComparison.Ordinal
        );
        await page.PressAsync("Revoke");

        page.WaitForAssertion(() => Assert.Contains("Revoked", page.Find(".c-st").TextContent, StringComparison.Ordinal));
        Assert.Empty(page.FindAll("dialog"));
        Assert.Contains("of mailroom-1", toasts.Find(".toast").TextContent, StringComparison.Ordinal);
        Assert.Equal("/agents/mailroom-1/keys", toasts.Find(".toast a").GetAttribute("href"));
    }

    [Fact]
    public async Task A_leaked_key_stands_in_the_title()
    {
        var agent = await WithKeyAsync("mailroom-1");
        var page = Open();
        Assert.Equal("Keys", page.Find("h1").TextContent);

        var reported = await Get<LeakReports>().ReportAsync(CallOrigin.Unknown(), new KeyProof { Key = agent.ApiKey }, Stop);
        Assert.Null(reported.Problem);

        page.WaitForAssertion(() => Assert.Equal("1 key was reported as leaked", page.Find("h1").TextContent));
        Assert.Contains("reported as leaked", page.Find("[data-testid=key-row]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_of_other_teams_are_not_there()
    {
        await WithKeyAsync("mailroom-1");
        LookAs(Cast.Sara);

        Assert.Empty(Open().FindAll("[data-testid=key-row]"));
    }

    [Fact]
    public async Task A_viewer_sees_why_nothing_can_be_pressed()
    {
        await WithKeyAsync("mailroom-1");
        LookAs(Cast.Victor);

        var page = Open();

        var button = page.FindAll("button").First(b => b.TextContent.Trim() == "Disable");
        Assert.Equal("true", button.GetAttribute("aria-disabled"));
        Assert.Contains(
            "This needs the role",
            page.Find("#" + button.GetAttribute("aria-describedby")).TextContent,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_leaked_key_is_enabled_again_for_a_reason_that_is_asked_for()
    {
        var agent = await WithKeyAsync("mailroom-1");
        await Get<LeakReports>().ReportAsync(CallOrigin.Unknown(), new KeyProof { Key = agent.ApiKey }, Stop);
        var page = Open();
        page.WaitForAssertion(() => Assert.Contains("Disabled", page.Find(".c-st").TextContent, StringComparison.Ordinal));
        await page.PressAsync("Enable…");
        await page.PressAsync("Enable it");
        page.WaitForAssertion(() =>
            Assert.Contains("Say why it may be trusted again", page.Find("dialog").TextContent, StringComparison.Ordinal)
        );

        await page.ActAsync("dialog #f-reason", e => e.Change("The report was a test"));
        await page.PressAsync("Enable it");

        page.WaitForAssertion(() => Assert.Contains("Active", page.Find(".c-st").TextContent, StringComparison.Ordinal));
        Assert.Empty(page.FindAll("dialog"));
        var key = Assert.Single((await Get<KeyService>().ListAsync(House.As(Cast.Ines), agent.Id, Stop)).Value);
        Assert.Equal("The report was a test", key.Versions[0].Reason);
    }

    [Fact]
    public async Task So_it_is_on_the_page_of_its_agent()
    {
        var agent = await WithKeyAsync("mailroom-1");
        await Get<LeakReports>().ReportAsync(CallOrigin.Unknown(), new KeyProof { Key = agent.ApiKey }, Stop);
        Services.GetRequiredService<NavigationManager>().NavigateTo("/agents/mailroom-1/keys");
        var page = Render<AgentConsole.Web.Agents.AgentKeysTab>(p => p.Add(t => t.Agent, agent));
        await page.PressAsync("Enable…");
        await page.PressAsync("Enable it");
        page.WaitForAssertion(() =>
            Assert.Contains("Say why it may be trusted again", page.Find("dialog").TextContent, StringComparison.Ordinal)
        );

        await page.ActAsync("dialog #f-reason", e => e.Change("The report was a test"));
        await page.PressAsync("Enable it");

        page.WaitForAssertion(() => Assert.Contains("Active", page.Find(".c-st").TextContent, StringComparison.Ordinal));
        var key = Assert.Single((await Get<KeyService>().ListAsync(House.As(Cast.Ines), agent.Id, Stop)).Value);
        Assert.Equal("The report was a test", key.Versions[0].Reason);
    }
}
