using System.Security.Cryptography;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;

namespace AgentConsole.Core.People;

/// <summary>A way in for the day when nobody else can: a code in an envelope opens it once. Its user has the same id.</summary>
public sealed class BreakGlassAccount
{
    public const int Most = 3;

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }

    /// <summary>Says where the envelope lies.</summary>
    public required string Name { get; init; }

    /// <summary>Keyed hash of the code; null once it was used.</summary>
    public byte[]? CodeHash { get; set; }
    public DateTimeOffset SealedAt { get; set; }
    public required string SealedBy { get; set; }
    public DateTimeOffset? TestedAt { get; set; }
}

/// <summary>One use of a break-glass account, until and after somebody reviewed it.</summary>
public sealed class BreakGlassUse : IHeldInMemory
{
    HeldRow IHeldInMemory.Held => new(HeldNouns.Access, OrganizationId, Id);

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public Guid AccountId { get; init; }
    public required string Name { get; init; }
    public Guid SessionId { get; init; }
    public DateTimeOffset UsedAt { get; init; }
    public DateTimeOffset EndsAt { get; init; }
    public required string Reason { get; init; }
    public string? Address { get; init; }
    public string? UserAgent { get; init; }
    public DateTimeOffset? ReviewedAt { get; set; }
    public string? ReviewedBy { get; set; }
    public string? Review { get; set; }
}

/// <summary>A use that waits for its review, as every org-admin's pages show it.</summary>
public sealed record BreakGlassCard(Guid Id, string Name, DateTimeOffset UsedAt, DateTimeOffset EndsAt, string Reason);

/// <summary>
/// The sealed code: 33 random characters (165 bits) and 7 check characters in 8 groups of 5, without letters that look alike. What is typed back may
/// be in lower case, without dashes, and with O, I or L for 0 and 1.
/// </summary>
public static class BreakGlassCode
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const int RandomLength = 33;
    private const int CheckLength = 7;

    public static string Create()
    {
        var body = RandomNumberGenerator.GetString(Alphabet, RandomLength);
        return string.Join('-', (body + Check(body)).Chunk(5).Select(group => new string(group)));
    }

    /// <summary>The code as it is hashed, or null when its check characters say that it was mistyped.</summary>
    public static string? Read(string? text)
    {
        if (text is null or { Length: > 200 })
            return null;
        Span<char> plain = stackalloc char[200];
        var length = 0;
        foreach (var c in text)
        {
            if (char.IsWhiteSpace(c) || c is '-' or '–' or '.')
                continue;
            var letter = char.ToUpperInvariant(c) switch
            {
                'O' => '0',
                'I' or 'L' => '1',
                var other => other,
            };
            if (!Alphabet.Contains(letter, StringComparison.Ordinal))
                return null;
            plain[length++] = letter;
        }
        return length == RandomLength + CheckLength && plain[RandomLength..length].SequenceEqual(Check(plain[..RandomLength]))
            ? new string(plain[..length])
            : null;
    }

    private static string Check(ReadOnlySpan<char> body)
    {
        var crc = SecretText.Crc(body);
        Span<char> check = stackalloc char[CheckLength];
        for (var i = CheckLength - 1; i >= 0; i--)
        {
            check[i] = Alphabet[(int)(crc & 31)];
            crc >>= 5;
        }
        return new string(check);
    }
}

internal static class BreakGlassProblems
{
    public static readonly Problem NotFound = new(
        ProblemKind.NotFound,
        "break_glass_account_not_found",
        "There is no such break-glass account, or you may not see it."
    );
    public static readonly Problem UseNotFound = new(
        ProblemKind.NotFound,
        "break_glass_use_not_found",
        "There is no such use of a break-glass account, or you may not see it."
    );
    public static readonly Problem Mistyped = Problem.Invalid(
        "code",
        "The check characters do not fit: there is a typing error. The code has 8 groups of 5 characters."
    );

    /// <summary>The same for an unknown code and a used one.</summary>
    public static readonly Problem Refused = new(
        ProblemKind.Unauthenticated,
        "break_glass_refused",
        "This code opens nothing: it is not one of this console, or it was used, replaced or removed."
    );
    public static readonly Problem Itself = new(
        ProblemKind.Forbidden,
        "break_glass_may_not",
        "A break-glass session may not do this: an org-admin must, signed in as a person."
    );
    public static readonly Problem Reviewed = new(ProblemKind.Conflict, "already_reviewed", "This use was reviewed already.");
}
