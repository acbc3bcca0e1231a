using System.Globalization;
using System.Text.Json;

namespace AgentConsole.Core.Common;

/// <summary>Money is a count of 10⁻⁶ USD inside and a decimal string with at most 6 decimals outside, rounded half-even once.</summary>
public static class Money
{
    /// <summary>One million USD for a single run or step; more is an input error.</summary>
    public const long MaxMicros = 1_000_000_000_000;

    public static string Format(long micros) => (micros / 1_000_000m).ToString("0.######", CultureInfo.InvariantCulture);

    public static string? Format(long? micros) => micros is { } value ? Format(value) : null;

    /// <summary>Reads a JSON string or number; null or absent is unknown, which is not zero.</summary>
    public static long? Read(JsonElement? value, string field, FieldErrors errors)
    {
        if (value is not { } element || element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
            return null;
        var text = element.ValueKind switch
        {
            JsonValueKind.String => JsonObjects.Text(element),
            JsonValueKind.Number => element.GetRawText(),
            _ => null,
        };
        if (
            text is null
            || text.Length > 40
            || !decimal.TryParse(
                text,
                NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent | NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture,
                out var usd
            )
        )
        {
            errors.Add(field, "Must be a decimal number of USD, as a string such as \"0.0123\".");
            return null;
        }
        if (usd < 0 || usd > MaxMicros / 1_000_000m)
        {
            errors.Add(field, "Must lie between 0 and 1000000 USD.");
            return null;
        }
        return (long)decimal.Round(usd * 1_000_000m, 0, MidpointRounding.ToEven);
    }
}
