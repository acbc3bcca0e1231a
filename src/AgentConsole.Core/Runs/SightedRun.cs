using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Unclaimed;

namespace AgentConsole.Core.Runs;

/// <summary>What is noted of a run that an unregistered agent reports: its status and its figures, where they make sense.</summary>
public static class SightedRun
{
    public static Sighted Of(ReportRun report)
    {
        var ignored = new FieldErrors();
        var status = KebabCase.Read<RunStatus>(report.Status, "status", ignored);
        return new Sighted(
            "run",
            status is { } known ? KebabCase.Of(known) : null,
            RunReader.ReadCount(report.InputTokens, "input_tokens", RunReader.MostTokens, ignored) ?? 0,
            RunReader.ReadCount(report.OutputTokens, "output_tokens", RunReader.MostTokens, ignored) ?? 0,
            Money.Read(report.Cost, "cost", ignored) ?? 0
        );
    }
}
