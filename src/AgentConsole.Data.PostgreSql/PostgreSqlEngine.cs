using System.Data.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AgentConsole.Data.PostgreSql;

/// <summary>PostgreSQL, shared by any number of nodes.</summary>
public sealed class PostgreSqlEngine : IStoreEngine, IAsyncDisposable
{
    public PostgreSqlEngine(string connectionString)
    {
        // An answer means "on disk", whatever the server's default says.
        var builder = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "agentconsole" };
        DataSource = new NpgsqlDataSourceBuilder(builder.ToString()).Build();
    }

    public NpgsqlDataSource DataSource { get; }
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

    public Task MigrateAsync(ConsoleDbContext db, CancellationToken cancellationToken) => db.Database.MigrateAsync(cancellationToken);

    public ValueTask DisposeAsync() => DataSource.DisposeAsync();
}
