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

    [Theory, BothDatabases]
    public async Task A_reported_cost_that_was_overruled_stays_so_when_it_is_sent_again_and_gives_way_to_another(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var olga = house.As(house.Cast.Olga);
        var agent = await RunsAsync(house, 0);
        await house.Get<PriceService>().AddAsync(olga, PriceTests.Row("small-1", "2", "0", "2020-01-01"), Stop);
        house.Clock.Advance(TimeSpan.FromMinutes(20));
        await RateAsync(house, Everything with { IncludeReported = true });
        Task<RunAccepted> AgainAsync(string cost, long tokens = 1_000_000) =>
            house.ReportAsync(
                agent,
                "said",
                "completed",
                r => r with { Model = "small-1", InputTokens = tokens, Cost = JsonElement.Parse(cost) }
            );

        var same = (await AgainAsync("\"9\"")).Run;
        Assert.Equal(("2", "computed"), (same.Cost, same.CostSource));
        var corrected = (await AgainAsync("\"9\"", tokens: 3_000_000)).Run;
        Assert.Equal(("6", "computed"), (corrected.Cost, corrected.CostSource));
        var other = (await AgainAsync("\"8\"")).Run;
        Assert.Equal(("8", "reported"), (other.Cost, other.CostSource));
        // Reported again, it is news like any other.
        Assert.Equal("9", (await AgainAsync("\"9\"")).Run.Cost);
        Assert.Equal("9", (await house.Get<SpendService>().ReadAsync(olga, new SpendQuery(), Stop)).Value.Total.Cost);
        Assert.True((await house.Get<RollupRebuild>().RunAsync(write: false, Stop)).Equal);
    }

    [Theory, BothDatabases]
    public async Task Runs_that_are_another_by_now_or_at_work_again_are_left_as_they_are(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var olga = house.As(house.Cast.Olga);
        var agent = await RunsAsync(house, 0);
        Task<RunAccepted> LostAsync(string status) =>
            house.ReportAsync(
                agent,
                "lost",
                status,
                r => r with { Model = "small-1", InputTokens = 1_000_000, Cost = JsonElement.Parse("\"5\"") }
            );
        await LostAsync("running");
        house.Clock.Advance(TimeSpan.FromMinutes(31));
        await house.Get<LostWatch>().StepAsync(Stop);
        await house.Get<PriceService>().AddAsync(olga, PriceTests.Row("small-1", "2", "0", "2020-01-01"), Stop);
        house.Clock.Advance(TimeSpan.FromMinutes(20));
        var reratings = house.Get<ReratingService>();
        var plan = (await reratings.PlanAsync(olga, Everything with { IncludeReported = true }, Stop)).Value;
        Assert.Equal(2, plan.Runs);
        await reratings.ApplyAsync(olga, plan.Id, new ApplyRerating { Digest = plan.Digest, Reason = "x" }, Stop);

        await LostAsync("running"); // it was not
        await house.ReportAsync(agent, "said", "completed", r => r with { InputTokens = 4_000_000 }); // the same cost, of more
        await house.Get<ReratingWatch>().StepAsync(Stop);

        var done = (await reratings.GetAsync(olga, plan.Id, Stop)).Value;
        Assert.Equal(("done", 0L, 2L), (done.State, done.Changed, done.Skipped));
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal([5_000_000L, 9_000_000L], await db.Runs.OrderBy(r => r.CostMicros).Select(r => r.CostMicros!.Value).ToListAsync(Stop));
        Assert.All(await db.Runs.ToListAsync(Stop), r => Assert.Equal(CostSource.Reported, r.CostSource));
        Assert.True((await house.Get<RollupRebuild>().RunAsync(write: false, Stop)).Equal);
    }

    private static async Task RateAsync(TestHouse house, PlanRerating body)
    {
        var olga = house.As(house.Cast.Olga);
        var reratings = house.Get<ReratingService>();
        var plan = (await reratings.PlanAsync(olga, body, Stop)).Value;
        Assert.Null((await reratings.ApplyAsync(olga, plan.Id, new ApplyRerating { Digest = plan.Digest, Reason = "x" }, Stop)).Problem);
        await house.Get<ReratingWatch>().StepAsync(Stop);
    }
}
