namespace AgentConsole.SampleFleet;

/// <summary>The command line of the fleet.</summary>
public sealed record FleetArguments(FleetOptions Options, bool Remove, bool EndsWithInput)
{
    public const string TokenVariable = "AGENTCONSOLE_TOKEN";

    public const string Usage = """
        Usage: AgentConsole.SampleFleet [remove] [--url URL] [--token -] [--state FOLDER] [--keys FOLDER] [--root FOLDER] [--agents a,b] [--once]
          remove         take everything away that the fleet set up
          --url URL      the console; http://localhost:5080 when not given
          --token -      read the API token from the first line of standard input, and end when that closes;
                         without it the token is taken from the environment variable AGENTCONSOLE_TOKEN
          --state FOLDER where keys and the ledger are kept; ./fleet-state when not given
          --keys FOLDER  below which the console, on this machine, may write keys (one of its AgentConsole:Sinks:FileRoots);
                         without it no agent gets its key from a file
          --root FOLDER  what the agents look at; the nearest folder upwards with a solution or docs in it when not given
          --agents a,b   only these agents
          --once         every agent works once; exit code 0 when every report was taken, 1 when not
        """;

    /// <exception cref="FormatException">Says which argument is wrong.</exception>
    public static FleetArguments Read(IReadOnlyList<string> args, Func<string, string?> variable, TextReader input)
    {
        var url = "http://localhost:5080";
        var state = "fleet-state";
        string? root = null,
            keys = null,
            token = null;
        IReadOnlyList<string> agents = [];
        bool once = false,
            remove = false;
        for (var i = 0; i < args.Count; i++)
        {
            switch (args[i])
            {
                case "remove" when i == 0:
                    remove = true;
                    break;
                case "--once":
                    once = true;
                    break;
                case "--url":
                    url = Next();
                    break;
                case "--token":
                    token = Next();
                    break;
                case "--state":
                    state = Next();
                    break;
                case "--keys":
                    keys = Next();
                    break;
                case "--root":
                    root = Next();
                    break;
                case "--agents":
                    agents = Next().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                    break;
                default:
                    throw new FormatException($"'{args[i]}' is not an argument of the fleet.");
            }

            string Next() => ++i < args.Count ? args[i] : throw new FormatException($"{args[i - 1]} needs a value.");
        }
        if (!Uri.TryCreate(url, UriKind.Absolute, out var console) || console.Scheme is not ("http" or "https"))
            throw new FormatException($"--url: '{url}' is not an http or https address.");
        var fromInput = token == "-";
        var secret = fromInput ? input.ReadLine()?.Trim() : token ?? variable(TokenVariable);
        if (string.IsNullOrEmpty(secret))
            throw new FormatException($"There is no API token: set {TokenVariable}, or hand it over with --token -.");
        return new FleetArguments(
            new FleetOptions
            {
                Console = console,
                Token = secret,
                StateFolder = Path.GetFullPath(state),
                KeyFolder = keys is null ? null : Path.GetFullPath(keys),
                Root = root is null ? NearestRoot(Environment.CurrentDirectory) : Path.GetFullPath(root),
                Agents = agents,
                Once = once,
            },
            remove,
            fromInput
        );
    }

    private static string NearestRoot(string from)
    {
        for (var folder = new DirectoryInfo(from); folder is not null; folder = folder.Parent)
        {
            if (folder.EnumerateFiles("*.sln").Any() || Directory.Exists(Path.Combine(folder.FullName, "docs")))
                return folder.FullName;
        }
        return from;
    }
}
