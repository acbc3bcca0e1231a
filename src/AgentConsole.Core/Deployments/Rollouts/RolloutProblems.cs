using AgentConsole.Core.Common;

namespace AgentConsole.Core.Deployments.Rollouts;

/// <summary>Refusals of this feature.</summary>
public static class RolloutProblems
{
    public static readonly Problem NotFound = Problem.NotFound("rollout");
    public static readonly Problem TemplateNotFound = Problem.NotFound("rollout plan");
    public static readonly Problem NothingActive = new(
        ProblemKind.Conflict,
        "nothing_active",
        "Nothing is active in this environment that a canary could be compared with. Set a version active first."
    );
    public static readonly Problem StepSpent = new(
        ProblemKind.Conflict,
        "step_spent",
        "This step has been judged for the last time: going on with it could only repeat what was seen. Advance, promote or abort."
    );
    public static readonly Problem NameTaken = new(ProblemKind.Conflict, "plan_name_taken", "There is a rollout plan of this name.");

    public static Problem Open(Rollout open) =>
        new(
            ProblemKind.Conflict,
            "rollout_open",
            $"The rollout {IdText.Format(IdText.Rollout, open.Id)} of {open.CanaryVersion} is open here. Promote or abort it first."
        );

    public static Problem State(string act, Rollout rollout) =>
        new(ProblemKind.Conflict, "rollout_state", $"A rollout that is {KebabCase.Of(rollout.State)} cannot be {act}.");
}
