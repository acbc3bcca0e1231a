using System.Text;

namespace AgentConsole.Core.Common;

/// <summary>One record of a CSV text.</summary>
/// <param name="Line">1-based line on which it begins; line breaks inside quotes count.</param>
/// <param name="Fault">What is wrong with its quoting; its fields are then not to be trusted.</param>
public sealed record CsvRecord(int Line, IReadOnlyList<string> Fields, string? Fault);

/// <summary>
/// Comma-separated values as RFC 4180 has them; read here rather than by a library for the exact line of every record. In what is written, a cell that a spreadsheet would run as a formula gets an apostrophe in front, which
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

    /// <summary>Reads record by record; empty lines are none. A quote that is never closed ends the text in one faulty record.</summary>
    public static IEnumerable<CsvRecord> Read(string text, char delimiter = ',')
    {
        var position = 0;
        var line = 1;
        while (position < text.Length)
        {
            var began = line;
            var fields = new List<string>();
            string? fault = null;
            while (true)
            {
                fields.Add(ReadField(text, delimiter, ref position, ref line, ref fault));
                if (position >= text.Length || text[position] != delimiter)
                    break;
                position++;
                if (position == text.Length)
                {
                    fields.Add(""); // the text ends right after a delimiter
                    break;
                }
            }
            SkipLineBreak(text, ref position, ref line);
            if (fields is not [""])
                yield return new CsvRecord(began, fields, fault);
        }
    }

    private static string ReadField(string text, char delimiter, ref int position, ref int line, ref string? fault)
    {
        if (position < text.Length && text[position] == '"')
            return ReadQuoted(text, delimiter, ref position, ref line, ref fault);
        var start = position;
        while (position < text.Length && text[position] != delimiter && text[position] is not ('\r' or '\n'))
            position++;
        return text[start..position];
    }

    private static string ReadQuoted(string text, char delimiter, ref int position, ref int line, ref string? fault)
    {
        var field = new StringBuilder();
        position++;
        while (true)
        {
            if (position >= text.Length)
            {
                fault = "Has a quotation mark that is never closed.";
                return field.ToString();
            }
            var c = text[position];
            if (c == '"')
            {
                position++;
                if (position >= text.Length || text[position] != '"')
                    break;
            }
            else if (c == '\n' || (c == '\r' && (position + 1 >= text.Length || text[position + 1] != '\n')))
            {
                line++;
            }
            field.Append(c);
            position++;
        }
        var rest = position;
        while (position < text.Length && text[position] != delimiter && text[position] is not ('\r' or '\n'))
            position++;
        if (position > rest)
            fault = "Has text after a closing quotation mark; double the marks that belong to the text.";
        return field.ToString();
    }

    private static void SkipLineBreak(string text, ref int position, ref int line)
    {
        if (position >= text.Length)
            return;
        if (text[position] == '\r' && position + 1 < text.Length && text[position + 1] == '\n')
            position++;
        position++;
        line++;
    }
}
