using System.Globalization;
using System.Text;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Rotations.Bulk;

/// <summary>The report of a bulk act as a table (RFC 4180).</summary>
public static class KeyBulkSheet
{
    private static readonly (string Name, Func<KeyBulkRowBody, string?> Cell)[] Columns =
    [
        ("row", r => Number(r.Row)),
        ("agent", r => r.Agent),
        ("team", r => r.Team),
        ("key_id", r => r.KeyId),
        ("key_name", r => r.KeyName),
        ("version", r => Number(r.Version)),
        ("to_version", r => Number(r.ToVersion)),
        ("effect", r => r.Effect),
        ("outcome", r => r.Outcome),
        ("code", r => r.Code),
        ("detail", r => r.Detail),
        ("rotation", r => r.Rotation),
        ("rotation_state", r => r.RotationState),
        ("waiting", r => Number(r.Waiting)),
        ("callers", r => Number(r.Callers)),
        ("last_used_at", r => Time(r.LastUsedAt)),
        ("ended_at", r => Time(r.EndedAt)),
    ];

    /// <summary>The last column of each line says of which operation it is: a file is passed on without its name.</summary>
    public static string Csv(KeyBulkReport report)
    {
        var text = new StringBuilder(CsvText.Line([.. Columns.Select(c => c.Name), "operation"]));
        foreach (var row in report.Rows)
            text.Append(CsvText.Line([.. Columns.Select(c => c.Cell(row)), report.Operation.Id]));
        return text.ToString();
    }

    private static string? Number(int? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static string? Time(DateTimeOffset? at) =>
        at?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
