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
