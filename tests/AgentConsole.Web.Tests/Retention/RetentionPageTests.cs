using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Retention;
using AgentConsole.Core.Runs;
using AgentConsole.Web.Retention;
using AgentConsole.Web.Tests.Components;
using Bunit;

namespace AgentConsole.Web.Tests.Retention;

public sealed class RetentionPageTests : ConsoleBunitContext
{
    [Fact]
    public async Task Limits_are_saved_after_their_effect_was_seen()
    {
        var agent = await RegisterAsync("mailroom-1");
        await ReportAsync(agent, "completed");
        LookAs(Cast.Olga);
        Clock.Advance(TimeSpan.FromHours(11));
        var page = Render<RetentionPage>();
        await page.ActAsync("#f-run_days", input => input.Change("1"));
        Assert.Contains("First see what would go", page.Markup, StringComparison.Ordinal);

        await page.PressAsync("See what would go");
        page.WaitForAssertion(() => Assert.Contains("no row is older", page.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain("First see what would go", page.Markup, StringComparison.Ordinal);
        await page.InvokeAsync(() => page.Find("form").Submit());

        var set = (await Get<RetentionService>().GetAsync(House.As(Cast.Olga), Stop)).Value;
        Assert.Equal((1, null, 1L), (set.RunDays, set.StepDays, set.Revision));
    }

    [Fact]
    public async Task What_would_go_is_counted_by_kind_and_team_and_what_went_is_listed()
    {
        var agent = await RegisterAsync("mailroom-1");
        await OldRunAsync(agent, steps: 2);
        await OldRunAsync(agent, steps: 0);
        await OldRunAsync(agent, steps: 0, Decision.Blocked);
        LookAs(Cast.Olga);
        var page = Render<RetentionPage>();
        await page.ActAsync("#f-run_days", input => input.Change("1"));

        await page.PressAsync("See what would go");

        page.WaitForAssertion(() =>
        {
            var preview = page.Find("[data-testid=retention-preview]");
            Assert.Contains("4 rows, about", preview.TextContent, StringComparison.Ordinal);
            Assert.Equal(
                ["runs payments 2", "steps payments 2"],
                preview
                    .QuerySelectorAll("tbody tr")
                    .Select(r => string.Join(' ', r.QuerySelectorAll("td").Take(3).Select(c => c.TextContent)))
            );
            Assert.Equal("How this is computed", preview.QuerySelector("details.how summary")!.TextContent);
        });
        var system = Actor.ForSystem(Cast.Acme, "test");
        Assert.Null((await Get<RetentionService>().SetAsync(system, 0, new SetRetention { RunDays = 1 }, Stop)).Problem);
        await Get<RetentionWatch>().StepAsync(Stop);

        await SoonAsync(
            page,
            () =>
                Assert.Equal(
                    ["done", "2", "2", "0", "0", "0"],
                    page.Find("[data-testid=purge-row]").QuerySelectorAll("td").Skip(1).Select(c => c.TextContent)
                )
        );
    }

    [Fact]
    public async Task Who_changed_it_meanwhile_and_when_is_said()
    {
        LookAs(Cast.Olga);
        var page = Render<RetentionPage>();
        page.WaitForElement("#f-run_days");
        Assert.Null(
            (await Get<RetentionService>().SetAsync(Actor.ForSystem(Cast.Acme, "rita"), 0, new SetRetention { RunDays = 9 }, Stop)).Problem
        );

        await SoonAsync(
            page,
            () => Assert.Contains("rita changed this retention policy 0\u00a0s ago", page.Markup, StringComparison.Ordinal)
        );
        await page.PressAsync("Take what is set now");
        page.WaitForAssertion(() => Assert.Equal("9", page.Find("#f-run_days").GetAttribute("value")));
    }

    [Fact]
    public void Who_may_not_set_it_is_told_which_role_does()
    {
        LookAs(Cast.Tara);
        Assert.Contains("org-admin", Render<RetentionPage>().Markup, StringComparison.Ordinal);
    }

    // Two days old: nobody's session lives as long as that.
    private async Task OldRunAsync(AgentBody agent, int steps, Decision? decision = null)
    {
        await using var write = await Get<ConsoleStore>().WriteAsync(Stop);
        var at = write.Now.AddDays(-2);
        var run = new Run
        {
            OrganizationId = Cast.Acme,
            Id = Guid.CreateVersion7(at),
            AgentId = IdText.Parse(IdText.Agent, agent.Id),
            TeamId = Cast.Payments,
            Status = RunStatus.Completed,
            ReceivedAt = at,
            UpdatedAt = at,
            FinishedAt = at,
            CaptureMode = "none",
        };
        write.Db.Add(run);
        void Step(RunEventKind kind, Decision? decided) =>
            write.Db.Add(
                new RunEvent
                {
                    OrganizationId = run.OrganizationId,
                    RunId = run.Id,
                    Id = write.NewId(),
                    AgentId = run.AgentId,
                    TeamId = run.TeamId,
                    Kind = kind,
                    Decision = decided,
                    At = at,
                    ReceivedAt = at,
                }
            );
        for (var i = 0; i < steps; i++)
            Step(RunEventKind.Log, null);
        if (decision is not null)
            Step(RunEventKind.Decision, decision);
        Assert.True(await write.TryCommitAsync(Stop));
    }
}
