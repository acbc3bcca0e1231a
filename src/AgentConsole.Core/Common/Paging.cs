using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace AgentConsole.Core.Common;

/// <summary>How much of a list is wanted, and from where.</summary>
/// <param name="Limit">1 to 500.</param>
/// <param name="Cursor">As given out with the page before; null for the first page.</param>
public sealed record PageRequest(int Limit = 50, string? Cursor = null)
{
    public const int MaxLimit = 500;

    /// <summary>Reads <c>limit</c> and <c>cursor</c> of an address.</summary>
    public static PageRequest Read(string? limit, string? cursor, FieldErrors errors)
    {
        var size = 50;
        if (
            limit is not null
            && (!int.TryParse(limit, System.Globalization.CultureInfo.InvariantCulture, out size) || size is < 1 or > MaxLimit)
        )
        {
            errors.Add("limit", $"Must be a whole number from 1 to {MaxLimit}.");
            size = 50;
        }
        return new PageRequest(size, string.IsNullOrEmpty(cursor) ? null : cursor);
    }
}

/// <summary>One page of rows in order.</summary>
public sealed record Paged<T>(IReadOnlyList<T> Items, string? NextCursor)
{
    public static Paged<T> Empty { get; } = new([], null);

    /// <summary>Cuts the row that was asked beyond the limit and makes a cursor of the last one kept.</summary>
    public static Paged<T> Of(List<T> rows, int limit, Func<T, string[]> key)
    {
        if (rows.Count <= limit)
            return new Paged<T>(rows, null);
        rows.RemoveRange(limit, rows.Count - limit);
        return new Paged<T>(rows, Cursor.Encode(key(rows[^1])));
    }

    public Paged<TOther> Map<TOther>(Func<T, TOther> map) => new([.. Items.Select(map)], NextCursor);
}

/// <summary>An opaque position in a list: the sort key of its last row.</summary>
public static class Cursor
{
    public static string Encode(params string[] parts) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(parts));

    /// <summary>False for anything this list did not give out; then answer 400 with field <c>cursor</c>.</summary>
    public static bool TryDecode(string cursor, int parts, out string[] key)
    {
        key = [];
        if (cursor.Length > 1000)
            return false;
        try
        {
            key = JsonSerializer.Deserialize<string[]>(Base64Url.DecodeFromChars(cursor)) ?? [];
        }
        catch (Exception e) when (e is FormatException or JsonException or DecoderFallbackException)
        {
            return false;
        }
        return key.Length == parts && key.All(p => p is not null);
    }

    public static Problem Bad() =>
        Problem.Invalid("cursor", "This cursor was not given out by this list; leave it away to begin at the start.");
}
