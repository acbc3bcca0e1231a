using AgentConsole.Core.Common;

namespace AgentConsole.Core.Rotations.Bulk;

/// <summary>Refusals of bulk acts on keys: of the whole, and of one of its rows.</summary>
internal static class KeyBulkProblems
{
    public static readonly Problem NotFound = Problem.NotFound("bulk operation");
    public static readonly Problem NotTheMaker = new(
        ProblemKind.Forbidden,
        "not_the_maker",
        "Only whoever made this plan can apply it. Make your own of the same keys."
    );
    public static readonly Problem AppliedAlready = new(
        ProblemKind.Conflict,
        "plan_applied",
        "This plan was applied already, or discarded. It is applied once."
    );
    public static readonly Problem Expired = new(
        ProblemKind.Conflict,
        "plan_expired",
        "A plan holds for an hour, and the keys may have moved on. Make it anew."
    );
    public static readonly Problem OtherDigest = new(
        ProblemKind.Conflict,
        "plan_digest_differs",
        "The digest is not this plan's. Read the plan again, and apply what you have read."
    );
    public static readonly Problem NotApplied = new(
        ProblemKind.Conflict,
        "plan_not_applied",
        "This plan was not applied yet. Apply it first."
    );
    public static readonly Problem Running = new(
        ProblemKind.Conflict,
        "plan_running",
        "This is being worked on, and goes on by itself. Wait until it has ended or stopped."
    );
    public static readonly Problem NothingToResume = new(
        ProblemKind.Conflict,
        "nothing_to_resume",
        "Every row has been done, or was cancelled; there is nothing to resume."
    );
    public static readonly Problem RowsRemain = new(
        ProblemKind.Conflict,
        "rows_remain",
        "Rows were not begun yet. Resume all that remain; those that failed are tried again with them."
    );
    public static readonly Problem NothingToCancel = new(
        ProblemKind.Conflict,
        "nothing_to_cancel",
        "Every row has been begun already; there is nothing left to cancel."
    );
    public static readonly Problem NotARotation = new(
        ProblemKind.Conflict,
        "not_a_rotation",
        "This did not rotate keys; there are no old versions to cut over from."
    );
    public static readonly Problem TooMany = Problem.Invalid(
        "keys",
        $"At most {KeyBulk.MostRows} keys at once. Narrow the filter, and make several."
    );
    public static readonly Problem None = Problem.Invalid("filter", "No key that you see matches.");

    // Of one row.
    public static readonly Problem Open = new(
        ProblemKind.Conflict,
        "rotation_open",
        "A rotation of this key is open already. Finish or abort that first."
    );
    public static readonly Problem Leaked = new(
        ProblemKind.Conflict,
        "key_leaked",
        "This version was reported as leaked. Issue the rotation that was planned for it then."
    );
    public static readonly Problem LeakedStays = new(
        ProblemKind.Conflict,
        "key_leaked",
        "This version was reported as leaked. Enable it by itself, with the reason why it may be trusted."
    );
    public static readonly Problem Retired = new(ProblemKind.Conflict, "agent_retired", "Its agent is retired, and needs no new secret.");
    public static readonly Problem NoActiveVersion = new(
        ProblemKind.Conflict,
        "no_active_version",
        "No version of this key is accepted at present. Rotate it by itself, or revoke it."
    );
    public static readonly Problem SinkNotFor = new(
        ProblemKind.Conflict,
        "sink_not_for_team",
        "The sink does not serve the team of this agent."
    );
    public static readonly Problem ChangedMeanwhile = new(
        ProblemKind.Conflict,
        "changed_meanwhile",
        "The key, or its agent, changed after the plan was applied. It was left alone."
    );
    public static readonly Problem MovedOn = new(
        ProblemKind.Conflict,
        "rotation_moved_on",
        "Somebody went on with this rotation by itself: it was issued again, aborted or replaced."
    );
    public static readonly Problem SecretForgotten = new(
        ProblemKind.Conflict,
        "secret_forgotten",
        "The secret did not arrive within 24 hours and was forgotten. A resume revokes it and makes another."
    );

    /// <param name="seconds">Until the first of them runs out.</param>
    public static Problem TooManyOpen(int seconds) =>
        new(
            ProblemKind.TooMany,
            "too_many_plans",
            $"{KeyBulk.MostOpen} of your plans wait to be applied. Apply or discard one of them, or let it run out: a plan holds for an hour."
        )
        {
            RetryAfterSeconds = seconds,
        };
}
