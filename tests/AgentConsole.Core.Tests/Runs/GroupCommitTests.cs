using System.Text;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.Runs;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Runs;

/// <summary>Many requests share one commit, and yet each stands for itself.</summary>
public sealed class GroupCommitTests
{
    [Theory, BothDatabases]
    public async Task A_request_that_the_database_refuses_does_not_undo_its_neighbours(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await PoisonAsync(house);
        var agent = await house.AgentAsync("mailroom-1");
        var ingest = house.Get<RunIngest>();

        // All three wait before the loop begins, and so are in one group.
        var first = ingest.ReportAsync(agent, null, new ReportRun { ExternalId = "a", Status = "completed" }, 100);
        var bad = ingest.ReportBatchAsync(
            agent,
            null,
            [
                new ReportRun { ExternalId = "b", Status = "completed" },
                new ReportRun
                {
                    ExternalId = "c",
                    Status = "completed",
                    Summary = "poison",
                },
            ],
            100
        );
        var last = ingest.ReportAsync(agent, null, new ReportRun { ExternalId = "d", Status = "failed" }, 100);
        await ingest.StartAsync(TestHouse.Stop);

        Assert.True((await first).Value.Created);
        var refused = (await bad).Problem!;
        Assert.Equal((ProblemKind.Unavailable, "write_failed"), (refused.Kind, refused.Code));
        Assert.NotNull(refused.RetryAfterSeconds);
        Assert.True((await last).Value.Created);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        Assert.Equal(["a", "d"], await db.Runs.OrderBy(r => r.Id).Select(r => r.ExternalId).ToListAsync(TestHouse.Stop));
        var rollups = await db.RunRollups.ToListAsync(TestHouse.Stop);
        Assert.Equal((1, 1), (rollups.Sum(r => r.Completed), rollups.Sum(r => r.Failed)));
        Assert.True((await house.Get<RollupRebuild>().RunAsync(write: false, TestHouse.Stop)).Equal);
    }

    [Theory, BothDatabases]
    public async Task Of_two_twins_with_one_idempotency_key_in_one_group_only_one_happens(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var ticket = new RetryTicket
        {
            Scope = new byte[32],
            BodyHash = new byte[32],
            ExpiresAt = house.Clock.GetUtcNow().AddDays(1),
            Shape = result => new StoredAnswer(201, null, null, Encoding.UTF8.GetBytes(result.GetType().Name), Sealed: false),
        };
        var repeatable = agent with { Retry = ticket };
        var ingest = house.Get<RunIngest>();

        var one = ingest.ReportAsync(repeatable, null, new ReportRun { Status = "completed" }, 100);
        var two = ingest.ReportAsync(repeatable, null, new ReportRun { Status = "completed" }, 100);
        await ingest.StartAsync(TestHouse.Stop);

        Assert.Null((await one).Problem);
        Assert.Equal("changed_meanwhile", (await two).Problem!.Code);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        Assert.Equal(1, await db.Runs.CountAsync(TestHouse.Stop));
        Assert.Equal(1, (await db.RunRollups.SingleAsync(TestHouse.Stop)).Completed);
        Assert.Equal(1, await db.StoredRetries.CountAsync(TestHouse.Stop));
    }

