namespace AgentConsole.Core.Runs;

public enum RunStatus
{
    Queued,
    Running,
    Waiting,
    Completed,
    Failed,
    Cancelled,
    TimedOut,
    Skipped,

    /// <summary>Nothing was heard within the run's lease; a late report replaces it.</summary>
    Lost,
}

/// <summary>Where the cost of a run comes from; none where there was nothing to price.</summary>
public enum CostSource
{
    /// <summary>The agent said it.</summary>
    Reported,

    /// <summary>Tokens times the price in effect when the run ended.</summary>
    Computed,

    /// <summary>Tokens, and no price for the model: the cost is unknown, which is not zero.</summary>
    Unpriced,
}

/// <summary>One piece of work by an agent. Written by ingest with prepared statements; read through EF.</summary>
public sealed class Run
{
    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public Guid AgentId { get; init; }

    /// <summary>The agent's team at the time.</summary>
    public Guid TeamId { get; init; }
    public string? ExternalId { get; init; }
    public RunStatus Status { get; set; }
    public DateTimeOffset? StartedAt { get; set; }
    public DateTimeOffset? EndedAt { get; set; }
    public DateTimeOffset ReceivedAt { get; init; }

    /// <summary>When the terminal status was received; the minute of its rollup.</summary>
    public DateTimeOffset? FinishedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
    public long? DurationMs { get; set; }
    public string? Version { get; set; }
    public string? Gateway { get; set; }
    public string? Model { get; set; }
    public long? InputTokens { get; set; }
    public long? OutputTokens { get; set; }
    public long? CostMicros { get; set; }
    public CostSource? CostSource { get; set; }

    /// <summary>The cost that the agent reported, where a re-rating put another in its place: the same report again does not bring it back.</summary>
    public long? OverruledMicros { get; set; }
    public string? Summary { get; set; }
    public string? Error { get; set; }
    public string? ErrorCode { get; set; }
    public Guid? ParentRunId { get; set; }
    public Guid? KeyVersionId { get; set; }
    public string? Metadata { get; set; }
    public required string CaptureMode { get; init; }
    public bool ClockSkewed { get; set; }

    /// <summary>While it is open: when it becomes lost unless something is heard.</summary>
    public DateTimeOffset? LeaseDeadline { get; set; }
    public int EventCount { get; set; }

    /// <summary>Tool calls among its steps that ended with an error.</summary>
    public long ToolFailures { get; set; }

    /// <summary>Decisions among its steps that blocked.</summary>
    public long Blocked { get; set; }
}

public enum RunEventKind
{
    Message,
    ToolCall,
    Decision,
    Iteration,
    Log,
}

public enum Decision
{
    Allowed,
    Blocked,
    Redacted,
    Escalated,
}

/// <summary>A step in a run.</summary>
public sealed class RunEvent
{
    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public Guid RunId { get; set; }
    public Guid AgentId { get; init; }
    public Guid TeamId { get; init; }
    public RunEventKind Kind { get; init; }
    public string? ExternalId { get; init; }
    public string? Parent { get; init; }
    public string? Name { get; init; }
    public DateTimeOffset At { get; init; }
    public DateTimeOffset ReceivedAt { get; init; }
    public long? DurationMs { get; init; }
    public Decision? Decision { get; init; }

    /// <summary><c>ok</c> or <c>error</c>.</summary>
    public string? Status { get; init; }
    public string? Role { get; init; }
    public string? Model { get; init; }
    public long? InputTokens { get; init; }
    public long? OutputTokens { get; init; }
    public long? CostMicros { get; init; }
    public string? Error { get; init; }

    /// <summary>JSON object with <c>content</c>, <c>arguments</c>, <c>result</c>, <c>metadata</c> as far as the capture mode kept them.</summary>
    public string? Payload { get; init; }
}

/// <summary>
/// Counters of one agent, version, gateway and model in one minute (folded to quarters of an hour after 48 h, because the days of every time zone
/// begin at one), by received end time. Decisions stand under no model.
/// </summary>
public sealed class RunRollup
{
    public Guid OrganizationId { get; init; }
    public Guid AgentId { get; init; }
    public Guid TeamId { get; init; }

    /// <summary>Empty when the runs named none.</summary>
    public required string Version { get; init; }
    public required string Gateway { get; init; }
    public required string Model { get; init; }

    /// <summary>Start of the bucket.</summary>
    public DateTimeOffset Bucket { get; init; }

    /// <summary>60 or 900.</summary>
    public int BucketSeconds { get; init; }
    public long Completed { get; set; }
    public long Failed { get; set; }
    public long Cancelled { get; set; }
    public long TimedOut { get; set; }
    public long Skipped { get; set; }
    public long Lost { get; set; }
    public long Allowed { get; set; }
    public long Blocked { get; set; }
    public long Redacted { get; set; }
    public long Escalated { get; set; }
    public long InputTokens { get; set; }
    public long OutputTokens { get; set; }
    public long CostMicros { get; set; }

    /// <summary>Ended runs with tokens and without a price.</summary>
    public long Unpriced { get; set; }

    /// <summary>Tokens of those alone.</summary>
    public long UnpricedInputTokens { get; set; }

    /// <inheritdoc cref="UnpricedInputTokens"/>
    public long UnpricedOutputTokens { get; set; }

    /// <summary>Mergeable log-bucket histogram of durations, as <c>DurationHistogram</c> writes it.</summary>
    public byte[] Durations { get; set; } = [];
}

/// <summary>
/// What runs that retention removed had contributed to the rollups, in the same shape: the rollups stay, and counting anew begins with this.
/// </summary>
public sealed class RollupBase
{
    public Guid OrganizationId { get; init; }
    public Guid AgentId { get; init; }
    public Guid TeamId { get; init; }

    /// <summary>Empty when the runs named none.</summary>
    public required string Version { get; init; }
    public required string Gateway { get; init; }
    public required string Model { get; init; }

    /// <summary>Start of the bucket.</summary>
    public DateTimeOffset Bucket { get; init; }

    /// <summary>60 or 900.</summary>
    public int BucketSeconds { get; init; }
    public long Completed { get; set; }
    public long Failed { get; set; }
    public long Cancelled { get; set; }
    public long TimedOut { get; set; }
    public long Skipped { get; set; }
    public long Lost { get; set; }
    public long Allowed { get; set; }
    public long Blocked { get; set; }
    public long Redacted { get; set; }
    public long Escalated { get; set; }
    public long InputTokens { get; set; }
    public long OutputTokens { get; set; }
    public long CostMicros { get; set; }

    /// <summary>Ended runs with tokens and without a price.</summary>
    public long Unpriced { get; set; }

    /// <summary>Tokens of those alone.</summary>
    public long UnpricedInputTokens { get; set; }

    /// <inheritdoc cref="UnpricedInputTokens"/>
    public long UnpricedOutputTokens { get; set; }

    /// <summary>Mergeable log-bucket histogram of durations, as <c>DurationHistogram</c> writes it.</summary>
    public byte[] Durations { get; set; } = [];
}
