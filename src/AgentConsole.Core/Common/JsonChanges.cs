using System.Text.Json;
using AgentConsole.Contracts;

namespace AgentConsole.Core.Common;

/// <summary>How the members of a list are told apart.</summary>
public enum ListOrder
{
    /// <summary>By their place: the list is compared as a whole.</summary>
    Counts,

    /// <summary>Names, whose order says nothing.</summary>
    Names,

    /// <summary>Objects with a <c>name</c>, whose order says nothing.</summary>
    ByName,
}

/// <summary>Differences of two JSON values, by the path of the member. Objects are compared member by member.</summary>
/// <param name="Complete">False when there are more than <see cref="Most"/>.</param>
public sealed record JsonChanges(IReadOnlyList<SnapshotChange> Changes, bool Complete)
{
    public const int Most = 500;

    // Beyond it members are compared as a whole: a path repeats the names above it, and those may be long.
    private const int MostPath = 200;

    /// <param name="from">Canonical, as the other: then the same value is the same text.</param>
    /// <param name="list">How the list at a path is compared.</param>
    /// <param name="prefix">Of every path.</param>
    public static JsonChanges Compare(string from, string to, Func<string, ListOrder> list, string prefix = "")
    {
        using var before = JsonDocument.Parse(from);
        using var after = JsonDocument.Parse(to);
        var changes = new List<SnapshotChange>();
        Compare("", before.RootElement, after.RootElement, new Walk(list, prefix, changes));
        return new JsonChanges(changes.Count > Most ? changes.GetRange(0, Most) : changes, changes.Count <= Most);
    }

    private sealed record Walk(Func<string, ListOrder> List, string Prefix, List<SnapshotChange> Changes)
    {
        public bool IsFull => Changes.Count > Most;

        public void Add(string path, JsonElement? before, JsonElement? after) =>
            Changes.Add(
                new SnapshotChange(
                    Prefix + path,
                    before is null ? "added"
                        : after is null ? "removed"
                        : "changed",
                    before?.Clone(),
                    after?.Clone()
                )
            );
    }

    private static void Compare(string path, JsonElement? from, JsonElement? to, Walk walk)
    {
        if (walk.IsFull)
            return;
        if (IsList(from, to) && path.Length > 0 && walk.List(path) is not ListOrder.Counts and var order)
        {
            var (was, now) = (ByName(from, order), ByName(to, order));
            foreach (var name in was.Keys.Union(now.Keys).Order(StringComparer.Ordinal))
            {
                JsonElement? a = was.TryGetValue(name, out var one) ? one : null;
                JsonElement? b = now.TryGetValue(name, out var other) ? other : null;
                if (order == ListOrder.ByName)
                    Compare($"{path}.{name}", a, b, walk);
                else if (a is null || b is null)
                    walk.Add(path, a, b);
                if (walk.IsFull)
                    return;
            }
        }
        else if (from is { ValueKind: JsonValueKind.Object } f && to is { ValueKind: JsonValueKind.Object } t && path.Length <= MostPath)
        {
            var names = f.EnumerateObject().Concat(t.EnumerateObject()).Select(m => m.Name).Distinct().Order(StringComparer.Ordinal);
            foreach (var name in names)
                Compare(
                    path.Length == 0 ? name : $"{path}.{name}",
                    f.TryGetProperty(name, out var a) ? a : null,
                    t.TryGetProperty(name, out var b) ? b : null,
                    walk
                );
        }
        else if (from?.GetRawText() != to?.GetRawText())
            walk.Add(path, from, to);
    }

    private static bool IsList(JsonElement? from, JsonElement? to) =>
        from is null or { ValueKind: JsonValueKind.Array } && to is null or { ValueKind: JsonValueKind.Array } && (from ?? to) is not null;

    private static Dictionary<string, JsonElement> ByName(JsonElement? list, ListOrder order)
    {
        var named = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var item in list is { } items ? items.EnumerateArray().ToArray() : [])
            named.TryAdd((order == ListOrder.Names ? item : item.GetProperty("name")).GetString()!, item);
        return named;
    }
}
