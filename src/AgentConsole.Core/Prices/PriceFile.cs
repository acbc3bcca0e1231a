using System.Text;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Prices;

/// <summary>A file of prices, read but not yet judged.</summary>
/// <param name="Rows">Line (CSV) or 1-based index (JSON), and what it says or what is wrong with it.</param>
public sealed record PriceFile(IReadOnlyList<(int Line, Outcome<AddPrice> Body)> Rows)
{
    public const int MostRows = 2000;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly string[] Required = ["model", "input_per_million", "output_per_million", "effective_from", "source"];
    private static readonly string[] Columns = [.. Required, "provider", "effective_until", "notes"];
    private static readonly Problem TooMany = Problem.Invalid("body", $"At most {MostRows} prices at a time. Split the file.");

    /// <summary>Reads a JSON array of prices where the text begins with a bracket, and CSV with a header line otherwise.</summary>
    public static Outcome<PriceFile> Read(ReadOnlyMemory<byte> file)
    {
        if (file.Span.StartsWith("\uFEFF"u8))
            file = file[3..];
        var first = file.Span.TrimStart(" \t\r\n"u8);
        if (first.IsEmpty)
            return Problem.Invalid("body", "Is empty. Send a JSON array of prices, or CSV with a header line.");
        try
        {
            return first[0] is (byte)'[' or (byte)'{' ? ReadJson(file) : ReadCsv(Strict.GetString(file.Span));
        }
        catch (DecoderFallbackException)
        {
            return Problem.Invalid("body", "Is not valid UTF-8 text. Save the file as UTF-8.");
        }
    }

    private static Outcome<PriceFile> ReadJson(ReadOnlyMemory<byte> file)
    {
        try
        {
            using var document = JsonDocument.Parse(file, new JsonDocumentOptions { MaxDepth = 8 });
            if (document.RootElement.ValueKind != JsonValueKind.Array)
                return Problem.Invalid("body", "Must be a JSON array of prices.");
            if (document.RootElement.GetArrayLength() > MostRows)
                return TooMany;
            var rows = new List<(int, Outcome<AddPrice>)>();
            foreach (var element in document.RootElement.EnumerateArray())
                rows.Add((rows.Count + 1, ReadElement(element)));
            return new PriceFile(rows);
        }
        catch (JsonException)
        {
            return Problem.Invalid("body", "Is not valid JSON.");
        }
    }

    private static Outcome<AddPrice> ReadElement(JsonElement element)
    {
        try
        {
            return element.Deserialize<AddPrice>(ConsoleJson.Options) is { } body
                ? body
                : Problem.Invalid("row", "Must be a JSON object, not null.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Problem.Invalid(
                (e as JsonException)?.Path is { Length: > 2 and < 100 } path ? path[2..] : "row",
                "Has the wrong type or form."
            );
        }
    }

    private static Outcome<PriceFile> ReadCsv(string text)
    {
        var end = text.AsSpan().IndexOfAny('\r', '\n');
        var header = end < 0 ? text : text[..end];
        var delimiter = header.Contains(';', StringComparison.Ordinal) && !header.Contains(',', StringComparison.Ordinal) ? ';' : ',';
        string[]? columns = null;
        var rows = new List<(int, Outcome<AddPrice>)>();
        foreach (var record in CsvText.Read(text, delimiter))
        {
            if (columns is null)
            {
                columns = [.. record.Fields.Select(name => name.Trim().ToLowerInvariant())];
                if (Required.Except(columns).FirstOrDefault() is { } missing)
                    return Problem.Invalid("header", $"The first line must name the columns; {missing} is missing.");
                if (columns.Except(Columns).FirstOrDefault() is { } odd)
                    return Problem.Invalid("header", $"The column {Texts.Clip(odd, 60)} means nothing here.");
                if (columns.Distinct(StringComparer.Ordinal).Count() < columns.Length)
                    return Problem.Invalid("header", "Names a column twice.");
                continue;
            }
            if (record.Fault is null && record.Fields.All(string.IsNullOrWhiteSpace))
                continue;
            if (rows.Count == MostRows)
                return TooMany;
            rows.Add((record.Line, ReadRecord(columns, record)));
        }
        return columns is null ? Problem.Invalid("body", "Has no header line.") : new PriceFile(rows);
    }

    private static Outcome<AddPrice> ReadRecord(string[] columns, CsvRecord record)
    {
        if (record.Fault is { } fault)
            return Problem.Invalid("row", fault);
        if (record.Fields.Count > columns.Length)
            return Problem.Invalid("row", $"Has {record.Fields.Count} fields where the header has {columns.Length}.");
        string? Cell(string column)
        {
            var at = Array.IndexOf(columns, column);
            return at < 0 || at >= record.Fields.Count || string.IsNullOrWhiteSpace(record.Fields[at]) ? null : record.Fields[at].Trim();
        }
        JsonElement? Number(string column) => Cell(column) is { } cell ? JsonSerializer.SerializeToElement(cell) : null;
        return new AddPrice
        {
            Model = Cell("model"),
            Provider = Cell("provider"),
            InputPerMillion = Number("input_per_million"),
            OutputPerMillion = Number("output_per_million"),
            EffectiveFrom = Cell("effective_from"),
            EffectiveUntil = Cell("effective_until"),
            Source = Cell("source"),
            Notes = Cell("notes"),
        };
    }
}
