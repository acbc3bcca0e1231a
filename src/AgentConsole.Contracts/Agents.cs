using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentConsole.Contracts;

/// <summary>Body of <c>POST /api/v1/agents</c> and one row of <c>agents/bulk</c>.</summary>
public sealed record RegisterAgent
{
    /// <summary><c>^[a-z0-9][a-z0-9_-]{0,99}$</c>, not beginning with one of the console's id prefixes; unique in the organization, immutable.</summary>
    public string? Slug { get; init; }
    public string? DisplayName { get; init; }
    public string? Description { get; init; }

    /// <summary>Team slug or id; <c>default</c> when absent.</summary>
    public string? Team { get; init; }

    /// <summary>E-mail address or id of a user; the caller when absent; a service account's agents are ownerless.</summary>
    public string? Owner { get; init; }
    public string? Environment { get; init; }
    public string? Version { get; init; }
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>A JSON object of at most 16 KiB.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>Provider name to the list of that provider's scopes.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Scopes { get; init; }

    /// <summary>Mint a first key and hand its secret out in this answer only.</summary>
    public bool? Key { get; init; }

    /// <summary><c>none</c>, <c>metadata</c> (default) or <c>full</c>.</summary>
    public string? CaptureMode { get; init; }

    /// <summary>Regular expressions whose matches are replaced before anything is written.</summary>
    public IReadOnlyList<string>? Redactions { get; init; }
    public int? LeaseSeconds { get; init; }
    public int? GraceSeconds { get; init; }
}

/// <summary>Body of <c>PATCH /api/v1/agents/{id}</c> with <c>If-Match</c>: a field that is absent stays; <c>owner: ""</c> makes the agent ownerless.</summary>
public sealed record ChangeAgent
{
    public string? DisplayName { get; init; }
    public string? Description { get; init; }
    public string? Team { get; init; }
    public string? Owner { get; init; }
    public string? Environment { get; init; }
    public string? Version { get; init; }
    public IReadOnlyList<string>? Tags { get; init; }
    public JsonElement? Metadata { get; init; }
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Scopes { get; init; }
    public string? CaptureMode { get; init; }
    public IReadOnlyList<string>? Redactions { get; init; }
    public int? LeaseSeconds { get; init; }
    public int? GraceSeconds { get; init; }
}

public sealed record TeamRef(string Id, string Slug, string Name);

public sealed record OwnerRef(string Id, string Email, string DisplayName);

/// <summary>An agent as the API shows it. The three facts (<c>lifecycle</c>, <c>liveness</c>, <c>health</c>) are separate and stay so.</summary>
public sealed record AgentBody
{
    public required string Id { get; init; }
    public required string Slug { get; init; }
    public required string DisplayName { get; init; }
    public string? Description { get; init; }
    public required TeamRef Team { get; init; }
    public OwnerRef? Owner { get; init; }
    public string? Environment { get; init; }
    public required IReadOnlyList<string> Tags { get; init; }
    public JsonElement? Metadata { get; init; }
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Scopes { get; init; }
    public required string Lifecycle { get; init; }
    public required string Liveness { get; init; }
    public required string Health { get; init; }
    public DateTimeOffset? LivenessSince { get; init; }
    public DateTimeOffset? LastSeenAt { get; init; }
    public string? LastRunId { get; init; }
    public DateTimeOffset? LastRunAt { get; init; }

    /// <summary>Version as declared by a person or a deployment.</summary>
    public string? Version { get; init; }

    /// <summary>Version the latest run reported.</summary>
    public string? SeenVersion { get; init; }

    /// <summary>Instance that sent the latest heartbeat, as it calls itself.</summary>
    public string? SeenInstance { get; init; }

