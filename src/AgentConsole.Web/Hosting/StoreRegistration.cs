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
            var sqlite = AddEngine(builder.Services, store, folder);
            var folderLock = FolderLock.Take(folder);
            builder.Services.AddSingleton(_ => folderLock); // by factory, so that the container lets go of it
            builder.Services.AddSingleton(MasterKey.Load(secrets.MasterKeyFile ?? Path.Combine(folder, "master.key"), mayCreate: sqlite));
        }
        catch (InvalidOperationException e)
        {
            throw new SettingException(e.Message, e);
        }
    }

    private static bool AddEngine(IServiceCollection services, StoreOptions store, string folder)
    {
        switch (store.Provider)
        {
            case "sqlite" when store.ConnectionString is null:
                services.AddSqlite(new SqliteEngine(Path.Combine(folder, "console.db")));
                return true;
            case "sqlite":
                throw new SettingException(
                    "AgentConsole:Store:ConnectionString: belongs to 'postgres' only; with 'sqlite' the file is console.db in AgentConsole:DataDirectory."
                );
            case "postgres" when !string.IsNullOrWhiteSpace(store.ConnectionString):
                services.AddPostgreSql(new PostgreSqlEngine(store.ConnectionString));
                return false;
            case "postgres":
                throw new SettingException("AgentConsole:Store:ConnectionString: is required with AgentConsole:Store:Provider = postgres.");
            default:
                throw new SettingException($"AgentConsole:Store:Provider: '{store.Provider}' is not one of sqlite, postgres.");
        }
    }
}
