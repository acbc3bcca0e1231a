using System.Globalization;
using System.Text;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Agents;

/// <summary>One row of a file of agents: where it stands, and what it says or what is wrong with it.</summary>
/// <param name="Line">1-based line of the file where the row begins (CSV, YAML), or 1-based index of the element (JSON).</param>
public sealed record BulkRow(int Line, Outcome<RegisterAgent> Body);

/// <summary>A file of agents, read but not yet judged.</summary>
/// <param name="IgnoredColumns">Columns, or members of rows, that mean nothing here.</param>
public sealed record BulkFile(IReadOnlyList<BulkRow> Rows, IReadOnlyList<string> IgnoredColumns)
{
    public const int MostRows = 5000;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly string[] Columns =
    [
        "slug",
        "display_name",
        "description",
        "team",
        "owner",
        "environment",
        "version",
        "tags",
        "metadata",
        "scopes",
        "key",
        "capture_mode",
        "redactions",
        "lease_seconds",
        "grace_seconds",
    ];

    private static readonly Problem TooMany = Problem.Invalid("body", $"At most {MostRows} rows at a time. Split the file.");
    private static readonly Problem NoUtf8 = Problem.Invalid("body", "Is not valid UTF-8 text. Save the file as UTF-8.");

    // Members whose YAML is read as what it looks like; everything else is text: a version 1.10 is no number.
    private static readonly string[] Typed = ["metadata", "key", "lease_seconds", "grace_seconds"];

    /// <summary>
    /// Reads JSON where the text begins with a bracket, YAML where its first line does as a list of agents has it, and CSV with a header line otherwise.
    /// </summary>
    public static Outcome<BulkFile> Read(ReadOnlyMemory<byte> file)
    {
        var bytes = file.Span;
        if (bytes.StartsWith("\uFEFF"u8))
            file = file[3..];
        var first = file.Span.TrimStart(" \t\r\n"u8);
        if (first.IsEmpty)
            return Problem.Invalid("body", "Is empty. Send agents as YAML, as a JSON array, or as CSV with a header line.");
        return first[0] is (byte)'[' or (byte)'{' ? ReadJson(file)
            : IsYaml(first) ? ReadYaml(file)
            : ReadCsv(file);
    }

    // No header of a CSV begins so.
    private static bool IsYaml(ReadOnlySpan<byte> text)
    {
        foreach (var range in text.Split((byte)'\n'))
        {
            var line = text[range].Trim(" \t\r"u8);
            if (line.IsEmpty || line[0] == (byte)'#')
                continue;
            return line.StartsWith("---"u8)
                || line.StartsWith("%YAML"u8)
                || line is [(byte)'-']
                || line.StartsWith("- "u8)
                || line.StartsWith("agents:"u8);
        }
        return false;
    }

    private static Outcome<BulkFile> ReadYaml(ReadOnlyMemory<byte> file)
    {
        string text;
        try
        {
            text = Strict.GetString(file.Span);
        }
        catch (DecoderFallbackException)
        {
            return NoUtf8;
        }
        try
        {
            var entries = YamlText.ReadList(text, "agents", member => !Typed.Contains(member), MostRows);
            if (entries.Count > MostRows)
                return TooMany;
            var ignored = new HashSet<string>(StringComparer.Ordinal);
            var rows = new List<BulkRow>();
            foreach (var entry in entries)
            {
                if (entry.Members is null || entry.Fault is not null)
                {
                    rows.Add(new BulkRow(entry.Line, Problem.Invalid("row", entry.Fault ?? "Must be a mapping of members.")));
                    continue;
                }
                ignored.UnionWith(entry.Members.Select(m => m.Key).Where(name => !Columns.Contains(name)));
                rows.Add(new BulkRow(entry.Line, ReadElement(JsonSerializer.SerializeToElement(entry.Members))));
            }
            return new BulkFile(rows, Named(ignored));
        }
        catch (YamlFault e)
        {
            return Problem.Invalid("body", string.Create(CultureInfo.InvariantCulture, $"Line {e.Line}: {e.Message}"));
        }
    }

    private static List<string> Named(IEnumerable<string> ignored) => [.. ignored.Take(20).Select(name => Texts.Clip(name, 60)!)];

