using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Prices;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Spend;
using AgentConsole.Core.Tests.Prices;
using AgentConsole.Core.Tests.Runs;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Spend;

/// <summary>A period is priced anew exactly as the plan showed.</summary>
public sealed class ReratingTests
{
    private static CancellationToken Stop => TestHouse.Stop;
    private static readonly PlanRerating Everything = new() { From = "2026-02-01" };

    private static async Task<Actor> RunsAsync(TestHouse house, int count = 3)
    {
        var agent = await house.AgentAsync("mailroom-1");
        for (var i = 0; i < count; i++)
            await house.ReportAsync(
                agent,
                $"u-{i}",
                "completed",
                r => r with { Model = "small-1", InputTokens = 1_000_000, Version = $"{i % 2}" }
            );
        await house.ReportAsync(
            agent,
            "said",
            "completed",
            r => r with { Model = "small-1", InputTokens = 1_000_000, Cost = JsonElement.Parse("\"9\"") }
        );
        return agent;
    }

    [Theory, BothDatabases]
    public async Task Unpriced_turns_priced_after_a_plan_and_reported_costs_stay(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var olga = house.As(house.Cast.Olga);
        await RunsAsync(house);
        house.Clock.Advance(TimeSpan.FromHours(1));
        await house.Get<PriceService>().AddAsync(olga, PriceTests.Row("small-1", "2", "0", "2020-01-01"), Stop);
        var reratings = house.Get<ReratingService>();
        var spend = house.Get<SpendService>();

        var plan = (await reratings.PlanAsync(olga, Everything, Stop)).Value;
        Assert.Equal(
            ("planned", 3L, 3L, "0", "6", "6"),
            (plan.State, plan.LookedAt, plan.Runs, plan.OldCost, plan.NewCost, plan.Difference)
        );
        Assert.Equal(("small-1", 3L, "6"), (plan.ByModel.Single().Key, plan.ByModel.Single().Runs, plan.ByModel.Single().Difference));
        Assert.Equal(("mailroom-1", "payments"), (plan.ByAgent.Single().Label, plan.ByTeam.Single().Label));
        Assert.Equal("9", (await spend.ReadAsync(olga, new SpendQuery(), Stop)).Value.Total.Cost); // a plan changes nothing

        var apply = new ApplyRerating { Digest = plan.Digest, Reason = "Prices came late" };
        var other = await reratings.ApplyAsync(olga, plan.Id, apply with { Digest = new string('0', 64) }, Stop);
        Assert.Equal("plan_changed", other.Problem!.Code);
        Assert.Equal("applying", (await reratings.ApplyAsync(olga, plan.Id, apply, Stop)).Value.State);
        await house.Get<ReratingWatch>().StepAsync(Stop);

        var done = (await reratings.GetAsync(olga, plan.Id, Stop)).Value;
        Assert.Equal(("done", 3L, 0L), (done.State, done.Changed, done.Skipped));
        var total = (await spend.ReadAsync(olga, new SpendQuery(), Stop)).Value.Total;
        Assert.Equal(("15", 0L), (total.Cost, total.Unpriced));
        Assert.True((await house.Get<RollupRebuild>().RunAsync(write: false, Stop)).Equal);
        Assert.Equal("plan_over", (await reratings.ApplyAsync(olga, plan.Id, apply, Stop)).Problem!.Code);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal("spend.re-rated", (await db.TrailRecords.OrderByDescending(r => r.Seq).FirstAsync(Stop)).Action);
        Assert.Empty(await db.ReratingRows.ToListAsync(Stop));

        var more = (await reratings.PlanAsync(olga, Everything with { IncludeReported = true }, Stop)).Value;
        Assert.Equal((4L, 1L, "-7"), (more.LookedAt, more.Runs, more.Difference));
    }

