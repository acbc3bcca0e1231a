using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace AgentConsole.Core.People;

/// <summary>Time-based codes of six digits every 30 s after RFC 6238, as authenticator apps make them.</summary>
public static class Totp
{
    private const int StepSeconds = 30;
    private const string Base32Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public static byte[] NewSecret() => RandomNumberGenerator.GetBytes(20);

    public static long StepAt(DateTimeOffset at) => at.ToUnixTimeSeconds() / StepSeconds;

    [SuppressMessage(
        "Security",
        "CA5350",
        Justification = "HMAC-SHA-1 is what RFC 6238 and every authenticator app use; HMAC does not suffer from collisions."
    )]
    public static string CodeAt(ReadOnlySpan<byte> secret, long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[20];
        HMACSHA1.HashData(secret, counter, hash);
        var offset = hash[19] & 0xF;
        var number = BinaryPrimitives.ReadInt32BigEndian(hash[offset..]) & 0x7FFFFFFF;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    /// <summary>The step whose code this is: the present one, or its neighbours for clocks that differ. Steps up to <paramref name="lastStep"/> were used.</summary>
    internal static long? Match(ReadOnlySpan<byte> secret, string? code, DateTimeOffset now, long lastStep)
    {
        Span<byte> given = stackalloc byte[6];
        if (code is not { Length: 6 } || !Encoding.ASCII.TryGetBytes(code, given, out _))
            return null;
        long? match = null;
        Span<byte> expected = stackalloc byte[6];
        for (var step = StepAt(now) - 1; step <= StepAt(now) + 1; step++)
        {
            Encoding.ASCII.GetBytes(CodeAt(secret, step), expected);
            if (CryptographicOperations.FixedTimeEquals(given, expected) && step > lastStep)
                match ??= step;
        }
        return match;
    }

    /// <summary>The secret as people type it into an app.</summary>
    public static string Base32(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder((bytes.Length * 8 + 4) / 5);
        var bits = 0;
        var held = 0;
        foreach (var b in bytes)
        {
            held = (held << 8) | b;
            bits += 8;
            while (bits >= 5)
            {
                bits -= 5;
                text.Append(Base32Alphabet[(held >> bits) & 31]);
            }
            held &= (1 << bits) - 1;
        }
        if (bits > 0)
            text.Append(Base32Alphabet[(held << (5 - bits)) & 31]);
        return text.ToString();
    }

    /// <summary>What the QR code holds.</summary>
    public static string Address(string email, ReadOnlySpan<byte> secret) =>
        $"otpauth://totp/AgentConsole:{Uri.EscapeDataString(email)}?secret={Base32(secret)}&issuer=AgentConsole";
}
