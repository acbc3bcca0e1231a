using System.Text.Json;
using AgentConsole.Contracts;

namespace AgentConsole.Benchmarks;

/// <summary>The runs that are reported in every measurement.</summary>
internal static class Reports
{
    public static ReportRun Run(int number, string? externalId = null) =>
        new()
        {
            ExternalId = externalId,
            Status = number % 20 == 0 ? "failed" : "completed",
            DurationMs = 800 + (number % 700),
            Version = "2.4.1",
            Gateway = "main",
            Model = "large-3",
            InputTokens = 1200 + number,
            OutputTokens = 300 + number,
            Cost = JsonSerializer.SerializeToElement(0.0125m),
            Summary = "Checked 48 links on 12 pages; 1 is broken",
            ErrorCode = number % 20 == 0 ? "upstream_timeout" : null,
        };

    public static byte[] Body(object body) => JsonSerializer.SerializeToUtf8Bytes(body, ConsoleJson.Options);
}
