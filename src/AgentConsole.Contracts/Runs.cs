using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentConsole.Contracts;

/// <summary>Body of <c>POST /api/v1/runs</c>, one element of <c>runs/batch</c>, and of <c>PATCH /api/v1/runs/{id|external_id}</c>.</summary>
public sealed record ReportRun
{
    /// <summary>At most 200 characters, not beginning with <c>run_</c>; unique per agent; makes the report an upsert.</summary>
    public string? ExternalId { get; init; }

    /// <summary><c>queued</c>, <c>running</c>, <c>waiting</c>, <c>completed</c>, <c>failed</c>, <c>cancelled</c>, <c>timed-out</c>, <c>skipped</c>.</summary>
    public string? Status { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Milliseconds; derived from start and end when absent.</summary>
    public long? DurationMs { get; init; }
    public string? Version { get; init; }
    public string? Gateway { get; init; }
    public string? Model { get; init; }
    public long? InputTokens { get; init; }
    public long? OutputTokens { get; init; }

    /// <summary>USD as a decimal string (or number) with at most 6 decimals kept, rounded half-even.</summary>
    public JsonElement? Cost { get; init; }
    public string? Summary { get; init; }
    public string? Error { get; init; }

    /// <summary>Short machine word of the error, searchable exactly.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>Id or external id (of the same agent) of the run that started this one.</summary>
    public string? ParentRun { get; init; }
    public JsonElement? Metadata { get; init; }

    /// <summary>For callers with an API token instead of an agent key: the name of an agent that is not registered. Header <c>X-AgentConsole-Agent</c> says the same.</summary>
    public string? Agent { get; init; }
}

public sealed record RunBody
{
    public required string Id { get; init; }
    public string? ExternalId { get; init; }

    /// <summary>Slug of the agent.</summary>
    public required string Agent { get; init; }
    public required string AgentId { get; init; }
    public required string Team { get; init; }
    public required string Status { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public required DateTimeOffset ReceivedAt { get; init; }
    public long? DurationMs { get; init; }
    public string? Version { get; init; }
    public string? Gateway { get; init; }
    public string? Model { get; init; }
    public long? InputTokens { get; init; }
    public long? OutputTokens { get; init; }

    /// <summary>USD, decimal string; null when unknown.</summary>
    public string? Cost { get; init; }

    /// <summary><c>reported</c> by the agent, <c>computed</c> from tokens and prices, <c>unpriced</c>: tokens without a price; null when there is nothing to price.</summary>
    public string? CostSource { get; init; }
    public string? Summary { get; init; }
    public string? Error { get; init; }
    public string? ErrorCode { get; init; }
    public string? ParentRun { get; init; }
    public string? KeyVersion { get; init; }
    public required string CaptureMode { get; init; }

    /// <summary>The reported start lay more than 5 minutes ahead and was clamped to the time of receipt.</summary>
    public bool ClockSkewed { get; init; }
    public int EventCount { get; init; }
    public JsonElement? Metadata { get; init; }

    /// <summary>Somebody asked to cancel this run and it has not ended; absent otherwise. <c>status</c> stays what the agent says.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CancelNotice? Cancel { get; init; }
}

/// <summary>What an agent hears of a request to cancel one of its runs.</summary>
/// <param name="State"><c>requested</c>, or <c>acknowledged</c> once the agent said that it has heard; in the answer to an acknowledgement also how it ended.</param>
public sealed record CancelNotice(string Run, string? ExternalId, string State, DateTimeOffset RequestedAt, string? Reason);

/// <summary>Answer of <c>GET /api/v1/runs/cancellations</c>: those that the agent has not acknowledged.</summary>
public sealed record CancelNotices(IReadOnlyList<CancelNotice> Data);

/// <summary>How a request to cancel a run stands.</summary>
public sealed record CancelBody
{
    public required string Run { get; init; }

    /// <summary>Slug of the agent.</summary>
    public required string Agent { get; init; }

    /// <summary><c>requested</c>, <c>acknowledged</c>, <c>cancelled</c> (the agent reported it), <c>finished-first</c> (the run ended another way) or <c>expired</c>.</summary>
    public required string State { get; init; }

