using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Runs;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Runs;

public sealed class RunIngestTests
{
    [Theory, BothDatabases]
    public async Task A_run_is_created_updated_and_finished_once(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.Get<RunIngest>().StartAsync(TestHouse.Stop);
        var agent = await house.AgentAsync("mailroom-1");

        var started = await house.ReportAsync(agent, "job-7", "running", r => r with { Version = "1.4.0" });
        house.Clock.Advance(TimeSpan.FromSeconds(38));
        var ended = await house.ReportAsync(
            agent,
            "job-7",
            "completed",
            r => r with { InputTokens = 900, OutputTokens = 40, Cost = Json("\"0.0123455\"") }
        );
        var repeated = await house.ReportAsync(
            agent,
            "job-7",
            "completed",
            r => r with { InputTokens = 900, OutputTokens = 40, Cost = Json("\"0.0123455\"") }
        );
        var late = await house.ReportAsync(agent, "job-7", "running");
        var other = await house.Get<RunIngest>().ReportAsync(agent, null, new ReportRun { ExternalId = "job-7", Status = "failed" }, 100);

        Assert.True(started.Created);
        Assert.False(ended.Created);
        Assert.Equal(started.Run.Id, ended.Run.Id);
        Assert.Equal(38_000, ended.Run.DurationMs);
        Assert.Equal("0.012346", ended.Run.Cost); // half-even at the seventh decimal
        Assert.Equal("completed", repeated.Run.Status);
        Assert.Equal("completed", late.Run.Status);
        Assert.Equal("run_finished", other.Problem!.Code);

        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var rollup = await db.RunRollups.SingleAsync(TestHouse.Stop);
        Assert.Equal(
            (1L, 0L, 900L, 40L, 12_346L),
            (rollup.Completed, rollup.Failed, rollup.InputTokens, rollup.OutputTokens, rollup.CostMicros)
        );
        Assert.Equal("1.4.0", rollup.Version);
        Assert.Equal(1, DurationHistogram.Read(rollup.Durations).Count);
        var row = await db.Agents.SingleAsync(a => a.Slug == "mailroom-1", TestHouse.Stop);
        Assert.Equal(Liveness.Live, row.Liveness);
        Assert.Equal("1.4.0", row.SeenVersion);
        Assert.NotNull(row.LastRunId);
    }

    [Theory, BothDatabases]
    public async Task A_bad_row_of_a_batch_fails_alone_and_is_named(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.Get<RunIngest>().StartAsync(TestHouse.Stop);
        var agent = await house.AgentAsync("mailroom-1");
        ReportRun[] rows =
        [
            new()
            {
                ExternalId = "a",
                Status = "completed",
                DurationMs = 5,
            },
            new() { ExternalId = "b", Status = "finished" },
            new()
            {
                ExternalId = "c",
                Status = "failed",
                ParentRun = "a",
            },
            new() { ExternalId = "a", Status = "failed" },
            new() { ExternalId = "run_x", Status = "completed" },
            new() { Status = "completed", Summary = new string('x', 501) },
        ];

        var answer = await house.Get<RunIngest>().ReportBatchAsync(agent, null, [.. rows.Select(r => (Common.Outcome<ReportRun>)r)], 1000);

        Assert.Equal((2, 0, 4), (answer.Value.Created, answer.Value.Updated, answer.Value.Failed));
        Assert.Equal(["created", "failed", "created", "failed", "failed", "failed"], answer.Value.Results.Select(r => r.Outcome));
        Assert.Equal("run_finished", answer.Value.Results[3].Problem!.Code);
        Assert.True(answer.Value.Results[5].Problem!.Errors!.ContainsKey("summary"));
    }

    [Theory, BothDatabases]
    public async Task Steps_are_kept_as_the_capture_mode_says_and_redacted_before_the_write(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.Get<RunIngest>().StartAsync(TestHouse.Stop);
        var open = await house.AgentAsync("open", a => (a.CaptureMode, a.Redactions) = (CaptureMode.Full, ["sk-[a-z0-9]+"]));
        var quiet = await house.AgentAsync("quiet", a => a.CaptureMode = CaptureMode.Metadata);
        ReportEvent[] steps =
        [
            new()
            {
                Kind = "tool-call",
                ExternalId = "1",
                Name = "search",
                Arguments = Json("{\"key\":\"sk-abc123\",\"q\":\"rain\"}"),
                Metadata = Json("{\"n\":1}"),
            },
            new()
            {
                Kind = "decision",
                ExternalId = "2",
                Name = "no-secrets",
                Decision = "blocked",
            },
        ];
        foreach (var agent in new[] { open, quiet })
        {
            await house.ReportAsync(agent, "job", "running", r => r with { Error = "token sk-abc123" });
            var first = await house.Get<RunIngest>().AddEventsAsync(agent, null, "job", steps, 100);
            var again = await house.Get<RunIngest>().AddEventsAsync(agent, null, "job", steps, 100);
            Assert.Equal((2, 0), (first.Value.Created, first.Value.Replayed));
            Assert.Equal((0, 2), (again.Value.Created, again.Value.Replayed));
            Assert.Equal(first.Value.Ids, again.Value.Ids);
        }

        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var calls = await db.RunEvents.Where(e => e.Kind == RunEventKind.ToolCall).ToListAsync(TestHouse.Stop);
        var kept = calls.Single(e => e.AgentId == open.Id).Payload!;
        Assert.Contains("[redacted]", kept, StringComparison.Ordinal);
        Assert.Contains("rain", kept, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-abc123", kept, StringComparison.Ordinal);
        Assert.Equal("{\"metadata\":{\"n\":1}}", calls.Single(e => e.AgentId == quiet.Id).Payload);
        var runs = await db.Runs.ToListAsync(TestHouse.Stop);
        Assert.Equal("token [redacted]", runs.Single(r => r.AgentId == open.Id).Error);
        Assert.All(runs, r => Assert.Equal(2, r.EventCount));
        Assert.Equal(2, (await db.RunRollups.ToListAsync(TestHouse.Stop)).Sum(r => r.Blocked));
    }

    [Theory, BothDatabases]
    public async Task A_start_far_ahead_is_clamped_and_marked_and_an_absurd_one_is_refused(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.Get<RunIngest>().StartAsync(TestHouse.Stop);
        var agent = await house.AgentAsync("mailroom-1");
        var now = house.Clock.GetUtcNow();

        var ahead = await house.ReportAsync(agent, "a", "running", r => r with { StartedAt = now.AddHours(3) });
        var absurd = await house
            .Get<RunIngest>()
            .ReportAsync(
                agent,
                null,
                new ReportRun
                {
                    Status = "running",
                    StartedAt = now.AddYears(900),
                    DurationMs = -4,
                },
                100
            );

        Assert.True(ahead.Run.ClockSkewed);
        Assert.Equal(now, ahead.Run.StartedAt);
        Assert.Equal(["duration_ms", "started_at"], absurd.Problem!.Errors!.Keys.Order());
    }

    private static JsonElement Json(string text) => JsonElement.Parse(text);
}
