using System.Text.Json.Serialization;

namespace AgentConsole.Contracts;

public sealed record CreateTeam
{
    public string? Slug { get; init; }
    public string? Name { get; init; }

    /// <summary>IANA id such as <c>Europe/Berlin</c>; absent for the organization's.</summary>
    public string? TimeZone { get; init; }
}

/// <summary>Changes the members that are given.</summary>
public sealed record ChangeTeam
{
    public string? Name { get; init; }

    /// <summary>IANA id; empty for the organization's.</summary>
    public string? TimeZone { get; init; }
}

/// <param name="TimeZone">The team's own setting; null when the organization's counts.</param>
/// <param name="Zone">The zone that counts: IANA id.</param>
public sealed record TeamBody(
    string Id,
    string Slug,
    string Name,
    int Members,
    int Agents,
    DateTimeOffset CreatedAt,
    long Revision,
    string? TimeZone,
    string Zone
);

/// <summary>Changes the members that are given.</summary>
public sealed record ChangeOrganization
{
    public string? Name { get; init; }

    /// <summary>IANA id such as <c>Europe/Berlin</c>.</summary>
    public string? TimeZone { get; init; }
}

/// <param name="TimeZone">IANA id; counts for every team that names none of its own.</param>
public sealed record OrganizationBody(
    string Id,
    string Slug,
    string Name,
    string Currency,
    string TimeZone,
    DateTimeOffset CreatedAt,
    long Revision
);

/// <summary>Body of <c>PUT /api/v1/teams/{team}/members/{principal}</c>: the roles that this principal then has in the team; none removes it.</summary>
public sealed record SetMember
{
    /// <summary>Any of <c>viewer</c>, <c>operator</c>, <c>approver</c>, <c>key-admin</c>, <c>team-admin</c>.</summary>
    public IReadOnlyList<string>? Roles { get; init; }
}

/// <param name="Kind"><c>user</c> or <c>service-account</c>.</param>
public sealed record MemberBody(string Id, string Kind, string Label, IReadOnlyList<string> Roles);

public sealed record InviteUser
{
    public string? Email { get; init; }
    public string? DisplayName { get; init; }

    /// <summary>Organization roles: <c>org-admin</c>, <c>auditor</c>.</summary>
    public IReadOnlyList<string>? Roles { get; init; }

    /// <summary>Team slug to roles there.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Teams { get; init; }
}

public sealed record UserBody
{
    public required string Id { get; init; }
    public required string Email { get; init; }
    public required string DisplayName { get; init; }

    /// <summary><c>invited</c>, <c>active</c>, <c>locked</c> or <c>disabled</c>.</summary>
    public required string State { get; init; }
    public required IReadOnlyList<string> Roles { get; init; }
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Teams { get; init; }
    public bool TwoFactor { get; init; }

    /// <summary>How many passkeys the user has.</summary>
    public int Passkeys { get; init; }
    public DateTimeOffset? LastSignInAt { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required long Revision { get; init; }

    /// <summary>Agents that the user owns; if the user is disabled they show as ownerless. Only in the answer for one user.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? OwnedAgents { get; init; }

    /// <summary>Path of a one-time link, to be handed to the person; only in the answer that made it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Link { get; init; }
}

/// <summary>Changes the members that are given.</summary>
public sealed record ChangeUser
{
    public string? DisplayName { get; init; }

    /// <summary>All organization roles that the user then has; empty for none.</summary>
    public IReadOnlyList<string>? Roles { get; init; }
}

public sealed record CreateServiceAccount
{
    public string? Name { get; init; }
    public IReadOnlyList<string>? Roles { get; init; }
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Teams { get; init; }
}

/// <summary>Changes the members that are given.</summary>
public sealed record ChangeServiceAccount
{
    public string? Name { get; init; }

    /// <summary>All organization roles that the account then has; empty for none.</summary>
    public IReadOnlyList<string>? Roles { get; init; }
}

public sealed record ServiceAccountBody(
    string Id,
    string Name,
    bool Disabled,
    IReadOnlyList<string> Roles,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Teams,
    DateTimeOffset CreatedAt,
    long Revision
);

public sealed record CreateToken
{
    public string? Name { get; init; }
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>Team slugs or ids the token is limited to; absent or empty means all that its owner sees.</summary>
    public IReadOnlyList<string>? Teams { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Id of a service account to own the token; the caller when absent.</summary>
    public string? ServiceAccount { get; init; }
}

public sealed record TokenBody
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required string Owner { get; init; }
    public required string OwnerKind { get; init; }
    public required IReadOnlyList<string> Scopes { get; init; }
    public required IReadOnlyList<string> Teams { get; init; }
    public required string Prefix { get; init; }
    public required string Last4 { get; init; }

    /// <summary><c>active</c>, <c>expired</c> or <c>revoked</c>.</summary>
    public required string State { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; init; }
    public string? LastUsedAddress { get; init; }
    public string? LastUsedUserAgent { get; init; }

    /// <summary>The secret; only in the answer that created it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Token { get; init; }
}

/// <summary>Answer of <c>GET /api/v1/whoami</c>.</summary>
/// <param name="Kind"><c>user</c>, <c>service-account</c> or <c>agent</c>.</param>
public sealed record WhoAmI(
    string Kind,
    string Id,
    string Label,
    string Organization,
    IReadOnlyList<string>? Scopes,
    IReadOnlyList<string> Roles,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Teams
);

/// <summary>One signed-in browser.</summary>
/// <param name="Current">It is the one that asks.</param>
public sealed record SessionBody(
    string Id,
    bool Current,
    DateTimeOffset CreatedAt,
    DateTimeOffset LastSeenAt,
    DateTimeOffset ExpiresAt,
    string? Address,
    string? UserAgent
);

/// <summary>A passkey of a user. Its key never leaves the user's device; the console knows the public half.</summary>
public sealed record PasskeyBody
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Kept by a service on several devices of the user.</summary>
    public bool Synced { get; init; }

    /// <summary>When its counter went back, which a copy of it would explain.</summary>
    public DateTimeOffset? CopySuspectedAt { get; init; }
}

/// <summary>An account that a code in an envelope opens, once.</summary>
public sealed record BreakGlassBody
{
    public required string Id { get; init; }

    /// <summary>Where the envelope lies.</summary>
    public required string Name { get; init; }

    /// <summary><c>sealed</c> or <c>used</c>: then a new code must be sealed.</summary>
    public required string State { get; init; }
    public required DateTimeOffset SealedAt { get; init; }
    public required string SealedBy { get; init; }

    /// <summary>When somebody last compared the code without using it.</summary>
    public DateTimeOffset? TestedAt { get; init; }

    /// <summary>The code; only in the answer that made it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }
}

/// <summary>One use of a break-glass account.</summary>
public sealed record BreakGlassUseBody
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required DateTimeOffset UsedAt { get; init; }
    public required DateTimeOffset EndsAt { get; init; }

    /// <summary>Whether its session is still open.</summary>
    public bool Open { get; init; }
    public required string Reason { get; init; }
    public string? Address { get; init; }
    public string? UserAgent { get; init; }
    public DateTimeOffset? ReviewedAt { get; init; }
    public string? ReviewedBy { get; init; }
    public string? Review { get; init; }
}
