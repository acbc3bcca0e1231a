using System.Text;

namespace AgentConsole.Core.Common;

/// <summary>
/// Lines of comma-separated values as RFC 4180 has them. A cell that a spreadsheet would run as a formula gets an apostrophe in front, which
/// spreadsheets show as text.
/// </summary>
public static class CsvText
{
    /// <summary>One line with its CRLF.</summary>
    public static string Line(params IEnumerable<string?> cells)
    {
        var line = new StringBuilder();
        var separator = "";
        foreach (var cell in cells)
        {
            line.Append(separator);
            separator = ",";
            Append(cell ?? "", line);
        }
        return line.Append("\r\n").ToString();
    }

    private static void Append(string cell, StringBuilder line)
    {
        var formula = cell.Length > 0 && cell[0] is '=' or '+' or '-' or '@' or '\t' or '\r' or '\n' or '＝' or '＋' or '－' or '＠';
        if (!formula && cell.AsSpan().IndexOfAny("\",\r\n") < 0)
        {
            line.Append(cell);
            return;
        }
        line.Append('"').Append(formula ? "'" : "").Append(cell.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
    }
}
