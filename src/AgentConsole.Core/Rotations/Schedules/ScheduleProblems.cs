using AgentConsole.Core.Common;

namespace AgentConsole.Core.Rotations.Schedules;

/// <summary>Refusals of this feature.</summary>
public static class ScheduleProblems
{
    public static readonly Problem NotFound = Problem.NotFound("rotation policy");
    public static readonly Problem LinkNotFound = Problem.NotFound("calendar link");

    public static readonly Problem Exists = new(
        ProblemKind.Conflict,
        "policy_exists",
        "There is a rotation policy for exactly this already. Change that one."
    );

    public static readonly Problem SinkNotForAll = Problem.Invalid(
        "sink",
        "There is no secret sink of this name that serves every agent of the policy: a team's sink serves its own agents only."
    );

    public static readonly Problem UserNeeded = new(
        ProblemKind.Forbidden,
        "user_required",
        "A calendar link shows what a person sees, and belongs to one. Service accounts read /api/v1/rotations/due."
    );

    public static readonly Problem NarrowCredential = new(
        ProblemKind.Forbidden,
        "credential_too_narrow",
        "A calendar link shows all that its owner sees, until it is revoked. A token that ends or is limited to teams cannot make one: make it in the console."
    );

    public static readonly Problem NoNotice = new(
        ProblemKind.Conflict,
        "no_notice",
        "There is no notice of this key to dismiss: it is not due yet, or somebody dismissed it."
    );
}
