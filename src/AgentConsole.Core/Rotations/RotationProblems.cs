using System.Globalization;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Rotations;

/// <summary>Refusals of this feature.</summary>
public static class RotationProblems
{
    public static readonly Problem NotFound = Problem.NotFound("rotation");

    public static readonly Problem AgentKeyRequired = new(
        ProblemKind.Forbidden,
        "agent_key_required",
        "Here an agent rotates the key that it calls with. People rotate at /api/v1/agents/{agent}/rotations."
    );

    public static readonly Problem SelfRotationOff = new(
        ProblemKind.Forbidden,
        "self_rotation_off",
        "This key may not be rotated by its agent. A key-admin can allow it with self_rotation; a leak takes it back."
    );

    public static readonly Problem IssuerOnly = new(
        ProblemKind.Conflict,
        "issuer_only",
        "Somebody else was given this secret and can say that it was stored. To take over, re-issue: the secret that you do not know is revoked."
    );

    public static readonly Problem Open = new(
        ProblemKind.Conflict,
        "rotation_open",
        "A rotation of this key is open already. Go on with the secret it issued, or abort it first."
    );

    public static readonly Problem Delivering = new(
        ProblemKind.Conflict,
        "rotation_delivering",
        "The new secret is on its way to the sink at this moment. Try again in half a minute: by then it arrived or failed."
    );

    public static readonly Problem SeveralKeys = Problem.Invalid(
        "key_id",
        "This agent has several active keys. Name the one to rotate: GET /api/v1/agents/{agent}/keys lists them."
    );

    public static readonly Problem NoKey = Problem.Invalid("key_id", "This agent has no active key. Mint one, or name the key to rotate.");

    public static readonly Problem OtherKey = Problem.Invalid("key_id", "This agent has no key with this id.");

    public static readonly Problem NoSink = Problem.Invalid("sink", "There is no secret sink of this name.");

    public static readonly Problem SeveralSinks = Problem.Invalid(
        "sink",
        "The team and the organization both have a secret sink of this name. Give the id of the one that is meant."
    );

    public static readonly Problem NothingToGoBackTo = new(
        ProblemKind.Conflict,
        "rotation_state",
        "The old version cannot come back: it was revoked, has expired, or leaked. Aborting would leave the agent without a secret; begin another rotation instead."
    );

    public static readonly Problem OldLeaked = new(
        ProblemKind.Conflict,
        "rotation_state",
        "The old version was reported as leaked and is not enabled again. Begin another rotation if the new one is lost."
    );

    public static readonly Problem NewWasUsed = new(
        ProblemKind.Conflict,
        "rotation_state",
        "The new version is in use already, and re-issuing would cut off who uses it. Abort, or begin another rotation."
    );

    public static readonly Problem NewNotAccepted = new(
        ProblemKind.Conflict,
        "rotation_state",
        "The new version is not accepted: it is disabled, was revoked, or has expired. Without the old one the agent would have no secret."
    );

    public static readonly Problem NewNeverUsed = new(
        ProblemKind.Conflict,
        "rotation_not_ready",
        "Nobody has used the new version yet: revoking the old one could leave the agent without a secret. Override with a reason if that is meant."
    );

    public static Problem State(RotationState now, string act) =>
        new(ProblemKind.Conflict, "rotation_state", $"This rotation is {KebabCase.Of(now)} and cannot be {act}.");

    /// <param name="names">Of those who still use the old version, the first few.</param>
    public static Problem NotReady(IReadOnlyList<string> names, int waiting, bool overflowed)
    {
        var who =
            waiting > 0
                ? string.Create(CultureInfo.InvariantCulture, $"{waiting} {(waiting == 1 ? "caller has" : "callers have")} not moved: ")
                    + string.Join(", ", names)
                    + (waiting > names.Count ? ", …" : "")
                    + "."
            : overflowed ? "This key has more callers than are kept, so nobody can say that all have moved."
            : "It has not been quiet for long enough since the last change.";
        return new Problem(ProblemKind.Conflict, "rotation_not_ready", who + " Wait, or override with a reason.");
    }
}
