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
        var members = QueryText.Read(query);
        string? Value(string name) => members.GetValueOrDefault(name);
        var wrong = new FieldErrors();
        var text = QueryText.Write(
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
}
