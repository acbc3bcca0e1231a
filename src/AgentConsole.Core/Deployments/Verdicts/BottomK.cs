using System.Buffers.Binary;
using System.Security.Cryptography;

namespace AgentConsole.Core.Deployments.Verdicts;

/// <summary>
/// A uniform sample of runs that is the same whoever takes it, in whatever order and in however many pieces: the k runs whose ids
/// have the smallest hashes, each with one value. Samples of parts merge into the sample of the whole. A run that is reported twice
/// counts once; with two values the larger one stays. A run may be taken out again; what made room for it is not known any more, so that the
/// sample may then hold fewer than k, and is as uniform as before.
/// </summary>
public sealed class BottomK
{
    /// <summary>Runs an arm.</summary>
    public const int DefaultCapacity = 1000;

    /// <summary>Bytes of one run in <see cref="Write"/>.</summary>
    public const int EntrySize = 16;

    private readonly List<(ulong Hash, long Value)> _entries = []; // by hash
    private readonly int _capacity;

    // Runs from this hash on were dropped, or would have been: none of them comes in again.
    private ulong? _ceiling;

    public BottomK(int capacity = DefaultCapacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _capacity = capacity;
    }

    public int Count => _entries.Count;

    /// <param name="value">In the metric's unit: ms, 10⁻⁶ USD, 10⁻⁶ of a custom field.</param>
    public void Add(Guid runId, long value) => Add(HashOf(runId), value);

    /// <summary>Takes a run out, if it is in.</summary>
    public void Remove(Guid runId)
    {
        var place = _entries.BinarySearch((HashOf(runId), 0), ByHash.Instance);
        if (place >= 0)
            _entries.RemoveAt(place);
    }

    public void Merge(BottomK other)
    {
        if (other._ceiling is { } theirs && !(theirs >= _ceiling))
            Lower(theirs);
        foreach (var (hash, value) in other._entries)
            Add(hash, value);
    }

    /// <summary>Lowest first.</summary>
    public long[] Values() => [.. _entries.Select(e => e.Value).Order()];

    /// <summary>The hash from which runs were dropped (0 where none were), then the entries.</summary>
    public byte[] Write()
    {
        var bytes = new byte[sizeof(ulong) + (_entries.Count * EntrySize)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, _ceiling ?? 0);
        for (var i = 0; i < _entries.Count; i++)
        {
            var entry = bytes.AsSpan(sizeof(ulong) + (i * EntrySize), EntrySize);
            BinaryPrimitives.WriteUInt64BigEndian(entry, _entries[i].Hash);
            BinaryPrimitives.WriteInt64BigEndian(entry[8..], _entries[i].Value);
        }
        return bytes;
    }

    public static BottomK Read(ReadOnlySpan<byte> stored, int capacity = DefaultCapacity)
    {
        if (stored.Length % EntrySize != sizeof(ulong))
            throw new FormatException("A stored sample holds a ceiling and whole entries.");
        var sample = new BottomK(capacity);
        var ceiling = BinaryPrimitives.ReadUInt64BigEndian(stored);
        sample._ceiling = ceiling == 0 ? null : ceiling;
        for (stored = stored[sizeof(ulong)..]; !stored.IsEmpty; stored = stored[EntrySize..])
            sample.Add(BinaryPrimitives.ReadUInt64BigEndian(stored), BinaryPrimitives.ReadInt64BigEndian(stored[8..]));
        return sample;
    }

    // Ids grow with time, so their own order would sample the oldest runs.
    private static ulong HashOf(Guid runId)
    {
        Span<byte> id = stackalloc byte[16];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        runId.TryWriteBytes(id, bigEndian: true, out _);
        SHA256.HashData(id, hash);
        return BinaryPrimitives.ReadUInt64BigEndian(hash);
    }

    private void Add(ulong hash, long value)
    {
        if (hash >= _ceiling)
            return;
        var place = _entries.BinarySearch((hash, value), ByHash.Instance);
        if (place >= 0)
        {
            _entries[place] = (hash, Math.Max(value, _entries[place].Value));
            return;
        }
        _entries.Insert(~place, (hash, value));
        if (_entries.Count > _capacity)
            Lower(_entries[_capacity].Hash);
    }

    private void Lower(ulong ceiling)
    {
        _ceiling = ceiling;
        var first = _entries.FindIndex(e => e.Hash >= ceiling);
        if (first >= 0)
            _entries.RemoveRange(first, _entries.Count - first);
    }

    private sealed class ByHash : IComparer<(ulong Hash, long Value)>
    {
        public static readonly ByHash Instance = new();

        public int Compare((ulong Hash, long Value) x, (ulong Hash, long Value) y) => x.Hash.CompareTo(y.Hash);
    }
}
