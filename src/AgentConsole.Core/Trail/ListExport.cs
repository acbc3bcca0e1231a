using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Trail;

public enum ListFormat
{
    /// <summary>RFC 4180; a cell that a spreadsheet would run as a formula begins with an apostrophe.</summary>
    Csv,

    /// <summary>One object: who made it, when, by which filter, and the rows as the API shows them.</summary>
    Json,
}

/// <summary>What a list looks like as a file.</summary>
/// <param name="Noun">Plural, as in the API's addresses: <c>agents</c>.</param>
/// <param name="Columns">Of the CSV.</param>
public sealed record ListSheet<T>(string Noun, IReadOnlyList<(string Name, Func<T, string?> Cell)> Columns);

/// <summary>Grants exports of lists and puts each of them on the trail.</summary>
public sealed class ListExports(ConsoleStore store, ActorSource actors)
{
    /// <param name="filter">The filter as members of an address; stands in the trail and in the file.</param>
    /// <param name="page">Reads one page of the list, with the team scope of the actor it is given in its query: the one who asked, as they are by then.</param>
    public async Task<Outcome<ListExport<T>>> GrantAsync<T>(
        Actor by,
        ListSheet<T> sheet,
        IEnumerable<KeyValuePair<string, string>> filter,
        ListFormat format,
        Func<Actor, PageRequest, CancellationToken, Task<Outcome<Paged<T>>>> page,
        CancellationToken cancellationToken
    )
    {
        var members = filter.ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);
        await using var write = await store.WriteAsync(cancellationToken);
        write.Trail(
            by,
            sheet.Noun + ".exported",
            new TrailTarget(sheet.Noun, null, KebabCase.Of(format)),
            after: new { format = KebabCase.Of(format), filter = members }
        );
        if (!await write.TryCommitAsync(cancellationToken))
            return Write.LostRace();
        var right = new ExportRight(actors, by, Permission.ReadFleet);
        return new ListExport<T>(sheet, members, format, by.Label, write.Now, (request, stop) => page(right.Now(), request, stop));
    }
}

/// <summary>
/// An export that was granted: read and written page by page, never whole in memory, each page a query of its own. The CSV ends each row with the
/// time of making and the filter, so that the file says for itself what it is; the JSON ends with the count, so that one that was cut off shows it.
/// </summary>
public sealed class ListExport<T>(
    ListSheet<T> sheet,
    IReadOnlyDictionary<string, string> filter,
    ListFormat format,
    string madeBy,
    DateTimeOffset at,
    Func<PageRequest, CancellationToken, Task<Outcome<Paged<T>>>> page
)
{
    private const int Piece = 500;

    public string ContentType => format == ListFormat.Csv ? "text/csv; charset=utf-8; header=present" : "application/json; charset=utf-8";

    public string FileName =>
        string.Create(CultureInfo.InvariantCulture, $"{sheet.Noun}-{at:yyyyMMdd-HHmmss}Z.{(format == ListFormat.Csv ? "csv" : "json")}");

    /// <summary>What was asked for, as one text: <c>health=failing&amp;team=payments</c>; empty for everything.</summary>
    public string Statement => QueryText.Plain(filter);

    /// <summary>
    /// Writes everything and leaves the stream open. What was read goes out before more is read. Throws <see cref="ExportEndedException"/> when the right
    /// to it ends on the way.
    /// </summary>
    public Task WriteToAsync(Stream output, CancellationToken cancellationToken) =>
        format == ListFormat.Csv ? WriteCsvAsync(output, cancellationToken) : WriteJsonAsync(output, cancellationToken);

    private async Task WriteCsvAsync(Stream output, CancellationToken cancellationToken)
    {
        await using var text = new StreamWriter(output, new UTF8Encoding(false), leaveOpen: true);
        await text.WriteAsync(
            CsvText.Line([.. sheet.Columns.Select(c => c.Name), "exported_at", "export_filter"]).AsMemory(),
            cancellationToken
        );
        string[] tail = [Time(at), Statement];
        await foreach (var rows in PiecesAsync(cancellationToken))
        {
            foreach (var row in rows)
                await text.WriteAsync(CsvText.Line([.. sheet.Columns.Select(c => c.Cell(row)), .. tail]).AsMemory(), cancellationToken);
            await text.FlushAsync(cancellationToken);
        }
    }

    private async Task WriteJsonAsync(Stream output, CancellationToken cancellationToken)
    {
        await using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = ConsoleJson.Options.Encoder });
        json.WriteStartObject();
        json.WriteString("list", sheet.Noun);
        json.WriteString("made_at", Time(at));
        json.WriteString("made_by", madeBy);
        json.WriteStartObject("filter");
        foreach (var (name, value) in filter)
            json.WriteString(name, value);
        json.WriteEndObject();
        json.WriteStartArray("data");
        var count = 0L;
        await foreach (var rows in PiecesAsync(cancellationToken))
        {
            foreach (var row in rows)
                json.WriteRawValue(JsonSerializer.SerializeToUtf8Bytes(row, ConsoleJson.Options), skipInputValidation: true); // the other way flushes, and not asynchronously
            count += rows.Count;
            await json.FlushAsync(cancellationToken);
            await output.FlushAsync(cancellationToken);
        }
        json.WriteEndArray();
        json.WriteNumber("count", count);
        json.WriteEndObject();
    }

    private async IAsyncEnumerable<IReadOnlyList<T>> PiecesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? cursor = null;
        do
        {
            var read = (await page(new PageRequest(Piece, cursor), cancellationToken)).Value;
            yield return read.Items;
            cursor = read.NextCursor;
        } while (cursor is not null);
    }

    /// <summary>An instant as every export has it.</summary>
    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
