using AgentConsole.Core.Data;
using AgentConsole.Core.Runs;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Data.Sqlite;

public static class SqliteRegistration
{
    /// <summary>Makes this the database of the console.</summary>
    public static IServiceCollection AddSqlite(this IServiceCollection services, SqliteEngine engine) =>
        services
            .AddSingleton(engine)
            .AddSingleton<IStoreEngine>(engine)
            .AddSingleton<IRunWriterFactory>(new SqliteRunWriterFactory(engine))
            .AddHostedService<SqliteCheckpoints>();
}