    /// <summary>Status of the run, as its agent reported it.</summary>
    public required string RunStatus { get; init; }
    public required DateTimeOffset RequestedAt { get; init; }
    public required string RequestedBy { get; init; }
    public string? Reason { get; init; }
    public DateTimeOffset? AcknowledgedAt { get; init; }

    /// <summary>When the run ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>An open request counts as not confirmed from then on.</summary>
    public required DateTimeOffset ConfirmBy { get; init; }
    public bool NotConfirmed { get; init; }

    /// <summary>The run with which this one was asked for; null when it was named itself.</summary>
    public string? With { get; init; }

    /// <summary>Runs that were asked for with this one, and open ones below it that were asked for in another way.</summary>
    public required IReadOnlyList<CancelledRun> Children { get; init; }

    /// <summary>Open runs that this one started, that the caller may not cancel, and that nobody else asked for.</summary>
    public required IReadOnlyList<NotCancelledRun> NotIncluded { get; init; }

    /// <summary>Open runs that this one started, and that nobody asked to cancel though the caller may: begun after the request, or left out of it.</summary>
    public required IReadOnlyList<OpenRun> NotAsked { get; init; }

    /// <summary>How many open runs it started in teams that the caller does not see.</summary>
    public int NotVisible { get; init; }

    /// <summary>There are more runs below it than one request covers.</summary>
    public bool More { get; init; }
}

/// <summary>A run that goes on.</summary>
public sealed record OpenRun(string Run, string Agent, string RunStatus);

public sealed record CancelledRun(string Run, string Agent, string State, string RunStatus);

/// <param name="Why">Which role is missing, and who grants it.</param>
public sealed record NotCancelledRun(string Run, string Agent, string RunStatus, string Why);

/// <summary>Answer of <c>POST /api/v1/runs/batch</c>; <c>results</c> has one entry per input element, in order.</summary>
public sealed record BatchResult(int Created, int Updated, int Failed, IReadOnlyList<BatchRow> Results)
{
    /// <summary>Runs of this agent that somebody asked to cancel; absent when there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<CancelNotice>? Cancels { get; init; }
}

/// <param name="Outcome"><c>created</c>, <c>updated</c> or <c>failed</c>.</param>
public sealed record BatchRow(
    int Index,
    string? Id,
    string Outcome,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ProblemBody? Problem
);

/// <summary>One step of a run; body of <c>POST /api/v1/runs/{id}/events</c> (one, or an array of at most 500).</summary>
public sealed record ReportEvent
{
    /// <summary><c>message</c>, <c>tool-call</c>, <c>decision</c>, <c>iteration</c> or <c>log</c>.</summary>
    public string? Kind { get; init; }

    /// <summary>At most 200 characters; a second event of the same run with the same one is a replay.</summary>
    public string? ExternalId { get; init; }

    /// <summary>External id of the event this one happened within.</summary>
    public string? Parent { get; init; }

    /// <summary>Tool, model or rule name.</summary>
    public string? Name { get; init; }
    public DateTimeOffset? At { get; init; }
    public long? DurationMs { get; init; }

    /// <summary>For a decision: <c>allowed</c>, <c>blocked</c>, <c>redacted</c>, <c>escalated</c>.</summary>
    public string? Decision { get; init; }

    /// <summary><c>ok</c> or <c>error</c>.</summary>
    public string? Status { get; init; }

    /// <summary>For a message: <c>system</c>, <c>user</c>, <c>assistant</c>, <c>tool</c>. For a log line: <c>debug</c>, <c>info</c>, <c>warn</c>, <c>error</c>.</summary>
    public string? Role { get; init; }

    /// <summary>Text or JSON; kept only under capture mode <c>full</c>.</summary>
    public JsonElement? Content { get; init; }

    /// <summary>Tool arguments; kept only under capture mode <c>full</c>.</summary>
    public JsonElement? Arguments { get; init; }

