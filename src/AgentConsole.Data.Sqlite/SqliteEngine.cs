using System.Data.Common;
using System.Runtime.CompilerServices;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace AgentConsole.Data.Sqlite;

/// <summary>SQLite inside the process: one file, one writer, every commit on disk (<c>synchronous=FULL</c>).</summary>
/// <param name="path">The database file.</param>
public sealed class SqliteEngine(string path) : IStoreEngine
{
    private static readonly ConditionalWeakTable<SQLitePCL.sqlite3, object> Prepared = [];

    // An unused default time-out of the driver is 30 s of busy waiting; the gate makes waiting unnecessary, readers never wait under WAL.
    private readonly string _connectionString = new SqliteConnectionStringBuilder
    {
        DataSource = path,
        ForeignKeys = true,
        DefaultTimeout = 10,
        Pooling = true,
    }.ToString();

    public string Path => path;
    public string Provider => "sqlite";
    public bool HasSingleWriter => true;
    public INodeChannel? Nodes => null;
    public bool StoresGuidsAsBytes => true;

    public void Configure(DbContextOptionsBuilder options) =>
        options
            .UseSqlite(_connectionString, sqlite => sqlite.MigrationsAssembly(typeof(SqliteEngine).Assembly.GetName().Name))
            .AddInterceptors(PragmaInterceptor.Instance);

    public async Task<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(_connectionString);
        await connection.OpenAsync(cancellationToken);
        Prepare(connection);
        return connection;
    }

    public Task LockTrailHeadAsync(ConsoleDbContext db, Guid organizationId, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<IAsyncDisposable> BeginPictureAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        await db.Database.OpenConnectionAsync(cancellationToken);
        // Deferred: EF's own begin is immediate and would keep the writer out. The picture is taken with the first query.
        var transaction = ((SqliteConnection)db.Database.GetDbConnection()).BeginTransaction(deferred: true);
        await db.Database.UseTransactionAsync(transaction, cancellationToken);
        return transaction;
    }

    public bool IsUniqueViolation(Exception exception) =>
        (exception as SqliteException ?? exception.InnerException as SqliteException)
            is { SqliteErrorCode: 19, SqliteExtendedErrorCode: 2067 or 1555 };

    public async Task MigrateAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        // EF leaves its lock row behind when it is killed in a migration and would wait for it for ever (efcore#38958). Whoever is here holds the
        // folder lock, so nobody else can be migrating.
        await db.Database.ExecuteSqlRawAsync(
            "CREATE TABLE IF NOT EXISTS \"__EFMigrationsLock\" (\"Id\" INTEGER NOT NULL CONSTRAINT \"PK___EFMigrationsLock\" PRIMARY KEY, \"Timestamp\" TEXT NOT NULL)",
            cancellationToken
        );
        await db.Database.ExecuteSqlRawAsync("DELETE FROM \"__EFMigrationsLock\"", cancellationToken);
        await db.Database.MigrateAsync(cancellationToken);
    }

    public Task<MigrationRehearsal> RehearseMigrationAsync(CancellationToken cancellationToken) =>
        SqliteCopies.RehearseAsync(path, cancellationToken);

    public Task<bool> ExistsAsync(CancellationToken cancellationToken) => Task.FromResult(File.Exists(path));

    public async Task<StoreCopy> CopyToAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await SqliteCopies.CopyAsync(Path, path, cancellationToken);
            return await SqliteCopies.DescribeAsync(path, cancellationToken);
        }
        catch (SqliteException e)
        {
            throw new StoreCommandException($"The database could not be copied: {e.Message}", e);
        }
    }

    public Task RestoreFromAsync(string path, string aside, CancellationToken cancellationToken)
    {
        SqliteCopies.Place(path, Path, aside);
        return Task.CompletedTask;
    }

    // Once for each handle: the pool gives it out again and again, with its settings.
    private static void Prepare(DbConnection connection)
    {
        if (((SqliteConnection)connection).Handle is not { } handle || Prepared.TryGetValue(handle, out _))
            return;
        using var command = connection.CreateCommand();
        command.CommandText =
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16000; PRAGMA wal_autocheckpoint=16000;"; // checkpoints are SqliteCheckpoints' business: the last is a limit should they stop
        command.ExecuteNonQuery();
        Prepared.AddOrUpdate(handle, handle);
    }

    private sealed class PragmaInterceptor : DbConnectionInterceptor
    {
        public static readonly PragmaInterceptor Instance = new();

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Prepare(connection);

        public override Task ConnectionOpenedAsync(
            DbConnection connection,
            ConnectionEndEventData eventData,
            CancellationToken cancellationToken = default
        )
        {
            Prepare(connection);
            return Task.CompletedTask;
        }
    }
}
