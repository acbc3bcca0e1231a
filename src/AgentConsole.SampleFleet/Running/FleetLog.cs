using System.Globalization;

namespace AgentConsole.SampleFleet.Running;

/// <summary>The fleet's log: to its writer and, bounded, to a file in the state folder, which is one of the logs that <c>log-summariser</c> reads.</summary>
public sealed class FleetLog(TextWriter writer, string? path, TimeProvider clock)
{
    private const long MostBytes = 1 << 20;
    private readonly Lock _lock = new();

    public void Info(string text) => Write("info", text);

    public void Warn(string text) => Write("warn", text);

    private void Write(string level, string text)
    {
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{clock.GetUtcNow().UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {level} fleet: {text.ReplaceLineEndings(" ")}"
        );
        lock (_lock)
        {
            writer.WriteLine(line);
            if (path is null)
                return;
            if (new FileInfo(path) is { Exists: true, Length: > MostBytes })
                File.Move(path, path + ".1", overwrite: true);
            File.AppendAllText(path, line + "\n");
        }
    }
}
