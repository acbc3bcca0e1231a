using System.Collections.Frozen;
using System.Text;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.People;

/// <summary>
/// Which passwords are accepted: 12 to 128 characters, and nothing that the first thousands of guesses would try. No demands on kinds of characters.
/// The list of common ones is CommonPasswords.txt; source and licence stand beside it.
/// </summary>
public static class PasswordRules
{
    public const int MinLength = 12;
    public const int MaxLength = 128;
    public const string Hint = "12 to 128 characters. Several words in a row are good; a common password with digits behind it is not.";

    private static readonly Lazy<FrozenSet<string>> Common = new(ReadList);

    private static readonly string[] Rows =
    [
        "abcdefghijklmnopqrstuvwxyz",
        "qwertyuiopasdfghjklzxcvbnm",
        "qwertzuiopasdfghjklyxcvbnm",
        "azertyuiopqsdfghjklmwxcvbn",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
        "01234567890123456789012345678901234567890",
    ];

    /// <summary>How many common passwords are known.</summary>
    public static int CommonCount => Common.Value.Count;

    /// <summary>What is wrong with the password, or null. Never repeats it.</summary>
    public static string? Fault(string password, string? email)
    {
        var length = password.EnumerateRunes().Count();
        if (length < MinLength)
            return $"At least {MinLength} characters; several words in a row are good.";
        if (length > MaxLength)
            return $"At most {MaxLength} characters.";
        if (Texts.Fault(password, password.Length, multiline: false) is not null)
            return "Holds a character that cannot be typed again reliably, such as a control character.";
        return IsGuessable(password.ToLowerInvariant(), email)
            ? "This is among the first that an attacker tries: a common password, a repetition, a row of keys or your own address. Take several words that do not belong together."
            : null;
    }

    /// <summary>Reads a chosen password; null where it was refused.</summary>
    internal static string? Read(string? password, string? email, string field, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(password))
        {
            errors.Add(field, "This is required.");
            return null;
        }
        if (Fault(password, email) is not { } fault)
            return password;
        errors.Add(field, fault);
        return null;
    }

    private static bool IsGuessable(string password, string? email)
    {
        var own = OwnWords(email);
        var core = password.AsSpan().Trim(Fillers).ToString();
        return IsWord(password, own)
            || (core.Length >= 3 && IsWord(core, own))
            || IsRow(password)
            || (core.Length >= 6 && IsRow(core))
            || IsRepetition(password, own);
    }

    private static bool IsWord(string text, IReadOnlyCollection<string> own) =>
        text.Length > 0 && (Common.Value.Contains(text) || own.Contains(text));

    private static bool IsRow(string text)
    {
        var backwards = new string([.. text.Reverse()]);
        return Rows.Any(row => row.Contains(text, StringComparison.Ordinal) || row.Contains(backwards, StringComparison.Ordinal));
    }

    /// <summary>Whether the text is one short piece, or one guessable word, again and again.</summary>
    private static bool IsRepetition(string text, IReadOnlyCollection<string> own)
    {
        for (var unit = 1; unit <= text.Length / 2; unit++)
        {
            var repeats = true;
            for (var i = unit; i < text.Length && repeats; i++)
                repeats = text[i] == text[i - unit];
            if (!repeats)
                continue;
            var piece = text[..unit];
            return unit <= 4 || IsWord(piece, own) || IsWord(piece.AsSpan().Trim(Fillers).ToString(), own) || IsRow(piece);
        }
        return false;
    }

    private static List<string> OwnWords(string? email)
    {
        List<string> words = ["agentconsole"];
        var address = email?.Trim().ToLowerInvariant();
        if (string.IsNullOrEmpty(address))
            return words;
        words.Add(address);
        var local = address.Split('@')[0];
        words.Add(local);
        words.Add(local.Trim(Fillers.ToArray()));
        return words;
    }

    private static ReadOnlySpan<char> Fillers => "0123456789 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~€§°";

    private static FrozenSet<string> ReadList()
    {
        using var stream =
            typeof(PasswordRules).Assembly.GetManifestResourceStream("AgentConsole.Core.People.CommonPasswords.txt")
            ?? throw new InvalidOperationException("The list of common passwords is missing from the assembly.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var words = new HashSet<string>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0)
                words.Add(line.ToLowerInvariant());
        }
        return words.ToFrozenSet(StringComparer.Ordinal);
    }
}
