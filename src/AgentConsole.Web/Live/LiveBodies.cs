using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;

namespace AgentConsole.Web.Live;

/// <summary>
/// What programs hear with an event that came without its body: from another node, or from ingest. Read once for all who listen here; who may hear it
/// is asked for each of them.
/// </summary>
internal sealed class LiveBodies(
    ConsoleStore store,
    RunBodies runs,
    RotationLists rotations,
    SnapshotLists snapshots,
    AccessDirectory access
) : IDisposable
{
    private readonly MemoryCache _read = new(new MemoryCacheOptions { SizeLimit = 1000 });

    /// <summary>Whether there is anything to send for such an event.</summary>
    public static bool Has(LiveEvent change) => change.Body is not null || change.Noun is "run" or "agent" or "rotation" or "snapshot";

    /// <summary>The body that a GET would answer now; null when there is none any more, or when it is another team's by now.</summary>
    public Task<object?> OfAsync(LiveEvent change)
    {
        if (change.Body is not null)
            return Task.FromResult(change.Body());
        lock (_read)
        {
            // A read that failed is not remembered: the next listener tries again.
            if (_read.TryGetValue(change.Seq, out Task<object?>? reading) && !reading!.IsFaulted)
                return reading;
            return _read.Set(change.Seq, ReadAsync(change), new MemoryCacheEntryOptions { Size = 1 });
        }
    }

    public void Dispose() => _read.Dispose();

    // Shared by all who wait for it, and so ended by none of them.
    private async Task<object?> ReadAsync(LiveEvent change)
    {
        await using var db = await store.ReadAsync(CancellationToken.None);
        if (change.Noun == "run")
        {
            var run = await db.Runs.AsNoTracking().FirstOrDefaultAsync(r => r.OrganizationId == change.OrganizationId && r.Id == change.Id);
            return run is null || run.TeamId != change.TeamId ? null : runs.Of(run);
        }
        if (change.Noun == "rotation")
            return await rotations.LiveAsync(db, change.OrganizationId, change.TeamId, change.Id, CancellationToken.None);
        if (change.Noun == "snapshot")
            return await snapshots.LiveAsync(db, change.OrganizationId, change.TeamId, change.Id, CancellationToken.None);
        var agent = await db.Agents.AsNoTracking().FirstOrDefaultAsync(a => a.OrganizationId == change.OrganizationId && a.Id == change.Id);
        return agent is null || agent.TeamId != change.TeamId ? null : AgentBodies.Of(agent, access.Current);
    }
}
