using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace AgentConsole.Core.Common;

/// <summary>Ids as people and programs see them: prefix, underscore, 26 lowercase Crockford base32 characters of the UUID's 16 big-endian bytes.</summary>
public static class IdText
{
    public const string Organization = "org",
        Team = "team",
        User = "usr",
        ServiceAccount = "svc",
        Token = "tok",
        Agent = "agt",
        Key = "key",
        KeyVersion = "ver",
        Rotation = "rot",
        Run = "run",
        Event = "evt",
        Trail = "trl",
        Plan = "bpl",
        Session = "ses",
        InactivityPolicy = "inp",
        Exemption = "exm",
        Price = "prc",
        Sink = "snk",
        Snapshot = "dep",
        Freeze = "frz",
        Rollout = "rol",
        RolloutTemplate = "rpl",
        Gateway = "gw",
        RotationPolicy = "rop",
        CalendarLink = "cal",
        Rerating = "rra",
        Purge = "prg",
        Bulk = "bulk",
        View = "view",
        Unclaimed = "unc",
        Passkey = "pky",
        BreakGlass = "bgl",
        BreakGlassUse = "bgu";

    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <summary>Every prefix of the vocabulary; a slug may begin with none of them.</summary>
    public static readonly IReadOnlyList<string> Prefixes =
    [
        "org",
        "team",
        "usr",
        "svc",
        "tok",
        "agt",
        "key",
        "ver",
        "rot",
        "dep",
        Rollout,
        RolloutTemplate,
        Gateway,
        "run",
        "evt",
        "sig",
        "rule",
        "alt",
        "sil",
        "chn",
        "apr",
        "rcp",
        "stp",
        "wal",
        "led",
        "trl",
        "evb",
        Price,
        Freeze,
        Rerating,
        Purge,
        Bulk,
        InactivityPolicy,
        Exemption,
        View,
        Plan,
        Unclaimed,
        Sink,
        RotationPolicy,
        CalendarLink,
        Session,
        Passkey,
        BreakGlass,
        BreakGlassUse,
    ];

    public static string Format(string prefix, Guid id) =>
        string.Create(
            prefix.Length + 27,
            (prefix, id),
            static (span, state) =>
            {
                state.prefix.CopyTo(span);
                span[state.prefix.Length] = '_';
                Span<byte> bytes = stackalloc byte[16];
                state.id.TryWriteBytes(bytes, bigEndian: true, out _);
                var value = BinaryPrimitives.ReadUInt128BigEndian(bytes);
                for (var i = span.Length - 1; i > state.prefix.Length; i--)
                {
                    span[i] = Alphabet[(int)(value & 31)];
                    value >>= 5;
                }
            }
        );

    public static string? Format(string prefix, Guid? id) => id is { } value ? Format(prefix, value) : null;

    /// <summary>Reads an id that this console printed itself.</summary>
    public static Guid Parse(string prefix, string text) =>
        TryParse(prefix, text, out var id) ? id : throw new FormatException($"'{text}' is no {prefix}_ id.");

    /// <summary>Reads an id with exactly this prefix; upper case is accepted, anything else is not an id.</summary>
    public static bool TryParse(string prefix, [NotNullWhen(true)] string? text, out Guid id)
    {
        id = default;
        if (
            text is null
            || text.Length != prefix.Length + 27
            || text[prefix.Length] != '_'
            || !text.StartsWith(prefix, StringComparison.Ordinal)
        )
            return false;
        UInt128 value = 0;
        for (var i = prefix.Length + 1; i < text.Length; i++)
        {
            var digit = Alphabet.IndexOf(char.ToLowerInvariant(text[i]), StringComparison.Ordinal);
            if (digit < 0 || (i == prefix.Length + 1 && digit > 7))
                return false;
            value = (value << 5) | (uint)digit;
        }
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, value);
        id = new Guid(bytes, bigEndian: true);
        return true;
    }
}
