using System.Text.Json.Serialization;

namespace AgentConsole.Contracts;

/// <summary>Body of <c>POST /api/v1/agents/hand-over</c>: gives all agents of one owner to another.</summary>
public sealed record HandOverAgents
{
    /// <summary>E-mail address or id of the user who owns them now, disabled or not; <c>none</c> for agents that nobody answers for.</summary>
    public string? From { get; init; }

    /// <summary>E-mail address or id of the user who owns them from then on.</summary>
    public string? To { get; init; }

    /// <summary>Only agents of this team (slug or id).</summary>
    public string? Team { get; init; }

    /// <summary>At most 500 characters, kept in the trail.</summary>
    public string? Reason { get; init; }
}

/// <summary>Answer of <c>agents/hand-over</c>. With <c>dry_run=true</c> nothing was written.</summary>
/// <param name="From">E-mail address; null for agents that nobody answered for.</param>
/// <param name="Moved">How many agents have, or would have, the new owner.</param>
/// <param name="NotYours">Agents of teams in which the caller may not edit; they stay as they are.</param>
/// <param name="Remaining">Agents beyond the most of one call: call again.</param>
/// <param name="Agents">Slugs of the first 100.</param>
public sealed record HandOverResult(
    bool DryRun,
    string? From,
    string To,
    int Moved,
    int NotYours,
    int Remaining,
    IReadOnlyList<string> Agents
);

/// <summary>
/// Answer (202) to a report with an API token under the name of an agent that is not registered: operators see that it reports, and nothing of the
/// report itself is stored.
/// </summary>
/// <param name="Code">Always <c>unclaimed</c>.</param>
/// <param name="Agent">The name in small letters.</param>
/// <param name="Stored">Always false.</param>
public sealed record UnclaimedReport(bool Unclaimed, string Code, string Agent, bool Stored, string Detail)
{
    /// <summary>All names of a batch with several.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Agents { get; init; }
}

/// <summary>An agent that reports with a good token and is not registered.</summary>
public sealed record UnclaimedBody
{
    public required string Id { get; init; }

    /// <summary>The slug it gets when it is claimed.</summary>
    public required string Name { get; init; }

    /// <summary><c>open</c> or <c>blocked</c>.</summary>
    public required string State { get; init; }
    public required string TokenId { get; init; }
    public required string TokenName { get; init; }
    public string? TokenOwner { get; init; }

    /// <summary>Slugs of the teams for which the token is good; null for all.</summary>
    public IReadOnlyList<string>? Teams { get; init; }
    public string? Address { get; init; }
    public string? UserAgent { get; init; }
    public required DateTimeOffset FirstSeenAt { get; init; }
    public required DateTimeOffset LastSeenAt { get; init; }
    public required long Reports { get; init; }

    /// <summary><c>run</c> or <c>heartbeat</c>.</summary>
    public required string LastKind { get; init; }
    public string? LastStatus { get; init; }
    public required long InputTokens { get; init; }
    public required long OutputTokens { get; init; }

    /// <summary>USD, as far as the agent said it.</summary>
    public required string Cost { get; init; }
    public string? Reason { get; init; }
    public string? BlockedBy { get; init; }
    public DateTimeOffset? BlockedAt { get; init; }
}

/// <summary>Body of <c>POST /api/v1/unclaimed/{id}/claim</c>; every member may be absent.</summary>
public sealed record ClaimAgent
{
    /// <summary>Team slug or id; needed when the token is good for several of your teams.</summary>
    public string? Team { get; init; }

    /// <summary>E-mail address or id of a user; the caller when absent.</summary>
    public string? Owner { get; init; }
    public string? DisplayName { get; init; }
    public string? Environment { get; init; }
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Make its first key, in this answer only; when absent, if you may make keys in the team.</summary>
    public bool? Key { get; init; }
}
