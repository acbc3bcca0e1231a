using AgentConsole.Core.Data;
using AgentConsole.Data.PostgreSql;
using AgentConsole.Data.Sqlite;

namespace AgentConsole.Web.Hosting;

/// <summary>Chooses the database and takes hold of the data folder.</summary>
internal static class StoreRegistration
{
    /// <exception cref="SettingException">Names the setting that is wrong.</exception>
    public static void AddConsoleStore(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        var console = configuration.GetSection(ConsoleOptions.Section).Get<ConsoleOptions>() ?? new ConsoleOptions();
        var store = configuration.GetSection(StoreOptions.Section).Get<StoreOptions>() ?? new StoreOptions();
        var secrets = configuration.GetSection(SecretsOptions.Section).Get<SecretsOptions>() ?? new SecretsOptions();
        var folder = Path.GetFullPath(console.DataDirectory, builder.Environment.ContentRootPath);
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder);
            else
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"AgentConsole:DataDirectory: '{folder}' cannot be made: {e.Message}", e);
        }
        builder.Services.Configure<ConsoleOptions>(options => options.DataDirectory = folder);
        try
        {
            var engine = Engine(store, folder);
            var folderLock = FolderLock.Take(folder);
            builder.Services.AddSingleton(_ => folderLock); // by factory, so that the container lets go of it
            builder.Services.AddSingleton(engine);
            builder.Services.AddSingleton(
                MasterKey.Load(secrets.MasterKeyFile ?? Path.Combine(folder, "master.key"), mayCreate: engine.HasSingleWriter)
            );
        }
        catch (InvalidOperationException e)
        {
            throw new SettingException(e.Message, e);
        }
    }

    private static IStoreEngine Engine(StoreOptions store, string folder) =>
        store.Provider switch
        {
            "sqlite" when store.ConnectionString is null => new SqliteEngine(Path.Combine(folder, "console.db")),
            "sqlite" => throw new SettingException(
                "AgentConsole:Store:ConnectionString: belongs to 'postgres' only; with 'sqlite' the file is console.db in AgentConsole:DataDirectory."
            ),
            "postgres" when !string.IsNullOrWhiteSpace(store.ConnectionString) => new PostgreSqlEngine(store.ConnectionString),
            "postgres" => throw new SettingException(
                "AgentConsole:Store:ConnectionString: is required with AgentConsole:Store:Provider = postgres."
            ),
            _ => throw new SettingException($"AgentConsole:Store:Provider: '{store.Provider}' is not one of sqlite, postgres."),
        };
}