    [Theory, BothDatabases]
    public async Task What_waits_is_bounded_and_more_is_told_to_come_back(Database database)
    {
        await using var house = await TestHouse.OpenAsync(
            database,
            new Dictionary<string, string?> { ["AgentConsole:Runs:QueueBytes"] = "1048576" }
        );
        var agent = await house.AgentAsync("mailroom-1");
        var ingest = house.Get<RunIngest>();

        var taken = ingest.ReportAsync(agent, null, new ReportRun { ExternalId = "a", Status = "completed" }, 700_000);
        var refused = await ingest.ReportAsync(agent, null, new ReportRun { ExternalId = "b", Status = "completed" }, 700_000);
        var small = ingest.ReportAsync(agent, null, new ReportRun { ExternalId = "c", Status = "completed" }, 100);
        Assert.False(taken.IsCompleted); // an answer means that it is on disk
        await ingest.StartAsync(TestHouse.Stop);

        Assert.Equal(
            (ProblemKind.TooMany, "ingest_busy", 1),
            (refused.Problem!.Kind, refused.Problem.Code, refused.Problem.RetryAfterSeconds)
        );
        Assert.True((await taken).Value.Created);
        Assert.True((await small).Value.Created);
        var later = await ingest.ReportAsync(agent, null, new ReportRun { ExternalId = "b", Status = "completed" }, 700_000);
        Assert.True(later.Value.Created);
    }

