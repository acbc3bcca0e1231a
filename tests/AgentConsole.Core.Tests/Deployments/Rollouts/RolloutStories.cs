using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Rollbacks;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Deployments.Rollouts;

public sealed class RolloutStories
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task A_healthy_canary_goes_step_by_step_and_is_promoted(Database database)
    {
        await using var rollouts = await RolloutHouse.OpenAsync(database);
        var started = await rollouts.StartAsync(RolloutHouse.Plan(RolloutHouse.Step(5), RolloutHouse.Step(25)));
        Assert.Equal(("running", "runs", 1, 5m), (started.State, started.WaitsFor, started.Step, started.TargetPercent));
        Assert.Equal(["2.1.0 active current person", "2.2.0 canary current rollout"], await rollouts.SnapshotsAsync());

        await rollouts.HealthyAsync();
        await rollouts.WatchAsync();
        var held = await rollouts.GetAsync(started.Id);
        Assert.Equal(("running", "hold", "pass", 1), (held.State, held.WaitsFor, held.Verdict, held.Step));
        Assert.Equal((300, 6, 2700, 54), (held.Canary.Runs, held.Canary.Failed, held.Stable.Runs, held.Stable.Failed));
        Assert.Equal(10, held.MeasuredPercent);

        rollouts.House.Clock.Advance(TimeSpan.FromMinutes(30));
        await rollouts.WatchAsync();
        var second = await rollouts.GetAsync(started.Id);
        Assert.Equal((2, 25m, 0L), (second.Step, second.TargetPercent, second.Canary.Runs));

        await rollouts.HealthyAsync();
        rollouts.House.Clock.Advance(TimeSpan.FromMinutes(31));
        await rollouts.WatchAsync();

        var over = await rollouts.GetAsync(started.Id);
        Assert.Equal(("promoted", 100m), (over.State, over.TargetPercent));
        Assert.Equal(
            [
                "2.1.0 active superseded person",
                "2.2.0 canary superseded rollout",
                "2.2.0 canary superseded rollout",
                "2.2.0 active current rollout",
            ],
            await rollouts.SnapshotsAsync()
        );
        await using var db = await rollouts.House.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal("2.2.0", (await db.Agents.SingleAsync(a => a.Slug == RolloutHouse.Slug, Stop)).Version);
        Assert.Equal("""{"model":"small-4"}""", (await db.Snapshots.OrderByDescending(s => s.Id).FirstAsync(Stop)).Content);
        var decisions = await rollouts.DecisionsAsync(started.Id);
        Assert.Equal(["promote", "none"], decisions.Select(d => d.Act));
        Assert.All(decisions, d => Assert.True(d.Replays));
        Assert.Equal(
            ["rollout.started", "rollout.judged", "rollout.advanced", "rollout.judged", "rollout.promoted"],
            await db.TrailRecords.Where(r => r.TargetKind == "rollout").OrderBy(r => r.Seq).Select(r => r.Action).ToListAsync(Stop)
        );
        Assert.Equal(0, await db.Set<Core.Runs.Arms.ArmEntry>().CountAsync(Stop));
    }

    [Theory, BothDatabases]
    public async Task A_worse_canary_is_rolled_back_at_the_first_look_that_shows_it(Database database)
    {
        await using var rollouts = await RolloutHouse.OpenAsync(database);
        var started = await rollouts.StartAsync(RolloutHouse.Plan(RolloutHouse.Step(10)));
        await rollouts.RunAsync("2.2.0", 100, failEvery: 3);
        await rollouts.RunAsync("2.1.0", 900, failEvery: 50);

        await rollouts.WatchAsync();

        var over = await rollouts.GetAsync(started.Id);
        Assert.Equal(("rolled-back", "fail"), (over.State, over.Verdict));
        Assert.Equal(
            ["2.1.0 active superseded person", "2.2.0 canary failed rollout", "2.1.0 active current rollback"],
            await rollouts.SnapshotsAsync()
        );
        await using var db = await rollouts.House.Get<ConsoleStore>().ReadAsync(Stop);
        var snapshots = await db.Snapshots.OrderBy(s => s.Id).ToListAsync(Stop);
        Assert.Equal((snapshots[1].Id, snapshots[0].Digest), (snapshots[2].RolledBackFrom, snapshots[2].Digest));
        Assert.Equal("roll-back", Assert.Single(await rollouts.DecisionsAsync(started.Id)).Act);
    }

    [Theory, BothDatabases]
    public async Task What_is_inconclusive_asks_a_person_and_cannot_be_tried_again(Database database)
    {
        await using var rollouts = await RolloutHouse.OpenAsync(database);
        var started = await rollouts.StartAsync(RolloutHouse.Plan(RolloutHouse.Step(10), RolloutHouse.Step(50)));
        await rollouts.RunAsync("2.2.0", 300, failEvery: 15);
        await rollouts.RunAsync("2.1.0", 2700, failEvery: 50);
        await rollouts.WatchAsync();
        var paused = await rollouts.GetAsync(started.Id);
        Assert.Equal(("paused", "inconclusive", 10m), (paused.State, paused.WaitsFor, paused.TargetPercent));

        Assert.Equal("step_spent", (await rollouts.Service.ResumeAsync(rollouts.Otto, started.Id, Why("Again"), Stop)).Problem!.Code);
        Assert.Contains(
            "reason",
            (await rollouts.Service.AdvanceAsync(rollouts.Otto, started.Id, new RolloutAct(), Stop)).Problem!.Errors!.Keys
        );
        var advanced = await rollouts.Service.AdvanceAsync(rollouts.Otto, started.Id, Why("The failures were a broken scanner"), Stop);
        Assert.Equal(("running", 2, 50m), (advanced.Value.State, advanced.Value.Step, advanced.Value.TargetPercent));

        var aborted = await rollouts.Service.AbortAsync(rollouts.Otto, started.Id, Why("Customers complain"), Stop);
        Assert.Equal("aborted", aborted.Value.State);
        Assert.Equal("2.1.0 active current rollback", (await rollouts.SnapshotsAsync())[^1]);
        Assert.Contains("2.2.0 canary rolled-back rollout", await rollouts.SnapshotsAsync());
        Assert.Equal("rollout_state", (await rollouts.Service.PauseAsync(rollouts.Otto, started.Id, Why("Too late"), Stop)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task A_pause_is_no_part_of_the_hold_and_nothing_is_judged_in_it(Database database)
    {
        await using var rollouts = await RolloutHouse.OpenAsync(database);
        var started = await rollouts.StartAsync(RolloutHouse.Plan(RolloutHouse.Step(10)));
        rollouts.House.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Null((await rollouts.Service.PauseAsync(rollouts.Otto, started.Id, new RolloutAct(), Stop)).Problem);
        await rollouts.RunAsync("2.2.0", 100, failEvery: 3);
        await rollouts.RunAsync("2.1.0", 900);
        rollouts.House.Clock.Advance(TimeSpan.FromHours(5));
        await rollouts.WatchAsync();
        Assert.Equal(("paused", "person"), ((await rollouts.GetAsync(started.Id)).State, (await rollouts.GetAsync(started.Id)).WaitsFor));
        Assert.Empty(await rollouts.DecisionsAsync(started.Id));

        var resumed = await rollouts.Service.ResumeAsync(rollouts.Otto, started.Id, new RolloutAct(), Stop);

        var left = resumed.Value.HoldUntil!.Value - rollouts.House.Clock.GetUtcNow();
        Assert.InRange(left, TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(20) + TimeSpan.FromSeconds(2));
        await rollouts.WatchAsync();
        Assert.Equal("rolled-back", (await rollouts.GetAsync(started.Id)).State);
    }

    [Theory, BothDatabases]
    public async Task Too_few_runs_wait_and_then_ask_a_person(Database database)
    {
        await using var rollouts = await RolloutHouse.OpenAsync(database);
        var plan = RolloutHouse.Plan(RolloutHouse.Step(10)) with { PatienceMinutes = 60 };
        var started = await rollouts.StartAsync(plan);
        await rollouts.RunAsync("2.2.0", 99, failEvery: 2);
        await rollouts.RunAsync("2.1.0", 900);
        rollouts.House.Clock.Advance(TimeSpan.FromMinutes(88));
        await rollouts.WatchAsync();
        Assert.Equal(("running", "runs"), ((await rollouts.GetAsync(started.Id)).State, (await rollouts.GetAsync(started.Id)).WaitsFor));

        rollouts.House.Clock.Advance(TimeSpan.FromMinutes(2));
        await rollouts.WatchAsync();

        Assert.Equal("not-enough-data", (await rollouts.GetAsync(started.Id)).WaitsFor);
        Assert.Equal(
            ("not-enough-data", "pause"),
            Assert.Single((await rollouts.DecisionsAsync(started.Id)).Select(d => (d.Verdict, d.Act)))
        );
    }

    [Theory, BothDatabases]
    public async Task A_freeze_holds_the_next_step_and_never_a_rollback(Database database)
    {
        await using var rollouts = await RolloutHouse.OpenAsync(database);
        var started = await rollouts.StartAsync(RolloutHouse.Plan(RolloutHouse.Step(10), RolloutHouse.Step(50)));
        var freeze = new SetFreeze
        {
            Name = "Weekend",
            Team = "payments",
            StartsAt = rollouts.House.Clock.GetUtcNow() + TimeSpan.FromMinutes(10),
            EndsAt = rollouts.House.Clock.GetUtcNow() + TimeSpan.FromHours(10),
            Reason = "Nobody is here",
        };
        Assert.Null(
            (await rollouts.House.Get<FreezeService>().CreateAsync(rollouts.House.As(rollouts.House.Cast.Olga), freeze, Stop)).Problem
        );
        await rollouts.HealthyAsync();
        rollouts.House.Clock.Advance(TimeSpan.FromHours(1));
        await rollouts.WatchAsync();
        Assert.Equal((1, "freeze"), ((await rollouts.GetAsync(started.Id)).Step, (await rollouts.GetAsync(started.Id)).WaitsFor));
        var revision = (await rollouts.GetAsync(started.Id)).Revision;
        await rollouts.WatchAsync();
        Assert.Equal(revision, (await rollouts.GetAsync(started.Id)).Revision); // nothing is written while it waits
        Assert.Equal("frozen", (await rollouts.Service.PromoteAsync(rollouts.Otto, started.Id, Why("Now"), Stop)).Problem!.Code);

        rollouts.House.Clock.Advance(TimeSpan.FromHours(10));
        await rollouts.WatchAsync();
        Assert.Equal(2, (await rollouts.GetAsync(started.Id)).Step);
        var again = freeze with
        {
            Name = "Night",
            StartsAt = rollouts.House.Clock.GetUtcNow() - TimeSpan.FromMinutes(1),
            EndsAt = rollouts.House.Clock.GetUtcNow() + TimeSpan.FromHours(9),
        };
        Assert.Null(
            (await rollouts.House.Get<FreezeService>().CreateAsync(rollouts.House.As(rollouts.House.Cast.Olga), again, Stop)).Problem
        );
        await rollouts.RunAsync("2.2.0", 100, failEvery: 3);
        await rollouts.RunAsync("2.1.0", 100);
        await rollouts.WatchAsync();
        Assert.Equal("rolled-back", (await rollouts.GetAsync(started.Id)).State);
    }

    [Theory, BothDatabases]
    public async Task One_is_open_at_a_time_and_nothing_else_is_deployed_beside_it(Database database)
    {
        await using var rollouts = await RolloutHouse.OpenAsync(database);
        var plan = RolloutHouse.Plan(RolloutHouse.Step(10));
        Assert.Equal("nothing_active", (await TryAsync(rollouts, "2.2.0", plan, "staging")).Problem!.Code);
        Assert.Contains("snapshot.version", (await TryAsync(rollouts, "2.1.0", plan)).Problem!.Errors!.Keys);
        var started = await rollouts.StartAsync(plan);

        Assert.Equal("rollout_open", (await TryAsync(rollouts, "2.3.0", plan)).Problem!.Code);
        var set = await rollouts
            .House.Get<DeploymentService>()
            .SetAsync(rollouts.Otto, RolloutHouse.Slug, new SetSnapshot { Version = "3.0.0", Status = "active" }, Stop);
        Assert.Equal("rollout_open", set.Problem!.Code);
        var sara = rollouts.House.As(rollouts.House.Cast.Sara);
        Assert.Equal("rollout_not_found", (await rollouts.House.Get<RolloutLists>().GetAsync(sara, started.Id, Stop)).Problem!.Code);
        Assert.Equal("rollout_not_found", (await rollouts.Service.AbortAsync(sara, started.Id, Why("Mine"), Stop)).Problem!.Code);
        var victor = rollouts.House.As(rollouts.House.Cast.Victor);
        Assert.Equal("role_missing", (await rollouts.Service.AbortAsync(victor, started.Id, Why("Mine"), Stop)).Problem!.Code);

        Assert.Null((await rollouts.Service.PromoteAsync(rollouts.Otto, started.Id, Why("Urgent"), Stop)).Problem);
        Assert.Null((await TryAsync(rollouts, "2.3.0", plan)).Problem);
    }

    [Theory, BothDatabases]
    public async Task It_goes_with_its_agent_to_another_team(Database database)
    {
        await using var rollouts = await RolloutHouse.OpenAsync(database);
        var house = rollouts.House;
        var started = await rollouts.StartAsync(RolloutHouse.Plan(RolloutHouse.Step(10), RolloutHouse.Step(50)));
        await using (var write = await house.Get<ConsoleStore>().WriteAsync(Stop))
        {
            var agent = await write.Db.Agents.AsTracking().SingleAsync(a => a.Slug == RolloutHouse.Slug, Stop);
            agent.TeamId = house.Cast.Research;
            house.Get<AgentDirectory>().Announce(write, agent);
            Assert.True(await write.TryCommitAsync(Stop));
        }

        var advanced = await rollouts.Service.AdvanceAsync(house.As(house.Cast.Olga), started.Id, Why("Seen enough"), Stop);

        Assert.Equal(2, advanced.Value.Step);
        Assert.Equal("rollout_not_found", (await rollouts.Service.AbortAsync(rollouts.Otto, started.Id, Why("Mine"), Stop)).Problem!.Code);
        var sara = house.As(house.Cast.Sara);
        Assert.Null((await house.Get<RolloutLists>().GetAsync(sara, started.Id, Stop)).Problem);
        Assert.Null((await house.Get<SnapshotLists>().GetAsync(sara, advanced.Value.CanarySnapshot, Stop)).Problem);
    }

    [Theory, BothDatabases]
    public async Task A_rollback_by_hand_ends_it(Database database)
    {
        await using var rollouts = await RolloutHouse.OpenAsync(database);
        await rollouts.SetAsync("2.2.0", "active");
        var started = await rollouts.StartAsync(RolloutHouse.Plan(RolloutHouse.Step(10)), version: "2.3.0");

        var back = await rollouts
            .House.Get<RollbackService>()
            .RollBackAsync(rollouts.Otto, RolloutHouse.Slug, new RollBack { Reason = "Both are bad" }, Stop);

        Assert.Equal("2.1.0", back.Value.Version);
        var over = await rollouts.GetAsync(started.Id);
        Assert.Equal(("aborted", "Both are bad"), (over.State, over.EndedReason));
        await rollouts.HealthyAsync(version: "2.3.0");
        await rollouts.WatchAsync();
        await using var db = await rollouts.House.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(0, await db.Set<Core.Runs.Arms.ArmEntry>().CountAsync(Stop)); // nothing is set aside for it any more
    }

    [Theory, BothDatabases]
    public async Task What_another_node_sets_aside_for_one_that_is_over_is_swept(Database database)
    {
        await using var rollouts = await RolloutHouse.OpenAsync(database);
        var over = await rollouts.StartAsync(RolloutHouse.Plan(RolloutHouse.Step(10)));
        Assert.Null((await rollouts.Service.PromoteAsync(rollouts.Otto, over.Id, Why("Urgent"), Stop)).Problem);
        var open = await rollouts.StartAsync(RolloutHouse.Plan(RolloutHouse.Step(10, hold: 600)), version: "2.3.0");
        await using (var write = await rollouts.House.Get<ConsoleStore>().WriteAsync(Stop))
        {
            foreach (var id in (string[])[over.Id, open.Id])
                write.Db.Add(
                    new Core.Runs.Arms.ArmEntry
                    {
                        OrganizationId = rollouts.House.Cast.Acme,
                        RolloutId = Common.IdText.Parse(Common.IdText.Rollout, id),
                        Id = write.NewId(),
                        RunId = write.NewId(),
                        IsCanary = true,
                        Sign = 1,
                        StartedAt = write.Now.AddSeconds(3),
                    }
                );
            Assert.True(await write.TryCommitAsync(Stop));
        }
        rollouts.House.Clock.Advance(TimeSpan.FromMinutes(2));

        await rollouts.WatchAsync();

        Assert.Equal(1, (await rollouts.GetAsync(open.Id)).Canary.Runs); // what is open was folded, not swept
        await using var db = await rollouts.House.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(0, await db.Set<Core.Runs.Arms.ArmEntry>().CountAsync(Stop));
    }

    [Theory, BothDatabases]
    public async Task What_counts_is_each_run_once_as_it_is_now(Database database)
    {
        await using var rollouts = await RolloutHouse.OpenAsync(database);
        RolloutMetricBody[] metrics =
        [
            RolloutHouse.Errors,
            new() { Metric = "tool-failures", Margin = 0.05m },
            new() { Metric = "blocked-decisions", Margin = 0.05m },
            new() { Metric = "duration-p50", Margin = 100 },
            new()
            {
                Metric = "cost",
                Margin = 0.2m,
                Relative = true,
            },
            new()
            {
                Metric = "field",
                Field = "score",
                Margin = 0.5m,
                LowerIsWorse = true,
                DryRun = true,
            },
        ];
        var plan = RolloutHouse.Plan(RolloutHouse.Step(10)) with { Metrics = metrics };
        await rollouts.RunAsync("2.2.0", 3); // before the rollout
        rollouts.House.Clock.Advance(TimeSpan.FromMinutes(1));
        var started = await rollouts.StartAsync(plan);
        rollouts.House.Clock.Advance(TimeSpan.FromSeconds(3));
        var ingest = rollouts.House.Get<RunIngest>();
        async Task ReportAsync(ReportRun run) => Assert.Null((await ingest.ReportAsync(rollouts.Agent, null, run, 10)).Problem);
        ReportRun Run(string id, string status, string version = "2.2.0") =>
            new()
            {
                ExternalId = id,
                Status = status,
                Version = version,
            };

        await ReportAsync(Run("open", "running")); // not yet
        await ReportAsync(Run("other", "completed", "1.9.9"));
        await ReportAsync(Run("gone", "cancelled"));
        await ReportAsync(Run("old", "completed") with { StartedAt = rollouts.House.Clock.GetUtcNow() - TimeSpan.FromMinutes(2) });
        await ReportAsync(Run("twice", "failed"));
        await ReportAsync(Run("twice", "failed") with { DurationMs = 250, Metadata = Json("""{"score": 0.75}""") });
        await ReportAsync(Run("stable", "timed-out", "2.1.0"));
        await ReportAsync(Run("tools", "running"));
        ReportEvent[] steps =
        [
            new()
            {
                Kind = "tool-call",
                Name = "lookup",
                Status = "error",
            },
            new() { Kind = "decision", Decision = "blocked" },
        ];
        Assert.Null((await ingest.AddEventsAsync(rollouts.Agent, null, "tools", steps, 10)).Problem);
        await ReportAsync(Run("tools", "completed") with { Cost = Json("0.25") });
        await ReportAsync(Run("late", "completed"));
        Assert.Null((await ingest.AddEventsAsync(rollouts.Agent, null, "late", (ReportEvent[])[steps[0]], 10)).Problem);
        await rollouts.WatchAsync();

        var seen = await rollouts.GetAsync(started.Id);
        Assert.Equal(new RolloutArmBody(3, 1, 2, 1), seen.Canary);
        Assert.Equal(new RolloutArmBody(1, 1, 0, 0), seen.Stable);
        await using var db = await rollouts.House.Get<ConsoleStore>().ReadAsync(Stop);
        var arm = await db.RolloutArms.SingleAsync(a => a.IsCanary, Stop);
        var values = RolloutPlan.Read(plan, "plan", new Common.FieldErrors())!;
        var samples = ArmSamples.Read(values.ValueMetrics, arm.Samples);
        Assert.Contains(250L, samples.Of(values.ValueMetrics[0]).Values);
        Assert.Equal([250_000L], samples.Of(values.ValueMetrics[1]).Values);
        Assert.Equal([750_000L], samples.Of(values.ValueMetrics[2]).Values);
    }

    [Theory, BothDatabases]
    public async Task A_lost_run_that_comes_back_is_no_failure_any_more(Database database)
    {
        await using var rollouts = await RolloutHouse.OpenAsync(database);
        var started = await rollouts.StartAsync(RolloutHouse.Plan(RolloutHouse.Step(10, hold: 600)));
        rollouts.House.Clock.Advance(TimeSpan.FromSeconds(3));
        var ingest = rollouts.House.Get<RunIngest>();
        var open = new ReportRun
        {
            ExternalId = "slow",
            Status = "running",
            Version = "2.2.0",
        };
        await ingest.ReportAsync(rollouts.Agent, null, open, 10);
        rollouts.House.Clock.Advance(TimeSpan.FromHours(2));
        await rollouts.House.Get<LostWatch>().StepAsync(Stop);
        await rollouts.WatchAsync();
        Assert.Equal(new RolloutArmBody(1, 1, 0, 0), (await rollouts.GetAsync(started.Id)).Canary);

        await ingest.ReportAsync(rollouts.Agent, null, open with { Status = "completed" }, 10);
        await rollouts.WatchAsync();

        Assert.Equal(new RolloutArmBody(1, 0, 0, 0), (await rollouts.GetAsync(started.Id)).Canary);
    }

    [Theory]
    [InlineData("judged")]
    [InlineData("folded")]
    [InlineData("before-commit")]
    [InlineData("after-commit")]
    public async Task A_crash_at_any_point_leaves_all_of_a_move_or_nothing(string point)
    {
        foreach (var database in new[] { Database.Sqlite, Database.PostgreSql })
        {
            await using var rollouts = await RolloutHouse.OpenAsync(database);
            var started = await rollouts.StartAsync(RolloutHouse.Plan(RolloutHouse.Step(10), RolloutHouse.Step(50)));
            await rollouts.HealthyAsync();
            rollouts.House.Clock.Advance(TimeSpan.FromMinutes(31));
            var watch = rollouts.House.Get<RolloutWatch>();
            var crashed = false;
            watch.Fault = at => crashed |= at == point && !crashed ? throw new InvalidOperationException("crash") : false;
            await watch.StepAsync(Stop); // logs it and goes on
            watch.Fault = null;
            await watch.StepAsync(Stop);

            var seen = await rollouts.GetAsync(started.Id);
            Assert.Equal((2, 0L), (seen.Step, seen.Canary.Runs));
            Assert.Single(await rollouts.DecisionsAsync(started.Id));
            Assert.Equal(3, (await rollouts.SnapshotsAsync()).Length);
        }
    }

    [Fact]
    public async Task Of_two_nodes_that_move_at_once_one_does()
    {
        await using var rollouts = await RolloutHouse.OpenAsync(Database.PostgreSql);
        await using var node = rollouts.House.OpenNode();
        var started = await rollouts.StartAsync(RolloutHouse.Plan(RolloutHouse.Step(10), RolloutHouse.Step(50)));
        await rollouts.HealthyAsync();
        rollouts.House.Clock.Advance(TimeSpan.FromMinutes(31));

        await Task.WhenAll(
            Enumerable.Range(0, 6).Select(i => (i % 2 == 0 ? rollouts.House.Get<RolloutWatch>() : node.Get<RolloutWatch>()).StepAsync(Stop))
        );

        var seen = await rollouts.GetAsync(started.Id);
        Assert.Equal((2, "running"), (seen.Step, seen.State));
        Assert.Single(await rollouts.DecisionsAsync(started.Id));
        Assert.Equal(
            ["2.1.0 active current person", "2.2.0 canary superseded rollout", "2.2.0 canary current rollout"],
            await rollouts.SnapshotsAsync()
        );
    }

    private static RolloutAct Why(string reason) => new() { Reason = reason };

    private static System.Text.Json.JsonElement Json(string text) => System.Text.Json.JsonElement.Parse(text);

    private static Task<Common.Outcome<RolloutBody>> TryAsync(
        RolloutHouse rollouts,
        string version,
        RolloutPlanBody plan,
        string? environment = null
    ) =>
        rollouts.Service.StartAsync(
            rollouts.Otto,
            RolloutHouse.Slug,
            new StartRollout
            {
                Snapshot = new SetSnapshot { Version = version, Environment = environment },
                Plan = plan,
            },
            Stop
        );
}
