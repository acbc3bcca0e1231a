using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Trail;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Layout;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Tests.Components;
using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Agents;

public sealed class AgentPageTests : ConsoleBunitContext
{
    private IRenderedComponent<AgentPage> Open(string name, string? tab = null)
    {
        Services.GetRequiredService<NavigationManager>().NavigateTo(ConsoleUrls.Agent(name, tab));
        return Render<AgentPage>(p => p.Add(a => a.Name, name).Add(a => a.Tab, tab));
    }

    private static IElement Button(IRenderedComponent<AgentPage> page, string text) =>
        page.FindAll("button").First(b => b.TextContent.Trim() == text);

    [Fact]
    public async Task An_operator_pauses_an_agent_and_takes_it_back_with_undo()
    {
        await RegisterAsync("mailroom-1");
        var page = Open("mailroom-1");
        var toasts = Render<ToastHost>();

        await page.PressAsync("Pause");
        page.WaitForAssertion(() => Assert.Contains("Paused", page.Find(".facts").TextContent, StringComparison.Ordinal));
        await toasts.ActAsync("[data-key=z]", e => e.Click());

        page.WaitForAssertion(() => Assert.DoesNotContain("Paused", page.Find(".facts").TextContent, StringComparison.Ordinal));
        Assert.Equal("registered", (await Get<AgentService>().GetAsync(House.As(Cast.Ines), "mailroom-1", Stop)).Value.Lifecycle);
    }

