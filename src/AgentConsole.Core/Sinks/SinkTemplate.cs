using System.Text.RegularExpressions;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Sinks;

/// <summary>What a template's placeholders stand for in one delivery.</summary>
/// <param name="Team">Slug.</param>
/// <param name="Key">As people see it: <c>key_…</c>.</param>
internal sealed record SinkNames(string Agent, string Team, string Key);

/// <summary>
/// A path below a root of the sink, with <c>{agent}</c>, <c>{team}</c> and <c>{key}</c>. Its segments are letters, digits, dot, dash and underscore and no more, and
/// none is <c>.</c> or <c>..</c>, as written and as filled.
/// </summary>
internal static partial class SinkTemplate
{
    public const int MaxLength = 300;
    public const int MostSegments = 12;
    private const int MostSegment = 200;

    /// <summary>Reads a template; null when something is wrong with it.</summary>
    public static string? Read(string? value, string field, FieldErrors errors)
    {
        var text = Texts.Line(value, field, MaxLength, errors, required: true);
        if (text is null)
            return null;
        var before = errors.Count;
        if (Fault(text) is { } fault)
            errors.Add(field, fault);
        else if (!text.Contains("{agent}", StringComparison.Ordinal) && !text.Contains("{key}", StringComparison.Ordinal))
            errors.Add(field, "Must hold {agent} or {key}, so that the secrets of two agents do not lie in one place.");
        return errors.Count == before ? text : null;
    }

    /// <summary>Reads a path without placeholders.</summary>
    public static string? ReadPlain(string? value, string field, FieldErrors errors)
    {
        var text = Texts.Line(value, field, MaxLength, errors, required: true);
        if (text is null)
            return null;
        if (IsPlain(text))
            return text;
        errors.Add(field, Form);
        return null;
    }

    /// <summary>Whether it is a path without placeholders, of segments that lead nowhere but down.</summary>
    public static bool IsPlain(string path) =>
        path.Length <= MaxLength && path.Split('/') is { Length: <= MostSegments } segments && segments.All(IsSegment);

    /// <summary>The path of one delivery, or null where a name does not make a segment.</summary>
    public static string? Fill(string template, SinkNames names)
    {
        if (Fault(template) is not null)
            return null;
        var segments = template.Split('/').Select(segment => FillSegment(segment, names)).ToList();
        return segments.TrueForAll(IsSegment) ? string.Join('/', segments) : null;
    }

    private const string Form =
        "Must be segments of letters, digits, dot, dash and underscore between single slashes, none of them . or .., at most 12; {agent}, {team} and {key} may stand in a path.";

    private static string? Fault(string template)
    {
        var segments = template.Split('/');
        // Filled with the shortest name that there is, every segment must stand.
        var shortest = new SinkNames("a", "a", "a");
        return segments.Length <= MostSegments && Array.TrueForAll(segments, s => IsSegment(FillSegment(s, shortest))) ? null : Form;
    }

    private static string FillSegment(string segment, SinkNames names) =>
        Placeholders.Replace(
            segment,
            match =>
                match.Value switch
                {
                    "{agent}" => names.Agent,
                    "{team}" => names.Team,
                    _ => names.Key,
                }
        );

    private static bool IsSegment(string segment) =>
        segment.Length is > 0 and <= MostSegment
        && segment is not ("." or "..")
        && segment.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    [GeneratedRegex(@"\{(agent|team|key)\}", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex Placeholders { get; }
}
