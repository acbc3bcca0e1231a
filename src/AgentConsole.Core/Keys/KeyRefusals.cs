using System.Collections.Concurrent;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Keys;

/// <summary>
/// Counts refused secrets in memory and writes one row per code, version, address and minute. Bounded: what comes on top of
/// <see cref="MostAddresses"/> different ones in a flush is counted under the address <c>others</c>.
/// </summary>
public sealed class KeyRefusals(ConsoleStore store, AgentDirectory agents, TimeProvider clock, ILogger<KeyRefusals> log)
    : Periodic(TimeSpan.FromSeconds(1), clock, log)
{
    public const int MostAddresses = 500;
    private const string Others = "others";
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    private readonly TimeProvider _clock = clock;
    private ConcurrentDictionary<(string Code, Guid? Version, string Address, long Minute), Tally> _counts = new();
    private DateTimeOffset _purgedAt;
    private int _different;

    protected override bool StepsOnStop => true;

    /// <param name="versionId">The dead version that knocked; null for an unknown secret.</param>
    public void Note(string code, Guid? organizationId, Guid? versionId, string? address)
    {
        var now = _clock.GetUtcNow();
        var minute = now.ToUnixTimeSeconds() / 60;
        var counts = _counts;
        var key = (code, versionId, address ?? "unknown", minute);
        if (!counts.TryGetValue(key, out var tally))
        {
            // Counted beside the dictionary, whose own count would lock all of it in the path of every refused call.
            if (Interlocked.Increment(ref _different) > MostAddresses)
                (key, organizationId) = ((code, null, Others, minute), null);
            tally = counts.GetOrAdd(key, static (_, organization) => new Tally(organization), organizationId);
        }
        Interlocked.Increment(ref tally.Count);
        Interlocked.Exchange(ref tally.LastTicks, now.UtcTicks);
    }

    public override async Task StepAsync(CancellationToken cancellationToken)
    {
        var now = _clock.Now();
        var purge = now - _purgedAt >= TimeSpan.FromHours(1);
        if (_counts.IsEmpty && !purge)
            return;
        var taken = Interlocked.Exchange(
            ref _counts,
            new ConcurrentDictionary<(string Code, Guid? Version, string Address, long Minute), Tally>()
        );
        Interlocked.Exchange(ref _different, 0);
        await using var write = await store.WriteAsync(cancellationToken);
        foreach (var (key, tally) in taken)
        {
            var minute = DateTimeOffset.FromUnixTimeSeconds(key.Minute * 60);
            var lastAt = new DateTimeOffset(Interlocked.Read(ref tally.LastTicks), TimeSpan.Zero);
            var known = await write.Db.KeyRefusals.SingleOrDefaultAsync(
                r =>
                    r.OrganizationId == tally.OrganizationId
                    && r.KeyVersionId == key.Version
                    && r.Minute == minute
                    && r.Code == key.Code
                    && r.Address == key.Address,
                cancellationToken
            );
            if (known is not null)
            {
                known.Count += tally.Count;
                known.LastAt = lastAt;
                continue;
            }
            write.Db.Add(
                new KeyRefusal
                {
                    Id = write.NewId(),
                    OrganizationId = tally.OrganizationId,
                    KeyVersionId = key.Version,
                    Code = key.Code,
                    Address = key.Address,
                    Minute = minute,
                    LastAt = lastAt,
                    Count = tally.Count,
                }
            );
        }
        await TellAsync(
            write,
            [.. taken.Keys.Where(k => k.Version is not null).Select(k => k.Version!.Value).Distinct()],
            cancellationToken
        );
        if (purge)
        {
            var before = now - Kept;
            await write.Db.KeyRefusals.Where(r => r.Minute < before).ExecuteDeleteAsync(cancellationToken);
            _purgedAt = now;
        }
        await write.TryCommitAsync(cancellationToken);
    }

    // Whoever watches a key sees who knocks with a dead version of it.
    private async Task TellAsync(Write write, Guid[] versions, CancellationToken cancellationToken)
    {
        foreach (var part in versions.Chunk(MostAddresses))
        {
            var keys = await write
                .Db.KeyVersions.AsNoTracking()
                .Where(v => part.Contains(v.Id))
                .Select(v => new
                {
                    v.OrganizationId,
                    v.AgentId,
                    v.KeyId,
                })
                .Distinct()
                .ToListAsync(cancellationToken);
            foreach (var key in keys)
                write.Tell(new LiveEvent("key", key.OrganizationId, agents.Find(key.AgentId)?.TeamId, key.AgentId, key.KeyId));
        }
    }

    private sealed class Tally(Guid? organizationId)
    {
        public Guid? OrganizationId => organizationId;
        public long LastTicks;
        public long Count;
    }
}
