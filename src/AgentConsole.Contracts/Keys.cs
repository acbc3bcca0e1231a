using System.Text.Json.Serialization;

namespace AgentConsole.Contracts;

/// <summary>Body of <c>POST /api/v1/agents/{id}/keys</c>.</summary>
public sealed record MintKey
{
    public string? Name { get; init; }

    /// <summary>Days until the first version expires; never when absent.</summary>
    public int? TtlDays { get; init; }
    public string? Reason { get; init; }
}

/// <summary>Body of <c>disable</c>, <c>enable</c>, <c>revoke</c> on a key or one of its versions.</summary>
public sealed record KeyAction
{
    /// <summary>Version number; the only living one when absent, else 400.</summary>
    public int? KeyVersion { get; init; }
    public string? Reason { get; init; }
}

public sealed record SetKeyExpiry
{
    public int? KeyVersion { get; init; }

    /// <summary>UTC instant in the future, or null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
    public string? Reason { get; init; }
}

public sealed record KeyBody
{
    public required string Id { get; init; }
    public required string Agent { get; init; }
    public required string AgentId { get; init; }
    public required string Name { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Whether an agent that calls with this key may give it a new version by itself.</summary>
    public bool SelfRotation { get; init; }
    public required IReadOnlyList<KeyVersionBody> Versions { get; init; }

    /// <summary>The secret; only in the answer that minted it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ApiKey { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ApiKeyPrefix { get; init; }
}

public sealed record KeyVersionBody
{
    public required string Id { get; init; }
    public required int Number { get; init; }

    /// <summary><c>active</c>, <c>retiring</c>, <c>disabled</c>, <c>revoked</c> or <c>expired</c>.</summary>
    public required string State { get; init; }
    public required string Prefix { get; init; }
    public required string Last4 { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public DateTimeOffset? FirstUsedAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; init; }
    public string? LastUsedAddress { get; init; }
    public string? LastUsedUserAgent { get; init; }
    public string? LastUsedRoute { get; init; }
    public bool LeakReported { get; init; }
    public string? Reason { get; init; }
}

/// <summary>One key version in the list of all keys.</summary>
public sealed record KeyListRow
{
    public required string KeyId { get; init; }
    public required int KeyVersion { get; init; }
    public required string Name { get; init; }
    public required string Agent { get; init; }
    public required string AgentId { get; init; }

    /// <summary><c>active</c>, <c>retiring</c>, <c>disabled</c>, <c>revoked</c> or <c>expired</c>.</summary>
    public required string State { get; init; }
    public required string Prefix { get; init; }
    public required string Last4 { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public DateTimeOffset? FirstUsedAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; init; }
    public string? LastUsedAddress { get; init; }
    public string? LastUsedUserAgent { get; init; }
    public string? LastUsedRoute { get; init; }
    public DateTimeOffset? LeakReportedAt { get; init; }

    /// <summary>When the newest accepted version is to be replaced; null for other versions, and where nothing says when.</summary>
    public DateTimeOffset? DueAt { get; init; }
}

/// <summary>Body of <c>keys/verify</c> and <c>keys/report-leak</c>.</summary>
public sealed record KeyProof
{
    public string? Key { get; init; }
}

/// <param name="Code"><c>ok</c>, <c>key_unknown</c>, <c>key_disabled</c>, <c>key_revoked</c>, <c>key_expired</c>, <c>agent_paused</c>, <c>agent_deleted</c>.</param>
public sealed record KeyVerdict(bool Valid, string Code, string? AgentId, string? KeyId, int? KeyVersion, DateTimeOffset? ExpiresAt);

/// <summary>The same answer for every key, known or not, so that it is no oracle.</summary>
public sealed record LeakReceipt(string Status, string Detail);
