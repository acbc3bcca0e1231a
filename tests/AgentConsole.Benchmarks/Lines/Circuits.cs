using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using AgentConsole.Benchmarks.Load;
using AgentConsole.Testing.Processes;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>A hundred open pages: how soon a report is in all of them, what they weigh, and what they leave behind.</summary>
internal sealed class Circuits : ILine
{
    private const int Open = 100;
    private const int WarmUp = 10;

    public string Name => "circuits";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        await using var folder = await ConsoleFolder.CreateAsync();
        IReadOnlyList<(Guid Id, string Secret)> agents;
        await using (var services = folder.Open())
            agents = await folder.AgentsAsync(services, 30);
        ConsoleFolder.LetGo();
        var cookie = await folder.CookieAsync(folder.Cast.Olga);
        await using var console = await ConsoleProcess.StartAsync(folder.Settings, cancellationToken);
        using var connection = new RawConnection();
        await connection.OpenAsync(console.Address, cancellationToken);

        var times = new List<double>();
        var perCircuit = new List<double>();
        var left = new List<long>();
        // A few pages first: what code and caches weigh once is not what a circuit weighs.
        for (var i = 0; i < 3; i++)
            await CycleAsync(console, connection, agents, cookie, WarmUp, pace.Quick ? 10 : 25, cancellationToken);
        for (var cycle = 0; cycle < (pace.Quick ? 4 : 8); cycle++)
        {
            var (round, grown) = await CycleAsync(console, connection, agents, cookie, Open, pace.Quick ? 10 : 25, cancellationToken);
            // The first cycle warms the server up further; its times do not count.
            if (cycle > 0)
                times.AddRange(round);
            perCircuit.Add(grown / 1024.0 / Open);
            left.Add(console.ResidentBytes());
        }
        times.Sort();
        var half = left.Count / 2;
        var leftPerCircuit = (left[^1] - left[half - 1]) / 1024.0 / (Open * (left.Count - half));
        return
        [
            new Figure(
                $"{Open} circuits open: POST → rendered in each, p95",
                times[(int)(times.Count * 0.95)],
                " ms",
                60,
                AtLeast: false,
                Detail: string.Create(CultureInfo.InvariantCulture, $"median {times[times.Count / 2]:0.0} ms of {times.Count}")
            ),
            new Figure(
                "  resident memory per circuit, first hundred",
                perCircuit[0],
                " KB",
                300,
                AtLeast: false,
                Detail: $"each cycle: {string.Join(", ", perCircuit.Select(k => k.ToString("0", CultureInfo.InvariantCulture)))} KB"
            ),
            new Figure(
                "  left of a circuit after it closed",
                Math.Max(0, leftPerCircuit),
                " KB",
                5,
                AtLeast: false,
                Detail: $"resident after each cycle: {string.Join(", ", left.Select(l => (l >> 20).ToString(CultureInfo.InvariantCulture)))} MB"
            ),
        ];
    }

    /// <summary>Opens pages, reports to them, and closes them as a browser does that leaves.</summary>
    /// <returns>The times of the reports, and by how many bytes the server had grown while all were open.</returns>
    private static async Task<(List<double> Times, long Grown)> CycleAsync(
        ConsoleProcess console,
        RawConnection connection,
        IReadOnlyList<(Guid Id, string Secret)> agents,
        (string Name, string Value) cookie,
        int open,
        int reports,
        CancellationToken cancellationToken
    )
    {
        var before = console.ResidentBytes();
        var circuits = new List<Circuit>();
        for (var i = 0; i < open; i++)
            circuits.Add(await Circuit.OpenAsync(console.Address, "/fleet", cookie, cancellationToken));
        var times = await ReportsAsync(connection, agents, circuits, reports, cancellationToken);
        var grown = console.ResidentBytes() - before;
        if (circuits.Find(c => c.Fault is not null) is { } broken)
            throw new InvalidOperationException("A circuit broke: " + broken.Fault);
        foreach (var circuit in circuits)
            await circuit.DisposeAsync();
        return (times, grown);
    }

    /// <returns>Milliseconds from sending a report to the render batch with it, for each report and circuit.</returns>
    private static async Task<List<double>> ReportsAsync(
        RawConnection connection,
        IReadOnlyList<(Guid Id, string Secret)> agents,
        List<Circuit> circuits,
        int reports,
        CancellationToken cancellationToken
    )
    {
        var batches = new ConcurrentQueue<(int Circuit, long At, byte[] Bytes)>();
        for (var i = 0; i < circuits.Count; i++)
        {
            var number = i;
            circuits[i].Rendered = bytes => batches.Enqueue((number, Stopwatch.GetTimestamp(), bytes));
        }
        var times = new List<double>();
        for (var report = 0; report < reports; report++)
        {
            batches.Clear();
            var request = RawConnection.Request(
                "POST",
                "/api/v1/runs",
                agents[report % agents.Count].Secret,
                Reports.Body(Reports.Run(report))
            );
            var sent = Stopwatch.GetTimestamp();
            await connection.CallAsync(request);
            var id = System.Text.Json.JsonElement.Parse(connection.Body).GetProperty("id").GetString()!;
            var seen = new Dictionary<int, long>();
            var text = Encoding.UTF8.GetBytes(id);
            while (seen.Count < circuits.Count)
            {
                if (Stopwatch.GetElapsedTime(sent) > TimeSpan.FromSeconds(5))
                    throw new TimeoutException($"{circuits.Count - seen.Count} of {circuits.Count} circuits never rendered {id}.");
                while (batches.TryDequeue(out var batch))
                {
                    if (batch.Bytes.AsSpan().IndexOf(text) >= 0)
                        seen.TryAdd(batch.Circuit, batch.At);
                }
                await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, cancellationToken);
            }
            times.AddRange(seen.Values.Select(at => Stopwatch.GetElapsedTime(sent, at).TotalMilliseconds));
        }
        foreach (var circuit in circuits)
            await circuit.PingAsync();
        return times;
    }
}
