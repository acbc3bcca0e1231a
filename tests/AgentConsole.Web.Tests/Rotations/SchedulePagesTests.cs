using AgentConsole.Core.Keys;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Rotations.Schedules;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Keys;
using AgentConsole.Web.Overview;
using AgentConsole.Web.Rotations;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Rotations;

public sealed class SchedulePagesTests : ConsoleBunitContext
{
    private NavigationManager Address => Services.GetRequiredService<NavigationManager>();

    private IRenderedComponent<T> Open<T>(string address)
        where T : IComponent
    {
        Address.NavigateTo(address);
        return Render<T>();
    }

    private Task<AgentBody> WithKeyAsync(string slug) => RegisterAsync(slug, body => body with { Key = true });

    private async Task PolicyAsync(SetRotationPolicy policy) =>
        Assert.Null((await Get<RotationPolicyService>().CreateAsync(House.As(Cast.Ines), policy, Stop)).Problem);

    private async Task LaterAsync(TimeSpan time)
    {
        Clock.Advance(time);
        await Get<ScheduleWatch>().StepAsync(Stop);
    }

    [Fact]
    public async Task What_is_due_stands_in_the_list_with_the_way_to_rotate_it()
    {
        await WithKeyAsync("mailroom-1");
        await PolicyAsync(new SetRotationPolicy { Team = "payments", CadenceDays = 20 });

        var page = Open<DuePage>("/rotations/due");

        Assert.Contains("Due soon", page.Find("[data-testid=due-row] .c-due").TextContent, StringComparison.Ordinal);
        Assert.Contains("in 20", page.Find("[data-testid=due-row]").TextContent, StringComparison.Ordinal);
        Assert.Equal("1 key is due soon", page.Find("h1").TextContent);
        Assert.Contains(
            "/rotations/new?agent=mailroom-1",
            page.Find("[data-testid=due-row] .c-ac a").GetAttribute("href"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_policy_that_is_made_meanwhile_changes_the_row_that_is_looked_at()
    {
        await WithKeyAsync("mailroom-1");
        var page = Open<DuePage>("/rotations/due");
        Assert.Contains("No date", page.Find("[data-testid=due-row] .c-due").TextContent, StringComparison.Ordinal);

        await PolicyAsync(new SetRotationPolicy { Team = "payments", CadenceDays = 20 });

        await SoonAsync(
            page,
            () => Assert.Contains("Due soon", page.Find("[data-testid=due-row] .c-due").TextContent, StringComparison.Ordinal)
        );
        Assert.Equal("1 key is due soon", page.Find("h1").TextContent);
    }

    [Fact]
    public async Task A_notice_is_dismissed_until_the_next_step_and_the_overview_forgets_it()
    {
        await WithKeyAsync("mailroom-1");
        await PolicyAsync(new SetRotationPolicy { Team = "payments", CadenceDays = 20 });
        await LaterAsync(TimeSpan.FromDays(6.01));
        await RenewAsync();
        var overview = Open<OverviewPage>("/");
        Assert.Contains("has a key that is due on", overview.Markup, StringComparison.Ordinal);

        var page = Open<DuePage>("/rotations/due?noticed=true");
        await page.PressAsync("Dismiss");

        page.WaitForAssertion(() => Assert.Contains("No key matches", page.Markup, StringComparison.Ordinal));
        Assert.Equal(0, (await Get<DueLists>().NeedsAsync(House.As(Cast.Ines), Stop)).Noticed);
    }

    [Fact]
    public async Task A_policy_is_made_changed_and_deleted_at_its_page()
    {
        await WithKeyAsync("mailroom-1");
        var page = Open<PoliciesPage>("/rotations/policies");
        Assert.Contains("No policy yet", page.Markup, StringComparison.Ordinal);
        await page.ActAsync("#f-cadence_days", e => e.Change("0"));
        await page.ActAsync("#f-lead_days", e => e.Change("366"));
        await page.ActAsync("form", e => e.Submit());
        page.WaitForAssertion(() => Assert.Contains("365", page.Find(".bad-field").TextContent, StringComparison.Ordinal));

        await page.ActAsync("#f-cadence_days", e => e.Change("90"));
        await page.ActAsync("#f-lead_days", e => e.Change("5"));
        await page.ActAsync("#f-automatic", e => e.Change("false"));
        await page.ActAsync("form", e => e.Submit());
        page.WaitForAssertion(() =>
            Assert.Contains("Payments", page.Find("[data-testid=policy-row]").TextContent, StringComparison.Ordinal)
        );
        var made = Assert.Single(
            (await Get<RotationPolicyService>().ListAsync(House.As(Cast.Ines), new Core.Common.PageRequest(), Stop)).Value.Items
        );
        Assert.Equal(("team", 90, 5, false), (made.Level, made.CadenceDays, made.LeadDays, made.Automatic));

        Address.NavigateTo($"/rotations/policies?act=change&of={made.Id}");
        page.Render();
        await page.ActAsync("#f-cadence_days", e => e.Change("60"));
        await page.ActAsync("form", e => e.Submit());
        page.WaitForAssertion(() => Assert.Contains("60", page.Find("[data-testid=policy-row]").TextContent, StringComparison.Ordinal));

        Address.NavigateTo($"/rotations/policies?act=delete&of={made.Id}");
        page.Render();
        await page.PressAsync("Delete");
        page.WaitForAssertion(() => Assert.Contains("No policy yet", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Whoever_manages_no_keys_reads_policies_and_is_offered_no_form()
    {
        await PolicyAsync(new SetRotationPolicy { Team = "payments", CadenceDays = 90 });
        LookAs(Cast.Victor);
        var page = Open<PoliciesPage>("/rotations/policies");
        Assert.Single(page.FindAll("[data-testid=policy-row]"));
        Assert.Empty(page.FindAll("form"));
        Assert.Contains("key-admin", page.Markup, StringComparison.Ordinal);
        Assert.All(page.FindAll("[data-testid=policy-row] button"), b => Assert.Equal("true", b.GetAttribute("aria-disabled")));
    }

    [Fact]
    public async Task A_calendar_link_is_shown_once_and_revoked()
    {
        var page = Open<CalendarPage>("/rotations/calendar");
        await page.ActAsync("#f-name", e => e.Change("Outlook at work"));
        await page.ActAsync("form", e => e.Submit());
        page.WaitForElement("[data-testid=calendar-made]");
        var url = page.Find("[data-testid=calendar-made] output").TextContent;
        Assert.Matches("/calendar/[0-9A-Za-z]{43}\\.ics$", url);

        await page.PressAsync("I stored it");
        Assert.DoesNotContain(url, page.Markup, StringComparison.Ordinal);
        var link = Assert.Single(
            (await Get<CalendarService>().ListAsync(House.As(Cast.Ines), new Core.Common.PageRequest(), Stop)).Value.Items
        );
        Address.NavigateTo($"/rotations/calendar?act=revoke&of={link.Id}");
        page.Render();
        await page.PressAsync("Revoke");
        page.WaitForAssertion(() => Assert.Contains("No calendar link yet", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_keys_page_shows_due_date_and_owner_and_lists_what_is_older_than_its_policy()
    {
        await WithKeyAsync("mailroom-1");
        await PolicyAsync(new SetRotationPolicy { Agent = "mailroom-1", CadenceDays = 10 });
        await WithKeyAsync("reader-1");
        await LaterAsync(TimeSpan.FromDays(11));
        await RenewAsync();

        var page = Open<KeysPage>("/keys?due=overdue&sort=due");

        var row = Assert.Single(page.FindAll("[data-testid=key-row]"));
        Assert.Contains("mailroom-1", row.TextContent, StringComparison.Ordinal);
        Assert.Contains("bad-t", row.QuerySelector(".c-due a")!.ClassName, StringComparison.Ordinal);
        Assert.Equal("Olga", row.QuerySelector(".c-own")!.TextContent);
        Assert.Contains(page.FindAll("nav.tabs a"), a => a.TextContent == "Older than policy" && a.GetAttribute("aria-current") == "page");
    }

    [Fact]
    public async Task At_the_key_stand_its_date_the_reason_and_a_notice_that_a_key_admin_dismisses()
    {
        var agent = await WithKeyAsync("mailroom-1");
        var page = Render<AgentKeysTab>(p => p.Add(t => t.Agent, agent));
        Assert.Contains("No date", page.Find(".c-ex").TextContent, StringComparison.Ordinal);
        Assert.Empty(page.FindAll("[data-testid=due-notice]"));

        await PolicyAsync(new SetRotationPolicy { Team = "payments", CadenceDays = 20 });
        await SoonAsync(page, () => Assert.Contains("by its rotation policy", page.Find(".c-ex").TextContent, StringComparison.Ordinal));

        await LaterAsync(TimeSpan.FromDays(6.01));
        await RenewAsync();
        page = Render<AgentKeysTab>(p => p.Add(t => t.Agent, agent));
        Assert.Contains("in 13\u00a0days", page.Find("[data-testid=due-notice]").TextContent, StringComparison.Ordinal);

        await page.PressAsync("Dismiss");

        page.WaitForAssertion(() => Assert.Empty(page.FindAll("[data-testid=due-notice]")));
        Assert.Empty((await Get<DueLists>().ListAsync(House.As(Cast.Ines), new DueFilter { Noticed = true }, new(), Stop)).Value.Items);
    }

    [Fact]
    public async Task A_viewer_reads_which_role_dismisses_a_notice()
    {
        var agent = await WithKeyAsync("mailroom-1");
        await PolicyAsync(new SetRotationPolicy { Team = "payments", CadenceDays = 20 });
        await LaterAsync(TimeSpan.FromDays(6.01));
        await RenewAsync();
        LookAs(Cast.Victor);

        var page = Render<AgentKeysTab>(p => p.Add(t => t.Agent, agent));

        page.WaitForAssertion(() => Assert.Equal("true", page.Find("[data-testid=due-notice] button").GetAttribute("aria-disabled")));
    }

    // Sessions last for hours and these stories for days.
    private async Task RenewAsync()
    {
        await using var write = await Get<Core.Data.ConsoleStore>().WriteAsync(Stop);
        foreach (var session in write.Db.Set<Core.People.UserSession>().ToList())
            session.ExpiresAt = write.Now.AddHours(12);
        write.AfterCommit(Get<Core.People.AccessDirectory>().ReloadAsync);
        Assert.True(await write.TryCommitAsync(Stop));
    }
}
