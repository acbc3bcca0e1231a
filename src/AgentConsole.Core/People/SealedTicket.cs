using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentConsole.Core.Data;

namespace AgentConsole.Core.People;

/// <summary>A small value that a browser keeps between two steps: encrypted, of one purpose, and short-lived. Nothing is stored for it.</summary>
internal sealed class SealedTicket(MasterKey master, TimeProvider clock)
{
    public string Seal<T>(string purpose, TimeSpan life, T value)
        where T : notnull
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new Envelope<T>(clock.GetUtcNow() + life, value));
        return System.Buffers.Text.Base64Url.EncodeToString(MasterKey.Seal(KeyOf(purpose), body));
    }

    /// <summary>The value, or null for anything that was not sealed here for this purpose, and for what has expired.</summary>
    public T? Open<T>(string purpose, string? ticket)
        where T : class
    {
        if (ticket is null or { Length: > 2000 })
            return null;
        try
        {
            var body = MasterKey.Open(KeyOf(purpose), System.Buffers.Text.Base64Url.DecodeFromChars(ticket));
            return JsonSerializer.Deserialize<Envelope<T>>(body) is { } envelope && envelope.Until > clock.GetUtcNow()
                ? envelope.Value
                : null;
        }
        catch (Exception e) when (e is FormatException or CryptographicException or JsonException or DecoderFallbackException)
        {
            return null;
        }
    }

    private byte[] KeyOf(string purpose) => master.Derive("ticket/" + purpose);

    private sealed record Envelope<T>(DateTimeOffset Until, T Value);
}
