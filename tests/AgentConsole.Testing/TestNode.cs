using System.Security.Cryptography;
using AgentConsole.Core;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Data.PostgreSql;
using AgentConsole.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Testing;

/// <summary>
/// Another node over the database of a house, with a folder of its own; with SQLite it stands for the console after a restart. Nothing is read and no
/// loop runs before the test says so.
/// </summary>
public sealed class TestNode : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly string _folder = Directory.CreateTempSubdirectory("agentconsole-test-").FullName;

    internal TestNode(TestHouse house, Action<NodeLink>? change, Action<IServiceCollection>? register)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.Configure<ConsoleOptions>(options => options.DataDirectory = _folder);
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        services.AddSingleton<TimeProvider>(house.Clock);
        if (house.ConnectionString is { } connectionString)
            services.AddPostgreSql(new PostgreSqlEngine(connectionString));
        else
            services.AddSqlite(new SqliteEngine(Path.Combine(house.Folder, "console.db")));
        services.AddSingleton(new MasterKey(SHA256.HashData("a test"u8)));
        services.AddConsoleCore();
        register?.Invoke(services);
        _services = services.BuildServiceProvider(validateScopes: true);
        change?.Invoke(Get<NodeLink>());
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>Reads what lives in memory.</summary>
    public Task StartAsync() => Get<ConsoleStartup>().OpenAsync(TestHouse.Stop);

    /// <summary>One step of the link to the other nodes.</summary>
    public Task HearAsync() => Get<NodeLink>().StepAsync(TestHouse.Stop);

    /// <summary>
    /// Takes steps until this is so, for at most 20 s: what waits for the oldest transaction of the whole server waits for those of tests beside it, too.
    /// </summary>
    public async Task HearUntilAsync(Func<bool> done)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        do await HearAsync();
        while (!done() && TimeProvider.System.GetElapsedTime(startedAt) < TimeSpan.FromSeconds(20));
    }

    public Actor As(Person person) =>
        Get<ActorSource>().ForSession(person.Id, person.SessionId, new CallOrigin("192.0.2.8", "tests", "c-" + person.Name)).Value;

    public async ValueTask DisposeAsync()
    {
        if (Get<IStoreEngine>() is PostgreSqlEngine engine)
            await engine.DisposeAsync();
        await _services.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
