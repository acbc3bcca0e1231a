using System.Diagnostics;
using AgentConsole.Testing.Processes;
using Microsoft.Data.Sqlite;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>
/// The whole page of the timeline, over HTTP with a browser's session, with 10,000 snapshots and with 100, by which the same hundred agents were deployed over
/// the last quarter of a year; and with 10,000 agents that were deployed once.
/// </summary>
internal sealed class Timelines : ILine
{
    private const int Agents = 100;

    public string Name => "timeline";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        await using var few = await Scene.OpenAsync(Agents, 1, cancellationToken);
        await using var many = await Scene.OpenAsync(Agents, 100, cancellationToken);
        await using var wide = await Scene.OpenAsync(10_000, 1, cancellationToken);
        foreach (var scene in (Scene[])[few, many, wide])
        {
            var began = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(began) < pace.WarmUp)
            {
                foreach (var address in (string[])["/deployments", "/deployments?zoom=week", "/deployments?zoom=quarter", Quarter()])
                    await scene.GetAsync(address, cancellationToken);
            }
        }
        var figures = new List<Figure>();
        foreach (
            var (what, address, large, limit) in ((string, string, Scene, double?)[])
                [
                    ("timeline opened: GET of the whole page at 10,000 snapshots ÷ at 100", "/deployments", many, 1.3),
                    ("  the same, 10,000 agents with one each", "/deployments", wide, 1.3),
                    ("  of a week", "/deployments?zoom=week", many, null),
                    ("  of a quarter, in which all of them are counted", "/deployments?zoom=quarter", many, null),
                    ("  its API, of the quarter", Quarter(), many, null),
                ]
        )
        {
            var (a, b, ratio) = await pace.PairsAsync(
                () => MedianAsync(large, address, pace, cancellationToken),
                () => MedianAsync(few, address, pace, cancellationToken),
                (x, y) => x.Milliseconds / y.Milliseconds
            );
            figures.Add(
                new Figure(
                    what,
                    ratio,
                    "",
                    limit,
                    AtLeast: false,
                    Detail: $"{a.Milliseconds:N1} ms and {a.Bytes / 1024:N0} KiB, {b.Milliseconds:N1} ms and {b.Bytes / 1024:N0} KiB"
                )
            );
        }
        return figures;
    }

    private static string Quarter()
    {
        var now = TimeProvider.System.GetUtcNow();
        return $"/api/v1/deployments/timeline?limit=40&from={now.AddDays(-90):yyyy-MM-dd'T'HH:mm:ss'Z'}&to={now:yyyy-MM-dd'T'HH:mm:ss'Z'}";
    }

    private static async Task<(double Milliseconds, int Bytes)> MedianAsync(
        Scene scene,
        string address,
        Pace pace,
        CancellationToken cancellationToken
    )
    {
        var times = new List<double>();
        var bytes = 0;
        for (var i = 0; i < (pace.Quick ? 25 : 75); i++)
        {
            var start = Stopwatch.GetTimestamp();
            bytes = await scene.GetAsync(address, cancellationToken);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        times.Sort();
        return (times[times.Count / 2], bytes);
    }

    private sealed class Scene(ConsoleFolder folder, ConsoleProcess console, HttpClient client, string cookie, string token)
        : IAsyncDisposable
    {
        public static async Task<Scene> OpenAsync(int agents, int each, CancellationToken cancellationToken)
        {
            var folder = await ConsoleFolder.CreateAsync();
            string token;
            await using (var services = folder.Open())
                token = await ConsoleFolder.TokenAsync(services, folder.Cast.Olga);
            await AgentSeed.FillAsync(folder, agents);
            await SnapshotSeed.FillAsync(folder, each);
            var (name, value) = await folder.CookieAsync(folder.Cast.Olga);
            var console = await ConsoleProcess.StartAsync(folder.Settings, cancellationToken);
            return new Scene(folder, console, console.Client(), $"{name}={value}", token);
        }

        public async Task<int> GetAsync(string address, CancellationToken cancellationToken)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, UriKind.Relative));
            if (address.StartsWith("/api/", StringComparison.Ordinal))
                request.Headers.Authorization = new("Bearer", token);
            else
                request.Headers.Add("Cookie", cookie);
            using var answer = await client.SendAsync(request, cancellationToken);
            answer.EnsureSuccessStatusCode();
            return (await answer.Content.ReadAsByteArrayAsync(cancellationToken)).Length;
        }

        public async ValueTask DisposeAsync()
        {
            client.Dispose();
            await console.DisposeAsync();
            await folder.DisposeAsync();
        }
    }
}
