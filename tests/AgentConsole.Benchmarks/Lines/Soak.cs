using System.Diagnostics;
using System.Diagnostics.Tracing;
using System.Globalization;
using AgentConsole.Benchmarks.Load;
using AgentConsole.Testing.Processes;
using Microsoft.Diagnostics.NETCore.Client;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>
/// Ten minutes at 100 reports a second under the eyes of twenty open pages. After each of at least twenty collections that are asked for, what is
/// left on the heap is noted; memory that is lost shows as a slope whose 95 % lower bound lies above the limit.
/// </summary>
internal sealed class Soak : ILine
{
    private const int PerSecond = 100;
    private const int Pages = 20;
    private static readonly string[] Paths = ["/", "/fleet", "/runs", "/keys", "/fleet?health=failing"];

    // One-sided 95 % quantiles of Student's t for 18 and more degrees of freedom lie between 1.73 and 1.65.
    private const double T = 1.73;

    public string Name => "soak";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        await using var folder = await ConsoleFolder.CreateAsync();
        IReadOnlyList<(Guid Id, string Secret)> agents;
        await using (var services = folder.Open())
            agents = await folder.AgentsAsync(services, 50);
        ConsoleFolder.LetGo();
        var cookie = await folder.CookieAsync(folder.Cast.Olga);
        await using var console = await ConsoleProcess.StartAsync(folder.Settings, cancellationToken);
        using var metrics = console.Client();
        var circuits = new List<Circuit>();
        for (var i = 0; i < Pages; i++)
            circuits.Add(await Circuit.OpenAsync(console.Address, Paths[i % Paths.Length], cookie, cancellationToken));

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pings = PingAsync(circuits, over.Token);
        var load = LoadAsync(console.Address, agents, over.Token);
        await Task.Delay(pace.Quick ? TimeSpan.FromSeconds(20) : TimeSpan.FromMinutes(2), TimeProvider.System, cancellationToken);
        var (collections, every) = pace.Quick ? (20, TimeSpan.FromSeconds(3)) : (30, TimeSpan.FromSeconds(20));
        var points = new List<(double Hours, double Megabytes)>();
        var startedAt = Stopwatch.GetTimestamp();
        for (var i = 1; i <= collections; i++)
        {
            var wait = (every * i) - Stopwatch.GetElapsedTime(startedAt);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, TimeProvider.System, cancellationToken);
            Collect(console.ProcessId);
            points.Add((Stopwatch.GetElapsedTime(startedAt).TotalHours, await HeapAsync(metrics, cancellationToken) / 1048576));
        }
        await over.CancelAsync();
        var (sent, slow) = await load;
        await pings;
        if (circuits.Find(c => c.Fault is not null) is { } broken)
            throw new InvalidOperationException("A circuit broke: " + broken.Fault);
        foreach (var circuit in circuits)
            await circuit.DisposeAsync();
        var (slope, error) = Line(points);
        var bound = slope - (T * error);
        return
        [
            new Figure(
                $"{Pages} pages, {PerSecond} reports/s: slope of the live heap, 95 % lower bound",
                bound,
                " MB/h",
                6,
                AtLeast: false,
                Detail: string.Create(
                    CultureInfo.InvariantCulture,
                    $"slope {slope:0.0} ± {error:0.0} over {points.Count} collections; {points[0].Megabytes:0.0} → {points[^1].Megabytes:0.0} MB; {sent} reports, {slow} later than a second"
                )
            ),
        ];
    }

    /// <summary>A listener for the events of collections makes the runtime collect when it comes: the documented way to ask from outside.</summary>
    private static void Collect(int process)
    {
        const long HeapCollect = 0x800000;
        var client = new DiagnosticsClient(process);
        using var session = client.StartEventPipeSession(
            new EventPipeProvider("Microsoft-Windows-DotNETRuntime", EventLevel.Informational, HeapCollect),
            requestRundown: false
        );
        session.Stop();
    }

    private static async Task<double> HeapAsync(HttpClient metrics, CancellationToken cancellationToken)
    {
        var text = await metrics.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancellationToken);
        var lines = text.Split('\n').Where(l => l.StartsWith("dotnet_gc_last_collection_heap_size{", StringComparison.Ordinal)).ToList();
        return lines.Count > 0
            ? lines.Sum(l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture))
            : throw new InvalidOperationException("The console does not tell the size of its heap.");
    }

    private static async Task<(int Sent, int Slow)> LoadAsync(
        Uri address,
        IReadOnlyList<(Guid Id, string Secret)> agents,
        CancellationToken cancellationToken
    )
    {
        using var connection = new RawConnection();
        await connection.OpenAsync(address, cancellationToken);
        var startedAt = Stopwatch.GetTimestamp();
        var (sent, slow) = (0, 0);
        while (!cancellationToken.IsCancellationRequested)
        {
            var due = (int)(Stopwatch.GetElapsedTime(startedAt).TotalSeconds * PerSecond);
            for (; sent < due && !cancellationToken.IsCancellationRequested; sent++)
            {
                var (secret, report) = (agents[sent % agents.Count].Secret, Reports.Body(Reports.Run(sent)));
                if (await connection.TimeAsync(RawConnection.Request("POST", "/api/v1/runs", secret, report)) > 1000)
                    slow++;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }
        return (sent, slow);
    }

    private static async Task PingAsync(List<Circuit> circuits, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var circuit in circuits)
                await circuit.PingAsync();
            await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>Least squares.</summary>
    /// <returns>The slope and its standard error.</returns>
    private static (double Slope, double Error) Line(List<(double X, double Y)> points)
    {
        var (x, y) = (points.Average(p => p.X), points.Average(p => p.Y));
        var spread = points.Sum(p => (p.X - x) * (p.X - x));
        var slope = points.Sum(p => (p.X - x) * (p.Y - y)) / spread;
        var rest = points.Sum(p => Math.Pow(p.Y - y - (slope * (p.X - x)), 2));
        return (slope, Math.Sqrt(rest / (points.Count - 2) / spread));
    }
}
