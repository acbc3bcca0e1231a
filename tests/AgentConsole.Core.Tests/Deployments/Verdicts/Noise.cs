namespace AgentConsole.Core.Tests.Deployments.Verdicts;

/// <summary>Seeded chance that no version of the framework changes: SplitMix64.</summary>
internal sealed class Noise(ulong seed)
{
    private ulong _state = seed;

    public double Next() => (NextBits() >> 11) / (double)(1UL << 53);

    public long Hits(int runs, double rate)
    {
        var hits = 0L;
        for (var i = 0; i < runs; i++)
        {
            if (Next() < rate)
                hits++;
        }
        return hits;
    }

    /// <summary>A skewed duration: log-normal, its median given; one in two hundred takes twenty times as long.</summary>
    public long Duration(double median)
    {
        var normal = Math.Sqrt(-2 * Math.Log(1 - Next())) * Math.Cos(2 * Math.PI * Next());
        return (long)(median * Math.Exp(0.6 * normal) * (Next() < 0.005 ? 20 : 1));
    }

    public Guid Id()
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, NextBits());
        BitConverter.TryWriteBytes(bytes[8..], NextBits());
        return new Guid(bytes);
    }

    private ulong NextBits()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
