using System.Text.Json;

namespace AgentConsole.Contracts;

/// <summary>How a canary goes: in steps, watched by metrics, with a budget of errors for the whole of it.</summary>
public sealed record RolloutPlanBody
{
    /// <summary>1 to 20, with shares that do not fall.</summary>
    public IReadOnlyList<RolloutStepBody>? Steps { get; init; }

    /// <summary>1 to 20, of which at least one decides.</summary>
    public IReadOnlyList<RolloutMetricBody>? Metrics { get; init; }

    /// <summary>Looks at a step, evenly spread over its planned runs: 1 to 20; 3 when absent.</summary>
    public int? Looks { get; init; }

    /// <summary>How often a version that is no worse than its margins may be rolled back, over the whole rollout; 0.05 when absent.</summary>
    public decimal? FalseRollback { get; init; }

    /// <summary>How often a version that is worse may pass all steps; 0.05 when absent.</summary>
    public decimal? FalsePass { get; init; }

    /// <summary><c>roll-back</c> (default) or <c>pause</c>.</summary>
    public string? OnFail { get; init; }

    /// <summary>So many looks in a row, or the last of a step, must fail before that counts: 1 to 10; 1 when absent.</summary>
    public int? ConsecutiveFails { get; init; }

    /// <summary>How long a step waits for its runs after its hold, before it is judged by those that came: 1 to 43200; 1440 when absent.</summary>
    public int? PatienceMinutes { get; init; }
}

/// <summary>A step: a share of the traffic, for a time and a number of runs.</summary>
public sealed record RolloutStepBody
{
    /// <summary>Share of the traffic for the canary: above 0 and below 100, two decimals at most.</summary>
    public decimal? Percent { get; init; }

    /// <summary>At least so long: 0 to 43200 (30 days).</summary>
    public int? HoldMinutes { get; init; }

    /// <summary>Runs of each version below which nothing is judged: 1 to 1,000,000.</summary>
    public long? MinimumRuns { get; init; }

    /// <summary>Canary runs after which the step is judged for the last time; three times the minimum when absent. A step that passes earlier ends with its hold.</summary>
    public long? PlannedRuns { get; init; }
}

/// <summary>What is watched, and how much worse it may be.</summary>
public sealed record RolloutMetricBody
{
    /// <summary><c>error-rate</c>, <c>tool-failures</c>, <c>blocked-decisions</c>, <c>duration-p50</c>, <c>duration-p95</c>, <c>cost</c> or <c>field</c>.</summary>
    public string? Metric { get; init; }

    /// <summary>Absolute: a share of runs (0.005 is half a point), ms, USD, or the field's unit. Relative: 0.2 is a fifth more.</summary>
    public decimal? Margin { get; init; }
    public bool? Relative { get; init; }

    /// <summary>Is reported and decides nothing.</summary>
    public bool? DryRun { get; init; }

    /// <summary>A numeric member of a run's metadata; for <c>field</c> only.</summary>
    public string? Field { get; init; }
    public bool? LowerIsWorse { get; init; }
}

/// <summary>Body of <c>POST /api/v1/rollout-plans</c>, and of <c>PATCH</c> with <c>If-Match</c>, where absent members stay.</summary>
public sealed record SetRolloutTemplate
{
    /// <summary>Team slug or id; absent for the organization's. Never changes.</summary>
    public string? Team { get; init; }

    /// <summary>At most 60 characters; unique in its team.</summary>
    public string? Name { get; init; }

    /// <summary>At most 500 characters.</summary>
    public string? Description { get; init; }
    public RolloutPlanBody? Plan { get; init; }
}

/// <summary>A plan to use again. A rollout keeps the plan that it began with.</summary>
public sealed record RolloutTemplateBody
{
    public required string Id { get; init; }

    /// <summary>Slug; null for the organization's.</summary>
    public string? Team { get; init; }
    public required string Name { get; init; }
    public string? Description { get; init; }
    public required RolloutPlanBody Plan { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public required string UpdatedBy { get; init; }
    public required long Revision { get; init; }
}

/// <summary>Body of <c>POST /api/v1/agents/{agent}/rollouts</c>.</summary>
public sealed record StartRollout
{
    /// <summary>What is to be deployed; <c>status</c> and <c>traffic_percent</c> come from the plan and must be absent.</summary>
    public SetSnapshot? Snapshot { get; init; }

