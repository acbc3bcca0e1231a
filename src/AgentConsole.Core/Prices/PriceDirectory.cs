using System.Collections.Concurrent;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Prices;

/// <summary>Every organization's prices in memory, so that a run is priced while it is written, without a query.</summary>
public sealed class PriceDirectory(IDbContextFactory<ConsoleDbContext> contexts) : ILoadAtStart, IRefreshOnNews
{
    private readonly SemaphoreSlim _reload = new(1, 1);
    private readonly ConcurrentDictionary<Guid, PriceList> _lists = new();

    public PriceList Of(Guid organizationId) => _lists.GetValueOrDefault(organizationId) ?? PriceList.Empty;

    async Task ILoadAtStart.LoadAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        var all = await db.Prices.Where(p => p.SupersededAt == null).ToListAsync(cancellationToken);
        foreach (var prices in all.GroupBy(p => p.OrganizationId))
            _lists[prices.Key] = new PriceList(prices);
    }

    bool IRefreshOnNews.Concerns(string noun) => noun == HeldNouns.Price;

    async Task IRefreshOnNews.RefreshAsync(IReadOnlyList<LiveEvent> news, CancellationToken cancellationToken)
    {
        foreach (var organization in news.Select(e => e.OrganizationId).Distinct())
            await ReloadAsync(organization);
    }

    /// <summary>Reads an organization's prices anew; call it from <see cref="Write.AfterCommit(Func{Task})"/> after changing them.</summary>
    public async Task ReloadAsync(Guid organizationId)
    {
        await _reload.WaitAsync();
        try
        {
            await using var db = await contexts.CreateDbContextAsync();
            var prices = await db
                .Prices.AsNoTracking()
                .Where(p => p.OrganizationId == organizationId && p.SupersededAt == null)
                .ToListAsync();
            _lists[organizationId] = new PriceList(prices);
        }
        finally
        {
            _reload.Release();
        }
    }
}
