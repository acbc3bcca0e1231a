using System.Diagnostics;
using System.Globalization;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;

namespace AgentConsole.Data.PostgreSql;

/// <summary>Copies of the database through PostgreSQL's own tools.</summary>
internal sealed class PostgreSqlCopies(PostgreSqlEngine engine)
{
    public const string FileName = "console.dump";

    public async Task<StoreCopy> CopyAsync(string path, CancellationToken cancellationToken)
    {
        // Counts and copy are of the same picture.
        await using var connection = await engine.DataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        var snapshot = (await ListAsync(connection, "SELECT pg_export_snapshot()", cancellationToken))[0];
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (
            var table in await ListAsync(
                connection,
                "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename NOT LIKE '\\_\\_EF%' ORDER BY 1",
                cancellationToken
            )
        )
            counts[table] = long.Parse(
                (await ListAsync(connection, $"SELECT count(*)::text FROM \"{table}\"", cancellationToken))[0],
                CultureInfo.InvariantCulture
            );
        await RunAsync(
            "pg_dump",
            ["--format=custom", "--no-owner", "--no-privileges", $"--snapshot={snapshot}", $"--file={path}"],
            cancellationToken
        );
        return new StoreCopy(
            FileName,
            (
                await ListAsync(
                    connection,
                    "SELECT \"MigrationId\" FROM \"__EFMigrationsHistory\" ORDER BY 1 DESC LIMIT 1",
                    cancellationToken
                )
            )[0],
            (await ListAsync(connection, "SELECT value FROM store_facts WHERE name = 'pepper_id'", cancellationToken)).FirstOrDefault(),
            counts
        );
    }

    public async Task<bool> ExistsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await engine.DataSource.OpenConnectionAsync(cancellationToken);
        return (
                await ListAsync(
                    connection,
                    "SELECT 'x' FROM pg_tables WHERE schemaname = current_schema() AND tablename = '__EFMigrationsHistory'",
                    cancellationToken
                )
            ).Count > 0;
    }

    public async Task RestoreAsync(string path, CancellationToken cancellationToken)
    {
        engine.DataSource.Clear(); // what this process keeps open is no other node
        await using (var connection = await engine.DataSource.OpenConnectionAsync(cancellationToken))
        {
            // A connection that was closed just now is still listed for a moment.
            for (var tries = 0; ; tries++)
            {
                var others = await ListAsync(
                    connection,
                    "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'agentconsole%' AND pid <> pg_backend_pid()",
                    cancellationToken
                );
                if (others.Count == 0)
                    break;
                if (tries == 20)
                    throw new StoreCommandException(
                        $"The store is in use by {others.Count} connections of AgentConsole. Stop all nodes first."
                    );
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken);
            }
        }
        engine.DataSource.Clear();
        await RunAsync(
            "pg_restore",
            [
                "--single-transaction",
                "--exit-on-error",
                "--clean",
                "--if-exists",
                "--no-owner",
                "--no-privileges",
                "--dbname=" + Builder.Database,
                path,
            ],
            cancellationToken
        );
    }

    public async Task<MigrationRehearsal> RehearseAsync(CancellationToken cancellationToken)
    {
        await using var db = new ConsoleContextFactory(engine).CreateDbContext();
        var exists = await ExistsAsync(cancellationToken);
        var pending = exists ? (await db.Database.GetPendingMigrationsAsync(cancellationToken)).ToList() : [.. db.Database.GetMigrations()];
        if (pending.Count == 0)
            return new MigrationRehearsal(pending, "");
        var applied = exists ? (await db.Database.GetAppliedMigrationsAsync(cancellationToken)).LastOrDefault() : null;
        var script = db.GetService<IMigrator>().GenerateScript(applied, toMigration: null, MigrationsSqlGenerationOptions.NoTransactions);
        await using var connection = await engine.DataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
#pragma warning disable CA2100 // made by EF from our own migrations
        await using var command = new NpgsqlCommand(script, connection, transaction) { CommandTimeout = 0 };
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(cancellationToken);
        await transaction.RollbackAsync(cancellationToken);
        return new MigrationRehearsal(pending, "in a transaction that was rolled back");
    }

    private NpgsqlConnectionStringBuilder Builder => new(engine.ConnectionString);

    private async Task RunAsync(string tool, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var settings = Builder;
        var start = new ProcessStartInfo(tool, arguments) { RedirectStandardError = true, UseShellExecute = false };
        // The password goes by the environment, which only the same user can read; never by the command line.
        void Set(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                start.Environment[name] = value;
        }
        Set("PGHOST", settings.Host);
        Set("PGPORT", settings.Port.ToString(CultureInfo.InvariantCulture));
        Set("PGUSER", settings.Username);
        Set("PGPASSWORD", settings.Password);
        Set("PGPASSFILE", settings.Passfile);
        Set("PGDATABASE", settings.Database);
        Set(
            "PGSSLMODE",
            settings.SslMode is SslMode.VerifyFull ? "verify-full"
                : settings.SslMode is SslMode.VerifyCA ? "verify-ca"
                : settings.SslMode.ToString().ToLowerInvariant()
        );
        Set("PGSSLROOTCERT", settings.RootCertificate);
        using var process = Start(start);
        var complaint = (await process.StandardError.ReadToEndAsync(cancellationToken)).Trim();
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
            throw new StoreCommandException($"{tool} failed: {complaint.Split('\n')[0]}");
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new StoreCommandException($"{start.FileName} did not start.");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new StoreCommandException(
                $"{start.FileName} is not on the PATH. Install PostgreSQL's client tools (Debian: postgresql-client) of the server's version or later.",
                e
            );
        }
    }

    private static async Task<List<string>> ListAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
#pragma warning disable CA2100 // constants, and names of our own tables
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
#pragma warning restore CA2100
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<string>();
        while (await row.ReadAsync(cancellationToken))
            found.Add(row.GetString(0));
        return found;
    }
}
