using System.Data.Common;
using System.Diagnostics;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Timeline;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace AgentConsole.Core.Tests.Deployments;

/// <summary>How the databases find what the timeline and team-limited lists ask for.</summary>
public sealed class TimelinePlanTests
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task Lanes_windows_and_lists_are_found_by_their_indexes(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var olga = house.As(house.Cast.Olga);
        for (var i = 0; i < 3; i++)
        {
            var agent = new RegisterAgent { Slug = $"mailroom-{i}", Team = "payments" };
            Assert.Null((await house.Get<AgentService>().RegisterAsync(olga, agent, Stop)).Problem);
            foreach (var version in (string[])["1.0", "1.1"])
            {
                house.Clock.Advance(TimeSpan.FromMinutes(30));
                var set = new SetSnapshot { Version = version, Status = "active" };
                Assert.Null((await house.Get<DeploymentService>().SetAsync(olga, agent.Slug, set, Stop)).Problem);
            }
        }
        var now = house.Clock.GetUtcNow();
        var window = new TimelineWindow(now.AddMinutes(-70), now.AddHours(1));
        foreach (var by in (Actor[])[olga, house.As(house.Cast.Victor)])
        {
            var asked = await AskedAsync(async () =>
                Assert.Null(
                    (await house.Get<TimelineService>().ReadAsync(by, SnapshotFilter.None, window, new PageRequest(2), Stop)).Problem
                )
            );
            Assert.True(asked.Count >= 3);
            await using (var db = await house.Get<ConsoleStore>().ReadAsync(Stop))
            {
                var agents = await db.Agents.Select(a => a.Id).ToArrayAsync(Stop);
                await using var command = TimelineRows.Command(db, by, SnapshotFilter.None, agents, window);
                asked.Add(Asked.Of(command));
            }
            var plans = await PlansAsync(house, asked);
            Assert.All(plans, NothingIsReadFromEndToEnd);
            AssertServes("ix_snapshots_lanes", plans, plan => plan.Contains("LIMIT", StringComparison.Ordinal));
            AssertServes("ix_snapshots_before", plans, plan => plan.Contains("DESC", StringComparison.Ordinal));
            if (database == Database.Sqlite) // so few rows are the same to the other one, whatever finds them
                AssertServes("ix_snapshots_window", plans, plan => plan.Contains("WITH parts", StringComparison.Ordinal));
        }
        var listed = await AskedAsync(async () =>
            Assert.Null(
                (
                    await house.Get<SnapshotLists>().ListAsync(house.As(house.Cast.Victor), SnapshotFilter.None, new PageRequest(2), Stop)
                ).Problem
            )
        );
        var list = Assert.Single(await PlansAsync(house, listed));
        NothingIsReadFromEndToEnd(list);
        Assert.Contains("IX_snapshots_organization_id_visible_team_id_id", list, StringComparison.Ordinal);
        Assert.DoesNotContain("TEMP B-TREE", list, StringComparison.Ordinal);
        Assert.DoesNotContain("Sort", list, StringComparison.Ordinal);
    }

    private static void NothingIsReadFromEndToEnd(string plan)
    {
        Assert.DoesNotMatch("(?m)^SCAN (s|s1|s2|snapshots)( |$)", plan);
        Assert.DoesNotContain("Seq Scan on snapshots", plan, StringComparison.Ordinal);
    }

    // In the order of the index, so that a page of lanes, or the one before a moment, ends the search.
    private static void AssertServes(string index, IReadOnlyList<string> plans, Func<string, bool> which)
    {
        var plan = plans.First(which);
        Assert.Contains(index, plan, StringComparison.Ordinal);
        if (index != "ix_snapshots_window")
        {
            Assert.DoesNotContain("TEMP B-TREE", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("Sort", plan, StringComparison.Ordinal);
        }
    }

    private sealed record Asked(string Sql, List<(string Name, object? Value)> Parameters)
    {
        public static Asked Of(DbCommand command) =>
            new(command.CommandText, [.. command.Parameters.Cast<DbParameter>().Select(p => (p.ParameterName, p.Value))]);
    }

    private static async Task<List<Asked>> AskedAsync(Func<Task> ask)
    {
        var listener = new Listener();
        using (DiagnosticListener.AllListeners.Subscribe(listener))
        {
            Listener.Mine.Value = listener;
            await ask();
        }
        return listener.Asked.FindAll(a => a.Sql.Contains("snapshots", StringComparison.Ordinal));
    }

    private static async Task<List<string>> PlansAsync(TestHouse house, List<Asked> asked)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        await db.Database.OpenConnectionAsync(Stop);
        var sqlite = db.Engine.StoresGuidsAsBytes;
        if (!sqlite)
            await db.Database.ExecuteSqlRawAsync("SET enable_seqscan = off; SET enable_bitmapscan = off", Stop);
        var plans = new List<string>();
        foreach (var one in asked)
        {
            await using var command = db.Database.GetDbConnection().CreateCommand();
#pragma warning disable CA2100 // what the service asked
            command.CommandText = (sqlite ? "EXPLAIN QUERY PLAN " : "EXPLAIN ") + one.Sql;
#pragma warning restore CA2100
            foreach (var (name, value) in one.Parameters)
            {
                var parameter = command.CreateParameter();
                (parameter.ParameterName, parameter.Value) = (name, value);
                command.Parameters.Add(parameter);
            }
            var lines = new List<string> { one.Sql };
            await using var reader = await command.ExecuteReaderAsync(Stop);
            while (await reader.ReadAsync(Stop))
                lines.Add(reader.GetString(sqlite ? 3 : 0));
            plans.Add(string.Join('\n', lines));
        }
        return plans;
    }

    private sealed class Listener : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
    {
        // Every listener hears of every test's commands.
        public static readonly AsyncLocal<Listener?> Mine = new();

        public List<Asked> Asked { get; } = [];

        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == DbLoggerCategory.Name)
                value.Subscribe(this);
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (Mine.Value == this && value.Key == RelationalEventId.CommandExecuting.Name && value.Value is CommandEventData asked)
                Asked.Add(TimelinePlanTests.Asked.Of(asked.Command));
        }

        public void OnCompleted() { }

        public void OnError(Exception error) { }
    }
}
