using AgentConsole.Core.Common;

namespace AgentConsole.Core.People;

/// <summary>Refusals of this feature.</summary>
public static class PeopleProblems
{
    /// <summary>The same for an unknown address, a wrong password, a locked and a disabled account, so that it tells a stranger nothing.</summary>
    public static readonly Problem SignInRefused = new(
        ProblemKind.Unauthenticated,
        "sign_in_refused",
        "The e-mail address or the password is not right, or the account cannot sign in now. After several wrong attempts it is locked for a while."
    );
    public static readonly Problem SignInExpired = new(
        ProblemKind.Unauthenticated,
        "sign_in_expired",
        "This sign-in was not finished in time. Begin again with your password."
    );
    public static readonly Problem LockedOut = new(
        ProblemKind.Unauthenticated,
        "locked_out",
        "There were too many wrong attempts; the account is locked for a while. An org-admin can unlock it with a reset link."
    );
    public static readonly Problem CodeRefused = Problem.Invalid(
        "code",
        "This code is not right, or it was used before. Codes of an app change every 30 seconds."
    );
    public static readonly Problem PasswordWrong = Problem.Invalid("current_password", "This is not your present password.");
    public static readonly Problem LinkInvalid = new(
        ProblemKind.NotFound,
        "link_invalid",
        "This link is not valid: it was used, withdrawn or has expired. Ask for a new one."
    );
    public static readonly Problem SessionNeeded = new(
        ProblemKind.Forbidden,
        "session_needed",
        "Only the person at a signed-in browser may do this; a token may not."
    );
    public static readonly Problem LastAdmin = new(
        ProblemKind.Conflict,
        "last_org_admin",
        "This is the last org-admin who can sign in. Make somebody else org-admin first."
    );
    public static readonly Problem EmailTaken = new(
        ProblemKind.Conflict,
        "email_taken",
        "There is already a user with this e-mail address."
    );
    public static readonly Problem TeamNotFound = Problem.NotFound("team");
    public static readonly Problem UserNotFound = Problem.NotFound("user");
    public static readonly Problem ServiceAccountNotFound = Problem.NotFound("service account");
    public static readonly Problem TokenNotFound = Problem.NotFound("token");
    public static readonly Problem SessionNotFound = Problem.NotFound("session");
    public static readonly Problem PrincipalNotFound = new(
        ProblemKind.NotFound,
        "member_not_found",
        "There is no such user or service account in this organization."
    );
    public static readonly Problem TwoFactorOff = new(ProblemKind.Conflict, "two_factor_off", "Two-factor sign-in is not set up.");
    public static readonly Problem TwoFactorOn = new(
        ProblemKind.Conflict,
        "two_factor_on",
        "Two-factor sign-in is set up already. Turn it off first to use another app."
    );

    public static Problem Taken(string field, string value) =>
        new(
            ProblemKind.Conflict,
            field + "_taken",
            $"'{value}' is taken. Choose another {field}.",
            new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = ["Is taken."] }
        );

    public static Problem TooMany(string nouns, int most) =>
        new(ProblemKind.Conflict, "limit_reached", $"There are {most} {nouns} already, which is the limit.");
}