    private static Outcome<BulkFile> ReadJson(ReadOnlyMemory<byte> file)
    {
        try
        {
            using var document = JsonDocument.Parse(file, new JsonDocumentOptions { MaxDepth = 32 });
            var list = document.RootElement;
            if (list.ValueKind == JsonValueKind.Object && list.TryGetProperty("agents", out var agents))
                list = agents;
            if (list.ValueKind != JsonValueKind.Array)
                return Problem.Invalid("body", "Must be a JSON array of agents.");
            if (list.GetArrayLength() > MostRows)
                return TooMany;
            var ignored = new HashSet<string>(StringComparer.Ordinal);
            var rows = new List<BulkRow>();
            foreach (var element in list.EnumerateArray())
            {
                if (element.ValueKind == JsonValueKind.Object)
                    ignored.UnionWith(element.EnumerateObject().Select(m => m.Name).Where(name => !Columns.Contains(name)));
                rows.Add(new BulkRow(rows.Count + 1, ReadElement(element)));
            }
            return new BulkFile(rows, Named(ignored));
        }
        catch (JsonException e)
        {
            return Problem.Invalid(
                "body",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Is not valid JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}); nesting is limited to 32 levels."
                )
            );
        }
    }

    private static Outcome<RegisterAgent> ReadElement(JsonElement element)
    {
        try
        {
            return element.Deserialize<RegisterAgent>(ConsoleJson.Options) is { } body
                ? body
                : Problem.Invalid("row", "Must be a JSON object, not null.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second is half a surrogate pair in a text. Neither sentence of the reader is passed on: it may hold a piece of the input.
            var field = (e as JsonException)?.Path is { Length: > 2 and < 200 } path ? path[2..] : "row";
            return Problem.Invalid(field, "Has the wrong type or form.");
        }
    }

    private static Outcome<BulkFile> ReadCsv(ReadOnlyMemory<byte> file)
    {
        string text;
        try
        {
            text = Strict.GetString(file.Span);
        }
        catch (DecoderFallbackException)
        {
            return NoUtf8;
        }
        var end = text.AsSpan().IndexOfAny('\r', '\n');
        var header = end < 0 ? text : text[..end];
        // Spreadsheets of some languages write semicolons.
        var delimiter = header.Contains(';', StringComparison.Ordinal) && !header.Contains(',', StringComparison.Ordinal) ? ';' : ',';
        string[]? columns = null;
        var rows = new List<BulkRow>();
        foreach (var record in CsvText.Read(text, delimiter))
        {
            if (columns is null)
            {
                columns = [.. record.Fields.Select(name => name.Trim().ToLowerInvariant())];
                if (HeaderFault(columns) is { } fault)
                    return Problem.Invalid("header", fault);
                continue;
            }
            if (record.Fault is null && record.Fields.All(string.IsNullOrWhiteSpace))
                continue;
            if (rows.Count == MostRows)
                return TooMany;
            rows.Add(new BulkRow(record.Line, ReadRecord(columns, record)));
        }
        return new BulkFile(rows, Named(columns!.Where(c => !Columns.Contains(c))));
    }

    private static string? HeaderFault(string[] columns)
    {
        if (!columns.Contains("slug"))
            return "The first line must name the columns, slug among them.";
        return columns.Where(Columns.Contains).GroupBy(c => c).FirstOrDefault(g => g.Count() > 1) is { } twice
            ? $"Names the column {twice.Key} twice."
            : null;
    }

    private static Outcome<RegisterAgent> ReadRecord(string[] columns, CsvRecord record)
    {
        if (record.Fault is { } fault)
            return Problem.Invalid("row", fault);
        var fields = record.Fields;
        if (fields.Count > columns.Length)
            return Problem.Invalid(
                "row",
                $"Has {fields.Count} fields where the header has {columns.Length}. Quote fields that hold the delimiter."
            );
        var errors = new FieldErrors();
        string? Cell(string column)
        {
            var at = Array.IndexOf(columns, column);
            return at < 0 || at >= fields.Count || string.IsNullOrWhiteSpace(fields[at]) ? null : fields[at];
        }
        var body = new RegisterAgent
        {
            Slug = Cell("slug")?.Trim(),
            DisplayName = Cell("display_name"),
            Description = Cell("description"),
            Team = Cell("team")?.Trim(),
            Owner = Cell("owner")?.Trim(),
            Environment = Cell("environment"),
            Version = Cell("version"),
            Tags = Cell("tags")?.Split([';', ','], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
            Metadata = Json<JsonElement?>(Cell("metadata"), "metadata", errors),
            Scopes = Json<Dictionary<string, IReadOnlyList<string>>>(Cell("scopes"), "scopes", errors),
            Key = Flag(Cell("key"), errors),
            CaptureMode = Cell("capture_mode")?.Trim(),
            Redactions = Json<List<string>>(Cell("redactions"), "redactions", errors),
            LeaseSeconds = Whole(Cell("lease_seconds"), "lease_seconds", errors),
            GraceSeconds = Whole(Cell("grace_seconds"), "grace_seconds", errors),
        };
        return errors.ToProblem() is { } problem ? problem : body;
    }

    private static T? Json<T>(string? cell, string field, FieldErrors errors)
    {
        if (cell is null)
            return default;
        try
        {
            return JsonSerializer.Deserialize<T>(cell, ConsoleJson.Options);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            errors.Add(field, "Is not valid JSON of the documented shape.");
            return default;
        }
    }

    private static bool? Flag(string? cell, FieldErrors errors)
    {
        if (cell is null)
            return null;
        if (bool.TryParse(cell.Trim(), out var flag))
            return flag;
        errors.Add("key", "Must be true or false.");
        return null;
    }

    private static int? Whole(string? cell, string field, FieldErrors errors)
    {
        if (cell is null)
            return null;
        if (int.TryParse(cell.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            return number;
        errors.Add(field, "Must be a whole number of seconds.");
        return null;
    }
}
