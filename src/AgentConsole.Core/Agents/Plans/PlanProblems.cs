using AgentConsole.Core.Common;

namespace AgentConsole.Core.Agents.Plans;

/// <summary>Refusals of plans.</summary>
public static class PlanProblems
{
    public static readonly Problem NotFound = Problem.NotFound("plan");
    public static readonly Problem NotTheMaker = new(
        ProblemKind.Forbidden,
        "not_the_maker",
        "Only whoever made a plan may apply it, resume it, take it back or discard it. Make one yourself."
    );
    public static readonly Problem AppliedAlready = new(
        ProblemKind.Conflict,
        "plan_applied",
        "This plan was applied already; it is never applied twice. Its rows say what came of it."
    );
    public static readonly Problem Expired = new(
        ProblemKind.Conflict,
        "plan_expired",
        "This plan is older than an hour, and the fleet may have moved on. Make it anew."
    );
    public static readonly Problem OtherDigest = new(
        ProblemKind.Conflict,
        "plan_digest_differs",
        "The digest is not this plan's. Read the plan again, and apply what you have read."
    );
    public static readonly Problem NothingToResume = new(
        ProblemKind.Conflict,
        "plan_not_interrupted",
        "This plan was not interrupted; there is nothing to resume."
    );
    public static readonly Problem WorkedOn = new(
        ProblemKind.Conflict,
        "plan_running",
        "This plan is being worked on. Wait until it has ended or stopped."
    );
    public static readonly Problem UndoneAlready = new(ProblemKind.Conflict, "plan_undone", "This plan was taken back already.");
    public static readonly Problem NothingToUndo = new(
        ProblemKind.Conflict,
        "nothing_to_undo",
        "This plan changed no agent; there is nothing to take back."
    );
    public static readonly Problem TooLateToUndo = new(
        ProblemKind.Conflict,
        "undo_too_late",
        "A plan can be taken back for an hour after it ended. Make one that does the opposite."
    );
    public static readonly Problem Changed = new(ProblemKind.Conflict, "changed_meanwhile", "Somebody changed this agent since.");
    public static readonly Problem TooMany = Problem.Invalid(
        "agents",
        $"At most {BulkPlan.MostRows} agents a plan. Narrow the filter, and make several."
    );
    public static readonly Problem TooManyRows = new(
        ProblemKind.TooMany,
        "too_many_plan_rows",
        $"Plans that were not applied hold {BulkPlan.MostWaitingRows} rows of this organization already. A plan holds for an hour; apply or discard some, or narrow the filter."
    );
    public static readonly Problem DeleteScope = new(
        ProblemKind.Forbidden,
        "scope_missing",
        "This needs the scope agents:delete, which the credential does not have."
    );

    /// <param name="seconds">Until the first of them runs out.</param>
    public static Problem TooManyOpen(int seconds) =>
        new(
            ProblemKind.TooMany,
            "too_many_plans",
            $"{BulkPlan.MostOpen} of your plans wait to be applied. Apply or discard one of them, or let it run out: a plan holds for an hour."
        )
        {
            RetryAfterSeconds = seconds,
        };

    public static Problem TooManyTags { get; } =
        new(ProblemKind.Conflict, "too_many_tags", $"This agent would have more than {AgentDraft.MostTags} tags.");

    public static Problem OwnerDisabled { get; } =
        new(ProblemKind.Conflict, "owner_disabled", "The new owner was disabled; an agent needs one who can answer for it.");
}
