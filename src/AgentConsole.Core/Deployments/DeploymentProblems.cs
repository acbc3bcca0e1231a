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

    /// <summary>Nothing runs there that could be taken back.</summary>
    public static readonly Problem NothingToRollBack = new(
        ProblemKind.Conflict,
        "nothing_to_roll_back",
        "Nothing is active in this environment and there is no canary: there is nothing to take back. Deploy a version instead."
    );

    /// <summary>There is no earlier version that was not found wanting itself.</summary>
    public static readonly Problem NoRollbackTarget = new(
        ProblemKind.Conflict,
        "no_rollback_target",
        "No other version was active in this environment before, or each was taken back itself. Name the snapshot to go back to, or deploy a version."
    );

    /// <summary>The one to go back to is what runs.</summary>
    public static readonly Problem AlreadyDeployed = new(
        ProblemKind.Conflict,
        "already_deployed",
        "This version with this content is what is active, and no canary runs beside it."
    );

    /// <summary>Somebody deployed between the preview and the decision.</summary>
    public static readonly Problem PreviewChanged = new(
        ProblemKind.Conflict,
        "preview_changed",
        "Something was deployed since you looked at the preview. Look again and repeat the rollback."
    );
}
