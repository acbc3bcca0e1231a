using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Runs;

/// <summary>Reads many rows so that one malformed row does not lose the others.</summary>
internal static class RunRows
{
    /// <summary>A JSON array; what is wrong with a row stands in its place.</summary>
    public static Outcome<IReadOnlyList<Outcome<ReportRun>>> ReadArray(ReadOnlyMemory<byte> json)
    {
        var rows = new List<Outcome<ReportRun>>();
        try
        {
            var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = 33 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
                return Problem.Invalid("body", "Must be a JSON array of runs, or NDJSON with Content-Type: application/x-ndjson.");
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var from = (int)reader.TokenStartIndex;
                reader.Skip();
                rows.Add(RequestBody.Parse<ReportRun>(json.Span[from..(int)reader.BytesConsumed]));
            }
            while (reader.Read()) { } // nothing may follow
        }
        catch (JsonException e)
        {
            return RequestBody.Malformed(e);
        }
        return rows;
    }

    /// <summary>One JSON object a line; empty lines are skipped and not counted.</summary>
    public static Outcome<IReadOnlyList<Outcome<ReportRun>>> ReadLines(ReadOnlyMemory<byte> text)
    {
        var rows = new List<Outcome<ReportRun>>();
        var rest = text.Span;
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf((byte)'\n');
            var line = (end < 0 ? rest : rest[..end]).Trim(" \r\t"u8);
            rest = end < 0 ? [] : rest[(end + 1)..];
            if (!line.IsEmpty)
                rows.Add(RequestBody.Parse<ReportRun>(line));
        }
        return rows;
    }

    /// <summary>One object, or an array of them.</summary>
    public static Outcome<IReadOnlyList<T>> ReadOneOrMany<T>(ReadOnlySpan<byte> json)
        where T : class
    {
        if (json.TrimStart(" \r\n\t"u8) is not [(byte)'[', ..])
            return RequestBody.Parse<T>(json).Map(one => (IReadOnlyList<T>)[one]);
        return RequestBody.Parse<List<T>>(json).Map(many => (IReadOnlyList<T>)many);
    }
}
