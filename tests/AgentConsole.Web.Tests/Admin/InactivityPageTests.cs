using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Inactivity;
using AgentConsole.Web.Admin;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Components;
using AgentConsole.Web.Overview;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Admin;

public sealed class InactivityPageTests : ConsoleBunitContext
{
    private IRenderedComponent<InactivityPage> Open(string address)
    {
        Services.GetRequiredService<NavigationManager>().NavigateTo(address);
        return Render<InactivityPage>();
    }

    [Fact]
    public async Task A_fault_is_named_while_one_types_and_the_saved_policy_is_there_for_the_next()
    {
        LookAs(Cast.Tara);
        var page = Open("/admin/inactivity?of=payments");

        await page.ActAsync("#f-days", e => e.Change("0"));
        page.WaitForAssertion(() => Assert.Contains("Must be a whole number from 1 to 3650", page.Markup, StringComparison.Ordinal));
        await page.ActAsync("#f-days", e => e.Change("14"));
        await page.ActAsync("#f-action", e => e.Change("pause"));
        await page.ActAsync("form.form", e => e.Submit());

        page.WaitForAssertion(() => Assert.Contains("Nothing is exempted", page.Markup, StringComparison.Ordinal));
        var stored = Assert.Single((await Get<InactivityService>().ListAsync(House.As(Cast.Tara), new PageRequest(), Stop)).Value.Items);
        Assert.Equal(("payments", 14, "pause", false), (stored.Team, stored.Days, stored.Action, stored.Enabled));
    }

    [Fact]
    public void Who_may_not_change_it_reads_why()
    {
        LookAs(Cast.Victor);

        var page = Open("/admin/inactivity?of=payments");

        // A screen reader is told it at the group of disabled fields.
        var why = page.Find("#" + page.Find("fieldset[disabled]").GetAttribute("aria-describedby"));
        Assert.Contains("You can read this policy", why.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Beside_the_policy_stands_who_would_be_hit_and_why_the_silence_may_be_a_gap_and_how_that_is_computed()
    {
        var beats = await RegisterAsync("beats-1");
        await RegisterAsync("idle-1");
        var heard = Clock.Now().AddMinutes(-5);
        await ChangeAsync(beats, a => (a.LastSeenAt, a.LastHeartbeatAt) = (heard, heard));
        await using (var write = await Get<ConsoleStore>().WriteAsync(Stop))
        {
            var longAgo = Clock.Now().AddDays(-60);
            await write
                .Db.Agents.Where(a => a.Slug == "beats-1")
                .ExecuteUpdateAsync(set => set.SetProperty(a => a.CreatedAt, longAgo), Stop);
            Assert.True(await write.TryCommitAsync(Stop));
        }
        LookAs(Cast.Tara);
        var page = Open("/admin/inactivity?of=payments");

        await page.ActAsync("#f-sign", e => e.Change("run"));

        page.WaitForAssertion(() =>
        {
            var hit = Assert.Single(page.FindAll("[data-testid=hit-row]"));
            Assert.Contains("beats-1", hit.TextContent, StringComparison.Ordinal);
            Assert.Contains("It sends heartbeats", hit.QuerySelector(".who")!.TextContent, StringComparison.Ordinal);
            Assert.Contains($"would be due {Words.DayClock(Clock.GetUtcNow().AddDays(7))}", hit.TextContent, StringComparison.Ordinal);
        });
        Assert.Equal("How this is computed", page.Find("aside details.how summary").TextContent);
        Assert.Contains("GET /api/v1/inactivity-policies", page.Find("aside details.how code").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void The_overview_leads_to_the_policy_of_the_team_concerned_and_says_times_in_the_readers_zone()
    {
        var due = new DateTimeOffset(2026, 12, 3, 14, 30, 0, TimeSpan.Zero);
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
        try
        {
            Zone.Of("Asia/Kathmandu").Use();

            var warned = Need.OfInactivity(new InactivityOutlook(2, due, "payments", null));
            var braked = Need.OfInactivity(new InactivityOutlook(2, due, "payments", new InactivityBrakeNotice(due, 3, 4, "research")));
            var everyone = Need.OfInactivity(new InactivityOutlook(2, due, null, null));

            Assert.Contains("the first on 3\u00a0Dec 20:15 +05:45", warned.Sentence, StringComparison.Ordinal);
            Assert.Equal("/admin/inactivity?of=payments", warned.Url);
            Assert.Equal("/admin/inactivity?of=research", braked.Url);
            Assert.Equal("/admin/inactivity", everyone.Url);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    [Fact]
    public async Task A_warned_agent_says_so_on_its_page_and_on_the_overview_and_can_be_kept()
    {
        var agent = await RegisterAsync("mailroom-1");
        var made = await Get<InactivityService>()
            .CreateAsync(
                House.As(Cast.Tara),
                new SetInactivityPolicy
                {
                    Team = "payments",
                    Enabled = true,
                    Action = "pause",
                },
                Stop
            );
        var id = IdText.Parse(IdText.Agent, agent.Id);
        await using (var write = await Get<ConsoleStore>().WriteAsync(Stop))
        {
            write.Db.Add(
                new InactivityWarning
                {
                    OrganizationId = Cast.Acme,
                    AgentId = id,
                    TeamId = Cast.Payments,
                    PolicyId = IdText.Parse(IdText.InactivityPolicy, made.Value.Id),
                    Action = InactivityAction.Pause,
                    IdleSince = write.Now.AddDays(-34),
                    WarnedAt = write.Now.AddDays(-4),
                    DueAt = write.Now.AddDays(3),
                }
            );
            Assert.True(await write.TryCommitAsync(Stop));
        }

        Assert.Contains("1 idle agent will be acted on", Render<OverviewPage>().Find(".nd .a").TextContent, StringComparison.Ordinal);
        var page = Render<AgentPage>(parameters => parameters.Add(p => p.Name, "mailroom-1"));
        page.WaitForAssertion(() =>
            Assert.Contains(
                "Will be paused in 3\u00a0days by the inactivity policy of Payments.",
                page.Find("[data-testid=inactivity]").TextContent,
                StringComparison.Ordinal
            )
        );
        await page.PressAsync("Keep for 30 days");

        page.WaitForAssertion(() => Assert.Empty(page.FindAll("[data-testid=inactivity]")));
    }
}
