using System.Collections.Concurrent;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations.Schedules;

/// <summary>Every organization's rotation policies in memory, so that a key is made without asking for them.</summary>
public sealed class RotationPolicyDirectory(IDbContextFactory<ConsoleDbContext> contexts) : ILoadAtStart, IRefreshOnNews, IKeyLifetimes
{
    private readonly SemaphoreSlim _reload = new(1, 1);
    private readonly ConcurrentDictionary<Guid, RotationPolicies> _policies = new();

    public RotationPolicies Of(Guid organizationId) => _policies.GetValueOrDefault(organizationId) ?? RotationPolicies.None;

    public int? LongestDays(Guid organizationId, Guid agentId, Guid teamId, string? environment) =>
        Of(organizationId).For(agentId, teamId, environment).MaxLifetimeDays.Value;

    async Task ILoadAtStart.LoadAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        var all = await db.RotationPolicies.AsNoTracking().ToListAsync(cancellationToken);
        foreach (var some in all.GroupBy(p => p.OrganizationId))
            _policies[some.Key] = new RotationPolicies(some);
    }

    bool IRefreshOnNews.Concerns(string noun) => noun == HeldNouns.RotationPolicy;

    async Task IRefreshOnNews.RefreshAsync(IReadOnlyList<LiveEvent> news, CancellationToken cancellationToken)
    {
        foreach (var organization in news.Select(e => e.OrganizationId).Distinct())
            await ReloadAsync(organization);
    }

    /// <summary>Reads an organization's policies anew; call it from <see cref="Write.AfterCommit(Func{Task})"/> after changing them.</summary>
    public async Task ReloadAsync(Guid organizationId)
    {
        await _reload.WaitAsync();
        try
        {
            await using var db = await contexts.CreateDbContextAsync();
            var policies = await db.RotationPolicies.AsNoTracking().Where(p => p.OrganizationId == organizationId).ToListAsync();
            _policies[organizationId] = new RotationPolicies(policies);
        }
        finally
        {
            _reload.Release();
        }
    }
}
