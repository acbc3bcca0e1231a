using System.Text;
using AgentConsole.Benchmarks.Baselines;
using AgentConsole.Benchmarks.Load;
using AgentConsole.Testing.Processes;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>A gateway asks whether routes changed, and they did not: against bare Kestrel saying so to everybody.</summary>
internal sealed class RouteReads : ILine
{
    private const int Connections = 32;
    private const int Agents = 200;

    public string Name => "routes";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        await using var folder = await ConsoleFolder.CreateAsync();
        string token;
        await using (var services = folder.Open())
        {
            token = await ConsoleFolder.TokenAsync(services, folder.Cast.Olga);
            await RouteSeed.FillAsync(folder, services, Agents);
        }
        ConsoleFolder.LetGo();
        await using var console = await ConsoleProcess.StartAsync(folder.Settings, cancellationToken);
        using var first = new RawConnection(1 << 20);
        await first.OpenAsync(console.Address, cancellationToken);
        await first.TimeAsync(RawConnection.Request("GET", "/api/v1/routes", token, []));
        var (tag, bytes) = (first.ETag, first.Body.Length);
        var request = RawConnection.Request("GET", "/api/v1/routes", token, [], ifNoneMatch: tag);
        using var ours = await HttpLoad.OpenAsync(console.Address, Connections, _ => request, 304, cancellationToken);
        await ours.RunAsync(pace.WarmUp);
        await using var bare = await BareKestrel.StartAsync(BareKestrel.Unchanged, Encoding.ASCII.GetBytes(tag), cancellationToken);
        using var theirs = await HttpLoad.OpenAsync(bare.Address, Connections, _ => request, 304, cancellationToken);
        await theirs.RunAsync(pace.WarmUp);
        var (console1, bare1, ratio) = await pace.PairsAsync(ours, theirs);
        return
        [
            new Figure(
                "routes unchanged (304) ÷ bare Kestrel answering 304",
                ratio,
                "",
                0.8,
                AtLeast: true,
                Detail: $"{console1.PerSecond:N0}/s of {bare1.PerSecond:N0}/s, {Agents} agents, {bytes:N0} bytes that were not sent"
            ),
        ];
    }
}
