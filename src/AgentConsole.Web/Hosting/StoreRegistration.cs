using AgentConsole.Core.Data;

namespace AgentConsole.Web.Hosting;

/// <summary>Chooses the database and takes hold of the data folder.</summary>
internal static class StoreRegistration
{
    /// <exception cref="SettingException">Names the settings that are wrong.</exception>
    public static void AddConsoleStore(this WebApplicationBuilder builder)
    {
        var settings = StoreSettings.Read(builder.Configuration, builder.Environment.ContentRootPath, makeFolder: true);
        builder.Services.Configure<ConsoleOptions>(options => options.DataDirectory = settings.Folder);
        try
        {
            var folderLock = FolderLock.Take(settings.Folder);
            builder.Services.AddSingleton(_ => folderLock); // by factory: the container lets go of what it made itself
            builder.Services.AddSingleton(MasterKey.Load(settings.MasterKeyFile, mayCreate: settings.IsSqlite));
        }
        catch (InvalidOperationException e)
        {
            throw new SettingException(e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"AgentConsole:Secrets:MasterKeyFile: '{settings.MasterKeyFile}' cannot be made: {e.Message}", e);
        }
        settings.AddEngine(builder.Services);
    }
}
