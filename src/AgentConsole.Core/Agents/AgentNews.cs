using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Agents;

/// <summary>Lets the directory follow what other nodes commit.</summary>
internal sealed class AgentNews(AgentDirectory directory, IDbContextFactory<ConsoleDbContext> contexts) : IRefreshOnNews
{
    public bool Concerns(string noun) => noun is HeldNouns.AgentCard or "agent";

    public async Task RefreshAsync(IReadOnlyList<LiveEvent> news, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        foreach (var ids in news.Where(e => e.Noun == HeldNouns.AgentCard).Select(e => e.Id).Distinct().Chunk(500))
        {
            foreach (var agent in await db.Agents.AsNoTracking().Where(a => ids.Contains(a.Id)).ToListAsync(cancellationToken))
                directory.Put(AgentCard.Of(agent));
        }
        foreach (var organization in news.Select(e => e.OrganizationId).Distinct())
            directory.Bump(organization);
    }
}
