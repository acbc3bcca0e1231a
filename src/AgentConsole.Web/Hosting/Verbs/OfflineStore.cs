using AgentConsole.Core;
using AgentConsole.Core.Data;

namespace AgentConsole.Web.Hosting.Verbs;

/// <summary>The store as an offline command sees it: the settings of the console, its service layer, no doors and no loops.</summary>
internal sealed class OfflineStore : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly FolderLock? _lock;

    private OfflineStore(StoreSettings settings, ServiceProvider services, FolderLock? folderLock) =>
        (Settings, _services, _lock) = (settings, services, folderLock);

    public StoreSettings Settings { get; }
    public IStoreEngine Engine => Get<IStoreEngine>();
    public TimeProvider Clock => Get<TimeProvider>();

    /// <param name="alone">Takes the folder for itself, and makes it where it is missing; without it the console may be running.</param>
    /// <param name="master">The master key, for commands that need one.</param>
    /// <exception cref="SettingException">Names the setting that is wrong.</exception>
    public static OfflineStore Open(string[] settings, bool alone, MasterKey? master = null)
    {
        var builder = ConsoleHost.NewBuilder(settings);
        var read = StoreSettings.Read(builder.Configuration, builder.Environment.ContentRootPath, makeFolder: alone);
        FolderLock? folderLock = null;
        try
        {
            folderLock = alone ? FolderLock.Take(read.Folder) : null;
        }
        catch (InvalidOperationException e)
        {
            throw new SettingException(e.Message, e);
        }
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(builder.Configuration);
        services.AddLogging(logging => logging.AddConfiguration(builder.Configuration.GetSection("Logging")));
        services.Configure<ConsoleOptions>(options => options.DataDirectory = read.Folder);
        read.AddEngine(services);
        if (master is not null)
            services.AddSingleton(master);
        services.AddConsoleCore();
        return new OfflineStore(read, services.BuildServiceProvider(), folderLock);
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <exception cref="StoreCommandException">There is no store yet.</exception>
    public async Task MustExistAsync(CancellationToken cancellationToken)
    {
        if (!await Engine.ExistsAsync(cancellationToken))
            throw new StoreCommandException(
                $"There is no store here yet ({(Engine.HasSingleWriter ? Settings.Folder : "the database is empty")}). Check AgentConsole:DataDirectory and AgentConsole:Store."
            );
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _lock?.Dispose();
    }
}
