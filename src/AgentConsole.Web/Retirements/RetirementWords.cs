using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Retirements;
using AgentConsole.Web.Components;

namespace AgentConsole.Web.Retirements;

/// <summary>The steps of a retirement as people read them.</summary>
internal static class RetirementWords
{
    public static IEnumerable<string> Steps => Enum.GetValues<RetirementStep>().Select(KebabCase.Of);

    public static string Title(string step) =>
        step switch
        {
            "gateways" => "Unlink its gateways",
            "runs" => "Let its runs end",
            "keys" => "Revoke its keys",
            _ => "Keep a copy of its history",
        };

    public static string Says(RetirementStepBody step) =>
        step.Step switch
        {
            "gateways" when step.State == "open" => $"{Words.Many(step.Left, "gateway")} linked.",
            "gateways" => step.Count > 0 ? $"{Words.Many(step.Count.Value, "gateway")} unlinked." : "None is linked.",
            "runs" when step.State == "skipped" => "Not waited for.",
            "runs" when step.State == "open" => Open(step),
            "runs" => "None is open.",
            "keys" when step.State == "open" =>
                $"{Words.Many(step.Left, "version")} of keys not revoked. Open rotations end with them. Revoked for good, no caller is let in.",
            "keys" => step.Count > 0 ? $"{Words.Many(step.Count.Value, "version")} revoked." : "None is left.",
            _ when step.State == "skipped" => "No copy was made.",
            _ when step.State == "done" => "One file with its snapshots, runs and records of the trail was made.",
            _ => "One file: its snapshots, its runs, and the trail's records about it. The console keeps them, too.",
        };

    private static string Open(RetirementStepBody step) =>
        step.Mode switch
        {
            "drain" => $"{Words.Many(step.Left, "run")} open. This goes on by itself when the last has ended.",
            "cancel" =>
                $"{Words.Many(step.Left, "run")} open; the agent was asked to stop {(step.Left == 1 ? "it" : "them")}. The console cannot stop foreign code: it waits for the answer.",
            _ => $"{Words.Many(step.Left, "run")} open.",
        };
}
