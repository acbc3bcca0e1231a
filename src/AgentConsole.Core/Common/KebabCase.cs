using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace AgentConsole.Core.Common;

/// <summary>Enum values as they travel and are stored: <c>TimedOut</c> is <c>timed-out</c>.</summary>
public static class KebabCase
{
    public static string Of<T>(T value)
        where T : struct, Enum =>
        Names<T>.ByValue.TryGetValue(value, out var name) ? name : throw new ArgumentOutOfRangeException(nameof(value));

    /// <summary>Exact match only; numbers and other spellings are not values.</summary>
    public static bool TryParse<T>(string? text, out T value)
        where T : struct, Enum
    {
        value = default;
        return text is not null && Names<T>.ByName.TryGetValue(text, out value);
    }

    /// <summary>Reads an optional value; says which values there are when it is none of them.</summary>
    public static T? Read<T>(string? text, string field, FieldErrors errors)
        where T : struct, Enum
    {
        if (text is null)
            return null;
        if (TryParse<T>(text, out var value))
            return value;
        errors.Add(field, $"Must be one of {string.Join(", ", All<T>())}.");
        return null;
    }

    public static IEnumerable<string> All<T>()
        where T : struct, Enum => Names<T>.ByValue.Values.Order(StringComparer.Ordinal);

    /// <summary>For entity configurations.</summary>
    public static ValueConverter<T, string> Converter<T>()
        where T : struct, Enum => new(value => Of(value), text => Parse<T>(text));

    public static T Parse<T>(string text)
        where T : struct, Enum => TryParse<T>(text, out var value) ? value : throw new FormatException($"'{text}' is no {typeof(T).Name}.");

    private static class Names<T>
        where T : struct, Enum
    {
        public static readonly FrozenDictionary<T, string> ByValue = Enum.GetValues<T>()
            .ToFrozenDictionary(v => v, v => JsonNamingPolicy.KebabCaseLower.ConvertName(v.ToString()));

        public static readonly FrozenDictionary<string, T> ByName = ByValue.ToFrozenDictionary(
            p => p.Value,
            p => p.Key,
            StringComparer.Ordinal
        );
    }
}
