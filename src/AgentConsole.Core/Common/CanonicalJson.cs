using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentConsole.Core.Common;

/// <summary>
/// The JSON Canonicalization Scheme, RFC 8785: members sorted by UTF-16 code units, no white space, shortest escapes. Numbers outside
/// ±(2⁵³−1) or with a fraction are written as .NET's shortest round-trip form, which equals ECMAScript's for the range that occurs here
/// (1e-6 ≤ |x| &lt; 1e21); what lies outside is refused.
/// </summary>
public static class CanonicalJson
{
    public static byte[] Write(JsonNode? node)
    {
        var text = new StringBuilder();
        Write(node, text);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    public static byte[] Write(JsonElement element) => Write(Node(element));

    private static JsonNode? Node(JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.Object => JsonObject.Create(element),
            JsonValueKind.Array => JsonArray.Create(element),
            JsonValueKind.Null or JsonValueKind.Undefined => null,
            _ => JsonValue.Create(element),
        };

    private static void Write(JsonNode? node, StringBuilder text)
    {
        switch (node)
        {
            case null:
                text.Append("null");
                break;
            case JsonObject members:
                text.Append('{');
                var first = true;
                foreach (var (name, value) in members.OrderBy(m => m.Key, StringComparer.Ordinal))
                {
                    if (!first)
                        text.Append(',');
                    first = false;
                    Quote(name, text);
                    text.Append(':');
                    Write(value, text);
                }
                text.Append('}');
                break;
            case JsonArray items:
                text.Append('[');
                for (var i = 0; i < items.Count; i++)
                {
                    if (i > 0)
                        text.Append(',');
                    Write(items[i], text);
                }
                text.Append(']');
                break;
            default:
                WriteValue(JsonSerializer.SerializeToElement(node), text);
                break;
        }
    }

    private static void WriteValue(JsonElement value, StringBuilder text)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                Quote(value.GetString()!, text);
                break;
            case JsonValueKind.True:
                text.Append("true");
                break;
            case JsonValueKind.False:
                text.Append("false");
                break;
            case JsonValueKind.Number:
                text.Append(Number(value));
                break;
            default:
                text.Append("null");
                break;
        }
    }

    private static string Number(JsonElement value)
    {
        if (value.TryGetInt64(out var whole) && Math.Abs(whole) <= 9_007_199_254_740_991)
            return whole.ToString(CultureInfo.InvariantCulture);
        var number = value.GetDouble();
        var size = Math.Abs(number);
        if (number == 0)
            return "0";
        if (size is < 1e-6 or >= 1e21 || !double.IsFinite(number))
            throw new FormatException("A number outside 1e-6 ≤ |x| < 1e21 has no canonical form here.");
        return ((decimal)size == decimal.Truncate((decimal)Math.Min(size, 1e20)) && size < 1e20)
            ? number.ToString("F0", CultureInfo.InvariantCulture)
            : Expand(number.ToString("R", CultureInfo.InvariantCulture));
    }

    // .NET changes to exponents below 1e-4 and from 1e15 on; ECMAScript only below 1e-6 and from 1e21 on.
    private static string Expand(string text) =>
        text.Contains('E', StringComparison.Ordinal)
            ? decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture)
                .ToString("0.#############################", CultureInfo.InvariantCulture)
            : text;

    private static void Quote(string value, StringBuilder text)
    {
        text.Append('"');
        foreach (var c in value)
        {
            switch (c)
            {
                case '"':
                    text.Append("\\\"");
                    break;
                case '\\':
                    text.Append("\\\\");
                    break;
                case '\b':
                    text.Append("\\b");
                    break;
                case '\t':
                    text.Append("\\t");
                    break;
                case '\n':
                    text.Append("\\n");
                    break;
                case '\f':
                    text.Append("\\f");
                    break;
                case '\r':
                    text.Append("\\r");
                    break;
                case < ' ':
                    text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                    break;
                default:
                    text.Append(c);
                    break;
            }
        }
        text.Append('"');
    }
}
