using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.AspNetCore.Identity;

namespace AgentConsole.Core.People;

public sealed class Organization : IRevised, IHeldInMemory
{
    HeldRow IHeldInMemory.Held => new(HeldNouns.Access, Id, Id);

    public Guid Id { get; init; }
    public required string Slug { get; init; }
    public required string Name { get; set; }

    /// <summary>ISO 4217; money is shown with it, without conversion.</summary>
    public string Currency { get; set; } = "USD";

    /// <summary>IANA id; days and hours of teams that name no zone of their own are this zone's.</summary>
    public string TimeZone { get; set; } = Common.Zones.Utc;
    public bool Suspended { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public long Revision { get; set; } = 1;
}

public sealed class Team : IRevised, IHeldInMemory
{
    HeldRow IHeldInMemory.Held => new(HeldNouns.Access, OrganizationId, Id);

    public const string DefaultSlug = "default";

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public required string Slug { get; init; }
    public required string Name { get; set; }

    /// <summary>IANA id; null for the organization's.</summary>
    public string? TimeZone { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public long Revision { get; set; }
}

/// <summary>The roles of one principal in one team.</summary>
public sealed class Membership : IHeldInMemory
{
    HeldRow IHeldInMemory.Held => new(HeldNouns.Access, OrganizationId, TeamId);

    public Guid OrganizationId { get; init; }
    public Guid TeamId { get; init; }

    /// <summary>A user or a service account.</summary>
    public Guid PrincipalId { get; init; }
    public TeamRoles Roles { get; set; }
}

/// <summary>A person. Password, lockout and second factor are ASP.NET Core Identity's.</summary>
public sealed class User : IdentityUser<Guid>, IRevised, IHeldInMemory
{
    HeldRow IHeldInMemory.Held => new(HeldNouns.Access, OrganizationId, Id);

    public Guid OrganizationId { get; init; }
    public required string DisplayName { get; set; }
    public OrganizationRoles Roles { get; set; }

    /// <summary>Creates and suspends organizations and sees none of their data.</summary>
    public bool InstallationAdmin { get; set; }
    public bool Disabled { get; set; }
    public DateTimeOffset? DisabledAt { get; set; }

    /// <summary>Nobody's account, opened with a sealed code only; not one of the organization's users.</summary>
    public bool BreakGlass { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? LastSignInAt { get; set; }

    /// <summary>Last accepted TOTP time step, so that a code works once (RFC 6238 §5.2).</summary>
    public long LastTotpStep { get; set; }
    public long Revision { get; set; }
}

public sealed class ServiceAccount : IRevised, IHeldInMemory
{
    HeldRow IHeldInMemory.Held => new(HeldNouns.Access, OrganizationId, Id);

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public required string Name { get; set; }
    public OrganizationRoles Roles { get; set; }
    public bool Disabled { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public long Revision { get; set; }
}

/// <summary>A user's or service account's credential for the API. Only a keyed hash of the secret is stored.</summary>
public sealed class ApiToken : IHeldInMemory
{
    HeldRow IHeldInMemory.Held => new(HeldNouns.Access, OrganizationId, Id);

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public required string Name { get; set; }

    /// <summary>User or service account, as <see cref="OwnerKind"/> says.</summary>
    public Guid OwnerId { get; init; }
    public ActorKind OwnerKind { get; init; }

    /// <summary>Space-separated scopes of the closed list.</summary>
    public required string Scopes { get; init; }

    /// <summary>Team ids the token is limited to; empty for no limit.</summary>
    public List<Guid> TeamIds { get; init; } = [];
    public required byte[] Hash { get; init; }
    public required string PepperId { get; init; }
    public required string Prefix { get; init; }
    public required string Last4 { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public DateTimeOffset? RevokedAt { get; set; }
    public DateTimeOffset? LastUsedAt { get; set; }
    public string? LastUsedAddress { get; set; }
    public string? LastUsedUserAgent { get; set; }
}

/// <summary>One signed-in browser of one user.</summary>
public sealed class UserSession : IHeldInMemory
{
    HeldRow IHeldInMemory.Held => new(HeldNouns.Session, OrganizationId, Id);

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public Guid UserId { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset ExpiresAt { get; set; }
    public DateTimeOffset LastSeenAt { get; set; }
    public string? Address { get; set; }
    public string? UserAgent { get; set; }
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>When the person last proved who they are; the cookie does not know it.</summary>
    public DateTimeOffset AuthenticatedAt { get; set; }

    /// <summary>Opened with a sealed code.</summary>
    public bool BreakGlass { get; init; }
}

public enum LinkPurpose
{
    /// <summary>The first administrator of an empty console.</summary>
    Setup,
    Invite,
    ResetPassword,
}

/// <summary>A single-purpose link: only a hash of its secret is stored, it expires, and it works once.</summary>
public sealed class OneTimeLink
{
    public Guid Id { get; init; }
    public LinkPurpose Purpose { get; init; }
    public Guid? OrganizationId { get; init; }
    public Guid? UserId { get; init; }
    public required byte[] Hash { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? UsedAt { get; set; }
}
