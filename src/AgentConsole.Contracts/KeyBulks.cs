namespace AgentConsole.Contracts;

/// <summary>
/// Body of <c>POST /api/v1/rotations/bulk</c> and <c>POST /api/v1/keys/bulk</c>. Which keys: exactly one of <c>keys</c>, <c>agents</c>, <c>filter</c> and
/// <c>agent_filter</c>.
/// </summary>
public sealed record MakeKeyBulk
{
    /// <summary><c>disable</c>, <c>enable</c> or <c>revoke</c>; of <c>rotations/bulk</c> always <c>rotate</c>.</summary>
    public string? Action { get; init; }

    /// <summary>Ids of keys, or of versions of keys; at most 20,000.</summary>
    public IReadOnlyList<string>? Keys { get; init; }

    /// <summary>Ids or slugs of agents: all their active keys.</summary>
    public IReadOnlyList<string>? Agents { get; init; }

    /// <summary>Members of the query of <c>GET /api/v1/keys</c>.</summary>
    public IReadOnlyDictionary<string, string>? Filter { get; init; }

    /// <summary>Members of the query of <c>GET /api/v1/agents</c>: all active keys of those agents.</summary>
    public IReadOnlyDictionary<string, string>? AgentFilter { get; init; }

    /// <summary>How long the old version works on, 0 to 2592000; 86400 when absent.</summary>
    public int? GraceSeconds { get; init; }
    public bool RevokeImmediately { get; init; }
    public bool AutoExtend { get; init; }

    /// <summary>Days until the new version expires.</summary>
    public int? TtlDays { get; init; }

    /// <summary>Name or id of the secret sink that takes the new secrets. Without one each rotation is only planned.</summary>
    public string? Sink { get; init; }
    public string? Reason { get; init; }
}

/// <summary>Body of <c>apply</c>.</summary>
public sealed record ApplyKeyBulk
{
    /// <summary>The digest of the plan that was read.</summary>
    public string? Digest { get; init; }
}

/// <summary>Body of <c>resume</c>.</summary>
public sealed record ResumeKeyBulk
{
    /// <summary><c>failed</c>: only rows that failed. <c>remaining</c>, when absent: all that are not done.</summary>
    public string? Rows { get; init; }
}

/// <summary>One act for many keys: its plan, how far it is, and what came of it.</summary>
public sealed record KeyBulkBody
{
    public required string Id { get; init; }

    /// <summary><c>rotate</c>, <c>disable</c>, <c>enable</c> or <c>revoke</c>.</summary>
    public required string Action { get; init; }

    /// <summary><c>planned</c>, <c>expired</c>, <c>working</c>, <c>stopped</c> (waits for a resume) or <c>finished</c>.</summary>
    public required string State { get; init; }

    /// <summary>SHA-256, in hex, over what is done and every row as it is shown.</summary>
    public required string Digest { get; init; }
    public int? GraceSeconds { get; init; }
    public bool? RevokeImmediately { get; init; }
    public bool? AutoExtend { get; init; }
    public int? TtlDays { get; init; }
    public string? Sink { get; init; }
    public string? Reason { get; init; }

    /// <summary>The filter of keys that was asked; null where keys or agents were named.</summary>
    public IReadOnlyDictionary<string, string>? Filter { get; init; }
    public IReadOnlyDictionary<string, string>? AgentFilter { get; init; }
    public required string Maker { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Apply it before this instant.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public DateTimeOffset? CancelledAt { get; init; }

    /// <summary>Why it waits for a person.</summary>
    public string? Stopped { get; init; }
    public required KeyBulkCounts Rows { get; init; }

    /// <summary>States of its rotations; only in the answer about one operation.</summary>
    public IReadOnlyDictionary<string, int>? Rotations { get; init; }

    /// <summary>How many of its open rotations wait for a caller that has not moved.</summary>
    public int? Waiting { get; init; }
}

/// <summary>Rows by what was planned, and by what came of them.</summary>
/// <param name="Change">Would be, or were to be, changed.</param>
/// <param name="NoChange">Stand already as they should.</param>
/// <param name="Refused">Are left alone; each says why.</param>
/// <param name="Issued">Made, and on the way to the sink.</param>
public sealed record KeyBulkCounts(
    int Total,
    int Change,
    int NoChange,
    int Refused,
    int Pending,
    int Issued,
    int Done,
    int Failed,
    int Cancelled
);

/// <summary>One key of a bulk act.</summary>
public sealed record KeyBulkRowBody
{
    public required int Row { get; init; }
    public string? KeyId { get; init; }
    public string? KeyName { get; init; }
    public required string Agent { get; init; }
    public string? AgentId { get; init; }
    public string? Team { get; init; }

    /// <summary>The version that is replaced or changed.</summary>
    public int? Version { get; init; }

    /// <summary>When that version was made.</summary>
    public DateTimeOffset? MadeAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Distinct callers in the 24 hours before the plan.</summary>
    public required int Callers { get; init; }

    /// <summary><c>change</c>, <c>no-change</c> or <c>refused</c>.</summary>
    public required string Effect { get; init; }

    /// <summary>Who takes the new secret: <c>sink</c>, <c>agent</c> (it may rotate its key by itself) or <c>person</c>; null but for a rotation.</summary>
    public string? Taker { get; init; }

    /// <summary><c>pending</c>, <c>issued</c>, <c>done</c>, <c>failed</c> or <c>cancelled</c>; null where nothing was to be done.</summary>
    public string? Outcome { get; init; }
    public string? Code { get; init; }
    public string? Detail { get; init; }
    public string? Rotation { get; init; }
    public string? RotationState { get; init; }

    /// <summary>How many callers have not moved.</summary>
    public int? Waiting { get; init; }
    public int? ToVersion { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
}

/// <summary>What came of one act on all rotations of a set: those that were not ready are left, and may follow later.</summary>
/// <param name="Done">Moved by this call.</param>
/// <param name="Left">Open, and not ready for it.</param>
/// <param name="Refused">Ready, and refused; <c>refusals</c> names the first of them.</param>
public sealed record KeyBulkCut(string Id, int Done, int Left, int Refused, IReadOnlyList<KeyBulkRefusal> Refusals);

public sealed record KeyBulkRefusal(string Rotation, string Agent, string Code, string Detail);

/// <summary>What came of every row.</summary>
public sealed record KeyBulkReport(KeyBulkBody Operation, IReadOnlyList<KeyBulkRowBody> Rows);
