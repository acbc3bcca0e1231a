using AgentConsole.Benchmarks.Load;
using AgentConsole.Testing.Processes;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>Counting the fleet by its facts, over the API, each time under another filter so that no answer is a kept one.</summary>
internal sealed class FacetCounts : ILine
{
    private static readonly string[] Filters =
    [
        "",
        "health=failing,degraded",
        "team=-payments&liveness=-silent",
        "owner=none",
        "health=failing&q=agent-9",
        "environment=-prod&lifecycle=active,registered",
    ];

    public string Name => "facets";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        var size = pace.Quick ? 20_000 : 100_000;
        await using var folder = await ConsoleFolder.CreateAsync();
        string token;
        await using (var services = folder.Open())
            token = await ConsoleFolder.TokenAsync(services, folder.Cast.Olga);
        await AgentSeed.FillAsync(folder, size, varied: true);
        await using var console = await ConsoleProcess.StartAsync(folder.Settings, cancellationToken);
        using var connection = new RawConnection();
        await connection.OpenAsync(console.Address, cancellationToken);
        var first = await connection.TimeAsync(RawConnection.Request("GET", "/api/v1/agents/facets", token, []));
        var times = new List<double>();
        for (var i = 0; i < (pace.Quick ? 120 : 600); i++)
        {
            // A tag that nobody has changes the question and not the work.
            var filter = $"{Filters[i % Filters.Length]}&tag=-none{i}".TrimStart('&');
            times.Add(await connection.TimeAsync(RawConnection.Request("GET", $"/api/v1/agents/facets?{filter}", token, [])));
        }
        times = [.. times.Skip(Filters.Length * 2).Order()];
        var (half, most) = (times[times.Count / 2], times[times.Count * 95 / 100]);
        return
        [
            new Figure(
                $"facet counts over {size:N0} agents, p95",
                most,
                " ms",
                100,
                AtLeast: false,
                Detail: $"p50 {half:N1} ms; the very first, which reads them, {first:N0} ms"
            ),
        ];
    }
}
