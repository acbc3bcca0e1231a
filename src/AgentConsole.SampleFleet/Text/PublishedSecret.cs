using System.Text.RegularExpressions;

namespace AgentConsole.SampleFleet.Text;

/// <summary>The form of the console's secrets as it is published for secret scanners: a regular expression, and a checksum that weeds out look-alikes.</summary>
public static partial class PublishedSecret
{
    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    [GeneratedRegex(
        "(?<![0-9A-Za-z_])(?:ak_live_|act_)[0-9A-Za-z]{38}(?![0-9A-Za-z])",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    public static partial Regex Pattern { get; }

    /// <summary>Whether the last six characters are the CRC32 (IEEE 802.3) of all text before them, in base62.</summary>
    public static bool HasValidChecksum(ReadOnlySpan<char> secret)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var c in secret[..^6])
        {
            crc ^= (byte)c;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? 0xEDB88320u ^ (crc >> 1) : crc >> 1;
        }
        crc ^= 0xFFFFFFFFu;
        for (var i = secret.Length - 1; i >= secret.Length - 6; i--)
        {
            if (secret[i] != Base62[(int)(crc % 62)])
                return false;
            crc /= 62;
        }
        return true;
    }

    /// <summary>What may be shown of it.</summary>
    public static string Masked(string secret) => $"{secret[..(secret.LastIndexOf('_') + 1)]}…{secret[^4..]}";
}
