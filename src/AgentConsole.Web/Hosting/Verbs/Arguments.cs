namespace AgentConsole.Web.Hosting.Verbs;

/// <summary>
/// A command line holds two languages: settings for the host (<c>--AgentConsole:DataDirectory=…</c>, <c>--urls …</c>), which pass through as they are,
/// and the console's own commands, where an unknown word is a fault.
/// </summary>
internal sealed record Arguments(string[] Settings, string[] Command)
{
    private static readonly HashSet<string> HostNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "urls",
        "http_ports",
        "https_ports",
        "environment",
        "contentRoot",
        "webRoot",
        "applicationName",
        "shutdownTimeoutSeconds",
        "detailedErrors",
        "AllowedHosts",
    };

    public static Arguments Split(string[] args)
    {
        var settings = new List<string>();
        var command = new List<string>();
        for (var i = 0; i < args.Length; i++)
        {
            var equals = args[i].IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? args[i] : args[i][..equals];
            var dashed = name.StartsWith("--", StringComparison.Ordinal);
            var isSetting = dashed
                ? name.Contains(':', StringComparison.Ordinal) || HostNames.Contains(name[2..])
                : equals > 0 && name.Contains(':', StringComparison.Ordinal) && !name.Contains(Path.DirectorySeparatorChar);
            (isSetting ? settings : command).Add(args[i]);
            if (isSetting && dashed && equals < 0 && i + 1 < args.Length)
                settings.Add(args[++i]); // its value stands apart
        }
        return new Arguments([.. settings], [.. command]);
    }
}