    /// <summary>One sentence with value, limit and since-when; absent while health is <c>ok</c>.</summary>
    public string? HealthReason { get; init; }
    public required string CaptureMode { get; init; }
    public IReadOnlyList<string>? Redactions { get; init; }
    public required int LeaseSeconds { get; init; }
    public required int GraceSeconds { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public DateTimeOffset? DeletedAt { get; init; }
    public required long Revision { get; init; }

    /// <summary>The secret of the first key; only in the answer that created it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ApiKey { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ApiKeyPrefix { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? KeyId { get; init; }
}

/// <summary>Answer of <c>GET /api/v1/agents/facets</c>: how many agents have each value of each fact.</summary>
/// <param name="Total">How many match the whole filter.</param>
/// <param name="All">How many there are without it.</param>
/// <param name="Facets">By fact. Counts of a fact leave out what the filter asks of that fact itself.</param>
public sealed record AgentFacetsBody(int Total, int All, IReadOnlyDictionary<string, FacetBody> Facets);

/// <param name="More">Further values that are not listed.</param>
public sealed record FacetBody(IReadOnlyList<FacetValueBody> Values, int More);

/// <param name="Value">As the filter takes it.</param>
public sealed record FacetValueBody(string Value, string Label, int Count);

/// <summary>Answer of <c>POST /api/v1/agents/bulk</c>. With <c>dry_run=true</c> nothing was written.</summary>
public sealed record BulkAgentsResult(bool DryRun, int Created, int Changed, int Unchanged, int Failed, IReadOnlyList<BulkAgentRow> Results)
{
    /// <summary>Columns, or members of rows, that mean nothing here and were passed over.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? IgnoredColumns { get; init; }
}

/// <param name="Line">1-based line of the file (CSV, YAML) or 1-based index of the element (JSON).</param>
/// <param name="Outcome"><c>created</c>, <c>changed</c>, <c>unchanged</c> or <c>failed</c>.</param>
public sealed record BulkAgentRow(
    int Line,
    string? Slug,
    string Outcome,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ApiKey,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Changes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string[]>? Errors
)
{
    /// <summary>Member to its value before and after; for a new agent what it is given.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, MemberChange>? Diff { get; init; }
}

/// <summary>Body of <c>POST /api/v1/heartbeat</c>; every field may be absent, as may the body.</summary>
public sealed record Heartbeat
{
    public string? Version { get; init; }
    public string? InstanceId { get; init; }

    /// <summary>For callers with an API token instead of an agent key: the name of an agent that is not registered. Header <c>X-AgentConsole-Agent</c> says the same.</summary>
    public string? Agent { get; init; }
}

/// <param name="NextBefore">Send the next heartbeat before this instant to stay <c>live</c>.</param>
public sealed record HeartbeatAnswer(string Agent, string Liveness, int LeaseSeconds, int GraceSeconds, DateTimeOffset NextBefore)
{
    /// <summary>Runs of this agent that somebody asked to cancel; absent when there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<CancelNotice>? Cancels { get; init; }
}

/// <summary>
/// Body of <c>POST /api/v1/agents/plans</c>: one action for the agents named in <c>agents</c>, or for all that match <c>filter</c>; exactly one of the two.
/// </summary>
public sealed record MakePlan
{
    /// <summary><c>pause</c>, <c>resume</c>, <c>tag</c>, <c>assign</c>, <c>move</c>, <c>delete</c> or <c>restore</c>.</summary>
    public string? Action { get; init; }

    /// <summary>Ids or slugs.</summary>
    public IReadOnlyList<string>? Agents { get; init; }

    /// <summary>Members of the query of <c>GET /api/v1/agents</c>; an empty object is every agent you see.</summary>
    public IReadOnlyDictionary<string, string>? Filter { get; init; }

    /// <summary>For <c>tag</c>.</summary>
    public IReadOnlyList<string>? AddTags { get; init; }

    /// <summary>For <c>tag</c>.</summary>
    public IReadOnlyList<string>? RemoveTags { get; init; }

    /// <summary>For <c>assign</c>: e-mail address or user id; an empty text makes the agents ownerless.</summary>
    public string? Owner { get; init; }

