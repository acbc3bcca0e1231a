using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Runs;

namespace AgentConsole.Core.Views;

/// <summary>The query of a view: what the filter of its page writes into an address.</summary>
public static class ViewQuery
{
    /// <summary>The same query in the form in which it is kept and compared; names that the page does not know are left out, nonsense is named.</summary>
    public static string Canonical(ViewPage page, string? query, FieldErrors errors)
    {
        var members = Read(query);
        string? Value(string name) => members.GetValueOrDefault(name);
        var wrong = new FieldErrors();
        var text = Write(
            page switch
            {
                ViewPage.Fleet => AgentFilter.Parse(Value, wrong).ToQuery(),
                ViewPage.Runs => RunFilter.Parse(Value, wrong).ToQuery(),
                _ => KeyFilter.Parse(Value, wrong).ToQuery(),
            }
        );
        foreach (var (name, sentences) in wrong.ToDictionary())
            errors.Add("query", $"{name}: {string.Join(" ", sentences)}");
        if (text.Length > ViewService.LongestQuery)
            errors.Add("query", $"At most {ViewService.LongestQuery} characters; this has {text.Length}.");
        return text;
    }

    /// <summary>Members as a query without its question mark.</summary>
    public static string Write(IEnumerable<KeyValuePair<string, string>> members) =>
        string.Join('&', members.Select(m => $"{Uri.EscapeDataString(m.Key)}={Uri.EscapeDataString(m.Value)}"));

    /// <summary>The members of a query; of a name that is given twice the first.</summary>
    public static IReadOnlyDictionary<string, string> Read(string? query)
    {
        var members = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in (query ?? "").TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Take(40))
        {
            var sign = part.IndexOf('=', StringComparison.Ordinal);
            var (name, value) = sign < 0 ? (part, "") : (part[..sign], part[(sign + 1)..]);
            members.TryAdd(Plain(name), Plain(value));
        }
        return members;

        static string Plain(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
    }
}
