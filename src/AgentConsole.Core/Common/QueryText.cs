namespace AgentConsole.Core.Common;

/// <summary>Names and values as one query, in the form in which filters are kept, compared and sent.</summary>
public static class QueryText
{
    private const int MostMembers = 40;

    /// <summary>Members as a query without its question mark; <see cref="Read"/> reads them back.</summary>
    public static string Write(IEnumerable<KeyValuePair<string, string>> members) =>
        string.Join('&', members.Select(m => $"{Uri.EscapeDataString(m.Key)}={Uri.EscapeDataString(m.Value)}"));

    /// <summary>The same for people: nothing in it is escaped, and nothing reads it back.</summary>
    public static string Plain(IEnumerable<KeyValuePair<string, string>> members) =>
        string.Join('&', members.Select(m => $"{m.Key}={m.Value}"));

    /// <summary>The members of a query; of a name that is given twice the first.</summary>
    public static Dictionary<string, string> Read(string? query)
    {
        var members = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in (query ?? "").TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Take(MostMembers))
        {
            var sign = part.IndexOf('=', StringComparison.Ordinal);
            var (name, value) = sign < 0 ? (part, "") : (part[..sign], part[(sign + 1)..]);
            members.TryAdd(Unescaped(name), Unescaped(value));
        }
        return members;
    }

    private static string Unescaped(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