    /// <summary>For <c>move</c>: team slug or id.</summary>
    public string? Team { get; init; }

    /// <summary>Stands on the trail with each change.</summary>
    public string? Reason { get; init; }
}

/// <summary>Body of <c>POST /api/v1/agents/plans/{id}/apply</c>: the digest of the plan you read.</summary>
public sealed record ApplyPlan
{
    public string? Digest { get; init; }
}

/// <summary>What one action would do to many agents, or did.</summary>
public sealed record PlanBody
{
    public required string Id { get; init; }
    public required string Action { get; init; }
    public IReadOnlyList<string>? AddTags { get; init; }
    public IReadOnlyList<string>? RemoveTags { get; init; }

    /// <summary>The owner that <c>assign</c> gives; null with <c>assign</c> makes the agents ownerless.</summary>
    public OwnerRef? Owner { get; init; }

    /// <summary>The team that <c>move</c> moves to.</summary>
    public TeamRef? Team { get; init; }
    public string? Reason { get; init; }

    /// <summary>The filter that was asked; null where agents were named.</summary>
    public IReadOnlyDictionary<string, string>? Filter { get; init; }

    /// <summary>SHA-256, in hex, over action, parameters and each row with the revision of its agent and what would be done with it.</summary>
    public required string Digest { get; init; }

    /// <summary><c>planned</c>, <c>expired</c>, <c>applying</c>, <c>interrupted</c>, <c>applied</c>, <c>undoing</c>, <c>undo-interrupted</c> or <c>undone</c>.</summary>
    public required string State { get; init; }

    /// <summary>Whoever made it; nobody else may apply it.</summary>
    public required string Maker { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Apply it before this instant.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
    public required PlanCounts Rows { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Until when it can be taken back; null before it is applied and when nothing is left to take back.</summary>
    public DateTimeOffset? UndoUntil { get; init; }

    /// <summary>Why it stopped before its end; a resume goes on from there.</summary>
    public string? Stopped { get; init; }
}

/// <summary>Rows of a plan by what was planned, and by what came of them.</summary>
/// <param name="Change">Would be, or were to be, changed: pending, done and failed ones together.</param>
/// <param name="NoChange">Stand already as they should.</param>
/// <param name="Refused">Cannot be changed so; each row says why.</param>
/// <param name="Pending">To be changed, and not yet.</param>
/// <param name="Undone">Done, and taken back.</param>
/// <param name="UndoFailed">Done, and not taken back, because somebody changed the agent since.</param>
public sealed record PlanCounts(
    int Total,
    int Change,
    int NoChange,
    int Refused,
    int Pending,
    int Done,
    int Failed,
    int Undone,
    int UndoFailed
);

/// <summary>One agent of a plan.</summary>
public sealed record PlanRowBody
{
    /// <summary>Place in the plan, from 1.</summary>
    public required int Row { get; init; }

    /// <summary>Null where no agent of that name is known to you.</summary>
    public string? AgentId { get; init; }
    public required string Agent { get; init; }
    public string? DisplayName { get; init; }
    public string? Team { get; init; }

    /// <summary><c>change</c>, <c>no-change</c> or <c>refused</c>.</summary>
    public required string Effect { get; init; }

    /// <summary>Member to its value before and after.</summary>
    public IReadOnlyDictionary<string, MemberChange>? Changes { get; init; }

    /// <summary><c>pending</c>, <c>done</c>, <c>failed</c>, <c>undone</c>, <c>undo-failed</c>; null for a row that is not to be changed.</summary>
    public string? Outcome { get; init; }

    /// <summary>Code of why it is refused, failed or could not be taken back.</summary>
    public string? Code { get; init; }

    /// <summary>The sentence to <see cref="Code"/>.</summary>
    public string? Detail { get; init; }
}

/// <summary>A member before and after a change.</summary>
public sealed record MemberChange(JsonElement? From, JsonElement? To);
