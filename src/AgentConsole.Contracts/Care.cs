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

/// <summary>Body of <c>POST /api/v1/inactivity-policies</c>, of its dry run, and of <c>PATCH</c> with <c>If-Match</c>; what is absent stays, or is as the default says.</summary>
public sealed record SetInactivityPolicy
{
    /// <summary>Team slug or id; absent for the policy of the organization. Never changes.</summary>
    public string? Team { get; init; }

    /// <summary>Off when absent.</summary>
    public bool? Enabled { get; init; }

    /// <summary><c>sign-of-life</c> (default: runs and heartbeats), <c>run</c> or <c>key-use</c>.</summary>
    public string? Sign { get; init; }

    /// <summary>Days without the sign, 1 to 3650; 30 when absent.</summary>
    public int? Days { get; init; }

    /// <summary>Days from the warning to the action, 1 to 365; 7 when absent.</summary>
    public int? GraceDays { get; init; }

    /// <summary><c>flag</c> (default), <c>pause</c> or <c>disable-keys</c>.</summary>
    public string? Action { get; init; }

    /// <summary>Any of <c>registered</c>, <c>active</c>, <c>retired</c>; the first two when absent.</summary>
    public IReadOnlyList<string>? Lifecycles { get; init; }

    /// <summary>Only agents of this environment; empty for all.</summary>
    public string? Environment { get; init; }

    /// <summary>Only agents with one of these tags; empty for all.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Most of its agents in percent that it acts on within a day without confirmation, 1 to 100; 20 when absent.</summary>
    public int? MaxSharePercent { get; init; }

    /// <summary>A time without any console counts as a gap from this many hours on, 1 to 720; 4 when absent.</summary>
    public int? GapHours { get; init; }

    /// <summary>Days after a gap in which it does not act, 0 to 90; 3 when absent.</summary>
    public int? HoldDays { get; init; }
}

/// <summary>A policy for agents that do nothing. A team's stands in the place of the organization's for its agents, also while it is off.</summary>
public sealed record InactivityPolicyBody
{
    public required string Id { get; init; }

    /// <summary>Slug; null for the policy of the organization.</summary>
    public string? Team { get; init; }
    public required string Name { get; init; }
    public required bool Enabled { get; init; }
    public required string Sign { get; init; }
    public required int Days { get; init; }
    public required int GraceDays { get; init; }
    public required string Action { get; init; }
    public required IReadOnlyList<string> Lifecycles { get; init; }
    public string? Environment { get; init; }
    public required IReadOnlyList<string> Tags { get; init; }
    public required int MaxSharePercent { get; init; }
    public required int GapHours { get; init; }
    public required int HoldDays { get; init; }

    /// <summary>Agents that are warned of and not yet acted on.</summary>
    public required int Warned { get; init; }

    /// <summary>It does not act before, because no console ran for long.</summary>
    public DateTimeOffset? HeldUntil { get; init; }

    /// <summary>It would act on more than it may and waits for <c>confirm</c>.</summary>
    public InactivityBrakeBody? Braked { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public required string UpdatedBy { get; init; }

    /// <summary>Also the version that trail records of its acts name.</summary>
    public required long Revision { get; init; }
}

/// <param name="Agents">Agents it would have acted on within a day, of <paramref name="Fleet"/> it is for; those that you see.</param>
public sealed record InactivityBrakeBody(DateTimeOffset At, int Agents, int Fleet);

/// <summary>Body of <c>POST /api/v1/inactivity-policies/{id}/confirm</c>; every member may be absent.</summary>
public sealed record ConfirmInactivity
{
    /// <summary>At most 500 characters, kept in the trail.</summary>
    public string? Reason { get; init; }

    /// <summary><c>braked.agents</c> as you were shown it: refused when it would act on more by now. Absent, the present number holds.</summary>
    public int? Agents { get; init; }
}

/// <summary>Who would be hit now, and when.</summary>
public sealed record InactivityDryRun(IReadOnlyList<InactivityHit> Data, bool HasMore, string? NextCursor)
{
    /// <summary>Agents the policy is for.</summary>
    public required int Fleet { get; init; }

    /// <summary>Agents that would be warned of now.</summary>
    public required int Hits { get; init; }

    /// <summary>Most agents it acts on within a day without confirmation.</summary>
    public required int Allowed { get; init; }
    public required bool NeedsConfirmation { get; init; }
    public DateTimeOffset? HeldUntil { get; init; }
}

/// <param name="IdleSince">Last sign, or when it was registered.</param>
/// <param name="DueAt">When the action would follow.</param>
/// <param name="Doubts">Why the silence may be a gap in what was heard, and not the agent's own.</param>
public sealed record InactivityHit(
    string Agent,
    string AgentId,
    string DisplayName,
    string Team,
    DateTimeOffset IdleSince,
    DateTimeOffset? WarnedAt,
    DateTimeOffset DueAt,
    DateTimeOffset? ActedAt,
    IReadOnlyList<string> Doubts
);

/// <summary>Body of <c>POST /api/v1/inactivity-policies/{id}/exemptions</c>: an agent or a tag, and why.</summary>
public sealed record ExemptFromInactivity
{
    /// <summary>Slug or id.</summary>
    public string? Agent { get; init; }
    public string? Tag { get; init; }

    /// <summary>Required; at most 500 characters.</summary>
    public string? Reason { get; init; }

    /// <summary>No end when absent.</summary>
    public DateTimeOffset? Until { get; init; }
}

public sealed record InactivityExemptionBody(
    string Id,
    string? Agent,
    string? Tag,
    string Reason,
    DateTimeOffset? Until,
    DateTimeOffset CreatedAt,
    string CreatedBy
);

/// <summary>Body of <c>POST /api/v1/agents/{agent}/keep</c>.</summary>
public sealed record KeepAgent
{
    /// <summary>1 to 365; 30 when absent.</summary>
    public int? Days { get; init; }
}
