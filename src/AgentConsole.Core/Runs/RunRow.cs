using System.Linq.Expressions;

namespace AgentConsole.Core.Runs;

/// <summary>One line of a list of runs on a page.</summary>
public sealed record RunRow
{
    public required Guid Id { get; init; }
    public string? ExternalId { get; init; }
    public required Guid AgentId { get; init; }

    /// <summary>The agent as it is called now; empty when it is no longer known.</summary>
    public string AgentSlug { get; init; } = "";
    public string AgentName { get; init; } = "";
    public required Guid TeamId { get; init; }
    public string TeamName { get; init; } = "";
    public required RunStatus Status { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public required DateTimeOffset ReceivedAt { get; init; }
    public long? DurationMs { get; init; }
    public string? Version { get; init; }
    public string? Gateway { get; init; }
    public string? Model { get; init; }
    public long? InputTokens { get; init; }
    public long? OutputTokens { get; init; }
    public long? CostMicros { get; init; }
    public CostSource? CostSource { get; init; }
    public string? Summary { get; init; }
    public string? Error { get; init; }
    public string? ErrorCode { get; init; }
    public int EventCount { get; init; }

    /// <summary>Somebody asked to cancel it, and it has not ended.</summary>
    public OpenCancel? Cancel { get; init; }

    internal static readonly Expression<Func<Run, RunRow>> Of = r => new RunRow
    {
        Id = r.Id,
        ExternalId = r.ExternalId,
        AgentId = r.AgentId,
        TeamId = r.TeamId,
        Status = r.Status,
        StartedAt = r.StartedAt,
        EndedAt = r.EndedAt,
        ReceivedAt = r.ReceivedAt,
        DurationMs = r.DurationMs,
        Version = r.Version,
        Gateway = r.Gateway,
        Model = r.Model,
        InputTokens = r.InputTokens,
        OutputTokens = r.OutputTokens,
        CostMicros = r.CostMicros,
        CostSource = r.CostSource,
        Summary = r.Summary,
        Error = r.Error,
        ErrorCode = r.ErrorCode,
        EventCount = r.EventCount,
    };

    internal static readonly Func<Run, RunRow> From = Of.Compile();
}
