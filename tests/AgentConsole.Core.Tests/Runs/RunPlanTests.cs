using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Spend;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Runs;

/// <summary>Every list of runs is given out by an index in its order: nothing is sorted, and no table is walked through.</summary>
public sealed class RunPlanTests
{
    [Theory, BothDatabases]
    public async Task Lists_are_served_by_indexes_in_their_order(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        await FillAsync(house);
        var olga = house.As(house.Cast.Olga);
        var victor = house.As(house.Cast.Victor);
        var agent = await house.AgentAsync("mailroom-quiet");
        (string Name, Actor By, RunFilter Filter)[] questions =
        [
            ("all", olga, new RunFilter()),
            ("a team's member", victor, new RunFilter()),
            ("team", olga, new RunFilter { Team = "payments" }),
            ("agent", olga, new RunFilter { Agent = "mailroom-1" }),
            ("agent without runs", victor, new RunFilter { Agent = "mailroom-quiet" }),
            ("an agent itself", agent, new RunFilter()),
            ("failed", olga, new RunFilter { Statuses = [RunStatus.Failed] }),
            ("failed and lost of a team", victor, new RunFilter { Statuses = [RunStatus.Failed, RunStatus.Lost] }),
            ("running of an agent", victor, new RunFilter { Agent = "mailroom-1", Statuses = [RunStatus.Running] }),
            ("completed", victor, new RunFilter { Statuses = [RunStatus.Completed] }),
            ("since", victor, new RunFilter { Since = new RunMoment(house.Clock.GetUtcNow().AddHours(-1), null) }),
            ("version", victor, new RunFilter { Version = "1" }),
            ("text", olga, new RunFilter { Text = "job-17" }),
            ("text in names", victor, new RunFilter { Text = "mailroom" }),
        ];
        var before = RunSearch.FirstIdAt(house.Clock.GetUtcNow().AddMinutes(10));
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);

        foreach (var (name, by, filter) in questions)
        {
            var search = RunSearch.For(
                by,
                filter,
                house.Get<AgentDirectory>(),
                house.Get<AccessDirectory>().Current,
                house.Clock.GetUtcNow()
            );
            foreach (var stream in search!.Queries(db.Runs, before))
            {
                var plan = await PlanAsync(db, search.Page(stream, 50));
                Assert.True(Served(plan), $"{name}:\n{plan}");
            }
        }
    }

    [Theory, BothDatabases]
    public async Task The_overdue_the_children_and_exact_names_are_found_by_their_indexes(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        await FillAsync(house);
        var now = house.Clock.GetUtcNow();
        var (acme, parent) = (house.Cast.Acme, Guid.NewGuid());
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);

        var search = RunSearch.For(
            house.As(house.Cast.Victor),
            new RunFilter { Text = "job-17" },
            house.Get<AgentDirectory>(),
            house.Get<AccessDirectory>().Current,
            now
        );
        var named = await PlanAsync(db, Assert.Single(search!.Points(db.Runs)));
        var due = await PlanAsync(db, db.Runs.Where(r => r.LeaseDeadline <= now));
        var rated = await PlanAsync(db, ReratingPlan.Ended(db.Runs, acme, now.AddDays(-1), now, parent).Take(2000));
        var children = await PlanAsync(db, db.Runs.Where(r => r.OrganizationId == acme && r.ParentRunId == parent));

        Assert.Contains("ux_runs_external_id", named, StringComparison.Ordinal);
        Assert.Contains("ix_runs_due", due, StringComparison.Ordinal);
        Assert.Contains("ix_runs_parent", children, StringComparison.Ordinal);
        Assert.Contains("ix_runs_rated", rated, StringComparison.Ordinal);
        Assert.True(Served(rated), rated);
    }

    private static async Task FillAsync(TestHouse house)
    {
        foreach (var slug in (string[])["mailroom-1", "mailroom-2", "mailroom-3", "mailroom-4"])
        {
            var agent = await house.AgentAsync(slug);
            var rows = Enumerable
                .Range(0, 3_000)
                .Select(i =>
                    (Outcome<ReportRun>)
                        new ReportRun
                        {
                            ExternalId = $"job-{i}",
                            Status =
                                i % 100 == 0 ? "failed"
                                : i % 250 == 1 ? "running"
                                : "completed",
                            ErrorCode = i % 100 == 0 ? "no_route" : null,
                            Version = $"{i % 7}",
                        }
                );
            var answer = await house.Get<RunIngest>().ReportBatchAsync(agent, null, [.. rows], 100_000);
            Assert.Equal(3_000, answer.Value.Created);
            house.Clock.Advance(TimeSpan.FromMinutes(5));
        }
        if (house.Engine.HasSingleWriter)
            return;
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        await db.Database.ExecuteSqlRawAsync("ANALYZE runs", TestHouse.Stop);
    }

    private static bool Served(string plan) =>
        !plan.Contains("Seq Scan", StringComparison.Ordinal)
        && !plan.Contains("SCAN r", StringComparison.Ordinal)
        && !plan.Contains("TEMP B-TREE", StringComparison.Ordinal)
        && !plan.Contains("Sort", StringComparison.Ordinal);

    private static async Task<string> PlanAsync(ConsoleDbContext db, IQueryable<Run> query)
    {
        await using var command = query.CreateDbCommand();
#pragma warning disable CA2100 // EF's own text
        command.CommandText = (db.Engine.HasSingleWriter ? "EXPLAIN QUERY PLAN " : "EXPLAIN ") + command.CommandText;
#pragma warning restore CA2100
        await db.Database.OpenConnectionAsync(TestHouse.Stop);
        var lines = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(TestHouse.Stop);
        while (await reader.ReadAsync(TestHouse.Stop))
            lines.Add(reader.GetString(db.Engine.HasSingleWriter ? 3 : 0));
        return string.Join('\n', lines);
    }
}
