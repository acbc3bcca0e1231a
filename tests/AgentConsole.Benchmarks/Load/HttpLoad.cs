using System.Diagnostics;

namespace AgentConsole.Benchmarks.Load;

/// <summary>What a load of some seconds measured.</summary>
internal sealed record LoadResult(double PerSecond, double P50Micros, double P99Micros);

/// <summary>Connections that each send one request after the other.</summary>
internal sealed class HttpLoad : IDisposable
{
    private readonly RawConnection[] _connections;
    private readonly Func<int, ReadOnlyMemory<byte>> _request;
    private readonly int _status;

    private HttpLoad(RawConnection[] connections, Func<int, ReadOnlyMemory<byte>> request, int status) =>
        (_connections, _request, _status) = (connections, request, status);

    /// <param name="request">The request of a connection, by its number.</param>
    /// <param name="status">The status that every answer must have.</param>
    public static async Task<HttpLoad> OpenAsync(
        Uri address,
        int connections,
        Func<int, ReadOnlyMemory<byte>> request,
        int status,
        CancellationToken cancellationToken
    )
    {
        var open = new RawConnection[connections];
        for (var i = 0; i < connections; i++)
        {
            open[i] = new RawConnection();
            await open[i].OpenAsync(address, cancellationToken);
        }
        return new HttpLoad(open, request, status);
    }

    public async Task<LoadResult> RunAsync(TimeSpan time)
    {
        var startedAt = Stopwatch.GetTimestamp();
        var until = startedAt + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var times = await Task.WhenAll(_connections.Select((c, i) => Task.Run(() => LoopAsync(c, _request(i), until))));
        var seconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
        var all = times.SelectMany(t => t).ToArray();
        Array.Sort(all);
        return new LoadResult(all.Length / seconds, Quantile(all, 0.5), Quantile(all, 0.99));
    }

    public void Dispose()
    {
        foreach (var connection in _connections)
            connection.Dispose();
    }

    private async Task<List<long>> LoopAsync(RawConnection connection, ReadOnlyMemory<byte> request, long until)
    {
        var times = new List<long>(65_536);
        var before = Stopwatch.GetTimestamp();
        while (before < until)
        {
            var status = await connection.CallAsync(request);
            var now = Stopwatch.GetTimestamp();
            if (status != _status)
                throw new InvalidOperationException(
                    $"Answered {status} instead of {_status}: {System.Text.Encoding.UTF8.GetString(connection.Body)}"
                );
            times.Add(now - before);
            before = now;
        }
        return times;
    }

    private static double Quantile(long[] sorted, double share) =>
        sorted.Length == 0 ? 0 : sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * share))] * 1e6 / Stopwatch.Frequency;
}
