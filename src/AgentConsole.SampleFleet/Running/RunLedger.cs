using System.Globalization;
using AgentConsole.SampleFleet.Text;

namespace AgentConsole.SampleFleet.Running;

/// <summary>What the fleet knows it was promised: a run whose end the console acknowledged.</summary>
public sealed record LedgerRow(string ExternalId, string Agent, string Status, DateTimeOffset StartedAt, int Steps);

/// <summary>The fleet's own book of acknowledged runs, a CSV file in its state folder; reconciled against the console by <c>run-auditor</c>.</summary>
public sealed class RunLedger(string path)
{
    private const string Header = "external_id,agent,status,started_at,steps";
    private const int MostRows = 5000;
    private readonly Lock _lock = new();

    public string Path => path;

    public void Append(LedgerRow row)
    {
        var line = string.Join(
            ',',
            CsvTable.Quote(row.ExternalId),
            CsvTable.Quote(row.Agent),
            row.Status,
            row.StartedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            row.Steps.ToString(CultureInfo.InvariantCulture)
        );
        lock (_lock)
        {
            if (!File.Exists(path))
                File.WriteAllText(path, Header + "\n");
            File.AppendAllText(path, line + "\n");
        }
    }

    /// <summary>The newest rows, oldest first.</summary>
    /// <exception cref="CsvFault">The file is damaged; says in which line.</exception>
    public IReadOnlyList<LedgerRow> Tail(int most)
    {
        string text;
        lock (_lock)
        {
            if (!File.Exists(path))
                return [];
            text = File.ReadAllText(path);
        }
        var table = CsvTable.Parse(text);
        return
        [
            .. table
                .Rows.TakeLast(most)
                .Select(row => new LedgerRow(
                    row["external_id"],
                    row["agent"],
                    row["status"],
                    DateTimeOffset.Parse(row["started_at"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
                    int.Parse(row["steps"], CultureInfo.InvariantCulture)
                )),
        ];
    }

    /// <summary>Keeps the newest rows only, so that the book does not grow for ever.</summary>
    public void Shorten()
    {
        lock (_lock)
        {
            if (!File.Exists(path))
                return;
            var lines = File.ReadAllLines(path);
            if (lines.Length <= MostRows + 1)
                return;
            var shorter = path + ".new";
            File.WriteAllLines(shorter, [Header, .. lines[^MostRows..]]);
            File.Move(shorter, path, overwrite: true);
        }
    }
}
