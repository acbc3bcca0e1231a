using System.Globalization;
using System.Text.Json;

namespace AgentConsole.Web.Components.Parts;

/// <summary>Values of a comparison as a person reads them.</summary>
internal static class DiffCell
{
    private const int Most = 4000;

    /// <summary>Names as a person lists them; anything else as it is.</summary>
    public static string Text(JsonElement value) =>
        Clip(
            value.ValueKind == JsonValueKind.String ? value.GetString()!
            : value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
                ? string.Join(", ", value.EnumerateArray().Select(item => item.GetString()))
            : value.GetRawText()
        );

    /// <summary>Both sides; of two texts of several lines only the lines from the first to the last that differ, with one on each side.</summary>
    public static (string? Before, string? After) Of(JsonElement? before, JsonElement? after)
    {
        if (
            before is not { ValueKind: JsonValueKind.String } a
            || after is not { ValueKind: JsonValueKind.String } b
            || !(a.GetString() + b.GetString()).Contains('\n', StringComparison.Ordinal)
        )
            return (before is { } was ? Side(was) : null, after is { } now ? Side(now) : null);
        var (earlier, later) = (a.GetString()!, b.GetString()!);
        if (earlier.EndsWith('\n') && later.EndsWith('\n'))
            (earlier, later) = (earlier[..^1], later[..^1]); // no line of its own
        var (from, to) = (earlier.Split('\n'), later.Split('\n'));
        var least = Math.Min(from.Length, to.Length);
        var head = 0;
        while (head < least && from[head] == to[head])
            head++;
        var tail = 0;
        while (tail < least - head && from[^(tail + 1)] == to[^(tail + 1)])
            tail++;
        var (skipped, left) = (Math.Max(0, head - 1), Math.Max(0, tail - 1));
        return (Part(from, skipped, left), Part(to, skipped, left));
    }

    // A member a line.
    private static string Side(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.EnumerateObject().Any()
            ? Clip(Core.Common.YamlText.Block(value, "name").TrimEnd())
            : Text(value);

    private static string Part(string[] lines, int skipped, int left) =>
        Clip(
            (skipped > 0 ? Same(skipped) + "\n" : "")
                + string.Join('\n', lines[skipped..(lines.Length - left)])
                + (left > 0 ? "\n" + Same(left) : "")
        );

    private static string Same(int lines) => $"… {Words.Many(lines, "line")} the same …";

    private static string Clip(string text) =>
        text.Length <= Most
            ? text
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{Core.Common.Texts.Clip(text, Most)}… ({Words.Exact(text.Length - Most)} more characters)"
            );
}
