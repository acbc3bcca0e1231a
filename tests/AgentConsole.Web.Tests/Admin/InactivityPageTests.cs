using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Inactivity;
using AgentConsole.Web.Admin;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Overview;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
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

        Assert.Contains("You can read this policy", Open("/admin/inactivity?of=payments").Markup, StringComparison.Ordinal);
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
