using System.Buffers.Binary;
using AgentConsole.Core.Deployments.Verdicts;
using AgentConsole.Core.Runs.Arms;

namespace AgentConsole.Core.Deployments.Rollouts;

/// <summary>The samples of one arm: for each metric that compares values how many runs had one, and a uniform sample of these.</summary>
internal sealed class ArmSamples
{
    private readonly IReadOnlyList<Metric> _metrics;
    private readonly long[] _runs;
    private readonly BottomK[] _samples;

    private ArmSamples(IReadOnlyList<Metric> metrics)
    {
        _metrics = metrics;
        _runs = new long[metrics.Count];
        _samples = new BottomK[metrics.Count];
        for (var i = 0; i < _samples.Length; i++)
            _samples[i] = new BottomK();
    }

    /// <param name="metrics">Those of the plan that compare values, in its order.</param>
    /// <param name="stored">Each as a count (8 bytes), a length (4 bytes) and a sample, big-endian; empty for none yet.</param>
    public static ArmSamples Read(IReadOnlyList<Metric> metrics, ReadOnlySpan<byte> stored)
    {
        var samples = new ArmSamples(metrics);
        for (var i = 0; i < metrics.Count && !stored.IsEmpty; i++)
        {
            samples._runs[i] = BinaryPrimitives.ReadInt64BigEndian(stored);
            var length = BinaryPrimitives.ReadInt32BigEndian(stored[8..]);
            samples._samples[i] = BottomK.Read(stored.Slice(12, length));
            stored = stored[(12 + length)..];
        }
        return samples;
    }

    public byte[] Write()
    {
        var parts = _samples.Select(s => s.Write()).ToArray();
        var bytes = new byte[parts.Sum(p => 12 + p.Length)];
        var rest = bytes.AsSpan();
        for (var i = 0; i < parts.Length; i++)
        {
            BinaryPrimitives.WriteInt64BigEndian(rest, _runs[i]);
            BinaryPrimitives.WriteInt32BigEndian(rest[8..], parts[i].Length);
            parts[i].CopyTo(rest[12..]);
            rest = rest[(12 + parts[i].Length)..];
        }
        return bytes;
    }

    public void Fold(ArmEntry entry)
    {
        var fields = entry.Fields?.Split(',');
        var field = 0;
        for (var i = 0; i < _metrics.Count; i++)
        {
            var metric = _metrics[i];
            long? value = metric.Kind switch
            {
                MetricKind.Cost => entry.CostMicros,
                MetricKind.Field => fields?.ElementAtOrDefault(field++) is { Length: > 0 } text ? Parse(text) : null,
                _ => entry.DurationMs,
            };
            // Twice as little as nothing is no ratio.
            if (value is not { } known || (metric.Relative && known < 0))
                continue;
            _runs[i] += entry.Sign;
            if (entry.Sign > 0)
                _samples[i].Add(entry.RunId, known);
            else
                _samples[i].Remove(entry.RunId);
        }
    }

    public Sample Of(Metric metric)
    {
        for (var i = 0; i < _metrics.Count; i++)
        {
            if (_metrics[i] == metric)
                return new Sample(Math.Max(_runs[i], _samples[i].Count), _samples[i].Values());
        }
        return new Sample(0, []);
    }

    private static long Parse(string text) => long.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
