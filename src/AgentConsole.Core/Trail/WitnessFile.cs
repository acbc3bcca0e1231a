using System.Globalization;
using System.Text;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Trail;

/// <summary>An end of a chain as it was seen.</summary>
public sealed record WitnessLine(Guid OrganizationId, long Seq, byte[] Hash, DateTimeOffset At);

/// <summary>Everything that was witnessed, in the order of the files, and lines that cannot be read.</summary>
public sealed record WitnessHistory(IReadOnlyList<WitnessLine> Lines, IReadOnlyList<string> Faults);

/// <summary>
/// <c>{DataDirectory}/witness/trail.log</c>: a line per witnessed end, <c>organization seq hash time</c>. Beside it may lie the files of other nodes,
/// under any name ending in <c>.log</c>; all of them count.
/// </summary>
public static class WitnessFile
{
    private const string Name = "trail.log";
    private const int KeptWhole = 1000;
    private const int KeptOneIn = 100;

    public static string FolderOf(string dataDirectory) => Path.Combine(dataDirectory, "witness");

    public static async Task AppendAsync(string folder, IEnumerable<WitnessLine> lines)
    {
        MakeFolder(folder);
        await using var file = Open(Path.Combine(folder, Name), FileMode.Append);
        await file.WriteAsync(Encoding.ASCII.GetBytes(string.Concat(lines.Select(Text))));
        file.Flush(flushToDisk: true);
    }

    /// <summary>Reads all files. A line without its end is one that a kill cut short, and does not count.</summary>
    public static WitnessHistory Read(string folder)
    {
        var lines = new List<WitnessLine>();
        var faults = new List<string>();
        if (!Directory.Exists(folder))
            return new WitnessHistory(lines, faults);
        foreach (var path in Directory.EnumerateFiles(folder, "*.log").Order(StringComparer.Ordinal))
        {
            var whole = File.ReadAllText(path, Encoding.ASCII);
            var number = 0;
            foreach (var text in whole[..(whole.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                number++;
                if (Parse(text) is { } line)
                    lines.Add(line);
                else
                    faults.Add($"line {number} of {path} cannot be read.");
            }
        }
        return new WitnessHistory(lines, faults);
    }

    /// <summary>Cuts off a last line that a kill left without its end, so that the next one does not grow onto it.</summary>
    public static void Mend(string folder)
    {
        var path = Path.Combine(folder, Name);
        if (!File.Exists(path))
            return;
        var bytes = File.ReadAllBytes(path);
        var end = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        if (end == bytes.Length)
            return;
        using var file = Open(path, FileMode.Open);
        file.SetLength(end);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Keeps the newest lines of each organization whole and one in a hundred of the older ones; what they prove together stays the same but for the place.</summary>
    public static void Thin(string folder)
    {
        var path = Path.Combine(folder, Name);
        if (!File.Exists(path))
            return;
        var texts = File.ReadAllLines(path);
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        var kept = new List<string>();
        for (var i = texts.Length - 1; i >= 0; i--)
        {
            var organization = texts[i][..Math.Max(0, texts[i].IndexOf(' ', StringComparison.Ordinal))];
            var age = seen[organization] = seen.GetValueOrDefault(organization) + 1;
            if (age <= KeptWhole || age % KeptOneIn == 0)
                kept.Add(texts[i]);
        }
        if (texts.Length < 2 * kept.Count)
            return; // not worth it yet
        kept.Reverse();
        var next = path + ".next";
        using (var file = Open(next, FileMode.Create))
        {
            file.Write(Encoding.ASCII.GetBytes(string.Concat(kept.Select(text => text + "\n"))));
            file.Flush(flushToDisk: true);
        }
        File.Move(next, path, overwrite: true);
    }

    private static string Text(WitnessLine line) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{IdText.Format(IdText.Organization, line.OrganizationId)} {line.Seq} {Convert.ToHexStringLower(line.Hash)} {line.At.UtcDateTime:O}\n"
        );

    private static WitnessLine? Parse(string text) =>
        text.Split(' ') is [var organization, var seq, { Length: 2 * TrailRecord.HashSize } hash, var at]
        && IdText.TryParse(IdText.Organization, organization, out var id)
        && long.TryParse(seq, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && hash.All(char.IsAsciiHexDigitLower)
        && DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? new WitnessLine(id, number, Convert.FromHexString(hash), time)
            : null;

    private static void MakeFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static FileStream Open(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows() && mode != FileMode.Open)
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }
}
