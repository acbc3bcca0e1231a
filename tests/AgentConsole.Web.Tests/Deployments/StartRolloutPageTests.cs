using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.Freezes;
using AgentConsole.Web.Deployments;
using AgentConsole.Web.Tests.Components;
using Bunit;

namespace AgentConsole.Web.Tests.Deployments;

public sealed class StartRolloutPageTests : RolloutBunit
{
    [Fact]
    public async Task It_starts_with_a_plan_that_was_written_here()
    {
        LookAs(Cast.Olga);
        await AgentAsync();
        var page = Open();
        Assert.Contains("Compared with 2.1.0", page.Markup, StringComparison.Ordinal);
        await page.ActAsync("#f-snapshot-version", input => input.Change("2.2.0"));
        await page.ActAsync("#f-snapshot-reason", input => input.Change("New tax rates"));
        await page.ActAsync("#pl-steps", select => select.Change("1"));
        await page.ActAsync("[id='f-plan-steps[0]-percent']", input => input.Change("12.5"));
        await page.ActAsync("#f-error-rate-margin", input => input.Change("0.5"));
        await page.ActAsync("#f-cost-use", select => select.Change(""));
        await page.ActAsync("#pl-fields", select => select.Change("1"));
        await page.ActAsync("#f-field-0-field", input => input.Change("score"));
        await page.ActAsync("#f-field-0-margin", input => input.Change("0.25"));
        await page.ActAsync("#f-field-0-lower", input => input.Change(true));
        await page.ActAsync("#start-rollout", form => form.Submit());

        page.WaitForAssertion(() => Assert.Contains("/rollouts/rol_", Browser.Uri, StringComparison.Ordinal));
        var rollout = await ReadAsync(Browser.Uri.Split('/')[^1]);
        var step = Assert.Single(rollout.Plan.Steps!);
        Assert.Equal((12.5m, 30, 100L, 600L), (step.Percent, step.HoldMinutes, step.MinimumRuns, step.PlannedRuns));
        Assert.Equal(
            [("error-rate", 0.005m, false), ("duration-p95", 0.5m, true), ("field", 0.25m, false)],
            rollout.Plan.Metrics!.Select(m => (m.Metric!, m.Margin!.Value, m.DryRun == true))
        );
        Assert.Equal(("score", true), (rollout.Plan.Metrics![2].Field, rollout.Plan.Metrics[2].LowerIsWorse));
        Assert.Equal("New tax rates", rollout.Reason);
    }

