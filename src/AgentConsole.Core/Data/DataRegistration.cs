using AgentConsole.Core.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Data;

internal static class DataRegistration
{
    public static IServiceCollection AddData(this IServiceCollection services)
    {
        services.AddSingleton<IdSource>();
        services.AddSingleton<WriteGate>();
        services.AddSingleton<ConsoleStore>();
        services.AddSingleton<ConsoleStartup>();
        services.AddSingleton<AliveMark>();
        services.AddSingleton<ILoadAtStart>(s => s.GetRequiredService<AliveMark>());
        services.AddHostedService(s => s.GetRequiredService<AliveMark>());
        services.AddSingleton<StoreFigures>();
        services.AddConsoleDataProtection();
        services.AddSingleton<RetryPurge>();
        services.AddHostedService(s => s.GetRequiredService<RetryPurge>());
        services.AddSingleton<IDbContextFactory<ConsoleDbContext>, ConsoleContextFactory>();
        return services;
    }
}

/// <summary>Makes contexts for the engine that the host chose.</summary>
public sealed class ConsoleContextFactory(IStoreEngine engine) : IDbContextFactory<ConsoleDbContext>
{
    private readonly DbContextOptions<ConsoleDbContext> _options = Options(engine);

    public ConsoleDbContext CreateDbContext() => new(_options, engine);

    private static DbContextOptions<ConsoleDbContext> Options(IStoreEngine engine)
    {
        var builder = new DbContextOptionsBuilder<ConsoleDbContext>();
        ConsoleDbContext.ConfigureModel(builder);
        engine.Configure(builder);
        return builder.Options;
    }
}
