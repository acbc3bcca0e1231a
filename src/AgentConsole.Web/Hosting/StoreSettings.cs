using AgentConsole.Core.Data;
using AgentConsole.Data.PostgreSql;
using AgentConsole.Data.Sqlite;
using Npgsql;

namespace AgentConsole.Web.Hosting;

/// <summary>Where the store is, read from the configuration and checked as a whole.</summary>
internal sealed record StoreSettings(string Folder, string? ConnectionString, string MasterKeyFile)
{
    private const string DataDirectory = "AgentConsole:DataDirectory";
    private const string Provider = "AgentConsole:Store:Provider";
    private const string Connection = "AgentConsole:Store:ConnectionString";

    public bool IsSqlite => ConnectionString is null;

    /// <exception cref="SettingException">Names every setting that is wrong, one to a line.</exception>
    public static StoreSettings Read(IConfiguration configuration, string contentRoot, bool makeFolder)
    {
        var console = configuration.GetSection(ConsoleOptions.Section).Get<ConsoleOptions>() ?? new ConsoleOptions();
        var store = configuration.GetSection(StoreOptions.Section).Get<StoreOptions>() ?? new StoreOptions();
        var secrets = configuration.GetSection(SecretsOptions.Section).Get<SecretsOptions>() ?? new SecretsOptions();
        var faults = new List<string>();
        var folder = FolderOf(console.DataDirectory, contentRoot, makeFolder, faults);
        var connectionString = string.IsNullOrWhiteSpace(store.ConnectionString) ? null : store.ConnectionString;
        switch (store.Provider)
        {
            case "sqlite" when connectionString is not null:
                faults.Add($"{Connection}: belongs to 'postgres' only; with 'sqlite' the file is console.db in {DataDirectory}.");
                break;
            case "postgres" when connectionString is null:
                faults.Add($"{Connection}: is required with {Provider} = postgres.");
                break;
            case "postgres" when Fault(connectionString) is { } fault:
                faults.Add($"{Connection}: {fault}");
                break;
            case "sqlite" or "postgres":
                break;
            default:
                faults.Add($"{Provider}: '{store.Provider}' is not one of sqlite, postgres.");
                break;
        }
        var masterKeyFile = string.IsNullOrWhiteSpace(secrets.MasterKeyFile)
            ? Path.Combine(folder, "master.key")
            : Path.GetFullPath(secrets.MasterKeyFile, contentRoot);
        if (Directory.Exists(masterKeyFile))
            faults.Add($"AgentConsole:Secrets:MasterKeyFile: '{masterKeyFile}' is a folder.");
        return faults.Count == 0
            ? new StoreSettings(folder, connectionString, masterKeyFile)
            : throw new SettingException(string.Join(Environment.NewLine, faults));
    }

    public void AddEngine(IServiceCollection services)
    {
        if (ConnectionString is null)
            services.AddSqlite(new SqliteEngine(Path.Combine(Folder, "console.db")));
        else
            services.AddPostgreSql(new PostgreSqlEngine(ConnectionString));
    }

    private static string FolderOf(string? name, string contentRoot, bool make, List<string> faults)
    {
        if (string.IsNullOrWhiteSpace(name))
        {
            faults.Add($"{DataDirectory}: is empty.");
            return contentRoot;
        }
        var folder = contentRoot;
        try
        {
            folder = Path.GetFullPath(name, contentRoot);
            if (!make)
                return folder;
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder);
            else
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            faults.Add($"{DataDirectory}: '{name}' cannot be made: {e.Message}");
        }
        return folder;
    }

    // The message of the driver may repeat a value, and a value may be the password.
    private static string? Fault(string? connectionString)
    {
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString);
            return string.IsNullOrEmpty(settings.Host) ? "names no Host."
                : string.IsNullOrEmpty(settings.Database) ? "names no Database."
                : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException)
        {
            return "is not a connection string as in Host=…;Port=5432;Database=…;Username=…;Password=….";
        }
    }
}
