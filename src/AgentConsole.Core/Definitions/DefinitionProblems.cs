using System.Globalization;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Definitions;

/// <summary>Refusals of this feature.</summary>
public static class DefinitionProblems
{
    public static readonly Problem NotFound = Problem.NotFound("definition");

    internal static Problem SavedMeanwhile(int basedOn, DefinitionSavedBy newest) =>
        new(
            ProblemKind.Conflict,
            "definition_saved_meanwhile",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{newest.Who} saved number {newest.Number} {Texts.Ago(newest.Ago)}; yours is based on {(basedOn == 0 ? "none" : $"number {basedOn}")}. Look at how they differ, and save again on top of {newest.Number}."
            )
        );

    internal static Problem NoSuchBase(int basedOn) =>
        Problem.Invalid(
            "based_on",
            string.Create(CultureInfo.InvariantCulture, $"There is no number {basedOn} of this agent's definition.")
        );
}

/// <summary>Who was faster.</summary>
internal sealed record DefinitionSavedBy(int Number, string Who, TimeSpan Ago);
