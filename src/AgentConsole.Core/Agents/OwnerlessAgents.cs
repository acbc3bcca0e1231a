using AgentConsole.Core.People;

namespace AgentConsole.Core.Agents;

/// <summary>Agents that nobody answers for.</summary>
internal static class OwnerlessAgents
{
    /// <summary>Only agents without an owner, or whose owner was disabled: whoever was disabled owns nothing any more.</summary>
    public static IQueryable<Agent> Ownerless(this IQueryable<Agent> agents, AccessSnapshot access, Guid organization)
    {
        var disabled = DisabledUsers(access, organization);
        return disabled.Length == 0
            ? agents.Where(a => a.OwnerId == null)
            : agents.Where(a => a.OwnerId == null || disabled.Contains(a.OwnerId));
    }

    /// <summary>Only agents of this owner, named by user id, e-mail address or the part before its @; <c>none</c> for ownerless ones.</summary>
    public static IQueryable<Agent> OwnedBy(this IQueryable<Agent> agents, string owner, AccessSnapshot access, Guid organization)
    {
        if (owner == AgentFilter.Ownerless)
            return agents.Ownerless(access, organization);
        Guid?[] users = [.. AgentFilter.Owners([owner], access, organization).Users.Select(id => (Guid?)id)];
        return agents.Where(a => users.Contains(a.OwnerId));
    }

    public static Guid?[] DisabledUsers(AccessSnapshot access, Guid organization) =>
        [
            .. access
                .Principals.Values.Where(p => p.OrganizationId == organization && p is { Kind: ActorKind.User, Enabled: false })
                .Select(p => (Guid?)p.Id),
        ];
}
