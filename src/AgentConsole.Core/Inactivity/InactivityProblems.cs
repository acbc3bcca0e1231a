using AgentConsole.Core.Common;

namespace AgentConsole.Core.Inactivity;

/// <summary>Refusals of this feature.</summary>
public static class InactivityProblems
{
    public static readonly Problem NotFound = Problem.NotFound("inactivity policy");
    public static readonly Problem ExemptionNotFound = Problem.NotFound("exemption");
    public static readonly Problem NotBraked = new(
        ProblemKind.Conflict,
        "not_braked",
        "This policy waits for no confirmation; it may have been given, or the agents have been heard meanwhile."
    );
    public static readonly Problem NoPolicy = new(
        ProblemKind.Conflict,
        "no_inactivity_policy",
        "No inactivity policy has warned of this agent; there is nothing to keep it from."
    );

    public static Problem BrakeChanged(int now, int shown) =>
        new(ProblemKind.Conflict, "brake_changed", $"It would act on {now} agents by now, not on {shown}. Look again.");

    public static Problem Exists(string scope) =>
        new(ProblemKind.Conflict, "policy_exists", $"{scope} has an inactivity policy already. Change that one.");

    public static Problem TooMany(int most) =>
        new(ProblemKind.Conflict, "limit_reached", $"A policy has at most {most} exemptions. Remove some, or exempt by tag.");
}