    [Fact]
    public async Task What_is_refused_is_said_at_its_field()
    {
        LookAs(Cast.Olga);
        await AgentAsync();
        var page = Open();
        await page.ActAsync("[id='f-plan-steps[1]-percent']", input => input.Change("much"));
        await page.ActAsync("#f-error-rate-margin", input => input.Change(""));
        await page.ActAsync("#start-rollout", form => form.Submit());
        page.WaitForAssertion(() => Assert.Equal("true", page.Find("#f-snapshot-version").GetAttribute("aria-invalid")));
        Assert.Equal("true", page.Find("[id='f-plan-steps[1]-percent']").GetAttribute("aria-invalid"));
        Assert.Equal("true", page.Find("#f-error-rate-margin").GetAttribute("aria-invalid"));
        Assert.Contains("Complete the plan", page.Find("aside").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_says_beforehand_what_it_will_cost()
    {
        LookAs(Cast.Olga);
        await AgentAsync();
        await RunAsync("2.1.0", 500, failEvery: 100);
        var page = Open();
        await page.ActAsync("#f-error-rate-margin", input => input.Change("0.5"));
        await page.ActAsync("[id='f-plan-steps[0]-percent']", input => input.Change("10"));
        page.WaitForAssertion(() =>
            Assert.Contains(
                "500\u00a0runs, 1\u00a0% of them failed",
                page.Find("[data-testid=cost-base]").TextContent,
                StringComparison.Ordinal
            )
        );
        // The figure of docs/deployments.md for 1 %, half a point and a tenth of the traffic.
        var first = page.Find("[data-testid=costs] li").TextContent;
        Assert.Contains("To pass with 0.5 pt it needs about 5,177", first, StringComparison.Ordinal);
        Assert.Contains("most likely be inconclusive", first, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_is_saved_as_a_template_and_chosen()
    {
        LookAs(Cast.Olga);
        await AgentAsync();
        var page = Open();
        await page.ActAsync("#f-name", input => input.Change("Careful"));
        await page.ActAsync(".pl-keep", form => form.Submit());
        page.WaitForAssertion(() => Assert.NotEmpty(page.FindAll("[data-testid=plan]")));
        await page.ActAsync("#f-snapshot-version", input => input.Change("2.2.0"));
        await page.ActAsync("#start-rollout", form => form.Submit());
        page.WaitForAssertion(() => Assert.Contains("/rollouts/rol_", Browser.Uri, StringComparison.Ordinal));
        Assert.Equal("Careful", (await ReadAsync(Browser.Uri.Split('/')[^1])).Template);
    }

    [Fact]
    public async Task A_freeze_that_bites_is_said_with_its_reason()
    {
        LookAs(Cast.Olga);
        await AgentAsync();
        var now = Clock.GetUtcNow();
        await Get<FreezeService>()
            .CreateAsync(
                House.As(Cast.Olga),
                new SetFreeze
                {
                    Name = "Year's end",
                    StartsAt = now.AddMinutes(-1),
                    EndsAt = now.AddHours(3),
                    Reason = "The books are closed",
                },
                Stop
            );
        var page = Open();
        Assert.Contains("The books are closed", page.Find("[data-testid=frozen]").TextContent, StringComparison.Ordinal);
        await page.ActAsync("#f-snapshot-version", input => input.Change("2.2.0"));
        await page.ActAsync("#start-rollout", form => form.Submit());
        page.WaitForAssertion(() =>
            Assert.Contains("freeze_reason_required", page.Find("[role=alert]").TextContent, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Without_an_agent_it_asks_for_one_and_who_may_not_is_told_why()
    {
        await AgentAsync();
        LookAs(Cast.Victor);
        Browser.NavigateTo("/rollouts/new");
        Assert.Contains("Of which agent?", Render<StartRolloutPage>().Markup, StringComparison.Ordinal);
        Assert.Contains("operator", Open().Find(".state").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_who_change_a_plan_the_second_is_told_and_may_insist()
    {
        LookAs(Cast.Olga);
        var made = (
            await Get<RolloutTemplates>()
                .CreateAsync(
                    House.As(Cast.Olga),
                    new SetRolloutTemplate
                    {
                        Team = "payments",
                        Name = "Careful",
                        Plan = Plan(Step(5), Step(50)),
                    },
                    Stop
                )
        ).Value;
        Browser.NavigateTo($"{ConsoleUrls.RolloutPlans}?act=change&of={made.Id}");
        var page = Render<RolloutPlansPage>();
        Assert.Contains("5\u00a0%, 50\u00a0%", page.Find("[data-testid=plan-row]").TextContent, StringComparison.Ordinal);
        await page.ActAsync("#f-name", input => input.Change("Very careful"));
        await Get<RolloutTemplates>()
            .ChangeAsync(House.As(Cast.Otto), made.Id, made.Revision, new SetRolloutTemplate { Description = "For money" }, Stop);

        await page.ActAsync("#plan-form form", form => form.Submit());
        page.WaitForAssertion(() => Assert.NotEmpty(page.FindAll("[data-testid=overtaken]")));
        Assert.Equal("Careful", (await Get<RolloutTemplates>().GetAsync(House.As(Cast.Olga), made.Id, Stop)).Value.Name);
        await page.ActAsync("#plan-form form", form => form.Submit());
        page.WaitForAssertion(() =>
            Assert.Contains("Very careful", page.Find("[data-testid=plan-row]").TextContent, StringComparison.Ordinal)
        );

        await page.ActAsync("[aria-label='Delete Very careful']", button => button.Click());
        page = Render<RolloutPlansPage>();
        await page.PressAsync("Delete");
        page.WaitForAssertion(() => Assert.Contains("No plan yet", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_plan_is_made_with_the_form()
    {
        LookAs(Cast.Otto);
        Browser.NavigateTo(ConsoleUrls.RolloutPlans);
        var page = Render<RolloutPlansPage>();
        Assert.Contains("No plan yet", page.Markup, StringComparison.Ordinal);
        await page.ActAsync("#f-name", input => input.Change("Quick"));
        await page.ActAsync("#plan-form form", form => form.Submit());
        page.WaitForAssertion(() => Assert.Contains("Quick", page.Find("[data-testid=plan-row]").TextContent, StringComparison.Ordinal));
        var made = (await Get<RolloutTemplates>().ListAsync(House.As(Cast.Otto), new PageRequest(), Stop)).Value.Items[0];
        Assert.Equal(("payments", 3), (made.Team, made.Plan.Steps!.Count));
    }

    private IRenderedComponent<StartRolloutPage> Open()
    {
        Browser.NavigateTo(ConsoleUrls.StartRollout(Slug));
        return Render<StartRolloutPage>();
    }
}
