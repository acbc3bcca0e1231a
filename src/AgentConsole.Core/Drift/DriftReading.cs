using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Routes;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Drift;

/// <summary>A version that somebody reported, and that is not declared.</summary>
internal readonly record struct Undeclared(Guid AgentId, string Version);

internal static class DriftReading
{
    /// <summary>When each of these was last taken out; those that never were declared are left out.</summary>
    public static async Task<Dictionary<Undeclared, VersionEnd>> EndsAsync(
        ConsoleDbContext db,
        Guid organization,
        IReadOnlyCollection<Undeclared> undeclared,
        CancellationToken cancellationToken
    )
    {
        var ends = new Dictionary<Undeclared, VersionEnd>();
        foreach (var some in undeclared.Chunk(200))
        {
            var agents = some.Select(u => u.AgentId).Distinct().ToArray();
            var versions = some.Select(u => u.Version).Distinct().ToArray();
            var rows = await db
                .Snapshots.Where(s =>
                    s.OrganizationId == organization
                    && agents.Contains(s.AgentId)
                    && versions.Contains(s.Version)
                    && s.Status != SnapshotStatus.Retired
                    && s.EndedAt != null
                )
                .OrderBy(s => s.Id)
                .Select(s => new
                {
                    s.AgentId,
                    s.Version,
                    s.EndedAt,
                    s.Outcome,
                })
                .ToListAsync(cancellationToken);
            foreach (var row in rows)
                ends[new Undeclared(row.AgentId, row.Version)] = new VersionEnd(
                    row.EndedAt,
                    row.Outcome is SnapshotOutcome.RolledBack or SnapshotOutcome.Failed
                );
        }
        return ends;
    }

    public static bool Declares(this IReadOnlyList<Route> routes, string version) =>
        routes.Any(r => Array.Exists(r.Split, s => s.Version == version));
}
