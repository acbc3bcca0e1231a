using AgentConsole.Core.Data;
using Microsoft.AspNetCore.Hosting.Server;

namespace AgentConsole.Web.Hosting.Demo;

/// <summary>
/// <c>demo remove</c>: deletes the demo's own data folder. In a console that is used for more than the demo, it takes away what the demo set up there,
/// through the API like everything else the fleet does.
/// </summary>
internal static class DemoRemoval
{
    /// <summary>Whether these arguments ask for it; <paramref name="rest"/> are the others.</summary>
    public static bool IsAsked(string[] args, out string[] rest)
    {
        var asked = args is ["demo", "remove", ..];
        rest = asked ? args[2..] : args;
        return asked;
    }

    /// <exception cref="SettingException">Names the setting that is wrong.</exception>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors)
    {
        var builder = WebApplication.CreateBuilder(args);
        var demo = DemoMode.Find(builder);
        var dataFolder = Path.GetDirectoryName(demo.Folder)!;
        if (demo.HasOwnFolder)
            return await RemoveFolderAsync(dataFolder, output);
        if (!File.Exists(Path.Combine(demo.Folder, "fleet.json")))
        {
            await output.WriteLineAsync($"There is no demo in {dataFolder}.");
            return 0;
        }
        return await RemoveFromConsoleAsync(args, demo, output, errors);
    }

    private static async Task<int> RemoveFolderAsync(string folder, TextWriter output)
    {
        if (!Directory.Exists(folder))
        {
            await output.WriteLineAsync("There is no demo to remove.");
            return 0;
        }
        try
        {
            FolderLock.Take(folder).Dispose();
        }
        catch (InvalidOperationException e)
        {
            throw new SettingException($"The demo is running: stop it first. ({e.Message})", e);
        }
        Directory.Delete(folder, recursive: true);
        await output.WriteLineAsync($"The demo is gone: {folder} is deleted.");
        return 0;
    }

    // Against the console that runs on the folder, if one does; else one is opened for it, on loopback, and closed again.
    private static async Task<int> RemoveFromConsoleAsync(string[] args, DemoMode demo, TextWriter output, TextWriter errors)
    {
        WebApplication? own = null;
        try
        {
            own = ConsoleHost.Build(args, builder => builder.WebHost.UseUrls("http://127.0.0.1:0"));
            await ConsoleHost.OpenAsync(own);
            await own.StartAsync(own.Lifetime.ApplicationStopping);
            return await RemoveThroughAsync(DemoAddress.Of(own.Services.GetRequiredService<IServer>()), demo, output, errors);
        }
        catch (SettingException e) when (own is null && e.InnerException is InvalidOperationException { InnerException: IOException })
        {
            var urls = WebApplication.CreateBuilder(args).Configuration["urls"] ?? "http://localhost:5080";
            return await RemoveThroughAsync(DemoAddress.Reachable(urls.Split(';')[0]), demo, output, errors);
        }
        finally
        {
            if (own is not null)
            {
                await own.StopAsync(CancellationToken.None);
                await own.DisposeAsync();
            }
        }
    }

    private static async Task<int> RemoveThroughAsync(Uri console, DemoMode demo, TextWriter output, TextWriter errors)
    {
        using var fleet = FleetProcess.Start(console, demo, AppContext.BaseDirectory, output.WriteLine, errors.WriteLine, "remove");
        return await fleet.WaitAsync(CancellationToken.None);
    }
}
