using AgentConsole.Core.Data;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Data.Sqlite;

/// <summary>Copies of the database file: for backups, for rehearsals, and back.</summary>
internal static class SqliteCopies
{
    public const string FileName = "console.db";

    /// <summary><c>VACUUM INTO</c> reads in one transaction and keeps no writer out; pages that were deleted are not in the copy.</summary>
    public static async Task CopyAsync(string source, string target, CancellationToken cancellationToken)
    {
        await using (var connection = Open(source, SqliteOpenMode.ReadWrite))
        {
            await connection.OpenAsync(cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "VACUUM INTO $target";
            command.CommandTimeout = 0;
            command.Parameters.AddWithValue("$target", target);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(target, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var file = new FileStream(target, FileMode.Open, FileAccess.ReadWrite);
        file.Flush(flushToDisk: true);
    }

    public static async Task<StoreCopy> DescribeAsync(string path, CancellationToken cancellationToken)
    {
        await using var connection = Open(path, SqliteOpenMode.ReadOnly);
        await connection.OpenAsync(cancellationToken);
        async Task<List<string>> ListAsync(string sql)
        {
            await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // constants, and names of our own tables
            command.CommandText = sql;
#pragma warning restore CA2100
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            var found = new List<string>();
            while (await row.ReadAsync(cancellationToken))
                found.Add(row.GetString(0));
            return found;
        }
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (
            var table in await ListAsync(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_\\_EF%' ESCAPE '\\' ORDER BY name"
            )
        )
            counts[table] = long.Parse(
                (await ListAsync($"SELECT CAST(count(*) AS TEXT) FROM \"{table}\""))[0],
                System.Globalization.CultureInfo.InvariantCulture
            );
        return new StoreCopy(
            FileName,
            (await ListAsync("SELECT \"MigrationId\" FROM \"__EFMigrationsHistory\" ORDER BY 1 DESC LIMIT 1"))[0],
            (await ListAsync("SELECT value FROM store_facts WHERE name = 'pepper_id'")).FirstOrDefault(),
            counts
        );
    }

    public static async Task<MigrationRehearsal> RehearseAsync(string path, CancellationToken cancellationToken)
    {
        var scratch = path + $".rehearsal-{Guid.NewGuid():n}";
        try
        {
            if (File.Exists(path))
                await CopyAsync(path, scratch, cancellationToken);
            var engine = new SqliteEngine(scratch);
            // A copy made by VACUUM has no write-ahead log yet, and EF looks at it through a read-only connection, which could not make one.
            await using (await engine.OpenAsync(cancellationToken))
            await using (var db = new ConsoleContextFactory(engine).CreateDbContext())
            {
                var pending = (await db.Database.GetPendingMigrationsAsync(cancellationToken)).ToList();
                await engine.MigrateAsync(db, cancellationToken);
                return new MigrationRehearsal(pending, File.Exists(path) ? "on a copy of the database" : "on an empty database");
            }
        }
        finally
        {
            SqliteConnection.ClearAllPools();
            foreach (var file in new[] { scratch, scratch + "-wal", scratch + "-shm" })
                File.Delete(file);
        }
    }

    public static void Place(string copy, string path, string aside)
    {
        SqliteConnection.ClearAllPools();
        foreach (var file in new[] { path + "-wal", path + "-shm", path })
        {
            if (!File.Exists(file))
                continue;
            Directory.CreateDirectory(aside);
            File.Move(file, Path.Combine(aside, Path.GetFileName(file)));
        }
        File.Move(copy, path);
    }

    private static SqliteConnection Open(string path, SqliteOpenMode mode) =>
        new(
            new SqliteConnectionStringBuilder
            {
                DataSource = path,
                Mode = mode,
                Pooling = false,
                DefaultTimeout = 30,
            }.ToString()
        );
}
