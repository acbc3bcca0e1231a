using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace AgentConsole.Core.Common;

/// <summary>Bounds that every text from outside passes.</summary>
public static partial class Texts
{
    /// <summary>Checks a one-line text: length, no control characters, no bidirectional overrides, no unpaired surrogates. Returns it trimmed, or null when empty.</summary>
    public static string? Line(string? value, string field, int max, FieldErrors errors, bool required = false) =>
        Check(value, field, max, errors, required, multiline: false);

    /// <summary>As <see cref="Line"/>, but line breaks and tabs may stand in it.</summary>
    public static string? Block(string? value, string field, int max, FieldErrors errors, bool required = false) =>
        Check(value, field, max, errors, required, multiline: true);

    /// <summary>Most characters of <see cref="Why"/>.</summary>
    public const int MostReason = 500;
    private const int LeastReason = 3;

    /// <summary>Why somebody does what others ask about later, in the field <c>reason</c>: 3 to 500 characters.</summary>
    public static string? Why(string? value, FieldErrors errors, bool required)
    {
        var before = errors.Count;
        var why = Block(value, "reason", MostReason, errors);
        if (errors.Count == before && (required || why is not null) && (why?.Length ?? 0) < LeastReason)
            errors.Add("reason", "Say why, in 3 to 500 characters.");
        return why;
    }

    /// <summary>An age in a sentence: <c>4 s ago</c>, <c>11 min ago</c>, <c>2 h ago</c>, <c>3 days ago</c>.</summary>
    public static string Ago(TimeSpan age) =>
        age.TotalMinutes < 1 ? $"{Math.Max(0, (int)age.TotalSeconds)}\u00a0s ago"
        : age.TotalHours < 1 ? $"{(int)age.TotalMinutes}\u00a0min ago"
        : age.TotalDays < 2 ? $"{(int)age.TotalHours}\u00a0h ago"
        : $"{(int)age.TotalDays}\u00a0days ago";

    /// <summary>What is wrong with the text, or null.</summary>
    public static string? Fault(string value, int max, bool multiline)
    {
        if (value.Length > max)
            return string.Create(CultureInfo.InvariantCulture, $"At most {max} characters; this has {value.Length}.");
        if (!value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return null; // nearly every text
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            if (char.IsHighSurrogate(c) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1]))
            {
                i++;
                continue;
            }
            if (char.IsSurrogate(c))
                return "Holds half a surrogate pair, which is not valid text.";
            if (multiline && c is '\n' or '\r' or '\t' && multiline)
                continue;
            if (char.IsControl(c))
                return string.Create(CultureInfo.InvariantCulture, $"Holds the control character U+{(int)c:X4}; remove it.");
            if (c is >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' or '\u200E' or '\u200F' or '\u061C')
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"Holds the bidirectional control U+{(int)c:X4}, which can disguise a name; remove it."
                );
        }
        return null;
    }

    /// <summary>Shortens for telemetry that must not fail for its length; never cuts a surrogate pair.</summary>
    public static string? Clip(string? value, int max)
    {
        if (value is null || value.Length <= max)
            return value;
        var end = char.IsHighSurrogate(value[max - 1]) ? max - 1 : max;
        return value[..end];
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9_-]{0,99}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    public static partial Regex SlugPattern { get; }

    /// <summary>Whether it can be the slug of something that exists: what marks an id by now may have been one before.</summary>
    public static bool HasSlugForm(string text) => SlugPattern.IsMatch(text) && !text.EndsWith('\n');

    /// <summary>What is wrong with a slug for something new, or null.</summary>
    public static string? SlugFault(string? slug)
    {
        if (string.IsNullOrEmpty(slug))
            return "A slug is required.";
        if (!HasSlugForm(slug))
            return "A slug has 1 to 100 characters a-z, 0-9, _ and -, and begins with a letter or digit.";
        return IdText.Prefixes.FirstOrDefault(p => slug.StartsWith(p + "_", StringComparison.Ordinal)) is { } prefix
            ? $"A slug may not begin with {prefix}_, which marks an id."
            : null;
    }

    private static string? Check(string? value, string field, int max, FieldErrors errors, bool required, bool multiline)
    {
        var trimmed = value?.Trim();
        if (string.IsNullOrEmpty(trimmed))
        {
            if (required)
                errors.Add(field, "This is required.");
            return null;
        }
        if (Fault(trimmed, max, multiline) is { } fault)
        {
            errors.Add(field, fault);
            return null;
        }
        return trimmed.IsNormalized(NormalizationForm.FormC) ? trimmed : trimmed.Normalize(NormalizationForm.FormC);
    }
}
