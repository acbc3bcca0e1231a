using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Runtime.InteropServices;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Keys;

/// <summary>What a key check must know of one key version.</summary>
public sealed record KeyCard(
    Guid VersionId,
    Guid KeyId,
    int Number,
    Guid AgentId,
    Guid OrganizationId,
    KeyState State,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? RetiresAt
);

/// <summary>The answer to a shown secret.</summary>
/// <param name="Code"><c>ok</c>, or why it is refused; also the <c>code</c> of the problem.</param>
/// <param name="Card">Null for a secret that is not known.</param>
public readonly record struct KeyCheck(string Code, KeyCard? Card)
{
    public const string Ok = "ok",
        Unknown = "key_unknown",
        Disabled = "key_disabled",
        Revoked = "key_revoked",
        Expired = "key_expired",
        AgentPaused = "agent_paused",
        AgentDeleted = "agent_deleted";
}

/// <summary>
/// Every key version of the store by the keyed hash of its secret, in memory: a check never asks the database. A frozen base plus a small delta,
/// changed in the same step as the commit; a right and a wrong secret cost the same hash and the same look-ups.
/// </summary>
public sealed class KeyIndex(MasterKey master, AgentDirectory agents, TimeProvider clock) : ILoadAtStart
{
    private const int MostInDelta = 2000;
    private readonly ConcurrentDictionary<UInt128, KeyCard> _delta = new();
    private readonly ConcurrentDictionary<Guid, UInt128> _byVersion = new();
    private readonly Lock _fold = new();
    private FrozenDictionary<UInt128, KeyCard> _base = FrozenDictionary<UInt128, KeyCard>.Empty;

    public int Count => _byVersion.Count;

    /// <param name="secret">As sent, in any key form; text of any content is safe.</param>
    public KeyCheck Check(ReadOnlySpan<char> secret)
    {
        if (secret.Length > 512)
            return new KeyCheck(KeyCheck.Unknown, null);
        Span<byte> hash = stackalloc byte[MasterKey.HashBytes];
        master.HashTo(secret, hash);
        return CheckHash(hash);
    }

    /// <summary>As <see cref="Check"/>, for a secret that the caller hashed already (<see cref="MasterKey.HashTo"/>).</summary>
    public KeyCheck CheckHash(ReadOnlySpan<byte> hash) => Judge(Find(MemoryMarshal.Read<UInt128>(hash)));

    /// <summary>As <see cref="Check"/>, for a version whose secret was proven before: an open connection asks whether it is still good.</summary>
    public KeyCheck CheckVersion(Guid versionId) => Judge(_byVersion.TryGetValue(versionId, out var hash) ? Find(hash) : null);

    /// <summary>Call from <see cref="Write.AfterCommit(Action)"/> only.</summary>
    /// <param name="hash">The stored 32 bytes.</param>
    public void Put(ReadOnlySpan<byte> hash, KeyCard card)
    {
        var key = MemoryMarshal.Read<UInt128>(hash);
        _delta[key] = card;
        _byVersion[card.VersionId] = key;
        if (_delta.Count > MostInDelta)
            Fold();
    }

    public static KeyCard CardOf(KeyVersion version) =>
        new(
            version.Id,
            version.KeyId,
            version.Number,
            version.AgentId,
            version.OrganizationId,
            version.State,
            version.ExpiresAt,
            version.RetiresAt
        );

    public async Task LoadAsync(ConsoleDbContext db, CancellationToken cancellationToken)
    {
        var all = new Dictionary<UInt128, KeyCard>();
        var query = db
            .KeyVersions.AsNoTracking()
            .Select(v => new
            {
                v.Hash,
                Card = new KeyCard(v.Id, v.KeyId, v.Number, v.AgentId, v.OrganizationId, v.State, v.ExpiresAt, v.RetiresAt),
            });
        await foreach (var version in query.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            var key = MemoryMarshal.Read<UInt128>(version.Hash);
            all[key] = version.Card;
            _byVersion[version.Card.VersionId] = key;
        }
        Volatile.Write(ref _base, all.ToFrozenDictionary());
    }

    private KeyCard? Find(UInt128 hash)
    {
        // Both are asked each time, so that the time does not tell where a secret was found.
        var recent = _delta.GetValueOrDefault(hash);
        var old = Volatile.Read(ref _base).GetValueOrDefault(hash);
        return recent ?? old;
    }

    private KeyCheck Judge(KeyCard? card)
    {
        if (card is null)
            return new KeyCheck(KeyCheck.Unknown, null);
        var now = clock.GetUtcNow();
        var code = card.State switch
        {
            KeyState.Disabled => KeyCheck.Disabled,
            KeyState.Revoked => KeyCheck.Revoked,
            KeyState.Expired => KeyCheck.Expired,
            KeyState.Retiring when card.RetiresAt <= now => KeyCheck.Disabled,
            _ when card.ExpiresAt <= now => KeyCheck.Expired,
            _ => agents.Find(card.AgentId)?.Lifecycle switch
            {
                Lifecycle.Paused => KeyCheck.AgentPaused,
                Lifecycle.Deleted or null => KeyCheck.AgentDeleted,
                _ => KeyCheck.Ok,
            },
        };
        return new KeyCheck(code, card);
    }

    private void Fold()
    {
        lock (_fold)
        {
            if (_delta.Count <= MostInDelta)
                return;
            var taken = _delta.ToArray();
            var all = new Dictionary<UInt128, KeyCard>(_base);
            foreach (var (hash, card) in taken)
                all[hash] = card;
            Volatile.Write(ref _base, all.ToFrozenDictionary());
            foreach (var entry in taken)
                ((ICollection<KeyValuePair<UInt128, KeyCard>>)_delta).Remove(entry); // unless it changed meanwhile
        }
    }
}
