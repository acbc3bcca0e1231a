using AgentConsole.Core.Data;

namespace AgentConsole.Core.People;

/// <summary>Numbers of agents beside teams and people. The agents feature, a floor above, implements it.</summary>
public interface IAgentCounts
{
    /// <summary>Team id to number of undeleted agents; teams without any may be missing.</summary>
    Task<IReadOnlyDictionary<Guid, int>> ByTeamAsync(
        ConsoleDbContext db,
        Guid organizationId,
        IReadOnlyCollection<Guid> teamIds,
        CancellationToken cancellationToken
    );

    /// <summary>Undeleted agents that this user owns.</summary>
    Task<int> OwnedByAsync(ConsoleDbContext db, Guid organizationId, Guid ownerId, CancellationToken cancellationToken);
}
