using System.Globalization;
using System.Text;
using System.Text.Json;

namespace AgentConsole.Core.Common;

/// <summary>Free JSON objects from outside: bounded, with clean text, stored canonically.</summary>
public static class JsonObjects
{
    /// <summary>The object as canonical text (RFC 8785), or null with the reason in <paramref name="errors"/>.</summary>
    public static string? Read(JsonElement element, string field, int mostBytes, FieldErrors errors)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            errors.Add(field, "Must be a JSON object.");
            return null;
        }
        try
        {
            if (Fault(element) is { } fault)
            {
                errors.Add(field, fault);
                return null;
            }
            var canonical = CanonicalJson.Write(element);
            if (canonical.Length <= mostBytes)
                return Encoding.UTF8.GetString(canonical);
            errors.Add(
                field,
                string.Create(CultureInfo.InvariantCulture, $"At most {mostBytes} bytes as JSON; this has {canonical.Length}.")
            );
        }
        catch (Exception e)
            when (e is InvalidOperationException or FormatException or ArgumentException or OverflowException or NotSupportedException)
        {
            // Half a surrogate pair, or a number outside what JSON programs agree on.
            errors.Add(field, "Holds text or a number that is not valid in interchangeable JSON (RFC 8259, RFC 7493).");
        }
        return null;
    }

    /// <summary>The text of a JSON string; null when it is none, or holds half a character (a surrogate without its other half).</summary>
    public static string? Text(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    // NUL cannot be stored as text by PostgreSQL; other control characters are legal within JSON text.
    private static string? Fault(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    if ((member.Name.Contains('\0', StringComparison.Ordinal) ? NulFault : Fault(member.Value)) is { } fault)
                        return fault;
                }
                return null;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    if (Fault(item) is { } fault)
                        return fault;
                }
                return null;
            case JsonValueKind.String:
                return element.GetString()!.Contains('\0', StringComparison.Ordinal) ? NulFault : null;
            default:
                return null;
        }
    }

    private const string NulFault = "Holds the character U+0000; remove it.";
}