    /// <summary>Id or name of a template.</summary>
    public string? Template { get; init; }

    /// <summary>Instead of a template.</summary>
    public RolloutPlanBody? Plan { get; init; }
}

/// <summary>Body of the acts on a rollout.</summary>
public sealed record RolloutAct
{
    /// <summary>3 to 500 characters; required to abort, to promote, to advance, and to resume what a verdict has paused.</summary>
    public string? Reason { get; init; }
}

/// <summary>A canary in progress, or what became of it.</summary>
public sealed record RolloutBody
{
    public required string Id { get; init; }
    public required string Agent { get; init; }
    public required string AgentId { get; init; }
    public required string Team { get; init; }
    public string? Environment { get; init; }

    /// <summary><c>running</c>, <c>paused</c>, <c>promoted</c>, <c>rolled-back</c> or <c>aborted</c>.</summary>
    public required string State { get; init; }

    /// <summary>What a running one waits for, or why a paused one is: <c>runs</c>, <c>hold</c>, <c>freeze</c>, <c>person</c>, <c>inconclusive</c>, <c>fail</c>, <c>not-enough-data</c>; null when it is over.</summary>
    public string? WaitsFor { get; init; }

    /// <summary>In one sentence.</summary>
    public required string Says { get; init; }
    public required string StableVersion { get; init; }
    public required string CanaryVersion { get; init; }

    /// <summary>Ids of the snapshots that are compared.</summary>
    public required string StableSnapshot { get; init; }
    public required string CanarySnapshot { get; init; }
    public required RolloutPlanBody Plan { get; init; }

    /// <summary>Name of the template that it began with.</summary>
    public string? Template { get; init; }

    /// <summary>From 1.</summary>
    public required int Step { get; init; }
    public required DateTimeOffset StepStartedAt { get; init; }

    /// <summary>When its hold is over; pauses move it.</summary>
    public DateTimeOffset? HoldUntil { get; init; }

    /// <summary>The canary's share that is published.</summary>
    public required decimal TargetPercent { get; init; }

    /// <summary>The canary's share of this step's runs as they came in; null without runs.</summary>
    public double? MeasuredPercent { get; init; }
    public required RolloutArmBody Canary { get; init; }
    public required RolloutArmBody Stable { get; init; }

    /// <summary>The latest of this step; null before the first look.</summary>
    public string? Verdict { get; init; }
    public string? Reason { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required string StartedBy { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public string? EndedBy { get; init; }
    public string? EndedReason { get; init; }
    public required long Revision { get; init; }
}

/// <summary>Runs of this step that ended: completed, failed, timed out or lost.</summary>
/// <param name="Failed">Failed, timed out and lost ones.</param>
/// <param name="ToolFailed">With at least one failed tool call.</param>
/// <param name="Blocked">With at least one blocked decision.</param>
public sealed record RolloutArmBody(long Runs, long Failed, long ToolFailed, long Blocked);

/// <summary>Answer of <c>GET /api/v1/rollouts/{id}/decisions</c>, newest first.</summary>
public sealed record RolloutDecisions(IReadOnlyList<RolloutDecisionBody> Data);

/// <summary>One decision, with what it was reached by.</summary>
public sealed record RolloutDecisionBody
{
    /// <summary>From 1 in its rollout.</summary>
    public required int Number { get; init; }
    public required int Step { get; init; }
    public required DateTimeOffset At { get; init; }

    /// <summary><c>pass</c>, <c>fail</c>, <c>inconclusive</c> or <c>not-enough-data</c>.</summary>
    public required string Verdict { get; init; }

    /// <summary>What came of it: <c>none</c>, <c>advance</c>, <c>promote</c>, <c>pause</c> or <c>roll-back</c>.</summary>
    public required string Act { get; init; }

    /// <summary>SHA-256 of the record's bytes.</summary>
    public required string Digest { get; init; }

    /// <summary>Whether its evidence gives the same bytes again.</summary>
    public required bool Replays { get; init; }

    /// <summary>The record: <c>evidence</c> and <c>decision</c>; samples are in its download alone.</summary>
    public required JsonElement Record { get; init; }
}