    [Fact]
    public async Task Deleting_names_the_consequences_and_can_be_undone()
    {
        await RegisterAsync("mailroom-1");
        var page = Open("mailroom-1");
        var toasts = Render<ToastHost>();

        await page.PressAsync("Delete…");
        Assert.Contains("Its keys are refused from this moment", page.Find("dialog").TextContent, StringComparison.Ordinal);
        await page.PressAsync("Delete the agent");
        page.WaitForAssertion(() => Assert.Contains("Deleted", page.Find(".facts").TextContent, StringComparison.Ordinal));
        Assert.Empty(page.FindAll("dialog"));

        await toasts.ActAsync("[data-key=z]", e => e.Click());
        page.WaitForAssertion(() => Assert.DoesNotContain("Deleted", page.Find(".facts").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_viewer_sees_the_agent_and_why_nothing_can_be_pressed()
    {
        await RegisterAsync("mailroom-1");
        LookAs(Cast.Victor);

        var page = Open("mailroom-1", "keys");

        foreach (var text in (string[])["Pause", "Delete…", "Make a key"])
        {
            var button = Button(page, text);
            Assert.Equal("true", button.GetAttribute("aria-disabled"));
            Assert.Contains(
                "This needs the role",
                page.Find("#" + button.GetAttribute("aria-describedby")).TextContent,
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public async Task An_agent_of_another_team_is_not_there()
    {
        await RegisterAsync("mailroom-1");
        LookAs(Cast.Sara);
        var gone = false;
        Services.GetRequiredService<NavigationManager>().OnNotFound += (_, _) => gone = true;

        var page = Open("mailroom-1");

        Assert.True(gone);
        Assert.DoesNotContain("mailroom-1", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_made_shown_once_and_gone_with_its_dialog()
    {
        await RegisterAsync("mailroom-1");
        var page = Open("mailroom-1", "keys");

        await page.PressAsync("Make a key");
        await page.ActAsync("#f-name", e => e.Change("production"));
        await page.ActAsync("form#mint", e => e.Submit());
        await page.ActAsync("button[aria-label='Show it']", e => e.Click());
        var secret = page.Find("output").TextContent;
        Assert.StartsWith("ak_live_", secret, StringComparison.Ordinal);

        await page.ActAsync("dialog input", e => e.Input(secret[^4..]));
        await page.PressAsync("I stored it");

        Assert.Empty(page.FindAll("dialog"));
        Assert.DoesNotContain(secret, page.Markup, StringComparison.Ordinal);
        Assert.Contains("production", page.Find("[data-testid=key-row]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_disabled_with_undo_and_revoked_only_after_the_consequences_were_named()
    {
        var agent = await RegisterAsync("mailroom-1", body => body with { Key = true });
        var page = Open("mailroom-1", "keys");

        await page.PressAsync("Disable");
        page.WaitForAssertion(() => Assert.Contains("Disabled", page.Find(".c-st").TextContent, StringComparison.Ordinal));
        await page.PressAsync("Enable");
        page.WaitForAssertion(() => Assert.Contains("Active", page.Find(".c-st").TextContent, StringComparison.Ordinal));

        await page.PressAsync("Revoke…");
        Assert.Contains("The agent then has no key left", page.Find("dialog").TextContent, StringComparison.Ordinal);
        await page.PressAsync("Revoke the key");

        page.WaitForAssertion(() => Assert.Contains("Revoked", page.Find(".c-st").TextContent, StringComparison.Ordinal));
        var keys = (await Get<KeyService>().ListAsync(House.As(Cast.Ines), agent.Id, Stop)).Value;
        Assert.Equal("revoked", Assert.Single(Assert.Single(keys).Versions).State);
    }

    [Fact]
    public async Task Settings_that_somebody_else_changed_meanwhile_are_not_overwritten()
    {
        var agent = await RegisterAsync("mailroom-1");
        LookAs(Cast.Tara);
        var page = Open("mailroom-1", "settings");
        await page.ActAsync("#f-display_name", e => e.Change("Mail room"));
        await Get<AgentService>()
            .ChangeAsync(House.As(Cast.Olga), agent.Id, agent.Revision, new ChangeAgent { Environment = "staging" }, Stop);

        // Said at once, before one has typed all the rest.
        page.WaitForAssertion(() =>
            Assert.Contains(
                "olga@acme.example changed this agent 0\u00a0s ago.",
                page.Find("[data-testid=newer]").TextContent,
                StringComparison.Ordinal
            )
        );
        Assert.Equal("Mail room", page.Find("#f-display_name").GetAttribute("value"));
        await page.ActAsync("form", e => e.Submit());

        page.WaitForAssertion(() => Assert.Contains("changed_meanwhile", page.Find("[role=alert]").TextContent, StringComparison.Ordinal));
        Assert.Contains("olga@acme.example changed this agent", page.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        await page.PressAsync("Read it again and drop my changes");
        page.WaitForAssertion(() => Assert.Equal("staging", page.Find("#f-environment").GetAttribute("value")));
    }

    [Fact]
    public async Task Whoever_may_not_read_the_trail_is_not_told_that_it_was_somebody_else()
    {
        var agent = await RegisterAsync("mailroom-1");
        var page = Open("mailroom-1", "settings");
        await page.ActAsync("#f-display_name", e => e.Change("Mail room"));

        await page.PressAsync("Pause");

        page.WaitForAssertion(() =>
            Assert.Contains(
                "This agent was changed while you were at it.",
                page.Find("[data-testid=newer]").TextContent,
                StringComparison.Ordinal
            )
        );
        Assert.Equal("paused", (await Get<AgentService>().GetAsync(House.As(Cast.Ines), agent.Id, Stop)).Value.Lifecycle);
    }

    [Fact]
    public async Task The_newest_change_of_an_agent_is_one_that_was_done()
    {
        var id = Core.Common.IdText.Parse(Core.Common.IdText.Agent, (await RegisterAsync("mailroom-1")).Id);
        await using (var write = await Get<ConsoleStore>().WriteAsync(Stop))
        {
            write.Trail(
                House.As(Cast.Ines),
                "agent.changed",
                new TrailTarget("agent", id, "mailroom-1", Cast.Payments),
                outcome: TrailOutcome.Refused
            );
            Assert.True(await write.TryCommitAsync(Stop));
        }

        var newest = await Get<TrailService>().NewestChangeOfAgentAsync(House.As(Cast.Tara), id, Stop);

        Assert.Equal("agent.registered", newest?.Action);
    }

    [Fact]
    public async Task A_key_that_comes_while_somebody_points_at_the_keys_waits_until_they_look_away()
    {
        var agent = await RegisterAsync("mailroom-1", body => body with { Key = true });
        var page = Open("mailroom-1", "keys");
        await page.ActAsync("table.keys-t", e => e.TriggerEvent("onhold", new HoldEventArgs { Why = "point" }));

        await Get<KeyService>().MintAsync(House.As(Cast.Ines), agent.Id, new MintKey { Name = "second" }, Stop);

        await SoonAsync(page, () => Assert.Contains("changed", page.Find(".chg").TextContent, StringComparison.Ordinal));
        Assert.Single(page.FindAll("[data-testid=key-row]"));
        await page.ActAsync("table.keys-t", e => e.TriggerEvent("onhold", new HoldEventArgs()));
        page.WaitForAssertion(() => Assert.Equal(2, page.FindAll("[data-testid=key-row]").Count));
    }

    [Fact]
    public async Task A_field_that_cannot_be_is_named_where_it_stands()
    {
        await RegisterAsync("mailroom-1");
        var page = Open("mailroom-1", "settings");

        await page.ActAsync("#f-lease_seconds", e => e.Change("1"));
        await page.ActAsync("form", e => e.Submit());

        page.WaitForAssertion(() => Assert.Equal("true", page.Find("#f-lease_seconds").GetAttribute("aria-invalid")));
        Assert.NotEmpty(page.Find("#f-lease_seconds-h").TextContent);
    }

    [Fact]
    public async Task Settings_that_nobody_has_touched_follow_what_others_change()
    {
        var agent = await RegisterAsync("mailroom-1");
        var page = Open("mailroom-1", "settings");

        await Get<AgentService>()
            .ChangeAsync(House.As(Cast.Olga), agent.Id, agent.Revision, new ChangeAgent { Environment = "staging" }, Stop);

        page.WaitForAssertion(() => Assert.Equal("staging", page.Find("#f-environment").GetAttribute("value")));
        Assert.Empty(page.FindAll("[data-testid=newer]"));
    }

    [Fact]
    public async Task Saved_settings_are_taken_back_with_undo_unless_somebody_changed_them_since()
    {
        var agent = await RegisterAsync("mailroom-1", body => body with { Tags = ["eu", "mail"], Environment = "production" });
        var page = Open("mailroom-1", "settings");
        var toasts = Render<ToastHost>();

        await page.ActAsync("#f-tags", e => e.Change("us"));
        await page.ActAsync("#f-environment", e => e.Change(""));
        await page.ActAsync("form", e => e.Submit());
        toasts.WaitForAssertion(() => Assert.Contains("Saved", toasts.Markup, StringComparison.Ordinal));
        var saved = (await Get<AgentService>().GetAsync(House.As(Cast.Ines), agent.Id, Stop)).Value;
        Assert.Equal(("us", null), (string.Join(' ', saved.Tags), saved.Environment));
        await toasts.ActAsync("[data-key=z]", e => e.Click());

        toasts.WaitForAssertion(() => Assert.Contains("mailroom-1 is as it was", toasts.Markup, StringComparison.Ordinal));
        var back = (await Get<AgentService>().GetAsync(House.As(Cast.Ines), agent.Id, Stop)).Value;
        Assert.Equal(("eu mail", "production"), (string.Join(' ', back.Tags), back.Environment));
        page.WaitForAssertion(() => Assert.Equal("production", page.Find("#f-environment").GetAttribute("value")));

        await page.ActAsync("#f-environment", e => e.Change("test"));
        await page.ActAsync("form", e => e.Submit());
        toasts.WaitForAssertion(() => Assert.Contains("Saved", toasts.Markup, StringComparison.Ordinal));
        var again = (await Get<AgentService>().GetAsync(House.As(Cast.Ines), agent.Id, Stop)).Value;
        await Get<AgentService>().ChangeAsync(House.As(Cast.Olga), agent.Id, again.Revision, new ChangeAgent { Version = "2" }, Stop);
        await toasts.ActAsync("[data-key=z]", e => e.Click());
        toasts.WaitForAssertion(() => Assert.Contains("Not undone: ", toasts.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_tab_is_copied_as_the_call_that_answers_it()
    {
        var agent = await RegisterAsync("mailroom-1");
        LookAs(Cast.Tara);
        foreach (
            var (tab, call) in new (string?, string)[]
            {
                (null, $"/api/v1/agents/{agent.Id}"),
                ("runs", $"/api/v1/runs?agent={agent.Id}"),
                ("keys", $"/api/v1/agents/{agent.Id}/keys"),
                ("trail", $"/api/v1/trail?target={agent.Id}"),
                ("settings", $"/api/v1/agents/{agent.Id}"),
            }
        )
        {
            var page = Open("mailroom-1", tab);
            await page.ActAsync(".copy-as", e => e.TriggerEvent("ontoggle", EventArgs.Empty));
            var curl = page.Find("[data-copies=curl]").GetAttribute("data-copy");
            Assert.EndsWith($"'http://localhost{call}'", curl, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_runs_are_copied_with_the_state_that_is_chosen()
    {
        var agent = await RegisterAsync("mailroom-1");
        Services.GetRequiredService<NavigationManager>().NavigateTo("/agents/mailroom-1/runs?status=failed");
        var page = Render<AgentPage>(p => p.Add(a => a.Name, "mailroom-1").Add(a => a.Tab, "runs"));

        await page.ActAsync(".copy-as", e => e.TriggerEvent("ontoggle", EventArgs.Empty));

        var curl = page.Find("[data-copies=curl]").GetAttribute("data-copy")!;
        Assert.Contains($"agent={agent.Id}", curl, StringComparison.Ordinal);
        Assert.Contains("status=failed", curl, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_operator_is_told_who_may_read_its_trail()
    {
        await RegisterAsync("mailroom-1");

        Assert.Contains("This needs the role team-admin", Open("mailroom-1", "trail").Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_team_admin_reads_its_trail()
    {
        await RegisterAsync("mailroom-1");
        LookAs(Cast.Tara);

        Assert.Contains("agent.registered", Open("mailroom-1", "trail").Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_arrives_in_the_tab_of_runs()
    {
        var agent = await RegisterAsync("mailroom-1");
        var page = Open("mailroom-1", "runs");
        Assert.Contains("Its runs appear here", page.Markup, StringComparison.Ordinal);

        await ReportAsync(agent, "running", "job-7", "Sort 14 messages");

        page.WaitForAssertion(() =>
            Assert.Contains("Sort 14 messages", page.Find("[data-testid=run-row]").TextContent, StringComparison.Ordinal)
        );
    }
}
