using System.Text.Json;
using AgentConsole.Contracts;

namespace AgentConsole.Web.Trail;

/// <summary>What a record changed, member by member.</summary>
internal static class TrailDiff
{
    private const int Longest = 400;

    public static IEnumerable<(string Name, string? Before, string? After)> Of(TrailBody record)
    {
        var before = Members(record.Before);
        var after = Members(record.After);
        return before
            .Keys.Union(after.Keys)
            .Order(StringComparer.Ordinal)
            .Select(name => (name, before.GetValueOrDefault(name), after.GetValueOrDefault(name)));
    }

    private static Dictionary<string, string?> Members(JsonElement? value) =>
        value is { ValueKind: JsonValueKind.Object } members
            ? members.EnumerateObject().ToDictionary(m => m.Name, m => Text(m.Value), StringComparer.Ordinal)
            : [];

    private static string? Text(JsonElement value)
    {
        var text = value.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.Undefined => null,
            JsonValueKind.String => value.GetString(),
            _ => value.GetRawText(),
        };
        return text is { Length: > Longest } ? text[..Longest] + "…" : text;
    }
}
