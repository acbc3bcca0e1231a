using System.Globalization;
using AgentConsole.Core.Common;
using AgentConsole.Core.Runs;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Runs;

/// <summary>What one types into the filter of the run log: words to look for, and facts as <c>status:failed</c>, <c>over:5s</c>, <c>cost:0.10</c>.</summary>
public static class RunGrammar
{
    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["agent"] = "agent",
        ["team"] = "team",
        ["status"] = "status",
        ["version"] = "version",
        ["since"] = "since",
        ["until"] = "until",
        ["over"] = "min_duration_ms",
        ["cost"] = "min_cost",
    };

    /// <summary>What can be typed, for the line under the field.</summary>
    public static MarkupString Help { get; } =
        new(
            "<p class=\"fb-help\" id=\"run-grammar\">Words, ids and error codes, or facts: <code>status:</code> "
                + string.Join(" ", Enum.GetValues<RunStatus>().Select(status => KebabCase.Of(status)))
                + ", <code>agent:</code>, <code>team:</code>, <code>version:</code>, <code>since:</code> <code>15m</code>, <code>over:</code> <code>5s</code>, <code>cost:</code> at least so many dollars. <code>status:failed over:5s</code>. Enter takes it.</p>"
        );

    /// <summary>The filter with the facts of its text as members. What is no fact, or has no sensible value, stays in the text.</summary>
    public static RunFilter Read(RunFilter filter)
    {
        if (filter.Text?.Contains(':', StringComparison.Ordinal) is not true)
            return filter;
        var values = filter.ToQuery().ToDictionary(pair => pair.Key, pair => pair.Value);
        var rest = new List<string>();
        foreach (var word in filter.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Fact(word) is var (name, value) && name is not null)
                values[name] = value;
            else
                rest.Add(word);
        }
        values["q"] = string.Join(' ', rest);
        return RunFilter.Parse(name => values.GetValueOrDefault(name) is { Length: > 0 } value ? value : null, new FieldErrors());
    }

    private static (string? Name, string Value) Fact(string word)
    {
        var colon = word.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1 || colon == word.Length - 1 || !Names.TryGetValue(word[..colon], out var name))
            return (null, "");
        var value = name == "min_duration_ms" ? Milliseconds(word[(colon + 1)..]) : word[(colon + 1)..];
        var errors = new FieldErrors();
        RunFilter.Parse(asked => asked == name ? value : null, errors);
        return errors.Any ? (null, "") : (name, value);
    }

    // 400ms, 5s, 1.5m, 2h; a bare number is milliseconds, as in the address.
    private static string Milliseconds(string text)
    {
        foreach (var (unit, factor) in new[] { ("ms", 1m), ("s", 1_000m), ("m", 60_000m), ("h", 3_600_000m) })
        {
            if (
                text.EndsWith(unit, StringComparison.Ordinal)
                && decimal.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var many)
                && many < 1_000_000_000
            )
                return ((long)(many * factor)).ToString(CultureInfo.InvariantCulture);
        }
        return text;
    }
}
