using AgentConsole.Benchmarks.Baselines;
using AgentConsole.Benchmarks.Load;
using AgentConsole.Testing.Processes;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>Reading 50 agents against bare Kestrel answering the same bytes; filters over 100,000 agents.</summary>
internal sealed class AgentReads : ILine
{
    private const int Connections = 32;
    private static readonly string[] Filters =
    [
        "q=agent-0042",
        "q=99",
        "liveness=silent",
        "team=payments&q=77",
        "health=failing",
        "sort=slug&q=agent-5",
    ];

    public string Name => "agents";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        var size = pace.Quick ? 20_000 : 100_000;
        await using var folder = await ConsoleFolder.CreateAsync();
        string token;
        await using (var services = folder.Open())
            token = await ConsoleFolder.TokenAsync(services, folder.Cast.Olga);
        await AgentSeed.FillAsync(folder, size);
        await using var console = await ConsoleProcess.StartAsync(folder.Settings, cancellationToken);
        var request = RawConnection.Request("GET", "/api/v1/agents?limit=50", token, []);
        using var ours = await HttpLoad.OpenAsync(console.Address, Connections, _ => request, 200, cancellationToken);
        await ours.RunAsync(pace.WarmUp);
        var answer = await console.AnswerAsync(request, cancellationToken);
        await using var bare = await BareKestrel.StartAsync("nothing", answer, cancellationToken);
        using var theirs = await HttpLoad.OpenAsync(bare.Address, Connections, _ => request, 200, cancellationToken);
        await theirs.RunAsync(pace.WarmUp);
        var (console1, bare1, ratio) = await pace.PairsAsync(ours, theirs);
        var (filter, slowest) = await SlowestFilterAsync(console, token, cancellationToken);
        return
        [
            new Figure(
                "read 50 agents ÷ bare Kestrel answering the same bytes",
                ratio,
                "",
                0.55,
                AtLeast: true,
                Aim: 0.75,
                Detail: $"{console1.PerSecond:N0}/s of {bare1.PerSecond:N0}/s, {answer.Length:N0} bytes, {size:N0} agents"
            ),
            new Figure($"slowest of {Filters.Length} filters over {size:N0} agents", slowest, " ms", 100, AtLeast: false, Detail: filter),
        ];
    }

    // Each answer is made anew: a limit that was not asked for before is not among the kept ones.
    private static async Task<(string Filter, double Milliseconds)> SlowestFilterAsync(
        ConsoleProcess console,
        string token,
        CancellationToken cancellationToken
    )
    {
        using var connection = new RawConnection();
        await connection.OpenAsync(console.Address, cancellationToken);
        var slowest = ("", 0.0);
        foreach (var filter in Filters)
        {
            var times = new List<double>();
            for (var limit = 30; limit < 51; limit++)
                times.Add(await connection.TimeAsync(RawConnection.Request("GET", $"/api/v1/agents?{filter}&limit={limit}", token, [])));
            times.Sort();
            if (times[times.Count / 2] > slowest.Item2)
                slowest = (filter, times[times.Count / 2]);
        }
        return slowest;
    }
}
