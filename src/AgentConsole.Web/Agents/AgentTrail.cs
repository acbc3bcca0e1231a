using System.Text.Json;
using AgentConsole.Contracts;

namespace AgentConsole.Web.Agents;

/// <summary>A trail record's change on one line: <c>lifecycle active → paused</c>.</summary>
internal static class AgentTrail
{
    public static string Change(TrailBody record)
    {
        var before = Members(record.Before);
        var after = Members(record.After);
        var names = before.Keys.Union(after.Keys, StringComparer.Ordinal);
        return string.Join(
            ", ",
            names.Select(name =>
                (before.TryGetValue(name, out var old), after.TryGetValue(name, out var now)) switch
                {
                    (true, true) => $"{name} {old} → {now}",
                    (false, _) => $"{name} {now}",
                    _ => $"{name} {old} → —",
                }
            )
        );
    }

    private static Dictionary<string, string> Members(JsonElement? value) =>
        value is { ValueKind: JsonValueKind.Object } members
            ? members
                .EnumerateObject()
                .Where(m =>
                    m.Value.ValueKind != JsonValueKind.Null && !(m.Value.ValueKind == JsonValueKind.Array && m.Value.GetArrayLength() == 0)
                )
                .ToDictionary(
                    m => m.Name,
                    m => m.Value.ValueKind == JsonValueKind.String ? m.Value.GetString()! : m.Value.GetRawText(),
                    StringComparer.Ordinal
                )
            : [];
}
