using System.Globalization;
using System.Text.Json;

namespace AgentConsole.Core.Common;

/// <summary>On which lines of a text its members stand, by path (<c>tools[1].name</c>). Deep ones are not kept: they are found by the member above.</summary>
public sealed class MemberLines
{
    private const int MostLines = 10_000;
    private const int MostPath = 200;
    private readonly Dictionary<string, long> _lines = new(StringComparer.Ordinal);

    /// <summary>The line of the member, or of the nearest one above that is known; null where nothing is known.</summary>
    public long? Of(string path)
    {
        while (path.Length > 0)
        {
            if (_lines.TryGetValue(path, out var line))
                return line;
            path = path[..Math.Max(0, path.LastIndexOfAny(['.', '[']))];
        }
        return null;
    }

    internal void Add(string? path, long line)
    {
        if (path is { Length: > 0 } && _lines.Count < MostLines)
            _lines.TryAdd(path, line);
    }

    internal static string? Member(string? parent, string name) =>
        parent is null || parent.Length + name.Length >= MostPath ? null
        : parent.Length == 0 ? name
        : $"{parent}.{name}";

    internal static string? Item(string? parent, int index) =>
        parent is null || parent.Length + 12 > MostPath ? null : string.Create(CultureInfo.InvariantCulture, $"{parent}[{index}]");

    /// <summary>Of a text that is known to be JSON.</summary>
    public static MemberLines OfJson(ReadOnlySpan<byte> json, int mostDepth)
    {
        var lines = new MemberLines();
        var open = new Stack<(string? Path, int Next)>(); // of an object the next item is -1
        var (line, counted, member) = (1L, 0L, (string?)"");
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = mostDepth });
        while (reader.Read())
        {
            line += json[(int)counted..(int)reader.TokenStartIndex].Count((byte)'\n');
            counted = reader.TokenStartIndex;
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                member = Member(open.Peek().Path, reader.GetString()!);
                lines.Add(member, line);
                continue;
            }
            if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
            {
                open.Pop();
                continue;
            }
            if (open.TryPeek(out var parent) && parent.Next >= 0)
            {
                open.Pop();
                open.Push((parent.Path, parent.Next + 1));
                member = Item(parent.Path, parent.Next);
                lines.Add(member, line);
            }
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                open.Push((member, reader.TokenType == JsonTokenType.StartArray ? 0 : -1));
        }
        return lines;
    }
}
