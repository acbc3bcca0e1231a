using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Agents;

internal sealed class AgentCounts : IAgentCounts
{
    public async Task<IReadOnlyDictionary<Guid, int>> ByTeamAsync(
        ConsoleDbContext db,
        Guid organizationId,
        IReadOnlyCollection<Guid> teamIds,
        CancellationToken cancellationToken
    ) =>
        await db
            .Agents.Where(a => a.OrganizationId == organizationId && teamIds.Contains(a.TeamId) && a.DeletedAt == null)
            .GroupBy(a => a.TeamId)
            .Select(g => new { g.Key, Count = g.Count() })
            .ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);

    public Task<int> OwnedByAsync(ConsoleDbContext db, Guid organizationId, Guid ownerId, CancellationToken cancellationToken) =>
        db.Agents.CountAsync(a => a.OrganizationId == organizationId && a.OwnerId == ownerId && a.DeletedAt == null, cancellationToken);
}
