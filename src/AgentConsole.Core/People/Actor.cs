using System.Collections.Frozen;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;

namespace AgentConsole.Core.People;

public enum ActorKind
{
    User,
    ServiceAccount,
    Agent,

    /// <summary>The console itself: watches, schedules, offline commands.</summary>
    System,

    /// <summary>Somebody unknown: setup, sign-in, leak reports.</summary>
    Anonymous,
}

/// <summary>How the actor proved who it is; stands in every trail record.</summary>
public enum AuthMethod
{
    None,
    Session,
    Token,
    AgentKey,
    Link,
    System,
    CommandLine,

    /// <summary>A session that was opened with a sealed code.</summary>
    BreakGlass,
}

/// <summary>The roles an actor has at this moment, taken from the access snapshot.</summary>
/// <param name="Teams">Team id to roles there.</param>
public sealed record Grants(OrganizationRoles Organization, FrozenDictionary<Guid, TeamRoles> Teams)
{
    public static Grants None { get; } = new(OrganizationRoles.None, FrozenDictionary<Guid, TeamRoles>.Empty);
}

/// <summary>Who acts, with what rights. Built anew for each operation by a door; never stored, never cached across operations.</summary>
public sealed record Actor
{
    public required Guid OrganizationId { get; init; }
    public required ActorKind Kind { get; init; }

    /// <summary>User, service account or agent; null for the system and strangers.</summary>
    public Guid? Id { get; init; }

    /// <summary>E-mail address, name or slug at this moment; kept in the trail as it was.</summary>
    public required string Label { get; init; }
    public required AuthMethod Method { get; init; }

    /// <summary>Session, token or key version.</summary>
    public Guid? CredentialId { get; init; }

    /// <summary>When the person at the browser last proved who they are; null where no session acts.</summary>
    public DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary>Whether that was recently enough for dangerous acts; see <see cref="StepUp"/>.</summary>
    public bool ConfirmedLately { get; init; }

    /// <summary>The session that acts; null for tokens and keys.</summary>
    public Guid? SessionId => Method is AuthMethod.Session or AuthMethod.BreakGlass ? CredentialId : null;
    public string? Address { get; init; }
    public string? UserAgent { get; init; }

    /// <summary>What the agent's instance that acts calls itself.</summary>
    public string? Instance { get; init; }
    public required string CorrelationId { get; init; }
    public Grants Grants { get; init; } = Grants.None;

    /// <summary>Scopes of the token; null for a session, which has them all.</summary>
    public FrozenSet<string>? Scopes { get; init; }

    /// <summary>Teams the token is limited to; null for no limit.</summary>
    public FrozenSet<Guid>? TeamLimit { get; init; }

    /// <summary>Set when the caller asked for a repeatable write (<c>Idempotency-Key</c>); the commit stores the answer with the change.</summary>
    public RetryTicket? Retry { get; init; }

    /// <summary>The acting agent, when an agent key authenticated; such an actor sees and touches its own rows only.</summary>
    public Guid? AgentId => Kind == ActorKind.Agent ? Id : null;

    public bool HasScope(string scope) => Scopes is null || Scopes.Contains(scope);

    /// <summary>The refusal of a credential without this scope; null where it has it.</summary>
    public Problem? MissingScope(string scope) =>
        HasScope(scope)
            ? null
            : new Problem(ProblemKind.Forbidden, "scope_missing", $"This needs the scope {scope}, which the credential does not have.");

    /// <summary>Whether the actor may do this in this team. An agent never may by role; what it may do to itself its services say.</summary>
    public bool May(Permission permission, Guid teamId)
    {
        if (Kind == ActorKind.System)
            return true;
        if (TeamLimit is { } limit && !limit.Contains(teamId))
            return false;
        return (Grants.Organization & Permissions.OrganizationRolesFor(permission)) != OrganizationRoles.None
            || (Grants.Teams.TryGetValue(teamId, out var roles) && (roles & Permissions.TeamRolesFor(permission)) != TeamRoles.None);
    }

    /// <summary>Whether the actor may do this in the organization as a whole; a token limited to teams never may.</summary>
    public bool MayEverywhere(Permission permission) =>
        Kind == ActorKind.System
        || (TeamLimit is null && (Grants.Organization & Permissions.OrganizationRolesFor(permission)) != OrganizationRoles.None);

    /// <summary>The teams in which the actor may do this, for use inside a query.</summary>
    public TeamScope TeamsWith(Permission permission)
    {
        if (Kind == ActorKind.System)
            return TeamScope.Everything;
        if (Kind == ActorKind.Agent)
            return permission == Permission.ReadFleet ? new TeamScope(true, []) : TeamScope.Nothing;
        if ((Grants.Organization & Permissions.OrganizationRolesFor(permission)) != OrganizationRoles.None)
            return TeamLimit is { } limit ? new TeamScope(false, [.. limit]) : TeamScope.Everything;
        var wanted = Permissions.TeamRolesFor(permission);
        return new TeamScope(
            false,
            [
                .. Grants
                    .Teams.Where(t => (t.Value & wanted) != TeamRoles.None && (TeamLimit is null || TeamLimit.Contains(t.Key)))
                    .Select(t => t.Key),
            ]
        );
    }

    /// <summary>The refusal for whoever may do this in no team at all: all that can be said of a call whose body, and with it the team, cannot be read.</summary>
    public Problem? MayNowhere(Permission permission) =>
        TeamsWith(permission) is { All: false, Ids.Length: 0 } ? MissingRole(permission, null) : null;

    /// <summary>The refusal for a missing role, naming it.</summary>
    public static Problem MissingRole(Permission permission, string? teamName) =>
        new(ProblemKind.Forbidden, "role_missing", Permissions.Explain(permission, teamName));

    /// <summary>The console acting by itself.</summary>
    public static Actor ForSystem(Guid organizationId, string label, AuthMethod method = AuthMethod.System) =>
        new()
        {
            OrganizationId = organizationId,
            Kind = ActorKind.System,
            Label = label,
            Method = method,
            CorrelationId = Guid.NewGuid().ToString("n"),
        };
}

/// <summary>A set of teams to filter by. With <see cref="All"/> the ids are empty and no filter is needed beyond the organization.</summary>
public sealed record TeamScope(bool All, Guid[] Ids)
{
    public static TeamScope Everything { get; } = new(true, []);
    public static TeamScope Nothing { get; } = new(false, []);

    public bool Has(Guid teamId) => All || Ids.Contains(teamId);
}
