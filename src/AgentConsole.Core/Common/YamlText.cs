using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace AgentConsole.Core.Common;

/// <summary>What is wrong with a YAML text, and where.</summary>
public sealed class YamlFault(long line, string sentence) : Exception(sentence)
{
    public long Line => line;
}

/// <summary>One mapping of a list: where it begins, and its members as JSON; or what is wrong with it.</summary>
public sealed record YamlEntry(int Line, JsonObject? Members, string? Fault);

/// <summary>
/// The part of YAML 1.2 that equals JSON with another spelling. Anchors, aliases, tags and further documents are refused: nothing in a text can be
/// more than it looks. In what is written, every text that could be read as something else is quoted.
/// </summary>
public static partial class YamlText
{
    public const int MostDepth = 32;

    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex JsonNumber { get; }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_./@-]*( [A-Za-z0-9_./@-]+)*$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Plain { get; }

    /// <summary>Reads a list of mappings, alone or under one name.</summary>
    /// <param name="name">The member of the outermost mapping that holds the list.</param>
    /// <param name="isText">Whether everything below this member is text, however it looks: <c>version: 1.10</c> is no number.</param>
    /// <param name="most">Entries beyond this one are not read; the answer then has one more than that.</param>
    /// <exception cref="YamlFault">The text as a whole is no such list.</exception>
    public static List<YamlEntry> ReadList(string text, string name, Func<string, bool> isText, int most)
    {
        try
        {
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _))
                throw new YamlFault(1, "Holds no document.");
            Guard(parser);
            if (parser.TryConsume<MappingStart>(out _))
            {
                List<YamlEntry>? list = null;
                while (!parser.Accept<MappingEnd>(out _))
                {
                    var member = Guard(parser);
                    var key = parser.Consume<Scalar>().Value;
                    if (key != name || list is not null)
                        throw new YamlFault(member.Start.Line, $"Must be a list of agents, or a mapping with the one member {name}.");
                    Guard(parser);
                    list = ReadEntries(parser, isText, most);
                    if (list.Count > most)
                        return list;
                }
                parser.Consume<MappingEnd>();
                End(parser);
                return list ?? [];
            }
            var entries = ReadEntries(parser, isText, most);
            if (entries.Count <= most)
                End(parser);
            return entries;
        }
        catch (YamlException e)
        {
            // The reader's own sentence may hold a piece of the text.
            throw new YamlFault(e.Start.Line, "Is not valid YAML.");
        }
    }

    private static void End(Parser parser)
    {
        parser.Consume<DocumentEnd>();
        if (!parser.Accept<StreamEnd>(out var end))
            throw new YamlFault(parser.Current?.Start.Line ?? 1, "Holds a second document; one is read.");
        _ = end;
    }

    private static List<YamlEntry> ReadEntries(Parser parser, Func<string, bool> isText, int most)
    {
        if (!parser.TryConsume<SequenceStart>(out _))
            throw new YamlFault(parser.Current?.Start.Line ?? 1, "Must be a list of agents.");
        var entries = new List<YamlEntry>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            var start = Guard(parser);
            var line = (int)start.Start.Line;
            if (entries.Count == most)
            {
                entries.Add(new YamlEntry(line, null, "Is one too many."));
                return entries;
            }
            if (start is not MappingStart)
            {
                parser.SkipThisAndNestedEvents();
                entries.Add(new YamlEntry(line, null, "Must be a mapping of members."));
                continue;
            }
            entries.Add(ReadEntry(parser, isText, line));
        }
        return entries;
    }

    private static YamlEntry ReadEntry(Parser parser, Func<string, bool> isText, int line)
    {
        parser.Consume<MappingStart>();
        var members = new JsonObject();
        string? fault = null;
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = Key(parser);
            var value = Node(parser, isText(key), 2);
            if (!members.TryAdd(key, value))
                fault = $"Names {Texts.Clip(key, 60)} twice.";
        }
        return new YamlEntry(line, members, fault);
    }

    // With the lines of what is found, where they are wanted.
    private static JsonNode? Node(Parser parser, bool text, int depth, MemberLines? lines = null, string? path = null)
    {
        var start = Guard(parser);
        lines?.Add(path, start.Start.Line);
        if (depth > MostDepth)
            throw new YamlFault(start.Start.Line, $"Nesting is limited to {MostDepth} levels.");
        switch (start)
        {
            case Scalar scalar:
                parser.MoveNext();
                return Value(scalar, text);
            case SequenceStart:
                parser.MoveNext();
                var items = new JsonArray();
                while (!parser.TryConsume<SequenceEnd>(out _))
                    items.Add(Node(parser, text, depth + 1, lines, MemberLines.Item(path, items.Count)));
                return items;
            default:
                parser.Consume<MappingStart>();
                var members = new JsonObject();
                while (!parser.TryConsume<MappingEnd>(out _))
                {
                    var line = Guard(parser).Start.Line;
                    var key = Key(parser);
                    lines?.Add(MemberLines.Member(path, key), line);
                    if (!members.TryAdd(key, Node(parser, text, depth + 1, lines, MemberLines.Member(path, key))))
                        throw new YamlFault(line, "Names a member twice.");
                }
                return members;
        }
    }

    private static string Key(Parser parser)
    {
        var key = Guard(parser);
        if (key is not Scalar scalar)
            throw new YamlFault(key.Start.Line, "A member is named by a text, not by a list or mapping.");
        parser.MoveNext();
        return scalar.Value;
    }

    private static JsonNode? Value(Scalar scalar, bool text)
    {
        if (scalar.Style != ScalarStyle.Plain)
            return JsonValue.Create(scalar.Value);
        if (scalar.Value is "" or "~" or "null" or "Null" or "NULL")
            return null;
        if (text)
            return JsonValue.Create(scalar.Value);
        return scalar.Value switch
        {
            "true" or "True" or "TRUE" => JsonValue.Create(true),
            "false" or "False" or "FALSE" => JsonValue.Create(false),
            _ => JsonNumber.IsMatch(scalar.Value) ? JsonNode.Parse(scalar.Value) : JsonValue.Create(scalar.Value),
        };
    }

    // The next event, unless it is of the kind by which a small text becomes a large one, or a thing of another type.
    private static ParsingEvent Guard(Parser parser)
    {
        if (parser.Current is null)
            parser.MoveNext();
        var next = parser.Current ?? throw new YamlFault(1, "Ends too early.");
        if (next is AnchorAlias)
            throw new YamlFault(next.Start.Line, "Aliases (*) are not read; write the value again.");
        if (next is NodeEvent { Anchor.IsEmpty: false })
            throw new YamlFault(next.Start.Line, "Anchors (&) are not read; remove them.");
        if (next is NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } })
            throw new YamlFault(next.Start.Line, "Tags (!) are not read; remove them.");
        return next;
    }

    /// <summary>A text as a value or key: plain where nobody could read it as something else.</summary>
    public static string Text(string value) =>
        Plain.IsMatch(value) && !value.EndsWith('\n') && value.Length < 200 && !IsWord(value) ? value : Quote(value);

    /// <summary>Any JSON value in one line.</summary>
    public static string Flow(JsonElement value)
    {
        var text = new StringBuilder();
        Flow(value, text);
        return text.ToString();
    }

    private static void Flow(JsonElement value, StringBuilder text)
    {
        var first = true;
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                text.Append('{');
                foreach (var member in value.EnumerateObject())
                {
                    // A key this long must be announced.
                    text.Append(first ? "" : ", ").Append(member.Name.Length > 150 ? "? " : "").Append(Quote(member.Name)).Append(": ");
                    Flow(member.Value, text);
                    first = false;
                }
                text.Append('}');
                break;
            case JsonValueKind.Array:
                text.Append('[');
                foreach (var item in value.EnumerateArray())
                {
                    text.Append(first ? "" : ", ");
                    Flow(item, text);
                    first = false;
                }
                text.Append(']');
                break;
            case JsonValueKind.String:
                text.Append(Quote(value.GetString()!));
                break;
            default:
                text.Append(value.GetRawText());
                break;
        }
    }

    private static bool IsWord(string value) =>
        value.ToLowerInvariant() is "null" or "true" or "false" or "yes" or "no" or "on" or "off" or "y" or "n";

    private static string Quote(string value)
    {
        var text = new StringBuilder("\"");
        foreach (var c in value)
        {
            switch (c)
            {
                case '"' or '\\':
                    text.Append('\\').Append(c);
                    break;
                case '\n':
                    text.Append("\\n");
                    break;
                case '\t':
                    text.Append("\\t");
                    break;
                case < ' ' or (>= '\u007F' and <= '\u00A0') or '\u2028' or '\u2029' or '\uFEFF' or '\uFFFE' or '\uFFFF':
                    text.Append("\\u").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture));
                    break;
                default:
                    text.Append(c);
                    break;
            }
        }
        return text.Append('"').ToString();
    }
}
