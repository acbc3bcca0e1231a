using AgentConsole.Contracts;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.People;

/// <summary>People, teams and tokens as doors show them.</summary>
public static class PeopleBodies
{
    public static WhoAmI WhoAmI(Actor actor, AccessSnapshot now) =>
        new(
            KebabCase.Of(actor.Kind),
            actor.Id is { } id ? IdText.Format(PrefixOf(actor.Kind), id) : "",
            actor.Label,
            now.Organizations.GetValueOrDefault(actor.OrganizationId) ?? "",
            actor.Scopes?.Order(StringComparer.Ordinal).ToList(),
            [.. RoleNames.Of(actor.Grants.Organization)],
            Teams(actor.Grants, now, actor.TeamLimit)
        );

    internal static UserBody Of(User user, Grants grants, AccessSnapshot now, DateTimeOffset at) =>
        new()
        {
            Id = IdText.Format(IdText.User, user.Id),
            Email = user.Email ?? "",
            DisplayName = user.DisplayName,
            State =
                user.Disabled ? "disabled"
                : user.PasswordHash is null ? "invited"
                : SignInGuard.IsLocked(user, at) ? "locked"
                : "active",
            Roles = [.. RoleNames.Of(user.Roles)],
            Teams = Teams(grants, now),
            TwoFactor = user.TwoFactorEnabled,
            LastSignInAt = user.LastSignInAt,
            CreatedAt = user.CreatedAt,
            Revision = user.Revision,
        };

    internal static ServiceAccountBody Of(ServiceAccount account, Grants grants, AccessSnapshot now) =>
        new(
            IdText.Format(IdText.ServiceAccount, account.Id),
            account.Name,
            account.Disabled,
            [.. RoleNames.Of(account.Roles)],
            Teams(grants, now),
            account.CreatedAt,
            account.Revision
        );

    internal static TokenBody Of(ApiToken token, AccessSnapshot now, DateTimeOffset at) =>
        new()
        {
            Id = IdText.Format(IdText.Token, token.Id),
            Name = token.Name,
            Owner = now.Principals.GetValueOrDefault(token.OwnerId)?.Label ?? IdText.Format(PrefixOf(token.OwnerKind), token.OwnerId),
            OwnerKind = KebabCase.Of(token.OwnerKind),
            Scopes = token.Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            Teams = [.. token.TeamIds.Select(id => now.Teams.GetValueOrDefault(id)?.Slug).OfType<string>().Order(StringComparer.Ordinal)],
            Prefix = token.Prefix,
            Last4 = token.Last4,
            State =
                token.RevokedAt is not null ? "revoked"
                : token.ExpiresAt <= at ? "expired"
                : "active",
            CreatedAt = token.CreatedAt,
            ExpiresAt = token.ExpiresAt,
            LastUsedAt = token.LastUsedAt,
            LastUsedAddress = token.LastUsedAddress,
            LastUsedUserAgent = token.LastUsedUserAgent,
        };

    internal static Grants GrantsOf(AccessSnapshot now, Guid principalId) =>
        now.Principals.GetValueOrDefault(principalId)?.Grants ?? Grants.None;

    internal static string PrefixOf(ActorKind kind) =>
        kind switch
        {
            ActorKind.ServiceAccount => IdText.ServiceAccount,
            ActorKind.Agent => IdText.Agent,
            _ => IdText.User,
        };

    private static SortedDictionary<string, IReadOnlyList<string>> Teams(
        Grants grants,
        AccessSnapshot now,
        System.Collections.Frozen.FrozenSet<Guid>? limit = null
    )
    {
        var teams = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (id, roles) in grants.Teams)
        {
            if (roles != TeamRoles.None && (limit is null || limit.Contains(id)) && now.Teams.TryGetValue(id, out var team))
                teams[team.Slug] = [.. RoleNames.Of(roles)];
        }
        return teams;
    }
}
