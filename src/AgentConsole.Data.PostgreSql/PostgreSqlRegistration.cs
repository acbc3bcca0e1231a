using AgentConsole.Core.Data;
using AgentConsole.Core.Runs;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Data.PostgreSql;

public static class PostgreSqlRegistration
{
    /// <summary>Makes this the database of the console.</summary>
    public static IServiceCollection AddPostgreSql(this IServiceCollection services, PostgreSqlEngine engine) =>
        services.AddSingleton<IStoreEngine>(engine).AddSingleton<IRunWriterFactory>(new PostgreSqlRunWriterFactory(engine));
}
