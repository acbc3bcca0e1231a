using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Keys;

/// <summary>Lets the index follow what other nodes commit.</summary>
internal sealed class KeyNews(KeyIndex index, IDbContextFactory<ConsoleDbContext> contexts) : IRefreshOnNews
{
    public bool Concerns(string noun) => noun == HeldNouns.KeyCard;

    public async Task RefreshAsync(IReadOnlyList<LiveEvent> news, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        foreach (var ids in news.Select(e => e.Id).Distinct().Chunk(500))
        {
            foreach (var version in await db.KeyVersions.AsNoTracking().Where(v => ids.Contains(v.Id)).ToListAsync(cancellationToken))
                index.Put(version.Hash, KeyIndex.CardOf(version));
        }
    }
}
