using System.Globalization;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Prices;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Tests.Prices;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Runs;

/// <summary>Whatever agents report, in whatever order and however often: what is counted by transitions is what counting the rows gives.</summary>
public sealed class RollupRebuildTests
{
    private static readonly string[] Statuses =
    [
        "queued",
        "running",
        "waiting",
        "completed",
        "failed",
        "cancelled",
        "timed-out",
        "skipped",
    ];
    private static readonly string[] Decisions = ["allowed", "blocked", "redacted", "escalated"];

    [Theory, BothDatabases]
    public async Task Any_sequence_of_reports_leaves_rollups_that_equal_a_rebuild(Database database)
    {
        for (var seed = 1; seed <= 6; seed++)
        {
            await using var house = await RunServiceTests.OpenAsync(database);
            var random = new Random(seed);
            await house
                .Get<PriceService>()
                .AddAsync(house.As(house.Cast.Olga), PriceTests.Row("small-1", "7", "3", "2020-01-01"), TestHouse.Stop);
            Actor[] agents = [await house.AgentAsync("mailroom-1"), await house.AgentAsync("mailroom-2")];
            for (var move = 0; move < 60; move++)
            {
                await MoveAsync(house, random, agents);
                if (move % 20 != 19)
                    continue;
                var report = await house.Get<RollupRebuild>().RunAsync(write: false, TestHouse.Stop);
                Assert.True(report.Equal, $"seed {seed}, move {move}: {string.Join(" | ", report.Differences)}");
            }
            await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
            var ended = (await db.Runs.ToListAsync(TestHouse.Stop)).Count(r => r.Status.IsTerminal());
            var counted = (await db.RunRollups.ToListAsync(TestHouse.Stop)).Sum(r =>
                r.Completed + r.Failed + r.Cancelled + r.TimedOut + r.Skipped + r.Lost
            );
            Assert.Equal(ended, counted);
        }
    }

    [Theory, BothDatabases]
    public async Task A_spoilt_figure_is_named_and_mended(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        for (var i = 0; i < 4; i++)
            await house.ReportAsync(agent, $"{i}", "completed", r => r with { DurationMs = 20, Version = "1.4.0" });
        await using (var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop))
        {
            await write.Db.RunRollups.ExecuteUpdateAsync(set => set.SetProperty(r => r.Completed, 3), TestHouse.Stop);
            await write.TryCommitAsync(TestHouse.Stop);
        }
        var rebuild = house.Get<RollupRebuild>();

        var look = await rebuild.RunAsync(write: false, TestHouse.Stop);
        var again = await rebuild.RunAsync(write: true, TestHouse.Stop);
        var after = await rebuild.RunAsync(write: false, TestHouse.Stop);

        Assert.Equal("completed 3, rows say 4", Assert.Single(look.Differences).Members);
        Assert.Equal(("1.4.0", 60, 4L, 1), (look.Differences[0].Version, look.Differences[0].BucketSeconds, look.Runs, look.Buckets));
        Assert.False(look.Written);
        Assert.True(again.Written);
        Assert.True(after.Equal);
    }

    private static async Task MoveAsync(TestHouse house, Random random, Actor[] agents)
    {
        var agent = agents[random.Next(agents.Length)];
        var ingest = house.Get<RunIngest>();
        var name = random.Next(6).ToString(CultureInfo.InvariantCulture);
        switch (random.Next(12))
        {
            case 0:
                house.Clock.Advance(TimeSpan.FromSeconds(random.Next(1, 90)));
                break;
            case 1:
                house.Clock.Advance(TimeSpan.FromMinutes(31));
                await house.Get<LostWatch>().StepAsync(TestHouse.Stop);
                break;
            case 2 when random.Next(3) == 0:
                house.Clock.Advance(TimeSpan.FromHours(50));
                await house.Get<LostWatch>().StepAsync(TestHouse.Stop);
                await house.Get<RollupFold>().StepAsync(TestHouse.Stop);
                break;
            case 3 or 4:
                ReportEvent[] steps =
                [
                    new()
                    {
                        Kind = "decision",
                        Decision = Decisions[random.Next(4)],
                        ExternalId = random.Next(4).ToString(CultureInfo.InvariantCulture),
                    },
                    new() { Kind = "decision", Decision = Decisions[random.Next(4)] },
                ];
                await ingest.AddEventsAsync(agent, null, name, steps, 100);
                break;
            case 5:
                await ingest.ChangeAsync(agent, null, name, Report(random, null), 100);
                break;
            case 6:
                Common.Outcome<ReportRun>[] rows =
                [
                    .. Enumerable.Range(0, 5).Select(_ => (Common.Outcome<ReportRun>)Report(random, $"{random.Next(6)}")),
                ];
                await ingest.ReportBatchAsync(agent, null, rows, 500);
                break;
            default:
                await ingest.ReportAsync(agent, null, Report(random, random.Next(5) == 0 ? null : name), 100);
                break;
        }
    }

    private static ReportRun Report(Random random, string? name) =>
        new()
        {
            ExternalId = name,
            Status = Statuses[random.Next(Statuses.Length)],
            Version = Maybe(random, () => $"1.{random.Next(2)}"),
            Gateway = Maybe(random, () => "eu"),
            Model = Maybe(random, () => $"small-{random.Next(2)}"),
            DurationMs = random.Next(2) == 0 ? random.Next(100_000) : null,
            InputTokens = random.Next(2) == 0 ? random.Next(1000) : null,
            Cost = random.Next(2) == 0 ? JsonElement.Parse("\"0.000001\"") : null,
        };

    private static string? Maybe(Random random, Func<string> value) => random.Next(2) == 0 ? value() : null;
}
