using AgentConsole.Benchmarks.Baselines;
using AgentConsole.Benchmarks.Load;
using AgentConsole.Testing;
using AgentConsole.Testing.Processes;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>One durable run per call against bare Kestrel parsing the same body.</summary>
internal sealed class SingleRuns : ILine
{
    private const int Connections = 32;
    private const int Agents = 8;

    public string Name => "run";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        await using var folder = await ConsoleFolder.CreateAsync();
        byte[][] requests;
        await using (var services = folder.Open())
        {
            var body = Reports.Body(Reports.Run(7));
            requests =
            [
                .. (await folder.AgentsAsync(services, Agents)).Select(a => RawConnection.Request("POST", "/api/v1/runs", a.Secret, body)),
            ];
        }
        ConsoleFolder.LetGo();
        await using var console = await ConsoleProcess.StartAsync(folder.Settings, cancellationToken);
        using var ours = await HttpLoad.OpenAsync(console.Address, Connections, i => requests[i % Agents], 201, cancellationToken);
        await ours.RunAsync(pace.WarmUp);
        await using var bare = await BareKestrel.StartAsync(
            "run",
            await console.AnswerAsync(requests[0], cancellationToken),
            cancellationToken
        );
        using var theirs = await HttpLoad.OpenAsync(bare.Address, Connections, i => requests[i % Agents], 200, cancellationToken);
        await theirs.RunAsync(pace.WarmUp);
        var (console1, bare1, ratio) = await pace.PairsAsync(ours, theirs);
        return
        [
            new Figure(
                "one durable run per call ÷ bare Kestrel parsing the same body, 32 connections",
                ratio,
                "",
                0.40,
                AtLeast: true,
                Detail: $"{console1.PerSecond:N0}/s of {bare1.PerSecond:N0}/s"
            ),
            new Figure(
                "  its p99 ÷ its p50",
                console1.P99Micros / console1.P50Micros,
                "",
                null,
                AtLeast: false,
                Aim: 3,
                Detail: $"p50 {console1.P50Micros / 1000:N2} ms, p99 {console1.P99Micros / 1000:N2} ms"
            ),
        ];
    }
}
