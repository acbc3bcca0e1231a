using AgentConsole.Core.Common;

namespace AgentConsole.Core.Agents;

/// <summary>Refusals of this feature.</summary>
public static class AgentProblems
{
    public static readonly Problem NotFound = Problem.NotFound("agent");
    public static readonly Problem TeamNotFound = Problem.NotFound("team");
    public static readonly Problem Deleted = new(ProblemKind.Conflict, "agent_deleted", "This agent was deleted. Restore it first.");
    public static readonly Problem NotDeleted = new(
        ProblemKind.Conflict,
        "agent_not_deleted",
        "This agent is not deleted; there is nothing to restore."
    );

    public static readonly Problem Retired = new(
        ProblemKind.Conflict,
        "agent_retired",
        "This agent is retired: it gets no gateways, no keys and no versions any more. Register another one."
    );

    public static Problem SlugTaken(string slug) =>
        new(
            ProblemKind.Conflict,
            "slug_taken",
            $"There is already an agent '{slug}' in this organization. Choose another slug.",
            new Dictionary<string, string[]>(StringComparer.Ordinal) { ["slug"] = ["Is taken by another agent of the organization."] }
        );

    public static Problem State(string act, Lifecycle now) =>
        new(ProblemKind.Conflict, "agent_state", $"This agent is {KebabCase.Of(now)} and cannot be {act}.");
}
