using AgentConsole.Core.Common;

namespace AgentConsole.Core.Deployments;

/// <summary>Refusals of this feature.</summary>
public static class DeploymentProblems
{
    public static readonly Problem NotFound = Problem.NotFound("snapshot");
    public static readonly Problem NonePrevious = new(
        ProblemKind.NotFound,
        "no_previous_snapshot",
        "Nothing was deployed to this agent and environment before, or it was of a team that you do not see."
    );
}
