using System.Data.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AgentConsole.Data.PostgreSql;

/// <summary>PostgreSQL, shared by any number of nodes.</summary>
public sealed class PostgreSqlEngine : IStoreEngine, IAsyncDisposable
{
    /// <summary>What <c>pg_stat_activity</c> calls our connections; those with a purpose of their own say it behind it.</summary>
    internal const string Name = "agentconsole";

    public PostgreSqlEngine(string connectionString)
    {
        // An answer means "on disk", whatever the server's default says.
        var builder = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = Name };
        builder.Options = $"{builder.Options} -c synchronous_commit=on".Trim();
        ConnectionString = builder.ToString();
        DataSource = new NpgsqlDataSourceBuilder(ConnectionString).Build();
        Nodes = new PostgreSqlNodes(DataSource, ConnectionString);
    }

    public NpgsqlDataSource DataSource { get; }
    internal string ConnectionString { get; }
    public INodeChannel Nodes { get; }
    public string Provider => "postgres";
    public bool HasSingleWriter => false;
    public bool StoresGuidsAsBytes => false;

    public void Configure(DbContextOptionsBuilder options) =>
        options.UseNpgsql(DataSource, npgsql => npgsql.MigrationsAssembly(typeof(PostgreSqlEngine).Assembly.GetName().Name));

    public async Task<DbConnection> OpenAsync(CancellationToken cancellationToken) =>
        await DataSource.OpenConnectionAsync(cancellationToken);

    public async Task LockTrailHeadAsync(ConsoleDbContext db, Guid organizationId, CancellationToken cancellationToken)
    {
        // The row must exist to be locked; two first writers meet at the insert.
        await db.Database.ExecuteSqlAsync(
            $"INSERT INTO trail_heads (organization_id, seq, hash) VALUES ({organizationId}, 0, decode(repeat('00', 32), 'hex')) ON CONFLICT DO NOTHING",
            cancellationToken
        );
        await db.Database.ExecuteSqlAsync(
            $"SELECT 1 FROM trail_heads WHERE organization_id = {organizationId} FOR UPDATE",
            cancellationToken
        );
    }

    public async Task<IAsyncDisposable> BeginPictureAsync(ConsoleDbContext db, CancellationToken cancellationToken) =>
        await db.Database.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);

    public bool IsUniqueViolation(Exception exception) =>
        (exception as PostgresException ?? exception.InnerException as PostgresException)
            is { SqlState: PostgresErrorCodes.UniqueViolation };

    public async Task MigrateAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        // EF locks its history table, which two nodes may be about to make at once. The lock ends with the connection, also when it is killed.
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false, ApplicationName = Name + " migrate" }.ToString()
        );
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand("SELECT pg_advisory_lock(hashtext('agentconsole migrations'))", connection);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
        await db.Database.MigrateAsync(cancellationToken);
    }

    public Task<MigrationRehearsal> RehearseMigrationAsync(CancellationToken cancellationToken) =>
        new PostgreSqlCopies(this).RehearseAsync(cancellationToken);

    public Task<bool> ExistsAsync(CancellationToken cancellationToken) => new PostgreSqlCopies(this).ExistsAsync(cancellationToken);

    public Task<StoreCopy> CopyToAsync(string path, CancellationToken cancellationToken) =>
        new PostgreSqlCopies(this).CopyAsync(path, cancellationToken);

    public Task RestoreFromAsync(string path, string aside, CancellationToken cancellationToken) =>
        new PostgreSqlCopies(this).RestoreAsync(path, cancellationToken);

    public ValueTask DisposeAsync() => DataSource.DisposeAsync();
}
