using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Sinks.Senders;

/// <summary>What senders write, and how they compare what they read back.</summary>
internal static class SinkContent
{
    public static string At(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Compares without telling by its time how far they agree.</summary>
    public static bool Same(string a, string b) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(a), Encoding.UTF8.GetBytes(b));

    /// <summary>A foreign answer as a JSON object that can be read without surprises; null when it is none.</summary>
    public static JsonObject? Parse(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });
            Touch(document.RootElement);
            return document.RootElement.ValueKind == JsonValueKind.Object ? JsonObject.Create(document.RootElement.Clone()) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // no JSON, or a text in it is half a character
        }
    }

    private static void Touch(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                    Touch(item);
                break;
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    _ = member.Name;
                    Touch(member.Value);
                }
                break;
            default:
                break;
        }
    }

    /// <summary>The secret with what it belongs to.</summary>
    public static JsonObject Describe(Parcel parcel, string secretName) =>
        new()
        {
            ["agent"] = parcel.Secret.AgentSlug,
            ["key_id"] = parcel.Names.Key,
            ["key_version"] = parcel.Secret.KeyVersion,
            ["rotation_id"] = IdText.Format(IdText.Rotation, parcel.Secret.RotationId),
            [secretName] = parcel.Secret.Secret,
            ["issued_at"] = At(parcel.Secret.IssuedAt),
            ["expires_at"] = parcel.Secret.ExpiresAt is { } end ? At(end) : null,
        };

    /// <summary>The bytes of a file.</summary>
    public static byte[] File(Parcel parcel, SinkFileFormat format) =>
        format switch
        {
            SinkFileFormat.Json => [.. JsonSerializer.SerializeToUtf8Bytes(Describe(parcel, "agent_key")), (byte)'\n'],
            SinkFileFormat.Raw => Encoding.UTF8.GetBytes(parcel.Secret.Secret),
            _ => Encoding.UTF8.GetBytes($"AGENT_KEY={parcel.Secret.Secret}\n"),
        };
}
