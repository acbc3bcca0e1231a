using System.Globalization;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Freezes;

/// <summary>Refusals of this feature.</summary>
public static class FreezeProblems
{
    public static readonly Problem NotFound = Problem.NotFound("freeze");
    public static readonly Problem NameTaken = new(
        ProblemKind.Conflict,
        "name_taken",
        "There is a freeze of this name already, of the same team or, as this one, of the organization. Choose another name, or change that one."
    );

    /// <summary>Somebody who may override it has to say why.</summary>
    public static Problem ReasonNeeded(Freeze freeze, FreezeSpan window) =>
        new(ProblemKind.Conflict, "freeze_reason_required", $"{Says(freeze, window)} You may deploy nevertheless: say why in reason.");

    public static Problem Frozen(Freeze freeze, FreezeSpan window) =>
        new(
            ProblemKind.Conflict,
            "frozen",
            $"{Says(freeze, window)} Until then it needs {WhoMay(freeze.OverrideRole)}, with a reason; a rollback needs the reason alone."
        );

    internal static string WhoMay(OverrideRole role) =>
        role switch
        {
            OverrideRole.Operator => "an operator, a team-admin or an org-admin",
            OverrideRole.TeamAdmin => "a team-admin or an org-admin",
            _ => "an org-admin",
        };

    private static string Says(Freeze freeze, FreezeSpan window) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"Deployments are frozen by {freeze.Name} until {window.To.UtcDateTime:yyyy-MM-dd HH:mm} UTC: {freeze.Reason.TrimEnd('.')}."
        );
}
