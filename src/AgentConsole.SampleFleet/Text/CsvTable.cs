using System.Globalization;
using System.Text;

namespace AgentConsole.SampleFleet.Text;

/// <summary>A CSV file that cannot be read as one.</summary>
/// <param name="line">1-based line at which reading failed.</param>
public sealed class CsvFault(int line, string what) : Exception(string.Create(CultureInfo.InvariantCulture, $"Line {line}: {what}"))
{
    public int Line => line;
}

/// <summary>A row by column name, and the line it began at.</summary>
public sealed class CsvRow(IReadOnlyDictionary<string, int> columns, IReadOnlyList<string> values, int line)
{
    public int Line => line;

    /// <exception cref="CsvFault">There is no such column.</exception>
    public string this[string column] =>
        columns.TryGetValue(column, out var index) ? values[index] : throw new CsvFault(1, $"There is no column '{column}'.");
}

/// <summary>CSV after RFC 4180: quotes, doubled quotes, line breaks in quotes. Anything else is a fault that names its line, never a guess.</summary>
public sealed class CsvTable
{
    private CsvTable(IReadOnlyList<string> columns, IReadOnlyList<CsvRow> rows) => (Columns, Rows) = (columns, rows);

    public IReadOnlyList<string> Columns { get; }
    public IReadOnlyList<CsvRow> Rows { get; }

    /// <exception cref="CsvFault">Names the line and what is wrong with it.</exception>
    public static CsvTable Parse(string text)
    {
        var records = Records(text.StartsWith('\uFEFF') ? text[1..] : text).ToList();
        if (records.Count == 0)
            throw new CsvFault(1, "The file is empty; a header line is expected.");
        var columns = records[0].Values;
        var index = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < columns.Count; i++)
        {
            if (!index.TryAdd(columns[i].Trim(), i))
                throw new CsvFault(1, $"The column '{columns[i]}' stands there twice.");
        }
        foreach (var record in records.Skip(1).Where(r => r.Values.Count != columns.Count))
            throw new CsvFault(
                record.Line,
                string.Create(CultureInfo.InvariantCulture, $"{record.Values.Count} fields where the header has {columns.Count}.")
            );
        return new CsvTable(columns, [.. records.Skip(1).Select(r => new CsvRow(index, r.Values, r.Line))]);
    }

    /// <summary>The value as it may stand in a file.</summary>
    public static string Quote(string value) =>
        value.AsSpan().IndexOfAny(",\"\r\n") < 0 ? value : "\"" + value.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    private static IEnumerable<(int Line, List<string> Values)> Records(string text)
    {
        var position = 0;
        var line = 1;
        while (position < text.Length)
        {
            var began = line;
            var values = new List<string>();
            while (true)
            {
                values.Add(Field(text, ref position, ref line));
                if (position >= text.Length)
                    break;
                var c = text[position++];
                if (c == ',')
                    continue;
                if (c == '\r' && position < text.Length && text[position] == '\n')
                    position++;
                line++;
                break;
            }
            if (values is not [""])
                yield return (began, values);
        }
    }

    // Leaves the position on the separator, the line end or the end of the text.
    private static string Field(string text, ref int position, ref int line)
    {
        if (position < text.Length && text[position] == '"')
            return Quoted(text, ref position, ref line);
        var start = position;
        while (position < text.Length && text[position] is not (',' or '\n' or '\r'))
        {
            if (text[position] == '"')
                throw new CsvFault(line, "A quote inside a field that does not begin with one.");
            position++;
        }
        return text[start..position];
    }

    private static string Quoted(string text, ref int position, ref int line)
    {
        var began = line;
        var value = new StringBuilder();
        for (position++; position < text.Length; position++)
        {
            var c = text[position];
            if (c != '"')
            {
                if (c == '\n')
                    line++;
                value.Append(c);
                continue;
            }
            if (position + 1 < text.Length && text[position + 1] == '"')
            {
                value.Append('"');
                position++;
                continue;
            }
            position++;
            if (position < text.Length && text[position] is not (',' or '\n' or '\r'))
                throw new CsvFault(line, "Text after the closing quote of a field.");
            return value.ToString();
        }
        throw new CsvFault(began, "A quote is opened and never closed.");
    }
}
