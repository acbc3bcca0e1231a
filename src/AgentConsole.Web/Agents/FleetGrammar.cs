using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;

namespace AgentConsole.Web.Agents;

/// <summary>What one types into the fleet's filter: words for the name, and facts as <c>health:failing</c>.</summary>
public static class FleetGrammar
{
    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["health"] = "health",
        ["liveness"] = "liveness",
        ["lifecycle"] = "lifecycle",
        ["team"] = "team",
        ["owner"] = "owner",
        ["tag"] = "tag",
        ["env"] = "environment",
        ["environment"] = "environment",
    };

    /// <summary>Adds the typed facts to the filter; what is none stays in the text. Unknown values stay too, so that nothing is lost silently.</summary>
    public static (AgentFilter Filter, string Text) Read(AgentFilter filter, string typed)
    {
        var values = filter.ToQuery().Where(pair => pair.Key != "q").ToDictionary(pair => pair.Key, pair => pair.Value);
        var rest = new List<string>();
        foreach (var word in typed.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = word.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && colon < word.Length - 1 && Names.TryGetValue(word[..colon], out var name) && Fits(name, word[(colon + 1)..]))
                values[name] = word[(colon + 1)..];
            else
                rest.Add(word);
        }
        var text = string.Join(' ', rest);
        if (text.Length > 0)
            values["q"] = text;
        return (Parse(values), text);
    }

    /// <summary>The filter without the member of this name.</summary>
    public static AgentFilter Without(AgentFilter filter, string name) =>
        Parse(filter.ToQuery().Where(pair => pair.Key != name).ToDictionary(pair => pair.Key, pair => pair.Value));

    /// <summary>Typed text as a filter takes it; null when nothing is left.</summary>
    public static string? Clean(string typed) => Texts.Line(typed, "q", 100, new FieldErrors());

    private static bool Fits(string name, string value)
    {
        var errors = new FieldErrors();
        AgentFilter.Parse(asked => asked == name ? value : null, errors);
        return !errors.Any;
    }

    private static AgentFilter Parse(Dictionary<string, string> values) =>
        AgentFilter.Parse(name => values.GetValueOrDefault(name), new FieldErrors());
}
