using System.Data.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Trail;
using AgentConsole.Data.PostgreSql;
using AgentConsole.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace AgentConsole.Core.Tests.Data;

public sealed class MigrationTests
{
    [Theory, BothDatabases]
    public async Task A_migration_that_was_killed_anywhere_is_done_by_the_next_start(Database database)
    {
        var random = new Random(20260302);
        var commands = await KillAsync(database, int.MaxValue, migrateAgain: false);
        Assert.True(commands > 50);
        // The first ones take and leave EF's lock; then the tables; the last ones write the history.
        foreach (
            var at in new[] { 1, 2, 3, 4, 5, 6, commands - 2, commands - 1, commands }.Concat(
                Enumerable.Range(0, 4).Select(_ => random.Next(7, commands))
            )
        )
            await KillAsync(database, at, migrateAgain: true);
    }

    [Fact]
    public async Task The_lock_row_that_a_killed_migration_left_on_SQLite_keeps_nobody_out()
    {
        await using var house = await TestHouse.OpenAsync();
        await using var db = house.Get<IDbContextFactory<ConsoleDbContext>>().CreateDbContext();
        await db.Database.ExecuteSqlRawAsync(
            "INSERT INTO \"__EFMigrationsLock\" (\"Id\", \"Timestamp\") VALUES (1, '2026-03-02 09:00:00')",
            TestHouse.Stop
        );

        await house.Engine.MigrateAsync(db, TestHouse.Stop).WaitAsync(TimeSpan.FromSeconds(20), TestHouse.Stop);

        Assert.Empty(await db.Database.GetPendingMigrationsAsync(TestHouse.Stop));
    }

    [Fact]
    public async Task Nodes_that_start_at_once_on_an_empty_database_all_find_the_schema()
    {
        await using var empty = await EmptyDatabase.CreateAsync(Database.PostgreSql);

        await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(async _ =>
                {
                    var engine = empty.NewEngine();
                    await using (var db = new ConsoleContextFactory(engine).CreateDbContext())
                        await engine.MigrateAsync(db, TestHouse.Stop);
                    await ((PostgreSqlEngine)engine).DisposeAsync();
                })
        );

        await empty.WithContextAsync(async db => Assert.Empty(await db.Database.GetPendingMigrationsAsync(TestHouse.Stop)));
    }

    [Theory, BothDatabases]
    public async Task A_rehearsal_names_what_is_pending_and_changes_nothing(Database database)
    {
        await using var empty = await EmptyDatabase.CreateAsync(database);

        var engine = empty.NewEngine();
        var rehearsal = await engine.RehearseMigrationAsync(TestHouse.Stop);

        Assert.Contains(rehearsal.Pending, name => name.EndsWith("_Initial", StringComparison.Ordinal));
        Assert.False(await engine.ExistsAsync(TestHouse.Stop));
        Assert.Empty(Directory.GetFiles(empty.Folder));
        await using (var db = new ConsoleContextFactory(engine).CreateDbContext())
            await engine.MigrateAsync(db, TestHouse.Stop);
        Assert.Empty((await engine.RehearseMigrationAsync(TestHouse.Stop)).Pending);
        if (engine is PostgreSqlEngine postgres)
            await postgres.DisposeAsync();
    }

    /// <summary>The process is gone at this command: neither it nor any later one reaches the database.</summary>
    private static async Task<int> KillAsync(Database database, int at, bool migrateAgain)
    {
        await using var empty = await EmptyDatabase.CreateAsync(database);
        var killer = new Killer(at);
        var first = empty.NewEngine();
        var options = new DbContextOptionsBuilder<ConsoleDbContext>();
        ConsoleDbContext.ConfigureModel(options);
        first.Configure(options);
        options.AddInterceptors(killer);
        await using (var db = new ConsoleDbContext(options.Options, first))
        {
            if (migrateAgain)
                await Assert.ThrowsAnyAsync<Exception>(async () => await first.MigrateAsync(db, TestHouse.Stop));
            else
                await first.MigrateAsync(db, TestHouse.Stop);
        }
        if (first is PostgreSqlEngine postgres)
            await postgres.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        if (!migrateAgain)
            return killer.Count;

        await empty.WithContextAsync(async db =>
        {
            await db.Engine.MigrateAsync(db, TestHouse.Stop).WaitAsync(TimeSpan.FromSeconds(30), TestHouse.Stop);
            Assert.Empty(await db.Database.GetPendingMigrationsAsync(TestHouse.Stop));
            Assert.Equal(0, await db.TrailRecords.CountAsync(TestHouse.Stop));
            Assert.Equal(0, await db.Runs.CountAsync(TestHouse.Stop));
        });
        return killer.Count;
    }

    private sealed class Killer(int at) : DbCommandInterceptor
    {
        public int Count { get; private set; }

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command,
            CommandEventData eventData,
            InterceptionResult<int> result,
            CancellationToken cancellationToken = default
        ) => ValueTask.FromResult(Pass(result));

        public override ValueTask<InterceptionResult<object>> ScalarExecutingAsync(
            DbCommand command,
            CommandEventData eventData,
            InterceptionResult<object> result,
            CancellationToken cancellationToken = default
        ) => ValueTask.FromResult(Pass(result));

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command,
            CommandEventData eventData,
            InterceptionResult<DbDataReader> result,
            CancellationToken cancellationToken = default
        ) => ValueTask.FromResult(Pass(result));

        public override InterceptionResult<int> NonQueryExecuting(
            DbCommand command,
            CommandEventData eventData,
            InterceptionResult<int> result
        ) => Pass(result);

        private T Pass<T>(T result) => ++Count >= at ? throw new IOException("killed") : result;
    }
}
