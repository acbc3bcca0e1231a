using System.CommandLine;
using AgentConsole.Core.Data;
using AgentConsole.Web.Hosting.Demo;
using AgentConsole.Web.Hosting.Verbs;

namespace AgentConsole.Web.Hosting;

/// <summary>The process: runs the console, or an offline command, and turns a fault of settings or store into one clear line.</summary>
internal static class ConsoleProgram
{
    public static Task<int> RunAsync(string[] args) => RunAsync(args, Console.Out, Console.Error);

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors)
    {
        var (settings, command) = Arguments.Split(args);
        var root = Commands(settings, output, errors);
        var parsed = root.Parse(command, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                await errors.WriteLineAsync(error.Message);
            return Exit.Usage;
        }
        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = output,
                    Error = errors,
                    EnableDefaultExceptionHandler = false,
                    // The console stops in its own time; a command is told to stop and cleans up behind itself.
                    ProcessTerminationTimeout = parsed.CommandResult.Command == root ? null : TimeSpan.FromSeconds(10),
                }
            );
        }
        catch (SettingException e)
        {
            await errors.WriteLineAsync(e.Message);
            return Exit.Usage;
        }
        catch (StoreCommandException e)
        {
            await errors.WriteLineAsync(e.Message);
            return Exit.Failed;
        }
        catch (System.Data.Common.DbException e) when (parsed.CommandResult.Command != root)
        {
            await errors.WriteLineAsync($"The store does not answer as it should: {e.Message}");
            return Exit.Failed;
        }
    }

    private static RootCommand Commands(string[] settings, TextWriter output, TextWriter errors)
    {
        var demo = new Option<bool>(DemoMode.Argument) { Description = "Start the sample fleet beside the console" };
        var root = new RootCommand(
            "AgentConsole. Without a command it runs the console. Settings follow as --AgentConsole:Section:Name=value, --urls and the like. Exit codes: 0 done, 1 failed or found bad, 2 a setting or the command line is wrong."
        )
        {
            demo,
            StoreVerbs.Backup(settings, output),
            StoreVerbs.Restore(settings, output),
            StoreVerbs.Migrate(settings, output),
            TrailVerbs.Trail(settings, output),
            TrailVerbs.Rollups(settings, output),
        };
        root.SetAction((parsed, _) => ServeAsync(settings, parsed.GetValue(demo)));
        var remove = new Command("remove", "Take away what the demo set up");
        remove.SetAction((_, _) => DemoRemoval.RunAsync(settings, output, errors));
        root.Subcommands.Add(new Command("demo", "The sample fleet") { remove });
        return root;
    }

    private static async Task<int> ServeAsync(string[] settings, bool demo)
    {
        await using var app = ConsoleHost.Build(settings, builder => _ = demo ? DemoMode.Prepare(builder) : null);
        await ConsoleHost.OpenAsync(app);
        await app.RunAsync();
        return Exit.Done;
    }
}

/// <summary>A setting is wrong: the message is the one line that names it.</summary>
internal sealed class SettingException(string message, Exception? inner = null) : Exception(message, inner);
