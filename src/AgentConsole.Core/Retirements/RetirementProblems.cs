using AgentConsole.Core.Common;

namespace AgentConsole.Core.Retirements;

/// <summary>Refusals of this feature.</summary>
public static class RetirementProblems
{
    public static readonly Problem NotFound = Problem.NotFound("retirement");
    public static readonly Problem Open = new(
        ProblemKind.Conflict,
        "retirement_open",
        "A retirement of this agent is open already. Go on with that one, or abandon it."
    );
    public static readonly Problem Closed = new(
        ProblemKind.Conflict,
        "retirement_closed",
        "This agent's retirement is over, or was abandoned. Begin another one."
    );
    public static readonly Problem UnknownStep = new(
        ProblemKind.NotFound,
        "retirement_step_not_found",
        $"There is no such step: it is one of {string.Join(", ", Enum.GetValues<RetirementStep>().Select(KebabCase.Of))}."
    );
    public static readonly Problem DownloadIt = new(
        ProblemKind.Conflict,
        "retirement_export_missing",
        "The step is done when the last byte of the export was sent: download it from …/retirement/export, or skip it with a reason."
    );

    /// <summary>Something that comes before is not done.</summary>
    public static Problem Order(RetirementStep first, int left) =>
        new(ProblemKind.Conflict, "retirement_step_open", $"First the step {KebabCase.Of(first)}: {Left(first, left)}.");

    private static string Left(RetirementStep step, int left) =>
        step switch
        {
            RetirementStep.Gateways => left == 1 ? "one gateway is linked" : $"{left} gateways are linked",
            RetirementStep.Runs => left == 1 ? "one run is open" : $"{left} runs are open",
            RetirementStep.Keys => left == 1 ? "one version of a key is not revoked" : $"{left} versions of keys are not revoked",
            _ => "it was neither downloaded nor skipped",
        };
}
