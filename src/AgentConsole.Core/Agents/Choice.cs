using System.Text;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Agents;

/// <summary>
/// What is wanted of one fact: one of <see cref="Wanted"/> (anything, when there are none) and none of <see cref="Unwanted"/>. As text the values
/// stand between commas and unwanted ones begin with a minus: <c>failing,degraded</c>, <c>-payments</c>. A value that has a comma, a quotation mark
/// or a minus in front itself stands in quotation marks. Where nothing is asked there is no choice: null.
/// </summary>
public sealed class Choice : IEquatable<Choice>
{
    public const int MostValues = 50;

    private Choice(IEnumerable<string> wanted, IEnumerable<string> unwanted)
    {
        Wanted = [.. wanted.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        Unwanted = [.. unwanted.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>Any of these; in order, each once.</summary>
    public IReadOnlyList<string> Wanted { get; }
    public IReadOnlyList<string> Unwanted { get; }

    /// <summary>Null when both are empty: then nothing is asked.</summary>
    public static Choice? Of(IEnumerable<string> wanted, IEnumerable<string> unwanted)
    {
        var choice = new Choice(wanted, unwanted);
        return choice.Wanted.Count + choice.Unwanted.Count == 0 ? null : choice;
    }

    public static implicit operator Choice?(string? value) => value is null ? null : new Choice([value], []);

    public static implicit operator Choice?(Health? value) => value is { } one ? new Choice([KebabCase.Of(one)], []) : null;

    public static implicit operator Choice?(Liveness? value) => value is { } one ? new Choice([KebabCase.Of(one)], []) : null;

    public static implicit operator Choice?(Lifecycle? value) => value is { } one ? new Choice([KebabCase.Of(one)], []) : null;

    /// <summary>Reads a choice; what makes no sense is left out and named in <paramref name="errors"/>.</summary>
    /// <param name="check">Returns a value as it is kept, or null when it is none and an error was added.</param>
    public static Choice? Parse(string? text, string field, FieldErrors errors, Func<string, string?> check)
    {
        if (text is null)
            return null;
        var (wanted, unwanted) = (new List<string>(), new List<string>());
        foreach (var (value, not) in Split(text))
        {
            if (wanted.Count + unwanted.Count == MostValues)
            {
                errors.Add(field, $"At most {MostValues} values.");
                break;
            }
            if (check(value) is { } kept)
                (not ? unwanted : wanted).Add(kept);
        }
        return Of(wanted, unwanted);
    }

    /// <summary>Whether a single value passes.</summary>
    public bool Admits(string value) => (Wanted.Count == 0 || Wanted.Contains(value)) && !Unwanted.Contains(value);

    /// <summary>The choice with this value neither wanted nor unwanted.</summary>
    public static Choice? Without(Choice? choice, string value) =>
        choice is null ? null : Of(choice.Wanted.Where(v => v != value), choice.Unwanted.Where(v => v != value));

    /// <summary>The choice with this value wanted, or unwanted.</summary>
    public static Choice With(Choice? choice, string value, bool unwanted)
    {
        var rest = Without(choice, value);
        IEnumerable<string> one = [value];
        return Of((rest?.Wanted ?? []).Concat(unwanted ? [] : one), (rest?.Unwanted ?? []).Concat(unwanted ? one : []))!;
    }

    /// <summary>Both choices' values; what the second says of a value holds.</summary>
    public static Choice? Join(Choice? first, Choice? second)
    {
        foreach (var value in second?.Wanted ?? [])
            first = With(first, value, unwanted: false);
        foreach (var value in second?.Unwanted ?? [])
            first = With(first, value, unwanted: true);
        return first;
    }

    /// <summary>One value as it stands in a text; <see cref="Parse"/> reads it back.</summary>
    public static string Write(string value, bool unwanted = false)
    {
        var plain =
            value.Length > 0
            && value[0] != '-'
            && !char.IsWhiteSpace(value[0])
            && !char.IsWhiteSpace(value[^1])
            && value.AsSpan().IndexOfAny(",\"") < 0;
        return (unwanted ? "-" : "") + (plain ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
    }

    public override string ToString() =>
        string.Join(',', Wanted.Select(v => Write(v)).Concat(Unwanted.Select(v => Write(v, unwanted: true))));

    public bool Equals(Choice? other) =>
        other is not null
        && Wanted.SequenceEqual(other.Wanted, StringComparer.Ordinal)
        && Unwanted.SequenceEqual(other.Unwanted, StringComparer.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as Choice);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var value in Wanted)
            hash.Add(value, StringComparer.Ordinal);
        hash.Add(Wanted.Count);
        foreach (var value in Unwanted)
            hash.Add(value, StringComparer.Ordinal);
        return hash.ToHashCode();
    }

    private static IEnumerable<(string Value, bool Not)> Split(string text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            while (at < text.Length && text[at] == ' ')
                at++;
            var not = at < text.Length && text[at] == '-';
            if (not)
                at++;
            if (at < text.Length && text[at] == '"')
            {
                yield return (Quoted(text, ref at), not);
                while (at < text.Length && text[at] != ',')
                    at++;
                continue;
            }
            var end = text.IndexOf(',', at);
            if (end < 0)
                end = text.Length;
            if (text[at..end].Trim() is { Length: > 0 } value)
                yield return (value, not);
            at = end;
        }
    }

    // A mark that is never closed ends with the text.
    private static string Quoted(string text, ref int at)
    {
        var value = new StringBuilder();
        for (at++; at < text.Length; at++)
        {
            if (text[at] == '"')
            {
                if (at + 1 >= text.Length || text[at + 1] != '"')
                {
                    at++;
                    break;
                }
                at++;
            }
            value.Append(text[at]);
        }
        return value.ToString();
    }
}
