using AgentConsole.Core.Common;
using AgentConsole.Core.Runs;
using AgentConsole.Testing;

namespace AgentConsole.Benchmarks.Baselines;

/// <summary>Rows as the console makes them of the reports of a batch, but for their ids, which each insert gives anew.</summary>
internal static class RawRows
{
    public const int Batch = 500;

    public static IReadOnlyList<Run> Runs(Cast cast, Guid agent)
    {
        var now = TimeProvider.System.Now();
        return
        [
            .. Enumerable
                .Range(0, Batch)
                .Select(i => Reports.Run(i))
                .Select(report => new Run
                {
                    OrganizationId = cast.Acme,
                    AgentId = agent,
                    TeamId = cast.Payments,
                    KeyVersionId = agent,
                    CaptureMode = "metadata",
                    Status = KebabCase.Parse<RunStatus>(report.Status!),
                    ReceivedAt = now,
                    UpdatedAt = now,
                    FinishedAt = now,
                    EndedAt = now,
                    StartedAt = now.AddMilliseconds(-report.DurationMs!.Value),
                    DurationMs = report.DurationMs,
                    Version = report.Version,
                    Gateway = report.Gateway,
                    Model = report.Model,
                    InputTokens = report.InputTokens,
                    OutputTokens = report.OutputTokens,
                    CostMicros = 12_500,
                    Summary = report.Summary,
                    ErrorCode = report.ErrorCode,
                }),
        ];
    }
}
