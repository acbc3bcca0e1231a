using AgentConsole.Core.Data;
using AgentConsole.Core.Runs;
using Microsoft.Extensions.DependencyInjection;
using Quartz;

namespace AgentConsole.Data.PostgreSql;

public static class PostgreSqlRegistration
{
    /// <summary>Makes this the database of the console.</summary>
    public static IServiceCollection AddPostgreSql(this IServiceCollection services, PostgreSqlEngine engine) =>
        services
            .AddSingleton<IStoreEngine>(engine)
            .AddSingleton<IRunWriterFactory>(new PostgreSqlRunWriterFactory(engine))
            .AddQuartz(quartz =>
                quartz.UsePersistentStore(store =>
                {
                    store.UsePostgres(engine.ConnectionString);
                    store.ProvisionSchema();
                    store.UseClustering(cluster =>
                    {
                        cluster.CheckinInterval = TimeSpan.FromSeconds(2);
                        cluster.CheckinMisfireThreshold = TimeSpan.FromSeconds(5);
                    });
                })
            );
}
