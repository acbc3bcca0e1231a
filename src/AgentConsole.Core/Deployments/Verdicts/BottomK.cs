using System.Buffers.Binary;
using System.Security.Cryptography;

namespace AgentConsole.Core.Deployments.Verdicts;

/// <summary>
/// A uniform sample of runs that is the same whoever takes it, in whatever order and in however many pieces: the k runs whose ids
/// have the smallest hashes, each with one value. Samples of parts merge into the sample of the whole. A run that is reported twice
/// counts once; with two values the larger one stays.
/// </summary>
public sealed class BottomK
{
    /// <summary>Runs an arm.</summary>
    public const int DefaultCapacity = 1000;

    /// <summary>Bytes of one run in <see cref="Write"/>.</summary>
    public const int EntrySize = 16;

    private readonly List<(ulong Hash, long Value)> _entries = []; // by hash
    private readonly int _capacity;

    public BottomK(int capacity = DefaultCapacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _capacity = capacity;
    }

    public int Count => _entries.Count;

    /// <param name="value">In the metric's unit: ms, 10⁻⁶ USD, 10⁻⁶ of a custom field.</param>
    public void Add(Guid runId, long value) => Add(HashOf(runId), value);

    public void Merge(BottomK other)
    {
        foreach (var (hash, value) in other._entries)
            Add(hash, value);
    }

    /// <summary>Lowest first.</summary>
    public long[] Values() => [.. _entries.Select(e => e.Value).Order()];

    public byte[] Write()
    {
        var bytes = new byte[_entries.Count * EntrySize];
        for (var i = 0; i < _entries.Count; i++)
        {
            var entry = bytes.AsSpan(i * EntrySize, EntrySize);
            BinaryPrimitives.WriteUInt64BigEndian(entry, _entries[i].Hash);
            BinaryPrimitives.WriteInt64BigEndian(entry[8..], _entries[i].Value);
        }
        return bytes;
    }

    public static BottomK Read(ReadOnlySpan<byte> stored, int capacity = DefaultCapacity)
    {
        if (stored.Length % EntrySize != 0)
            throw new FormatException("A stored sample holds whole entries.");
        var sample = new BottomK(capacity);
        for (; !stored.IsEmpty; stored = stored[EntrySize..])
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
        if (_entries.Count == _capacity && hash > _entries[^1].Hash)
            return;
        var place = _entries.BinarySearch((hash, value), ByHash.Instance);
        if (place >= 0)
        {
            _entries[place] = (hash, Math.Max(value, _entries[place].Value));
            return;
        }
        _entries.Insert(~place, (hash, value));
        if (_entries.Count > _capacity)
            _entries.RemoveAt(_capacity);
    }

    private sealed class ByHash : IComparer<(ulong Hash, long Value)>
    {
        public static readonly ByHash Instance = new();

        public int Compare((ulong Hash, long Value) x, (ulong Hash, long Value) y) => x.Hash.CompareTo(y.Hash);
    }
}
