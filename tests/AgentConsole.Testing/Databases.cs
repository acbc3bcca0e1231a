using System.Reflection;
using AgentConsole.Core.Data;
using AgentConsole.Data.PostgreSql;
using AgentConsole.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace AgentConsole.Testing;

public enum Database
{
    Sqlite,
    PostgreSql,
}

/// <summary>Runs the theory once on each database; the test takes a <see cref="Database"/> as its first argument.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BothDatabasesAttribute : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        ValueTask.FromResult<IReadOnlyCollection<ITheoryDataRow>>([
            new TheoryDataRow<Database>(Database.Sqlite),
            new TheoryDataRow<Database>(Database.PostgreSql),
        ]);

    public override bool SupportsDiscoveryEnumeration() => true;
}

/// <summary>An empty database with the newest schema, copied from one that was migrated once per test run.</summary>
internal sealed class FreshDatabase : IAsyncDisposable
{
    /// <summary>Connection string of a PostgreSQL server whose user may create databases; the test script starts one and sets it.</summary>
    public const string ServerVariable = "AGENTCONSOLE_TEST_POSTGRES";

    private static readonly SemaphoreSlim TemplateLock = new(1, 1);
    private static string? _sqliteTemplate;
    private static string? _postgresTemplate;

    private readonly Func<ValueTask> _drop;

    private FreshDatabase(IStoreEngine engine, string folder, string? connectionString, Func<ValueTask> drop)
    {
        Engine = engine;
        Folder = folder;
        ConnectionString = connectionString;
        _drop = drop;
    }

    public IStoreEngine Engine { get; }

    /// <summary>The data folder; with SQLite the database lies in it as <c>console.db</c>.</summary>
    public string Folder { get; }
    public string? ConnectionString { get; }

    public static async Task<FreshDatabase> CreateAsync(Database kind)
    {
        var folder = Directory.CreateTempSubdirectory("agentconsole-test-").FullName;
        if (kind == Database.Sqlite)
        {
            var path = Path.Combine(folder, "console.db");
            File.Copy(await SqliteTemplateAsync(), path);
            var engine = new SqliteEngine(path);
            return new FreshDatabase(engine, folder, null, () => DeleteAsync(folder));
        }
        var server = Server();
        var name = "t_" + Guid.NewGuid().ToString("n");
        var template = await PostgresTemplateAsync(server);
        await ExecuteAsync(server, $"CREATE DATABASE {name} TEMPLATE {template}");
        var connectionString = new NpgsqlConnectionStringBuilder(server) { Database = name, MaxPoolSize = 20 }.ToString();
        var postgres = new PostgreSqlEngine(connectionString);
        return new FreshDatabase(
            postgres,
            folder,
            connectionString,
            async () =>
            {
                await postgres.DisposeAsync();
                await ExecuteAsync(server, $"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                await DeleteAsync(folder);
            }
        );
    }

    // The last read of a page that is gone may end after its console did, and SQLite puts a file beside the database for it.
    private static async ValueTask DeleteAsync(string folder)
    {
        for (var left = 50; ; left--)
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            try
            {
                Directory.Delete(folder, recursive: true);
                return;
            }
            catch (IOException) when (left > 0 && Directory.Exists(folder))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            }
        }
    }

    public void AddTo(IServiceCollection services)
    {
        if (Engine is SqliteEngine sqlite)
            services.AddSqlite(sqlite);
        else
            services.AddPostgreSql((PostgreSqlEngine)Engine);
    }

    public ValueTask DisposeAsync() => _drop();

    internal static string Server() =>
        Environment.GetEnvironmentVariable(ServerVariable)
        ?? throw new InvalidOperationException(
            $"{ServerVariable} is not set. Run the tests through ./test.sh, or start a server with build/postgres.sh start FOLDER and set it to what that prints."
        );

    private static async Task<string> SqliteTemplateAsync()
    {
        await TemplateLock.WaitAsync();
        try
        {
            if (_sqliteTemplate is null)
            {
                var path = Path.Combine(Directory.CreateTempSubdirectory("agentconsole-template-").FullName, "console.db");
                await MigrateAsync(new SqliteEngine(path));
                Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools(); // the last connection folds the log into the file
                _sqliteTemplate = path;
                AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
            }
            return _sqliteTemplate;
        }
        finally
        {
            TemplateLock.Release();
        }
    }

    private static async Task<string> PostgresTemplateAsync(string server)
    {
        await TemplateLock.WaitAsync();
        try
        {
            if (_postgresTemplate is null)
            {
                var name = "template_" + Guid.NewGuid().ToString("n");
                await ExecuteAsync(server, $"CREATE DATABASE {name}");
                var connectionString = new NpgsqlConnectionStringBuilder(server) { Database = name, Pooling = false }.ToString();
                await using (var engine = new PostgreSqlEngine(connectionString))
                    await MigrateAsync(engine);
                _postgresTemplate = name;
            }
            return _postgresTemplate;
        }
        finally
        {
            TemplateLock.Release();
        }
    }

    private static async Task MigrateAsync(IStoreEngine engine)
    {
        await using var db = Context(engine);
        await engine.MigrateAsync(db, CancellationToken.None);
    }

    private static ConsoleDbContext Context(IStoreEngine engine)
    {
        var options = new Microsoft.EntityFrameworkCore.DbContextOptionsBuilder<ConsoleDbContext>();
        ConsoleDbContext.ConfigureModel(options);
        engine.Configure(options);
        return new ConsoleDbContext(options.Options, engine);
    }

    internal static async Task ExecuteAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // names made above
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
