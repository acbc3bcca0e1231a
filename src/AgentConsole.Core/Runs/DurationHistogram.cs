using System.Buffers;

namespace AgentConsole.Core.Runs;

/// <summary>
/// A mergeable histogram of durations in logarithmic buckets: bucket <c>i</c> holds milliseconds in (1.1^(i-1), 1.1^i], so that a quantile is off by at
/// most 10 %. Stored sparsely as pairs of varints: distance to the bucket before, count (zig-zag, since a correction may come first).
/// </summary>
public sealed class DurationHistogram
{
    private const double Base = 1.1;
    private static readonly double LogBase = Math.Log(Base);
    private readonly SortedList<int, long> _counts = [];

    public static DurationHistogram Read(ReadOnlySpan<byte> stored)
    {
        var histogram = new DurationHistogram();
        histogram.Merge(stored);
        return histogram;
    }

    public bool IsEmpty => _counts.Count == 0;
    public long Count => _counts.Values.Sum();

    public void Add(long milliseconds, long times = 1) => Bump(BucketOf(milliseconds), times);

    public void Merge(DurationHistogram other)
    {
        foreach (var (bucket, count) in other._counts)
            Bump(bucket, count);
    }

    /// <param name="times">So many histograms that are all alike.</param>
    public void Merge(ReadOnlySpan<byte> stored, long times = 1)
    {
        var bucket = 0;
        while (!stored.IsEmpty)
        {
            bucket += (int)ReadVarint(ref stored);
            var zigzag = ReadVarint(ref stored);
            Bump(bucket, times * ((long)(zigzag >> 1) ^ -(long)(zigzag & 1)));
        }
    }

    public byte[] Write()
    {
        var buffer = new ArrayBufferWriter<byte>((_counts.Count * 3) + 1);
        var before = 0;
        foreach (var (bucket, count) in _counts)
        {
            WriteVarint(buffer, (ulong)(bucket - before));
            WriteVarint(buffer, (ulong)((count << 1) ^ (count >> 63)));
            before = bucket;
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Milliseconds that this share (0 to 1) of the durations does not exceed: the upper bound of the bucket; null without any.</summary>
    public long? Quantile(double share)
    {
        var total = Count;
        if (total <= 0)
            return null;
        var wanted = Math.Max(1, (long)Math.Ceiling(share * total));
        long seen = 0;
        foreach (var (bucket, count) in _counts)
        {
            seen += count;
            if (seen >= wanted)
                return (long)Math.Round(Math.Pow(Base, bucket));
        }
        return null;
    }

    private void Bump(int bucket, long by)
    {
        var count = _counts.GetValueOrDefault(bucket) + by;
        if (count == 0)
            _counts.Remove(bucket);
        else
            _counts[bucket] = count;
    }

    private static int BucketOf(long milliseconds) => milliseconds <= 1 ? 0 : (int)Math.Ceiling(Math.Log(milliseconds) / LogBase - 1e-9);

    private static ulong ReadVarint(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (var shift = 0; !bytes.IsEmpty; shift += 7)
        {
            var part = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                break;
        }
        return value;
    }

    private static void WriteVarint(ArrayBufferWriter<byte> buffer, ulong value)
    {
        while (value >= 0x80)
        {
            buffer.Write([(byte)(value | 0x80)]);
            value >>= 7;
        }
        buffer.Write([(byte)value]);
    }
}
