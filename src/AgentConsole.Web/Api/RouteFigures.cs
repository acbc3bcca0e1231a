using System.Collections.Concurrent;
using System.Diagnostics;

namespace AgentConsole.Web.Api;

/// <summary>Counters of one endpoint for /metrics: answers by status class, and a histogram of seconds.</summary>
internal sealed class RouteFigures(string method, string route)
{
    /// <summary>Upper bounds of the buckets in seconds.</summary>
    public static readonly double[] Bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly long[] _byClass = new long[6];
    private readonly long[] _buckets = new long[Bounds.Length + 1];
    private long _ticks;

    public string Method => method;
    public string Route => route;

    public void Note(int status, long startedAt)
    {
        var elapsed = Stopwatch.GetElapsedTime(startedAt);
        Interlocked.Increment(ref _byClass[Math.Clamp(status / 100, 0, 5)]);
        Interlocked.Add(ref _ticks, elapsed.Ticks);
        var seconds = elapsed.TotalSeconds;
        var bucket = 0;
        while (bucket < Bounds.Length && seconds > Bounds[bucket])
            bucket++;
        Interlocked.Increment(ref _buckets[bucket]);
    }

    /// <summary>Answers so far with statuses 100-199, 200-299, … at index 1, 2, …</summary>
    public IReadOnlyList<long> ByClass => [.. _byClass];
    public IReadOnlyList<long> Buckets => [.. _buckets];
    public double TotalSeconds => TimeSpan.FromTicks(Interlocked.Read(ref _ticks)).TotalSeconds;
}

/// <summary>The counters of every endpoint. Endpoints may be built more than once; their counters are not.</summary>
internal sealed class RequestFigures
{
    private readonly ConcurrentDictionary<(string Method, string Route), RouteFigures> _all = new();

    public IReadOnlyList<RouteFigures> All => [.. _all.OrderBy(f => f.Key).Select(f => f.Value)];

    public RouteFigures Of(string method, string route) => _all.GetOrAdd((method, route), key => new RouteFigures(key.Method, key.Route));
}