    /// <summary>Tool result; kept only under capture mode <c>full</c>.</summary>
    public JsonElement? Result { get; init; }
    public string? Error { get; init; }
    public string? Model { get; init; }
    public long? InputTokens { get; init; }
    public long? OutputTokens { get; init; }
    public JsonElement? Cost { get; init; }
    public JsonElement? Metadata { get; init; }
}

public sealed record EventBody
{
    public required string Id { get; init; }
    public required string Run { get; init; }
    public string? ExternalId { get; init; }
    public string? Parent { get; init; }
    public required string Kind { get; init; }
    public string? Name { get; init; }
    public required DateTimeOffset At { get; init; }
    public long? DurationMs { get; init; }
    public string? Decision { get; init; }
    public string? Status { get; init; }
    public string? Role { get; init; }
    public JsonElement? Content { get; init; }
    public JsonElement? Arguments { get; init; }
    public JsonElement? Result { get; init; }
    public string? Error { get; init; }
    public string? Model { get; init; }
    public long? InputTokens { get; init; }
    public long? OutputTokens { get; init; }
    public string? Cost { get; init; }
    public JsonElement? Metadata { get; init; }
}

/// <summary>Answer of <c>POST …/events</c>.</summary>
public sealed record EventsAccepted(string Run, int Created, int Replayed, IReadOnlyList<string> Ids)
{
    /// <summary>Somebody asked to cancel the run; absent otherwise.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CancelNotice? Cancel { get; init; }
}

/// <summary>Where a run's time went; the parts together are exactly <c>total_ms</c>.</summary>
/// <param name="TotalMs">From the start to the end, to now for an open run.</param>
/// <param name="Gaps">The longest first, twenty at most.</param>
/// <param name="Truncated">The run has more steps than were looked at.</param>
public sealed record ExplainBody(
    string Run,
    string Status,
    long TotalMs,
    IReadOnlyList<ExplainedPart> Parts,
    IReadOnlyList<ExplainedGap> Gaps,
    bool Truncated
);

/// <param name="Kind"><c>model</c>, <c>tool</c>, <c>waiting</c> (for a decision), <c>own</c> (other steps), <c>gap</c> (nothing was reported).</param>
/// <param name="Ms">Each moment counts once: waiting before tool before model before own.</param>
/// <param name="Share">0 to 1.</param>
/// <param name="Steps">Steps of this kind that took time; of <c>gap</c>, how many there are.</param>
/// <param name="Longest">Name of the longest step; of <c>gap</c>, the step before the longest.</param>
public sealed record ExplainedPart(string Kind, long Ms, double Share, int Steps, long LongestMs, string? Longest);

/// <param name="After">The step before it; null at the start of the run.</param>
/// <param name="Before">The step after it; null at the end of the run.</param>
public sealed record ExplainedGap(long FromMs, long Ms, string? After, string? Before);

/// <summary>Figures of an agent, a team or the fleet over a sliding period that ends now.</summary>
public sealed record StatsBody
{
    /// <summary>As asked: <c>15m</c>, <c>24h</c>, <c>30d</c>.</summary>
    public required string Period { get; init; }
    public required DateTimeOffset From { get; init; }
    public required DateTimeOffset To { get; init; }

    /// <summary><c>total</c> and a count per status.</summary>
    public required IReadOnlyDictionary<string, long> Runs { get; init; }
    public required IReadOnlyDictionary<string, long> Decisions { get; init; }
    public required TokensBody Tokens { get; init; }

    /// <summary>USD, decimal string.</summary>
    public required string Cost { get; init; }

    /// <summary>Share of ended runs that failed, timed out or were lost; null when none ended.</summary>
    public double? ErrorRate { get; init; }

    /// <summary>Share of decisions that were blocked; null when there was none.</summary>
    public double? BlockRate { get; init; }
    public long? P50DurationMs { get; init; }
    public long? P95DurationMs { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<UnhealthyAgent>? Unhealthy { get; init; }
}

public sealed record TokensBody(long Input, long Output);

/// <param name="Reason">One sentence with value and limit.</param>
public sealed record UnhealthyAgent(
    string Id,
    string Slug,
    string Team,
    string Health,
    double? ErrorRate,
    double? BlockRate,
    long Runs,
    string Reason
);
