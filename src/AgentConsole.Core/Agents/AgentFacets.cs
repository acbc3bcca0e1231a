using System.Collections.Concurrent;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Agents;

/// <summary>One value of a fact, and how many agents have it.</summary>
/// <param name="Value">As a filter takes it.</param>
/// <param name="Label">As people call it.</param>
public sealed record FacetValue(string Value, string Label, int Count);

/// <summary>Counts under a filter. Those of a fact leave out what the filter asks of that fact, so that they say what another choice would give.</summary>
/// <param name="Total">How many match the whole filter.</param>
/// <param name="All">How many there are without it.</param>
public sealed record AgentFacets(int Total, int All, IReadOnlyDictionary<AgentFact, IReadOnlyList<FacetValue>> Facts)
{
    public int Count(AgentFact fact, string value) => Facts[fact].FirstOrDefault(v => v.Value == value)?.Count ?? 0;
}

/// <summary>
/// Counts agents by their facts. A grouped query over 100,000 agents and their tags takes longer than somebody who ticks boxes waits, so the facts of
/// an organization are held in memory from the first question on, for as long as questions come.
/// </summary>
public sealed class FacetService(ConsoleStore store, ChangeFeed feed, AccessDirectory access, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(30);
    private readonly ConcurrentDictionary<Guid, FacetIndex> _indexes = new();
    private readonly Lock _opening = new();

    /// <summary>Counts of what the actor sees. An agent sees itself only.</summary>
    public async Task<AgentFacets> CountAsync(Actor by, AgentFilter filter, CancellationToken cancellationToken)
    {
        var scope = by.AgentId is null ? by.TeamsWith(Permission.ReadFleet) : TeamScope.Nothing;
        return await Open(by.OrganizationId).CountAsync(scope, filter, access.Current, cancellationToken);
    }

    public void Dispose()
    {
        foreach (var index in _indexes.Values)
            index.Dispose();
    }

    private FacetIndex Open(Guid organization)
    {
        var now = clock.GetUtcNow();
        lock (_opening)
        {
            foreach (var (id, idle) in _indexes)
            {
                if (id != organization && now - idle.AskedAt > Kept && _indexes.TryRemove(id, out _))
                    idle.Dispose();
            }
            var index = _indexes.GetOrAdd(organization, static (id, s) => new FacetIndex(s.store, s.feed, id), (store, feed));
            index.AskedAt = now;
            return index;
        }
    }
}
