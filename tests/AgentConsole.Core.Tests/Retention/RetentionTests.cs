using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Retention;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Spend;
using AgentConsole.Core.Tests.Data;
using AgentConsole.Core.Tests.Runs;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Retention;

/// <summary>Old telemetry goes, history and figures stay.</summary>
public sealed class RetentionTests
{
    private static CancellationToken Stop => TestHouse.Stop;

    private static async Task SetAsync(TestHouse house, SetRetention limits)
    {
        var retention = house.Get<RetentionService>();
        var system = Actor.ForSystem(house.Cast.Acme, "test"); // sessions end before the data is old
        var now = (await retention.GetAsync(system, Stop)).Value;
        Assert.Null((await retention.SetAsync(system, now.Revision, limits, Stop)).Problem);
    }

    private static async Task<(int Runs, int Steps, int Decisions, int Contents)> LeftAsync(TestHouse house)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        return (
            await db.Runs.CountAsync(Stop),
            await db.RunEvents.CountAsync(e => e.Decision == null, Stop),
            await db.RunEvents.CountAsync(e => e.Decision != null, Stop),
            await db.RunEvents.CountAsync(e => e.Payload != null, Stop)
        );
    }

    private static async Task ReportAsync(
        TestHouse house,
        Actor agent,
        string name,
        string status,
        string? parent = null,
        bool decided = false
    )
    {
        await house.ReportAsync(
            agent,
            name,
            status,
            r => r with { Cost = JsonElement.Parse("\"0.25\""), DurationMs = 40, Model = "small-1", ParentRun = parent }
        );
        ReportEvent[] steps =
        [
            new() { Kind = "message", Content = JsonElement.Parse("\"hello\"") },
            new() { Kind = "decision", Decision = "blocked" },
        ];
        Assert.Null((await house.Get<RunIngest>().AddEventsAsync(agent, null, name, decided ? steps : steps[..1], 100)).Problem);
    }

    [Theory, BothDatabases]
    public async Task Old_runs_go_and_figures_spend_decisions_and_retired_agents_stay(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var olga = house.As(house.Cast.Olga);
        var agent = await house.AgentAsync("mailroom-1", a => a.CaptureMode = CaptureMode.Full);
        var retired = await house.AgentAsync("old-1");
        await ReportAsync(house, agent, "asker", "completed");
        for (var i = 0; i < 5; i++)
            await ReportAsync(house, agent, $"old-{i}", i % 2 == 0 ? "completed" : "failed", i == 0 ? "asker" : null, decided: i == 0);
        await ReportAsync(house, retired, "kept", "completed");
        await ReportAsync(house, agent, "parent", "completed");
        await ReportAsync(house, agent, "open", "waiting", parent: "parent");
        await using (var write = await house.Get<ConsoleStore>().WriteAsync(Stop))
        {
            var id = retired.Id!.Value;
            (await write.Db.Agents.AsTracking().SingleAsync(a => a.Id == id, Stop)).Lifecycle = Lifecycle.Retired;
            await write.TryCommitAsync(Stop);
        }
        house.Clock.Advance(TimeSpan.FromDays(20));
        await ReportAsync(house, agent, "young", "completed");
        await house.Get<RollupFold>().StepAsync(Stop);
        var watch = house.Get<RetentionWatch>();
        var query = new SpendQuery { Bucket = SpendStep.Day };
        var before = (await house.Get<SpendService>().ReadAsync(olga, query, Stop)).Value;
        await using var look = await house.Get<ConsoleStore>().ReadAsync(Stop);
        var trail = await look.TrailRecords.CountAsync(Stop);

        await watch.StepAsync(Stop); // nothing is set: nothing goes
        Assert.Equal(10, (await LeftAsync(house)).Runs);

        var retention = house.Get<RetentionService>();
        var preview = (await retention.PreviewAsync(olga, n => n == "run_days" ? "10" : null, Stop)).Value;
        // Of what holds a decision, and of what started it, only the other steps go.
        Assert.Equal([("runs", "payments", 4L), ("steps", "payments", 6L)], preview.Rows.Select(r => (r.Kind, r.Team, r.Count)));
        await SetAsync(house, new SetRetention { RunDays = 10 });
        await watch.StepAsync(Stop);

        Assert.Equal((6, 4, 1, 3), await LeftAsync(house));
        var purge = (await retention.GetAsync(olga, Stop)).Value.Purges[0];
        Assert.Equal((4, 6), (purge.Runs, purge.Steps));
        var read = (await house.Get<RunService>().EventsAsync(olga, "old-0", "mailroom-1", new PageRequest(), Stop)).Value;
        Assert.Equal("blocked", Assert.Single(read.Items).Decision);
        Assert.Equal(before.Total, (await house.Get<SpendService>().ReadAsync(olga, query, Stop)).Value.Total);
        var rebuild = await house.Get<RollupRebuild>().RunAsync(write: false, Stop);
        Assert.True(rebuild.Equal, string.Join(" | ", rebuild.Differences));
        // Counting anew and writing what was counted changes nothing either; nor does folding the base.
        await house.Get<RollupRebuild>().RunAsync(write: true, Stop);
        house.Clock.Advance(TimeSpan.FromDays(4));
        await house.Get<RollupFold>().StepAsync(Stop);
        Assert.True((await house.Get<RollupRebuild>().RunAsync(write: false, Stop)).Equal);
        var record = await look.TrailRecords.OrderByDescending(r => r.Seq).FirstAsync(Stop);
        Assert.Equal(("retention.purged", trail + 2), (record.Action, await look.TrailRecords.CountAsync(Stop)));

        // Once a day: what ends meanwhile waits. The parent goes when its run has ended and is old itself.
        await house.ReportAsync(agent, "open", "completed");
        house.Clock.Advance(TimeSpan.FromDays(11));
        await watch.StepAsync(Stop);
        Assert.Equal((3, 1, 1, 0), await LeftAsync(house)); // the retired agent's, the decision's and what started that
        Assert.True((await house.Get<RollupRebuild>().RunAsync(write: false, Stop)).Equal);
    }

    [Theory, BothDatabases]
    public async Task Content_goes_first_then_steps_and_ended_sessions(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1", a => a.CaptureMode = CaptureMode.Full);
        await ReportAsync(house, agent, "a", "completed", decided: true);
        house.Clock.Advance(TimeSpan.FromHours(11));
        await SetAsync(
            house,
            new SetRetention
            {
                RunDays = 30,
                StepDays = 5,
                ContentDays = 1,
            }
        );
        var watch = house.Get<RetentionWatch>();
        await watch.StepAsync(Stop);
        Assert.Equal((1, 1, 1, 1), await LeftAsync(house));
        house.Clock.Advance(TimeSpan.FromDays(2));
        await watch.StepAsync(Stop);
        Assert.Equal((1, 1, 1, 0), await LeftAsync(house));
        house.Clock.Advance(TimeSpan.FromDays(4));
        await watch.StepAsync(Stop);
        Assert.Equal((1, 0, 1, 0), await LeftAsync(house));
        Assert.True((await house.Get<RollupRebuild>().RunAsync(write: false, Stop)).Equal);
    }

    [Theory, BothDatabases]
    public async Task A_kill_in_the_middle_loses_nothing_and_a_hold_stops_it(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        for (var i = 0; i < 450; i++)
            await house
                .Get<RunIngest>()
                .ReportAsync(
                    agent,
                    null,
                    new ReportRun
                    {
                        ExternalId = $"{i}",
                        Status = "completed",
                        DurationMs = i,
                    },
                    10
                );
        house.Clock.Advance(TimeSpan.FromHours(11));
        await SetAsync(house, new SetRetention { RunDays = 1 });
        house.Clock.Advance(TimeSpan.FromHours(20)); // older than a day, younger than the fold
        var watch = house.Get<RetentionWatch>();
        watch.AfterPart = () => throw new OperationCanceledException("killed");
        await Assert.ThrowsAsync<OperationCanceledException>(() => watch.StepAsync(Stop));
        Assert.Equal(250, (await LeftAsync(house)).Runs);
        Assert.True((await house.Get<RollupRebuild>().RunAsync(write: false, Stop)).Equal);

        await using var node = house.OpenNode(); // the console after a restart
        await node.StartAsync();
        await SetHoldAsync(house, hold: true);
        await node.Get<RetentionWatch>().StepAsync(Stop);
        Assert.Equal(250, (await LeftAsync(house)).Runs);
        var retention = house.Get<RetentionService>();
        Assert.Equal("stopped", (await retention.GetAsync(Actor.ForSystem(house.Cast.Acme, "test"), Stop)).Value.Purges[0].State);

        await SetHoldAsync(house, hold: false);
        await node.Get<RetentionWatch>().StepAsync(Stop);
        Assert.Equal(0, (await LeftAsync(house)).Runs);
        Assert.True((await house.Get<RollupRebuild>().RunAsync(write: false, Stop)).Equal);
        house.Clock.Advance(TimeSpan.FromDays(4));
        await house.Get<RollupFold>().StepAsync(Stop);
        Assert.True((await house.Get<RollupRebuild>().RunAsync(write: false, Stop)).Equal);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.All(await db.RollupBases.ToListAsync(Stop), b => Assert.Equal(900, b.BucketSeconds));
        Assert.Equal(450, await db.RunRollups.SumAsync(r => r.Completed, Stop));
    }

    [Theory, BothDatabases]
    public async Task A_run_with_many_steps_goes_in_small_parts_and_a_report_gets_through_while_the_next_is_searched_for(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database, change: Overheard.AddTo);
        await house.Get<RunIngest>().StartAsync(Stop);
        var agent = await house.AgentAsync("mailroom-1");
        await house.ReportAsync(agent, "long", "completed");
        ReportEvent[] steps = [.. Enumerable.Range(0, 100).Select(i => new ReportEvent { Kind = "log", Name = $"{i}" })];
        for (var i = 0; i < 25; i++)
            Assert.Null((await house.Get<RunIngest>().AddEventsAsync(agent, null, "long", steps, 1000)).Problem);
        await SetAsync(house, new SetRetention { RunDays = 1 });
        house.Clock.Advance(TimeSpan.FromDays(2));
        var overheard = house.Get<Overheard>();
        var watch = house.Get<RetentionWatch>();
        var statements = new List<int>();
        watch.AfterPart = () =>
        {
            statements.Add(overheard.Statements.Count(s => s.InWrite));
            overheard.Statements.Clear();
        };
        var got = false;
        overheard.Before = (
            "FROM run_events",
            async () =>
            {
                await house.ReportAsync(agent, "meanwhile", "completed").WaitAsync(TimeSpan.FromSeconds(30), Stop);
                got = true;
            }
        );

        overheard.Statements.Clear();
        await watch.StepAsync(Stop);

        Assert.True(got);
        Assert.Equal(4, statements.Count); // 1,000, 1,000 and 500 steps, then the run
        Assert.All(statements, s => Assert.InRange(s, 1, 16));
        Assert.Equal((1, 0, 0, 0), await LeftAsync(house));
        await house.Get<RunIngest>().StopAsync(Stop);
    }

    [Theory, BothDatabases]
    public async Task Another_node_goes_on_where_the_first_was_and_leaves_what_lies_behind_for_the_next_day(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var sleeper = await house.AgentAsync("sleeper-1", a => a.Lifecycle = Lifecycle.Retired);
        var agent = await house.AgentAsync("mailroom-1");
        await using (var write = await house.Get<ConsoleStore>().WriteAsync(Stop))
        {
            write.Db.Add(
                new Run
                {
                    OrganizationId = house.Cast.Acme,
                    Id = write.NewId(),
                    AgentId = sleeper.Id!.Value,
                    TeamId = house.Cast.Payments,
                    Status = RunStatus.Completed,
                    ReceivedAt = write.Now,
                    UpdatedAt = write.Now,
                    FinishedAt = write.Now,
                    CaptureMode = "none",
                }
            );
            Assert.True(await write.TryCommitAsync(Stop));
        }
        for (var i = 0; i < 250; i++)
            await house.ReportAsync(agent, $"{i}", "completed");
        await SetAsync(house, new SetRetention { RunDays = 1 });
        house.Clock.Advance(TimeSpan.FromDays(2));
        var watch = house.Get<RetentionWatch>();
        watch.AfterPart = () => throw new OperationCanceledException("killed");
        await Assert.ThrowsAsync<OperationCanceledException>(() => watch.StepAsync(Stop));
        Assert.Equal(51, (await LeftAsync(house)).Runs);
        await using (var write = await house.Get<ConsoleStore>().WriteAsync(Stop))
        {
            (await write.Db.Agents.SingleAsync(a => a.Slug == "sleeper-1", Stop)).Lifecycle = Lifecycle.Active;
            Assert.True(await write.TryCommitAsync(Stop));
        }

        await using var node = house.OpenNode();
        await node.StartAsync();
        await node.Get<RetentionWatch>().StepAsync(Stop);
        Assert.Equal(1, (await LeftAsync(house)).Runs);

        house.Clock.Advance(TimeSpan.FromDays(1));
        await node.Get<RetentionWatch>().StepAsync(Stop);
        Assert.Equal(0, (await LeftAsync(house)).Runs);
    }

    [Fact]
    public async Task What_may_go_is_found_by_indexes_in_their_order()
    {
        await using var house = await TestHouse.OpenAsync();
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        var scope = new RetentionScope(db, house.Cast.Acme, new RetentionLimits(90, 30, 7, null, null), house.Clock.GetUtcNow());
        foreach (
            var (phase, index) in ((PurgePhase, string)[])
                [
                    (PurgePhase.Steps, "sqlite_autoindex_run_events"),
                    (PurgePhase.Runs, "ix_run_events_decision"),
                    (PurgePhase.Contents, "ix_run_events_content"),
                ]
        )
        {
            await using var command = scope.Keys(phase, new PurgeKey(Guid.NewGuid(), Guid.NewGuid()))!.CreateDbCommand();
#pragma warning disable CA2100 // EF's own text
            command.CommandText = "EXPLAIN QUERY PLAN " + command.CommandText;
#pragma warning restore CA2100
            await db.Database.OpenConnectionAsync(Stop);
            var lines = new List<string>();
            await using var reader = await command.ExecuteReaderAsync(Stop);
            while (await reader.ReadAsync(Stop))
                lines.Add(reader.GetString(3));
            var plan = string.Join('\n', lines);
            Assert.True(plan.Contains(index, StringComparison.Ordinal), $"{phase}:\n{plan}");
            Assert.False(
                plan.Contains("TEMP B-TREE", StringComparison.Ordinal) || plan.Contains("SCAN ", StringComparison.Ordinal),
                $"{phase}:\n{plan}"
            );
        }
    }

    private static async Task SetHoldAsync(TestHouse house, bool hold)
    {
        var system = Actor.ForSystem(house.Cast.Acme, "test");
        var retention = house.Get<RetentionService>();
        var now = (await retention.GetAsync(system, Stop)).Value;
        var set = new SetRetention
        {
            RunDays = 1,
            LegalHold = hold,
            HoldReason = hold ? "Case 12" : "Case 12 is closed",
        };
        Assert.Null((await retention.SetAsync(system, now.Revision, set, Stop)).Problem);
    }

    [Theory, BothDatabases]
    public async Task A_legal_hold_is_not_lifted_by_leaving_it_away_nor_without_a_reason(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var retention = house.Get<RetentionService>();
        var olga = house.As(house.Cast.Olga);
        await SetHoldAsync(house, hold: true);

        var other = await retention.SetAsync(olga, 1, new SetRetention { RunDays = 30 }, Stop);
        var bare = await retention.SetAsync(olga, 2, new SetRetention { RunDays = 30, LegalHold = false }, Stop);
        var lifted = await retention.SetAsync(
            olga,
            2,
            new SetRetention
            {
                RunDays = 30,
                LegalHold = false,
                HoldReason = "Case 12 is closed",
            },
            Stop
        );

        Assert.Equal((true, "Case 12"), (other.Value.LegalHold, other.Value.HoldReason));
        Assert.Equal(["hold_reason"], bare.Problem!.Errors!.Keys);
        Assert.Equal((false, null), (lifted.Value.LegalHold, lifted.Value.HoldReason));
    }

    [Theory, BothDatabases]
    public async Task Limits_are_set_by_org_admins_with_what_they_read_and_at_least_a_day(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var retention = house.Get<RetentionService>();
        var olga = house.As(house.Cast.Olga);
        foreach (var person in (Person[])[house.Cast.Tara, house.Cast.Aude, house.Cast.Victor])
            Assert.Equal(
                ProblemKind.Forbidden,
                (await retention.SetAsync(house.As(person), 0, new SetRetention { RunDays = 1 }, Stop)).Problem!.Kind
            );
        var odd = await retention.SetAsync(
            olga,
            0,
            new SetRetention
            {
                RunDays = 0,
                StepDays = 9,
                ContentDays = 10,
                LegalHold = true,
            },
            Stop
        );
        Assert.Equal(["content_days", "hold_reason", "run_days", "step_days"], odd.Problem!.Errors!.Keys.Order());
        Assert.Equal(ProblemKind.MatchRequired, (await retention.SetAsync(olga, null, new SetRetention(), Stop)).Problem!.Kind);
        var set = await retention.SetAsync(olga, 0, new SetRetention { RunDays = 90, ContentDays = 7 }, Stop);
        Assert.Equal((90, 7, 1L), (set.Value.RunDays, set.Value.ContentDays, set.Value.Revision));
        Assert.Equal(ProblemKind.Changed, (await retention.SetAsync(olga, 0, new SetRetention(), Stop)).Problem!.Kind);
        var again = await retention.SetAsync(olga, 1, new SetRetention { RunDays = 30 }, Stop);
        Assert.Equal((30, null, 2L), (again.Value.RunDays, again.Value.ContentDays, again.Value.Revision));
        Assert.Equal(2, (await retention.GetAsync(olga, Stop)).Value.Revision);
        Assert.Equal(0, (await retention.GetAsync(house.As(house.Cast.Gus), Stop)).Value.Revision);
    }
}
