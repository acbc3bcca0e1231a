using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace AgentConsole.Core.Common;

public static partial class YamlText
{
    /// <summary>Reads one document, with the lines of its members.</summary>
    /// <exception cref="YamlFault">The text is no such document.</exception>
    public static (JsonNode? Root, MemberLines Lines) ReadOne(string text)
    {
        try
        {
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _))
                throw new YamlFault(1, "Holds no document.");
            var lines = new MemberLines();
            var root = Node(parser, text: false, 1, lines, "");
            End(parser);
            return (root, lines);
        }
        catch (YamlException e)
        {
            // The reader's own sentence may hold a piece of the text.
            throw new YamlFault(e.Start.Line, "Is not valid YAML.");
        }
    }

    /// <summary>A JSON object as a person writes it: a member a line, long texts as blocks. Read again it is the same object.</summary>
    /// <param name="first">Members of the outermost object that stand first, in this order.</param>
    public static string Block(JsonElement value, params ReadOnlySpan<string> first)
    {
        var text = new StringBuilder();
        if (!IsBlock(value))
            return Flow(value) + "\n";
        if (value.ValueKind == JsonValueKind.Array)
        {
            Items(value, 0, text);
            return text.ToString();
        }
        foreach (var name in first)
        {
            if (value.TryGetProperty(name, out var member))
                Member(name, member, 0, text);
        }
        foreach (var member in value.EnumerateObject())
        {
            if (!first.Contains(member.Name))
                Member(member.Name, member.Value, 0, text);
        }
        return text.ToString();
    }

    // A name that is longer must be announced, which is more than a block of lines bears.
    private const int MostName = 150;

    private static bool IsBlock(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Object => value.EnumerateObject().Any() && value.EnumerateObject().All(m => m.Name.Length <= MostName),
            JsonValueKind.Array => value.GetArrayLength() > 0,
            _ => false,
        };

    private static void Member(string name, JsonElement value, int indent, StringBuilder text)
    {
        text.Append(Text(name)).Append(':');
        After(value, indent, text);
    }

    private static void After(JsonElement value, int indent, StringBuilder text)
    {
        if (value.ValueKind == JsonValueKind.String && value.GetString()! is var words)
        {
            text.Append(' ');
            if (IsLiteral(words))
                Literal(words, indent + 2, text);
            else
                text.Append(Text(words)).Append('\n');
        }
        else if (!IsBlock(value))
            text.Append(' ').Append(Flow(value)).Append('\n');
        else if (value.ValueKind == JsonValueKind.Array)
        {
            text.Append('\n');
            Items(value, indent + 2, text);
        }
        else
        {
            text.Append('\n');
            foreach (var member in value.EnumerateObject())
                Member(member.Name, member.Value, indent + 2, text.Append(' ', indent + 2));
        }
    }

    private static void Items(JsonElement list, int indent, StringBuilder text)
    {
        foreach (var item in list.EnumerateArray())
        {
            text.Append(' ', indent).Append('-');
            if (item.ValueKind != JsonValueKind.Object || !IsBlock(item))
            {
                After(item, indent, text);
                continue;
            }
            var begun = false;
            foreach (var member in item.EnumerateObject().OrderBy(m => m.Name != "name"))
            {
                text.Append(' ', begun ? indent + 2 : 1);
                Member(member.Name, member.Value, indent + 2, text);
                begun = true;
            }
        }
    }

    // Several lines, none of which could lose anything to indentation.
    private static bool IsLiteral(string words)
    {
        if (!words.Contains('\n', StringComparison.Ordinal) || words[0] is '\n' or ' ' || words.EndsWith("\n\n", StringComparison.Ordinal))
            return false;
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i] is ' ' && (i + 1 == words.Length || words[i + 1] == '\n'))
                return false;
            if (
                words[i] is not '\n'
                && words[i] is < ' ' or (>= '\u007F' and <= '\u00A0') or '\u2028' or '\u2029' or '\uFEFF' or '\uFFFE' or '\uFFFF'
            )
                return false;
        }
        return true;
    }

    private static void Literal(string words, int indent, StringBuilder text)
    {
        text.Append(words.EndsWith('\n') ? "|\n" : "|-\n");
        foreach (var line in words.AsSpan().TrimEnd('\n').EnumerateLines())
        {
            if (!line.IsEmpty)
                text.Append(' ', indent).Append(line);
            text.Append('\n');
        }
    }
}
