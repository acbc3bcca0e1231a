using AgentConsole.Benchmarks.Load;
using AgentConsole.Testing.Processes;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>Lists of runs in a store with a million against a store with ten thousand; and how fast the large one is back after a kill.</summary>
internal sealed class RunLists : ILine
{
    private const int Few = 10_000;

    public string Name => "runs";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        var many = pace.Quick ? 200_000 : 1_000_000;
        await using var small = await ConsoleFolder.CreateAsync();
        await using var large = await ConsoleFolder.CreateAsync();
        var (smallToken, agent, _) = await FillAsync(small, Few);
        var (largeToken, _, key) = await FillAsync(large, many);
        await using var one = await ConsoleProcess.StartAsync(small.Settings, cancellationToken);
        string[] lists =
        [
            "/api/v1/runs?limit=50",
            $"/api/v1/runs?limit=50&agent={agent}",
            "/api/v1/runs?limit=50&status=failed",
            "/api/v1/runs?limit=50&team=payments",
        ];
        List<(string List, double Ratio, double Slow, double Fast)> found = [];
        await using (var two = await ConsoleProcess.StartAsync(large.Settings, cancellationToken))
        {
            using var first = new RawConnection();
            using var second = new RawConnection();
            await first.OpenAsync(two.Address, cancellationToken);
            await second.OpenAsync(one.Address, cancellationToken);
            foreach (var list in lists)
            {
                var ofLarge = RawConnection.Request("GET", list, largeToken, []);
                var ofSmall = RawConnection.Request("GET", list, smallToken, []);
                async Task<double> TimesAsync(RawConnection connection, byte[] request)
                {
                    var times = new List<double>();
                    for (var i = 0; i < 40; i++)
                        times.Add(await connection.TimeAsync(request));
                    times.Sort();
                    return times[times.Count / 2];
                }
                for (var warm = 0; warm < 3; warm++)
                    _ = (await TimesAsync(first, ofLarge), await TimesAsync(second, ofSmall));
                var (slow, fast, ratio) = await pace.PairsAsync(
                    () => TimesAsync(first, ofLarge),
                    () => TimesAsync(second, ofSmall),
                    (a, b) => a / b
                );
                found.Add((list, ratio, slow, fast));
            }
            await LoadAsync(two, key, pace, cancellationToken);
            await two.KillAsync();
        }
        await using var again = await ConsoleProcess.StartAsync(large.Settings, cancellationToken);
        var worst = found.MaxBy(f => f.Ratio);
        return
        [
            new Figure(
                $"slowest of {lists.Length} lists of runs at {many:N0} ÷ at {Few:N0}",
                worst.Ratio,
                "",
                1.3,
                AtLeast: false,
                Detail: $"{worst.List}: {worst.Slow:N2} ms, {worst.Fast:N2} ms"
            ),
            new Figure($"restart after kill -9 with {many:N0} runs to ready", again.ReadyAfter.TotalSeconds, " s", 3, AtLeast: false),
        ];
    }

    private static async Task<(string Token, string Agent, string Key)> FillAsync(ConsoleFolder folder, int runs)
    {
        await using var services = folder.Open();
        var token = await ConsoleFolder.TokenAsync(services, folder.Cast.Olga);
        var agents = await folder.AgentsAsync(services, 50);
        RunSeed.Fill(folder, [.. agents.Select(a => a.Id)], runs);
        return (token, "agent-00007", agents[0].Secret);
    }

    /// <summary>The kill meets a console that writes.</summary>
    private static async Task LoadAsync(ConsoleProcess console, string key, Pace pace, CancellationToken cancellationToken)
    {
        var request = RawConnection.Request("POST", "/api/v1/runs", key, Reports.Body(Reports.Run(1)));
        using var load = await HttpLoad.OpenAsync(console.Address, 8, _ => request, 201, cancellationToken);
        await load.RunAsync(pace.Turn);
    }
}
