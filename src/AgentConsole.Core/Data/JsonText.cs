using System.Text.Json;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace AgentConsole.Core.Data;

/// <summary>Small lists and maps stored as JSON text.</summary>
internal static class JsonText
{
    public static ValueConverter<T, string> Converter<T>()
        where T : class =>
        new(
            value => JsonSerializer.Serialize(value, JsonSerializerOptions.Default),
            text => JsonSerializer.Deserialize<T>(text, JsonSerializerOptions.Default)!
        );

    public static ValueComparer<T> Comparer<T>()
        where T : class =>
        new(
            (a, b) =>
                JsonSerializer.Serialize(a, JsonSerializerOptions.Default) == JsonSerializer.Serialize(b, JsonSerializerOptions.Default),
            value => JsonSerializer.Serialize(value, JsonSerializerOptions.Default).GetHashCode(StringComparison.Ordinal),
            value =>
                JsonSerializer.Deserialize<T>(
                    JsonSerializer.Serialize(value, JsonSerializerOptions.Default),
                    JsonSerializerOptions.Default
                )!
        );
}