    [Theory, BothDatabases]
    public async Task What_was_taken_before_the_stop_is_written_and_answered(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var ingest = house.Get<RunIngest>();
        await ingest.StartAsync(TestHouse.Stop);

        var reports = Enumerable
            .Range(0, 200)
            .Select(i => ingest.ReportAsync(agent, null, new ReportRun { ExternalId = $"{i}", Status = "completed" }, 100))
            .ToList();
        await ingest.StopAsync(TestHouse.Stop);
        var answers = await Task.WhenAll(reports);
        var late = await ingest.ReportAsync(agent, null, new ReportRun { Status = "completed" }, 100);

        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        Assert.Equal(answers.Count(a => a.Problem is null), await db.Runs.CountAsync(TestHouse.Stop));
        Assert.All(answers.Where(a => a.Problem is not null), a => Assert.Equal("stopping", a.Problem!.Code));
        Assert.Equal("stopping", late.Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task Those_who_listen_hear_of_a_run_after_its_commit_and_of_its_agent_once_a_group(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var heard = new List<LiveEvent>();
        using var listening = house.Get<ChangeFeed>().Subscribe(house.Cast.Acme, heard.Add);
        var ingest = house.Get<RunIngest>();
        var reports = Enumerable
            .Range(0, 5)
            .Select(i => ingest.ReportAsync(agent, null, new ReportRun { ExternalId = $"{i}", Status = "running" }, 100))
            .ToList();
        Assert.Empty(heard);
        await ingest.StartAsync(TestHouse.Stop);
        await Task.WhenAll(reports);
        await ingest.StopAsync(TestHouse.Stop);

        Assert.Equal(5, heard.Count(e => e.Noun == "run"));
        Assert.Equal("0", ((RunBody)heard.First(e => e.Noun == "run").Body!()!).ExternalId);
        Assert.Equal(agent.Id, Assert.Single(heard, e => e.Noun == "agent").AgentId);
    }

    [Theory, BothDatabases]
    public async Task While_more_waits_an_agent_is_written_once_a_second_and_in_the_end_shows_its_last_run(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var ingest = house.Get<RunIngest>();
        var heard = 0;
        using var listening = house.Get<ChangeFeed>().Subscribe(house.Cast.Acme, news => heard += news.Noun == "agent" ? 1 : 0);

        // All of them wait before the loop begins: three groups, of 512, 512 and 76.
        var reports = Enumerable
            .Range(0, 1100)
            .Select(_ => ingest.ReportAsync(agent, null, new ReportRun { Status = "completed" }, 100))
            .ToList();
        await ingest.StartAsync(TestHouse.Stop);
        var runs = await Task.WhenAll(reports);
        await ingest.StopAsync(TestHouse.Stop);

        Assert.Equal(2, heard);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var row = await db.Agents.SingleAsync(a => a.Id == agent.Id, TestHouse.Stop);
        Assert.Equal(runs[^1].Value.Run.Id, IdText.Format(IdText.Run, row.LastRunId));
        Assert.Equal("completed", row.LastRunStatus);
        Assert.Equal(house.Clock.GetUtcNow(), row.LastSeenAt);
    }

    [Theory, BothDatabases]
    public async Task An_agent_that_a_kill_left_behind_its_last_run_catches_up_at_the_start(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var ingest = house.Get<RunIngest>();
        Guid first,
            second;
        await using (var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop))
        {
            Run Made(RunStatus status) =>
                new()
                {
                    OrganizationId = agent.OrganizationId,
                    Id = write.NewId(),
                    AgentId = agent.AgentId!.Value,
                    TeamId = house.Cast.Payments,
                    Status = status,
                    CaptureMode = "metadata",
                    ReceivedAt = write.Now,
                    UpdatedAt = write.Now,
                };
            var (before, after) = (Made(RunStatus.Completed), Made(RunStatus.Failed));
            (first, second) = (before.Id, after.Id);
            write.Db.AddRange(before, after);
            var row = await write.Db.Agents.SingleAsync(a => a.Id == agent.Id, TestHouse.Stop);
            (row.LastRunId, row.LastRunAt, row.LastRunStatus, row.LastSeenAt) = (first, write.Now, "completed", write.Now);
            Assert.True(await write.TryCommitAsync(TestHouse.Stop));
        }

        var answered = ingest.ReportAsync(await house.AgentAsync("other"), null, new ReportRun { Status = "completed" }, 100);
        await ingest.StartAsync(TestHouse.Stop);
        await answered;

        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var found = await db.Agents.SingleAsync(a => a.Id == agent.Id, TestHouse.Stop);
        Assert.Equal((second, "failed"), (found.LastRunId!.Value, found.LastRunStatus));
    }

    [Fact]
    public async Task What_was_redacted_is_nowhere_in_the_file()
    {
        await using var house = await RunServiceTests.OpenAsync(Database.Sqlite);
        var agent = await house.AgentAsync(
            "mailroom-1",
            a => (a.CaptureMode, a.Redactions) = (CaptureMode.Full, ["hunter[0-9]+", "sk-[a-z0-9]{8,}"])
        );
        var secret = System.Text.Json.JsonElement.Parse("{\"password\":\"hunter2\",\"hunter4\":[\"sk-abcdef123456\"]}");
        await house.ReportAsync(
            agent,
            "job",
            "failed",
            r => r with { Summary = "used hunter2", Error = "sk-abcdef123456 refused", Metadata = secret }
        );
        ReportEvent[] steps =
        [
            new()
            {
                Kind = "message",
                Content = System.Text.Json.JsonElement.Parse("\"my password is hunter2\""),
                Error = "hunter2",
                Arguments = secret,
                Result = secret,
                Metadata = secret,
            },
        ];
        Assert.Null((await house.Get<RunIngest>().AddEventsAsync(agent, null, "job", steps, 100)).Problem);
        await house.Get<RunIngest>().StopAsync(TestHouse.Stop);

        foreach (var file in Directory.GetFiles(house.Folder, "console.db*"))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes, TestHouse.Stop);
            var text = Encoding.Latin1.GetString(bytes.ToArray());
            Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);
            Assert.DoesNotContain("sk-abcdef", text, StringComparison.Ordinal);
        }
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        Assert.Equal("used [redacted]", (await db.Runs.SingleAsync(TestHouse.Stop)).Summary);
    }

    // The bounds let nothing through that a database refuses; so this one refuses something more.
    private static async Task PoisonAsync(TestHouse house)
    {
        await using var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop);
        await write.Db.Database.ExecuteSqlRawAsync(
            house.Engine.HasSingleWriter
                ? "CREATE TRIGGER poison BEFORE INSERT ON runs WHEN NEW.summary = 'poison' BEGIN SELECT RAISE(ABORT, 'poison'); END"
                : "ALTER TABLE runs ADD CONSTRAINT poison CHECK (summary <> 'poison')",
            TestHouse.Stop
        );
        Assert.True(await write.TryCommitAsync(TestHouse.Stop));
    }
}
