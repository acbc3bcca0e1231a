using System.Text.RegularExpressions;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.People;

/// <summary>E-mail addresses, which are the names people sign in with.</summary>
internal static partial class Emails
{
    public const int MaxLength = 254;

    /// <summary>What is wrong with the address, or null.</summary>
    public static string? Fault(string email) =>
        Texts.Fault(email, MaxLength, multiline: false)
        ?? (Form.IsMatch(email) ? null : "Must be an e-mail address such as ines@example.org.");

    public static string? Read(string? value, string field, FieldErrors errors)
    {
        var email = Texts.Line(value, field, MaxLength, errors, required: true);
        if (email is null || Fault(email) is not { } fault)
            return email;
        errors.Add(field, fault);
        return null;
    }

    /// <summary>The form in which addresses are compared and are unique.</summary>
    public static string Normalize(string email) => email.Trim().ToUpperInvariant();

    [GeneratedRegex(
        """\A[^\s@<>()"',;:\\]{1,64}@[^\s@<>()"',;:\\]{1,189}\z""",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 100
    )]
    private static partial Regex Form { get; }
}
