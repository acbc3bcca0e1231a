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

/// <summary>Answer of <c>POST /api/v1/agents/bulk</c>. With <c>dry_run=true</c> nothing was written.</summary>
public sealed record BulkAgentsResult(bool DryRun, int Created, int Changed, int Unchanged, int Failed, IReadOnlyList<BulkAgentRow> Results)
{
    /// <summary>Columns of the CSV that mean nothing here and were passed over.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? IgnoredColumns { get; init; }
}

/// <param name="Line">1-based line of the file (CSV) or 1-based index of the element (JSON).</param>
/// <param name="Outcome"><c>created</c>, <c>changed</c>, <c>unchanged</c> or <c>failed</c>.</param>
public sealed record BulkAgentRow(
    int Line,
    string? Slug,
    string Outcome,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ApiKey,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Changes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string[]>? Errors
);

/// <summary>Body of <c>POST /api/v1/heartbeat</c>; every field may be absent, as may the body.</summary>
public sealed record Heartbeat
{
    public string? Version { get; init; }
    public string? InstanceId { get; init; }

    /// <summary>For callers with an API token instead of an agent key: the name of an agent that is not registered. Header <c>X-AgentConsole-Agent</c> says the same.</summary>
    public string? Agent { get; init; }
}

/// <param name="NextBefore">Send the next heartbeat before this instant to stay <c>live</c>.</param>
public sealed record HeartbeatAnswer(string Agent, string Liveness, int LeaseSeconds, int GraceSeconds, DateTimeOffset NextBefore);
