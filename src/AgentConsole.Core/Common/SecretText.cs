using System.Security.Cryptography;
using System.Text;

namespace AgentConsole.Core.Common;

/// <summary>Secrets of our own form: a prefix, 32 random base62 characters, and 6 base62 characters of a CRC32 (IEEE 802.3) over all text before it.</summary>
public static class SecretText
{
    public const string KeyPrefix = "ak_live_";
    public const string TokenPrefix = "act_";

    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static readonly uint[] CrcTable = MakeCrcTable();

    public static string Create(string prefix)
    {
        var body = prefix + RandomNumberGenerator.GetString(Base62, 32);
        return body + Tail(body);
    }

    /// <summary>Whether the text has the form of one of our secrets with this prefix, checksum included.</summary>
    public static bool IsWellFormed(string prefix, ReadOnlySpan<char> text)
    {
        if (text.Length != prefix.Length + 38 || !text.StartsWith(prefix, StringComparison.Ordinal))
            return false;
        foreach (var c in text[prefix.Length..])
        {
            if (!char.IsAsciiLetterOrDigit(c))
                return false;
        }
        return text[^6..].SequenceEqual(Tail(text[..^6]));
    }

    /// <summary>Whether a secret of ours stands somewhere in this text, recognised by its checksum.</summary>
    public static bool IsIn(ReadOnlySpan<char> text)
    {
        foreach (var prefix in (ReadOnlySpan<string>)[KeyPrefix, TokenPrefix])
        {
            var rest = text;
            while (rest.IndexOf(prefix, StringComparison.Ordinal) is >= 0 and var at)
            {
                rest = rest[at..];
                if (rest.Length >= prefix.Length + 38 && IsWellFormed(prefix, rest[..(prefix.Length + 38)]))
                    return true;
                rest = rest[prefix.Length..];
            }
        }
        return false;
    }

    /// <summary>What may be shown of a secret: its prefix with the first 4 random characters.</summary>
    public static string DisplayPrefix(string prefix, string secret) => secret[..Math.Min(secret.Length, prefix.Length + 4)];

    public static string Last4(string secret) => secret[^4..];

    /// <summary>CRC32 (IEEE 802.3) of ASCII text.</summary>
    internal static uint Crc(ReadOnlySpan<char> text)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var c in text)
            crc = (crc >> 8) ^ CrcTable[(crc ^ (byte)c) & 0xFF];
        return crc ^ 0xFFFFFFFFu;
    }

    private static string Tail(ReadOnlySpan<char> body)
    {
        var crc = Crc(body);
        Span<char> tail = stackalloc char[6];
        for (var i = 5; i >= 0; i--)
        {
            tail[i] = Base62[(int)(crc % 62)];
            crc /= 62;
        }
        return new string(tail);
    }

    private static uint[] MakeCrcTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < 256; i++)
        {
            var c = i;
            for (var k = 0; k < 8; k++)
                c = (c & 1) != 0 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
            table[i] = c;
        }
        return table;
    }
}
