using AgentConsole.Core.Data;
using AgentConsole.Data.PostgreSql;
using AgentConsole.Data.Sqlite;
using Npgsql;

namespace AgentConsole.Testing;

/// <summary>A place for a store that has no schema yet.</summary>
public sealed class EmptyDatabase : IAsyncDisposable
{
    private readonly string? _server;
    private readonly string? _name;

    private EmptyDatabase(string folder, string? server, string? name) => (Folder, _server, _name) = (folder, server, name);

    public string Folder { get; }
    public string? ConnectionString => _server is null ? null : new NpgsqlConnectionStringBuilder(_server) { Database = _name }.ToString();

    public static async Task<EmptyDatabase> CreateAsync(Database kind)
    {
        var folder = Directory.CreateTempSubdirectory("agentconsole-test-").FullName;
        if (kind == Database.Sqlite)
            return new EmptyDatabase(folder, null, null);
        var server = FreshDatabase.Server();
        var name = "e_" + Guid.NewGuid().ToString("n");
        await FreshDatabase.ExecuteAsync(server, $"CREATE DATABASE {name}");
        return new EmptyDatabase(folder, server, name);
    }

    /// <summary>As one more process would have it; an engine of PostgreSQL is the caller's to dispose.</summary>
    public IStoreEngine NewEngine() =>
        ConnectionString is { } connectionString
            ? new PostgreSqlEngine(connectionString)
            : new SqliteEngine(Path.Combine(Folder, "console.db"));

    public async Task WithContextAsync(Func<ConsoleDbContext, Task> act)
    {
        var engine = NewEngine();
        await using (var db = new ConsoleContextFactory(engine).CreateDbContext())
            await act(db);
        if (engine is PostgreSqlEngine postgres)
            await postgres.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(Folder, recursive: true);
        if (_server is not null)
            await FreshDatabase.ExecuteAsync(_server, $"DROP DATABASE IF EXISTS {_name} WITH (FORCE)");
    }
}
