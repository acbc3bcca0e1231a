using AgentConsole.Contracts;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.Deployments.Verdicts;

namespace AgentConsole.Core.Tests.Deployments.Rollouts;

public sealed class PlanCostTests
{
    [Fact]
    public void A_step_costs_what_the_traffic_of_the_last_day_takes()
    {
        var plan = RolloutHouse.Plan(RolloutHouse.Step(10, hold: 60, minimum: 100, planned: 300), RolloutHouse.Step(75, minimum: 100));

        var costs = PlanCost.Of(plan, runsOfDay: 24_000, errorRate: 0.02);

        Assert.Equal(100, costs[0].InHold); // a tenth of 1,000 an hour
        Assert.Equal(TimeSpan.FromHours(1), costs[0].ForMinimum);
        Assert.Equal(TimeSpan.FromHours(3), costs[0].ForPlanned);
        Assert.Equal(TimeSpan.FromHours(0.4), costs[1].ForMinimum); // the stable arm is the slower one
        Assert.Equal(Sizing.RunsToPass(0.02, 0.05, 0.1, new ErrorBudget()), costs[0].ToPass);
        Assert.Equal(costs[0].ToPass > 300, costs[0].IsTooShort);
        Assert.Null(costs[0].ToFail); // twice 2 % is within a margin of 5 points
        Assert.NotNull(PlanCost.Of(plan, 24_000, errorRate: 0.1)[0].ToFail);
    }

    [Fact]
    public void What_cannot_be_said_beforehand_is_null()
    {
        var plan = RolloutHouse.Plan(RolloutHouse.Step(10));

        var idle = Assert.Single(PlanCost.Of(plan, runsOfDay: 0, errorRate: null));
        Assert.Equal((0, null, null, null, null), (idle.InHold, idle.ForMinimum, idle.ForPlanned, idle.ToPass, idle.ToFail));

        Assert.Equal(0.05, PlanCost.Margin(plan));
        var relative = plan with { Metrics = [RolloutHouse.Errors with { Relative = true }] };
        Assert.Null(PlanCost.Margin(relative));
        Assert.Null(Assert.Single(PlanCost.Of(relative, 24_000, 0.02)).ToPass);
    }

    [Fact]
    public void Without_failures_three_over_the_margin_are_enough() => Assert.Equal(60, PlanCost.ToPassWithoutFailures(0.05));
}