    [Theory, BothDatabases]
    public async Task A_plan_is_refused_when_runs_or_prices_changed_since_and_expires(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var olga = house.As(house.Cast.Olga);
        var agent = await RunsAsync(house);
        house.Clock.Advance(TimeSpan.FromMinutes(20));
        var prices = house.Get<PriceService>();
        await prices.AddAsync(olga, PriceTests.Row("small-1", "2", "0", "2020-01-01"), Stop);
        var reratings = house.Get<ReratingService>();

        var plan = (await reratings.PlanAsync(olga, Everything, Stop)).Value;
        await house.ReportAsync(agent, "u-0", "completed", r => r with { Cost = JsonElement.Parse("1") });
        var changed = await reratings.ApplyAsync(olga, plan.Id, new ApplyRerating { Digest = plan.Digest, Reason = "x" }, Stop);
        Assert.Equal("plan_changed", changed.Problem!.Code);
        Assert.Contains(
            "it changed 3 runs from 0 to 6 USD; now it would change 2 from 0 to 4",
            changed.Problem.Detail,
            StringComparison.Ordinal
        );

        var second = (await reratings.PlanAsync(olga, Everything, Stop)).Value;
        await prices.AddAsync(olga, PriceTests.Row("small-1", "3", "0", "2021-01-01"), Stop);
        Assert.Equal(
            "plan_changed",
            (await reratings.ApplyAsync(olga, second.Id, new ApplyRerating { Digest = second.Digest, Reason = "x" }, Stop)).Problem!.Code
        );

        var third = (await reratings.PlanAsync(olga, Everything, Stop)).Value;
        house.Clock.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal(
            "plan_over",
            (await reratings.ApplyAsync(olga, third.Id, new ApplyRerating { Digest = third.Digest, Reason = "x" }, Stop)).Problem!.Code
        );
        await house.Get<ReratingWatch>().StepAsync(Stop);
        Assert.Equal("expired", (await reratings.GetAsync(olga, third.Id, Stop)).Value.State);
        Assert.Equal(ProblemKind.NotFound, (await reratings.GetAsync(house.As(house.Cast.Gus), third.Id, Stop)).Problem!.Kind);
        Assert.Equal(ProblemKind.Forbidden, (await reratings.PlanAsync(house.As(house.Cast.Tara), Everything, Stop)).Problem!.Kind);
    }

    [Theory, BothDatabases]
    public async Task It_goes_on_after_a_kill_and_leaves_what_changed_meanwhile(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var olga = house.As(house.Cast.Olga);
        var agent = await RunsAsync(house, 450);
        await house.Get<PriceService>().AddAsync(olga, PriceTests.Row("small-1", "2", "0", "2020-01-01"), Stop);
        house.Clock.Advance(TimeSpan.FromHours(60));
        await house.Get<RollupFold>().StepAsync(Stop);
        var reratings = house.Get<ReratingService>();
        var system = Actor.ForSystem(house.Cast.Acme, "test");
        var plan = (await reratings.PlanAsync(system, Everything, Stop)).Value;
        await reratings.ApplyAsync(system, plan.Id, new ApplyRerating { Digest = plan.Digest, Reason = "x" }, Stop);
        var watch = house.Get<ReratingWatch>();
        watch.AfterPart = () => throw new OperationCanceledException("killed");
        await Assert.ThrowsAsync<OperationCanceledException>(() => watch.StepAsync(Stop));
        await house.ReportAsync(agent, "u-449", "completed", r => r with { Cost = JsonElement.Parse("1") });
        Assert.True((await house.Get<RollupRebuild>().RunAsync(write: false, Stop)).Equal);

        await using var node = house.OpenNode();
        await node.StartAsync();
        await node.Get<ReratingWatch>().StepAsync(Stop);
        var done = (await reratings.GetAsync(system, plan.Id, Stop)).Value;
        Assert.Equal(("done", 449L, 1L), (done.State, done.Changed, done.Skipped));
        Assert.True((await house.Get<RollupRebuild>().RunAsync(write: false, Stop)).Equal);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal((449 * 2_000_000L) + 1_000_000 + 9_000_000, await db.RunRollups.SumAsync(r => r.CostMicros, Stop));
    }
}
