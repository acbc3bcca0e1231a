using System.Text;
using System.Text.RegularExpressions;
using AgentConsole.SampleFleet.Running;
using AgentConsole.SampleFleet.Text;

namespace AgentConsole.SampleFleet.Agents;

/// <summary>Reads the end of a log of this machine and says what stands in it most; addresses of people and hosts are masked before anything is told.</summary>
public sealed partial class LogSummariser(Surroundings here) : FleetAgent
{
    private const int MostBytes = 512 << 10;
    private static readonly string[] Names =
    [
        "dpkg.log",
        "syslog",
        "messages",
        "kern.log",
        "auth.log",
        "apt/history.log",
        "alternatives.log",
        "fontconfig.log",
        "system.log",
        "install.log",
    ];
    private int _turn;

    public override Passport Passport { get; } =
        new()
        {
            Slug = "log-summariser",
            DisplayName = "Log summariser",
            Description = "Reads the end of a log of this machine and says what stands in it most.",
            Team = "support",
            Environment = "production",
            Tags = ["logs"],
            Cadence = TimeSpan.FromSeconds(25),
            Redactions = [@"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}"],
        };

    public override async Task<Finding> WorkAsync(Work work, CancellationToken cancellationToken)
    {
        var fence = new Fence(here.Logs);
        var logs = Names
            .Select(name => Path.Combine(here.Logs, name))
            .Append(Path.Combine(here.StateFolder, "fleet.log"))
            .Where(File.Exists)
            .ToList();
        if (logs.Count == 0)
            return Finding.Skipped($"There is no log in {here.Logs} that this agent knows.");
        var log = logs[_turn++ % logs.Count];
        if (!fence.Holds(log) && Path.GetDirectoryName(log) != here.StateFolder)
        {
            work.Decide("file outside the root", "blocked", new { file = Path.GetFileName(log), root = here.Logs });
            return Finding.Skipped($"{Path.GetFileName(log)} leads out of {here.Logs}.");
        }
        return await SummariseAsync(log, work, cancellationToken);
    }

    /// <summary>Reads the last half MiB of a log.</summary>
    internal static async Task<Finding> SummariseAsync(string log, Work work, CancellationToken cancellationToken)
    {
        var name = Path.GetFileName(log);
        string text;
        try
        {
            text = await work.UseAsync(
                "read-tail",
                new { file = name, most_bytes = MostBytes },
                token => TailAsync(log, token),
                t => new { characters = t.Length },
                cancellationToken
            );
        }
        catch (UnauthorizedAccessException)
        {
            work.Decide("file of another user", "blocked", new { file = name });
            return Finding.Skipped($"This agent may not read {name}.");
        }
        work.CountWords(text);
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0)
            return Finding.Skipped($"{name} is empty.");
        var masked = 0;
        var shapes = await work.UseAsync(
            "group-lines",
            new { lines = lines.Length },
            () => Shapes(lines, ref masked),
            found => new { shapes = found.Count },
            cancellationToken
        );
        if (masked > 0)
            work.Decide("addresses are masked", "redacted", new { places = masked });
        var errors = lines.Count(line => Trouble().IsMatch(line));
        foreach (var (shape, count) in shapes.Take(5))
            work.Say("info", $"{count} × {Work.Clip(shape, 200)}");
        return Finding.Completed(
            $"{name}: {lines.Length} lines of {shapes.Count} kinds, {errors} of them speak of errors; most often: {Work.Clip(shapes[0].Shape, 120)}"
        ) with
        {
            Figures = new
            {
                lines = lines.Length,
                kinds = shapes.Count,
                errors,
                masked,
            },
        };
    }

    private static List<(string Shape, int Count)> Shapes(string[] lines, ref int masked)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            masked += Address().Count(line);
            var shape = Figure().Replace(Address().Replace(Stamp().Replace(line.TrimEnd('\r'), ""), "‹address›"), "#").Trim();
            counts[shape] = counts.GetValueOrDefault(shape) + 1;
        }
        return [.. counts.Select(c => (c.Key, c.Value)).OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal)];
    }

    private static async Task<string> TailAsync(string log, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var size = (int)Math.Min(file.Length, MostBytes);
        file.Seek(-size, SeekOrigin.End);
        var bytes = new byte[size];
        var read = await file.ReadAtLeastAsync(bytes, size, throwOnEndOfStream: false, cancellationToken);
        var text = Encoding.UTF8.GetString(bytes, 0, read);
        // What was cut off at the front is not a line.
        var firstEnd = text.IndexOf('\n', StringComparison.Ordinal);
        return file.Length > MostBytes && firstEnd >= 0 ? text[(firstEnd + 1)..] : text;
    }

    [GeneratedRegex(
        @"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,100}\.[A-Za-z]{2,10}|\b\d{1,3}(?:\.\d{1,3}){3}\b",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Address();

    [GeneratedRegex(
        @"^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,0-9]*(?:Z|[+-]\d\d:?\d\d)?\]?|^[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Stamp();

    [GeneratedRegex(@"\b(?:0x)?[0-9a-f]*\d[0-9a-f]*\b|\d+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Figure();

    [GeneratedRegex(
        @"\b(?:error|errors|failed|failure|fatal|critical|refused|warn|warning)\b",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Trouble();
}
