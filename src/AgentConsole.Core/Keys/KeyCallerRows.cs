using System.Security.Cryptography;
using System.Text;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Keys;

/// <summary>What makes a caller this one: the name it gives itself, or else its user agent and address.</summary>
internal readonly record struct CallerName(string? Instance, string? UserAgent, string? Address)
{
    public static CallerName Of(string? address, string? userAgent, string? instance) =>
        instance is not null ? new CallerName(instance, null, null) : new CallerName(null, userAgent, address);

    /// <summary>16 bytes; the lengths in them keep two different names from meeting.</summary>
    public byte[] Hash()
    {
        var text = Instance is not null ? "instance\n" + Instance : $"agent\n{UserAgent?.Length ?? -1}\n{UserAgent}\n{Address}";
        return SHA256.HashData(Encoding.UTF8.GetBytes(text))[..16];
    }
}

/// <summary>A caller's use of one version between two batches.</summary>
internal sealed class CallerUse(CallerName name, DateTimeOffset firstAt)
{
    private long _lastTicks = firstAt.UtcTicks;
    private long _calls;

    public CallerName Name => name;
    public DateTimeOffset FirstAt => firstAt;
    public DateTimeOffset LastAt => new(Interlocked.Read(ref _lastTicks), TimeSpan.Zero);
    public long Calls => Interlocked.Read(ref _calls);

    /// <summary>Where it called from last, whatever its name.</summary>
    public string? Address { get; private set; }
    public string? UserAgent { get; private set; }

    public void Note(DateTimeOffset at, string? address, string? userAgent)
    {
        Interlocked.Exchange(ref _lastTicks, at.UtcTicks);
        Interlocked.Increment(ref _calls);
        Address = address;
        UserAgent = userAgent;
    }
}

/// <summary>
/// Writes callers in the batch of their uses. Of a key with <see cref="KeyCaller.Most"/> callers no further one is kept: the key is marked, so that
/// nobody believes to know them all. What is known already is read once a key, so that a flood of new names costs one query a batch.
/// </summary>
internal sealed class KeyCallerRows(Write write) : IAsyncDisposable
{
    private const int FewCallers = 8;

    private readonly RawCommand _update = new(
        write,
        "UPDATE key_callers SET user_agent = @p0, address = @p1, calls = calls + @p2, "
            + "visits = visits + CASE WHEN @p3 > last_used_at + @p4 THEN 1 ELSE 0 END, "
            + "last_visit_at = CASE WHEN @p3 > last_used_at + @p4 THEN @p3 ELSE last_visit_at END, "
            + "last_used_at = CASE WHEN @p5 > last_used_at THEN @p5 ELSE last_used_at END "
            + "WHERE organization_id = @p6 AND key_id = @p7 AND caller = @p8 AND version = @p9"
    );
    private readonly RawCommand _insert = new(
        write,
        "INSERT INTO key_callers (organization_id, key_id, caller, version, instance, user_agent, address, first_used_at, last_used_at, "
            + "last_visit_at, calls, visits) VALUES (@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p7, @p9, 1) "
            + "ON CONFLICT (organization_id, key_id, caller, version) DO UPDATE SET calls = key_callers.calls + excluded.calls, "
            + "last_used_at = CASE WHEN excluded.last_used_at > key_callers.last_used_at THEN excluded.last_used_at ELSE key_callers.last_used_at END"
    );
    private readonly RawCommand _overflow = new(
        write,
        "UPDATE agent_keys SET callers_overflowed_at = @p0 WHERE organization_id = @p1 AND id = @p2"
    );
    private readonly Dictionary<Guid, Known> _known = [];

    /// <param name="overflowed">Whether there were more callers than could be held in memory.</param>
    public async Task PutAsync(
        KeyCard card,
        IReadOnlyCollection<CallerUse> callers,
        bool overflowed,
        DateTimeOffset at,
        CancellationToken cancellationToken
    )
    {
        var hashed = callers.Select(use => (Hash: use.Name.Hash(), Use: use)).OrderBy(c => Convert.ToHexString(c.Hash)).ToList();
        if (hashed.Count > FewCallers)
            await KnownOfAsync(card, cancellationToken);
        foreach (var (hash, use) in hashed)
        {
            var text = Convert.ToHexString(hash);
            if (_known.TryGetValue(card.KeyId, out var known) && !known.Rows.Contains((text, card.Number)))
            {
                overflowed |= !await InsertAsync(card, hash, text, use, known, cancellationToken);
                continue;
            }
            var changed = await _update.RunAsync(
                cancellationToken,
                Texts.Clip(use.UserAgent, 256),
                Texts.Clip(use.Address, 64),
                use.Calls,
                use.FirstAt,
                (long)KeyCaller.VisitGap.TotalMicroseconds,
                use.LastAt,
                card.OrganizationId,
                card.KeyId,
                hash,
                card.Number
            );
            if (changed == 0)
                overflowed |= !await InsertAsync(card, hash, text, use, await KnownOfAsync(card, cancellationToken), cancellationToken);
        }
        if (overflowed)
            await _overflow.RunAsync(cancellationToken, at, card.OrganizationId, card.KeyId);
    }

    public async ValueTask DisposeAsync()
    {
        await _update.DisposeAsync();
        await _insert.DisposeAsync();
        await _overflow.DisposeAsync();
    }

    private async Task<bool> InsertAsync(
        KeyCard card,
        byte[] hash,
        string text,
        CallerUse use,
        Known known,
        CancellationToken cancellationToken
    )
    {
        if (!known.Callers.Contains(text) && known.Callers.Count >= KeyCaller.Most)
            return false;
        await _insert.RunAsync(
            cancellationToken,
            card.OrganizationId,
            card.KeyId,
            hash,
            card.Number,
            use.Name.Instance,
            Texts.Clip(use.UserAgent, 256),
            Texts.Clip(use.Address, 64),
            use.FirstAt,
            use.LastAt,
            use.Calls
        );
        known.Callers.Add(text);
        known.Rows.Add((text, card.Number));
        return true;
    }

    private async Task<Known> KnownOfAsync(KeyCard card, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(card.KeyId, out var known))
            return known;
        var rows = await write
            .Db.KeyCallers.AsNoTracking()
            .Where(c => c.OrganizationId == card.OrganizationId && c.KeyId == card.KeyId)
            .Select(c => new { c.Caller, c.Version })
            .ToListAsync(cancellationToken);
        known = new Known([], []);
        foreach (var row in rows)
        {
            var text = Convert.ToHexString(row.Caller);
            known.Callers.Add(text);
            known.Rows.Add((text, row.Version));
        }
        return _known[card.KeyId] = known;
    }

    private sealed record Known(HashSet<string> Callers, HashSet<(string Caller, int Version)> Rows);
}
