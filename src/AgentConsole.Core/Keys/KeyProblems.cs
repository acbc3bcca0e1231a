using System.Globalization;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Keys;

/// <summary>Refusals of this feature.</summary>
public static class KeyProblems
{
    private static readonly Problem Unknown = new(ProblemKind.Unauthenticated, KeyCheck.Unknown, "This credential is not known here.");
    private static readonly Problem Disabled = new(
        ProblemKind.Unauthenticated,
        KeyCheck.Disabled,
        "This key version is disabled. A key-admin can enable it again."
    );
    private static readonly Problem Revoked = new(
        ProblemKind.Unauthenticated,
        KeyCheck.Revoked,
        "This key version was revoked for good. Ask a key-admin for a new key."
    );
    private static readonly Problem Expired = new(
        ProblemKind.Unauthenticated,
        KeyCheck.Expired,
        "This key version has expired. Ask a key-admin for a new key."
    );
    private static readonly Problem Deleted = new(ProblemKind.Unauthenticated, KeyCheck.AgentDeleted, "The agent of this key was deleted.");
    private static readonly Problem Paused = new(
        ProblemKind.Forbidden,
        KeyCheck.AgentPaused,
        "This agent is paused. Wait, and ask again later; an operator of its team can resume it."
    );

    public static readonly Problem NotFound = Problem.NotFound("key");

    public static Problem State(string act, KeyState now) =>
        new(
            ProblemKind.Conflict,
            "key_state",
            now switch
            {
                KeyState.Revoked => $"This version was revoked for good and cannot be {act}. Mint a new key.",
                KeyState.Expired => $"This version has expired and cannot be {act}. Mint a new key.",
                _ => $"This version is {KebabCase.Of(now)} and cannot be {act}.",
            }
        );

    /// <param name="days">What the rotation policy of the agent allows.</param>
    public static Problem LifetimeTooLong(int days, string field)
    {
        var sentence = string.Create(
            CultureInfo.InvariantCulture,
            $"The rotation policy lets a version of this agent's keys live for at most {days} {(days == 1 ? "day" : "days")}. Choose a nearer end, or leave it away for that."
        );
        return new Problem(
            ProblemKind.Invalid,
            "lifetime_too_long",
            sentence,
            new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [sentence] }
        );
    }

    public static Problem TooManyKeys(int most) =>
        new(ProblemKind.Conflict, "too_many_keys", $"This agent has {most} keys already, which is the most an agent may have.");

    /// <summary>The refusal for a check that did not say <c>ok</c>.</summary>
    public static Problem Refused(string code) =>
        code switch
        {
            KeyCheck.Disabled => Disabled,
            KeyCheck.Revoked => Revoked,
            KeyCheck.Expired => Expired,
            KeyCheck.AgentDeleted => Deleted,
            KeyCheck.AgentPaused => Paused,
            _ => Unknown,
        };
}
