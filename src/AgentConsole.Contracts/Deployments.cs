using System.Text.Json;

namespace AgentConsole.Contracts;

/// <summary>Body of <c>POST /api/v1/agents/{id}/snapshots</c>. Each call appends one; only an <c>Idempotency-Key</c> makes a repetition the same.</summary>
public sealed record SetSnapshot
{
    /// <summary>1 to 64 characters of any form, as <c>2.2.0-rc1</c>.</summary>
    public string? Version { get; init; }

    /// <summary><c>active</c>, <c>canary</c> or <c>retired</c>.</summary>
    public string? Status { get; init; }

    /// <summary>The agent's own when absent.</summary>
    public string? Environment { get; init; }

    /// <summary>
    /// Number of the agent's definition that goes along; the newest at this moment when absent, none with 0. Of <c>model</c>, <c>parameters</c>, <c>prompt_hash</c>,
    /// <c>tools</c> and <c>secrets</c> it fills in what is absent here.
    /// </summary>
    public int? Definition { get; init; }

    /// <summary>What part of the traffic is meant for it, 0 to 100.</summary>
    public decimal? TrafficPercent { get; init; }
    public string? Model { get; init; }

    /// <summary>A JSON object, as <c>{"temperature": 0.2}</c>; at most 16 KiB.</summary>
    public JsonElement? Parameters { get; init; }

    /// <summary>Of the prompt that is used, in any form that tells two prompts apart.</summary>
    public string? PromptHash { get; init; }

    /// <summary>Names; their order says nothing.</summary>
    public IReadOnlyList<string>? Tools { get; init; }

    /// <summary>Names of gateways; those that the agent is linked to when absent.</summary>
    public IReadOnlyList<string>? Gateways { get; init; }
    public string? Commit { get; init; }

    /// <summary>Where secrets lie, as <c>vault:payments/openai</c>; never a secret.</summary>
    public IReadOnlyList<string>? Secrets { get; init; }

    /// <summary>A JSON object; at most 16 KiB.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>Required in a freeze.</summary>
    public string? Reason { get; init; }
}

/// <summary>One deployment change of one agent; it never changes, apart from what became of it.</summary>
public sealed record SnapshotBody
{
    public required string Id { get; init; }
    public required string Agent { get; init; }
    public required string AgentId { get; init; }

    /// <summary>Slug of the team, of its time.</summary>
    public required string Team { get; init; }
    public string? Environment { get; init; }
    public required string Version { get; init; }

    /// <summary>As it was set: <c>active</c>, <c>canary</c> or <c>retired</c>.</summary>
    public required string Status { get; init; }

    /// <summary>What became of it: <c>current</c>, <c>superseded</c>, <c>rolled-back</c> or <c>failed</c>.</summary>
    public required string Outcome { get; init; }

    /// <summary>SHA-256 in hexadecimal of <c>content</c> as canonical JSON (RFC 8785): the same content has the same digest.</summary>
    public required string Digest { get; init; }

    /// <summary>What was deployed: those of <c>model</c>, <c>parameters</c>, <c>prompt_hash</c>, <c>tools</c>, <c>gateways</c>, <c>commit</c>, <c>secrets</c>, <c>metadata</c>, <c>traffic_percent</c> that were given or that the definition says, and <c>definition</c> with <c>number</c> and <c>digest</c>.</summary>
    public required JsonElement Content { get; init; }
    public string? Reason { get; init; }

    /// <summary><c>person</c>, <c>api</c>, <c>rollout</c> or <c>rollback</c>.</summary>
    public required string Trigger { get; init; }

    /// <summary>Id of the snapshot that a rollback took back.</summary>
    public string? RolledBackFrom { get; init; }

    /// <summary>Version of that snapshot: it was rolled back from this one, because of <c>reason</c>.</summary>
    public string? RolledBackVersion { get; init; }
    public required DateTimeOffset DeployedAt { get; init; }
    public required string DeployedBy { get; init; }

    /// <summary>When another took its place; null while it is current.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Id of the snapshot that took its place.</summary>
    public string? EndedBy { get; init; }
}

/// <summary>How one snapshot differs from another.</summary>
/// <param name="Same">Their content is the same, so are their digests.</param>
/// <param name="Complete">False when there are more differences than are listed, 500.</param>
public sealed record SnapshotDiff(
    SnapshotBody From,
    SnapshotBody To,
    bool Same,
    IReadOnlyList<SnapshotChange> Changes,
    bool Complete = true
);

/// <summary>One difference.</summary>
/// <param name="Path">Members to it, joined by dots: <c>parameters.temperature</c>; of a list of names, its member: <c>tools</c>; within the definition, <c>definition.tools.mail.send.schema</c>.</param>
/// <param name="Kind"><c>added</c>, <c>removed</c> or <c>changed</c>.</param>
public sealed record SnapshotChange(string Path, string Kind, JsonElement? Before, JsonElement? After);
