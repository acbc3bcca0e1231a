using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations;

/// <summary>Who uses a key: what one wants to know before one rotates it.</summary>
public sealed class KeyUses(ConsoleStore store, AccessDirectory access, TimeProvider clock)
{
    private const int MostCallers = 100;

    /// <summary>Of the newest accepted version, and of all accepted ones in the last 24 hours.</summary>
    /// <param name="runs">Known from a moment ago: a busy agent's day of runs is not counted again for who looks on.</param>
    public async Task<Outcome<KeyUseBody>> GetAsync(
        Actor by,
        string agentIdOrSlug,
        string keyId,
        CancellationToken cancellationToken,
        long? runs = null
    )
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var found = await RotationTables.KeyOfAsync(db, by, agentIdOrSlug, keyId, cancellationToken);
        if (!found.Try(out var named, out var unknown))
            return unknown;
        var (agent, key) = named;
        var now = clock.Now();
        var versions = await RotationTables.VersionsOfAsync(db, key, cancellationToken);
        var accepted = versions.FindAll(v => RotationAct.Accepts(v, now));
        var newest = accepted.Count > 0 ? accepted[^1] : versions[^1];
        var open = await RotationTables.OpenOf(db, key).Select(r => (Guid?)r.Id).FirstOrDefaultAsync(cancellationToken);
        return new KeyUseBody
        {
            KeyId = IdText.Format(IdText.Key, key.Id),
            KeyName = key.Name,
            Agent = agent.Slug,
            Team = access.Current.Teams.GetValueOrDefault(agent.TeamId)?.Slug ?? "",
            KeyVersion = newest.Number,
            Accepted = accepted.Count > 0,
            CreatedAt = newest.CreatedAt,
            ExpiresAt = newest.ExpiresAt,
            LastUsedAt = versions.Max(v => v.LastUsedAt),
            Rotation = IdText.Format(IdText.Rotation, open),
            LastDay = await LastDayAsync(db, key, accepted, now, runs, cancellationToken),
        };
    }

    internal static async Task<KeyDay> LastDayAsync(
        ConsoleDbContext db,
        AgentKey key,
        IReadOnlyCollection<KeyVersion> versions,
        DateTimeOffset now,
        long? knownRuns,
        CancellationToken cancellationToken
    )
    {
        var since = now.AddDays(-1);
        var numbers = versions.Select(v => v.Number).Distinct().ToArray();
        var ids = versions.Select(v => (Guid?)v.Id).Distinct().ToArray();
        var calls = await db
            .KeyMinutes.Where(m =>
                m.OrganizationId == key.OrganizationId && m.KeyId == key.Id && m.Minute >= since && numbers.Contains(m.Version)
            )
            .SumAsync(m => m.Calls, cancellationToken);
        var callers = await db
            .KeyCallers.AsNoTracking()
            .Where(c => c.OrganizationId == key.OrganizationId && c.KeyId == key.Id && c.LastUsedAt >= since && numbers.Contains(c.Version))
            .ToListAsync(cancellationToken);
        var runs =
            knownRuns
            ?? await db.Runs.LongCountAsync(
                r =>
                    r.OrganizationId == key.OrganizationId
                    && r.AgentId == key.AgentId
                    && r.ReceivedAt >= since
                    && ids.Contains(r.KeyVersionId),
                cancellationToken
            );
        return new KeyDay(
            since,
            calls,
            runs,
            [
                .. callers
                    .Where(c => c.Address is not null)
                    .Select(c => c.Address!)
                    .Distinct()
                    .Order(StringComparer.Ordinal)
                    .Take(MostCallers),
            ],
            [
                .. callers
                    .GroupBy(c => Convert.ToHexString(c.Caller))
                    .Select(same => new Adopter(same, null, now))
                    .OrderByDescending(a => a.LastUsedAt)
                    .Take(MostCallers)
                    .Select(a => a.ToBody()),
            ]
        );
    }
}
