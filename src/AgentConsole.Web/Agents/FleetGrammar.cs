using System.Text;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Agents;

/// <summary>
/// What one types into the fleet's filter: words for the name, and facts as <c>health:failing,degraded</c>; a minus in front, of the fact or of a
/// value, excludes. A value with a space or comma stands in quotation marks.
/// </summary>
public static class FleetGrammar
{
    private static readonly Dictionary<string, AgentFact> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["health"] = AgentFact.Health,
        ["liveness"] = AgentFact.Liveness,
        ["lifecycle"] = AgentFact.Lifecycle,
        ["team"] = AgentFact.Team,
        ["owner"] = AgentFact.Owner,
        ["tag"] = AgentFact.Tag,
        ["env"] = AgentFact.Environment,
        ["environment"] = AgentFact.Environment,
    };

    /// <summary>What can be typed, for the line under the field.</summary>
    public static MarkupString Help { get; } =
        new(
            "<p class=\"fb-help\" id=\"fleet-grammar\">Words of the name, or facts: "
                + string.Join(
                    ", ",
                    new[]
                    {
                        Fact<Health>("health"),
                        Fact<Liveness>("liveness"),
                        Fact<Lifecycle>("lifecycle"),
                        "<code>team:</code>",
                        $"<code>owner:</code> (<code>{AgentFilter.Ownerless}</code> for nobody)",
                        "<code>env:</code>",
                        "<code>tag:</code>",
                    }
                )
                + ". A comma is or, a minus in front is not, a value with a space stands in quotation marks: <code>health:failing,degraded -team:payments tag:\"eu west\"</code>. Enter takes it.</p>"
        );

    private static string Fact<T>(string name)
        where T : struct, Enum =>
        $"<code>{name}:</code> {string.Join(" ", Enum.GetValues<T>().Select(v => KebabCase.Of(v)).Where(v => v != "deleted"))}";

    /// <summary>Adds the typed facts to the filter; what is none stays in the text. Unknown values stay too, so that nothing is lost silently.</summary>
    public static (AgentFilter Filter, string Text) Read(AgentFilter filter, string typed)
    {
        var rest = new List<string>();
        foreach (var word in Words(typed))
        {
            if (ReadFact(word) is var (fact, choice))
                filter = filter.With(fact, Choice.Join(filter[fact], choice));
            else
                rest.Add(word);
        }
        var text = string.Join(' ', rest);
        return (filter with { Text = Clean(text) }, text);
    }

    /// <summary>The filter with this value of a fact neither wanted nor unwanted.</summary>
    public static AgentFilter Without(AgentFilter filter, AgentFact fact, string value) =>
        filter.With(fact, Choice.Without(filter[fact], value));

    /// <summary>Typed text as a filter takes it; null when nothing is left.</summary>
    public static string? Clean(string typed) => Texts.Line(typed, "q", 100, new FieldErrors());

    private static (AgentFact Fact, Choice Choice)? ReadFact(string word)
    {
        var not = word.StartsWith('-');
        var colon = word.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1 || !Names.TryGetValue(word[(not ? 1 : 0)..colon], out var fact))
            return null;
        var errors = new FieldErrors();
        if (AgentFilter.ReadChoice(fact, word[(colon + 1)..], errors) is not { } choice || errors.Any)
            return null;
        return (fact, not ? Choice.Of([], choice.Wanted.Concat(choice.Unwanted))! : choice);
    }

    // Spaces end a word, unless they stand in quotation marks.
    private static IEnumerable<string> Words(string typed)
    {
        var word = new StringBuilder();
        var quoted = false;
        foreach (var c in typed)
        {
            if (c == '"' && (quoted || word.ToString().Contains(':', StringComparison.Ordinal)))
                quoted = !quoted;
            if (c != ' ' || quoted)
            {
                word.Append(c);
                continue;
            }
            if (word.Length > 0)
                yield return word.ToString();
            word.Clear();
        }
        if (word.Length > 0)
            yield return word.ToString();
    }
}
