using AgentConsole.Web.Hosting.Demo;

namespace AgentConsole.Web.Hosting;

/// <summary>The process: runs the console, or an offline command, and turns a wrong setting into one clear line.</summary>
internal static class ConsoleProgram
{
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            if (DemoRemoval.IsAsked(args, out var rest))
                return await DemoRemoval.RunAsync(rest, Console.Out, Console.Error);
            var demo = DemoMode.TakeFrom(args);
            await using var app = ConsoleHost.Build(demo ?? args, builder => _ = demo is null ? null : DemoMode.Prepare(builder));
            await ConsoleHost.OpenAsync(app);
            await app.RunAsync();
            return 0;
        }
        catch (SettingException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
    }
}

/// <summary>A setting is wrong: the message is the one line that names it.</summary>
internal sealed class SettingException(string message, Exception? inner = null) : Exception(message, inner);
