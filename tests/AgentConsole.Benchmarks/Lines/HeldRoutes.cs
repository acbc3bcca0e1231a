using System.Diagnostics;
using System.Globalization;
using AgentConsole.Benchmarks.Load;
using AgentConsole.Contracts;
using AgentConsole.Testing.Processes;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>Five thousand gateways in the long poll: what each weighs while it waits, and how soon all have the news of one change.</summary>
internal sealed class HeldRoutes : ILine
{
    private const int Gateways = 5000;
    private const int Agents = 20;

    public string Name => "routes-poll";

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
        using var operators = new RawConnection();
        await operators.OpenAsync(console.Address, cancellationToken);
        // A few first: what code and caches weigh once is not what a call that is held weighs.
        await RoundAsync(console, operators, token, 200, 0, cancellationToken);
        var weights = new List<double>();
        var times = new List<double>();
        for (var round = 1; round <= (pace.Quick ? 2 : 4); round++)
        {
            var (grown, last) = await RoundAsync(console, operators, token, Gateways, round, cancellationToken);
            weights.Add(grown / 1024.0 / Gateways);
            times.Add(last);
        }
        times.Sort();
        return
        [
            new Figure(
                $"resident memory per call, {Gateways:N0} gateways in the long poll",
                weights[0],
                " KB",
                20,
                AtLeast: false,
                Detail: $"beyond the start, each round: {string.Join(", ", weights.Select(k => k.ToString("0.0", CultureInfo.InvariantCulture)))} KB"
            ),
            new Figure(
                $"  one change → its routes at all {Gateways:N0}",
                times[times.Count / 2],
                " ms",
                null,
                AtLeast: false,
                Detail: $"{Agents} routes each; rounds: {string.Join(", ", times.Select(t => t.ToString("0", CultureInfo.InvariantCulture)))} ms"
            ),
        ];
    }

    /// <returns>By how many bytes the server had grown while all waited, and milliseconds from sending the change until the last had it.</returns>
    private static async Task<(long Grown, double LastMilliseconds)> RoundAsync(
        ConsoleProcess console,
        RawConnection operators,
        string token,
        int gateways,
        int round,
        CancellationToken cancellationToken
    )
    {
        await operators.TimeAsync(RawConnection.Request("GET", "/api/v1/routes", token, []));
        var request = RawConnection.Request("GET", "/api/v1/routes?wait=60", token, [], ifNoneMatch: operators.ETag);
        var before = console.ResidentBytes();
        var connections = new List<RawConnection>(gateways);
        try
        {
            var held = new List<Task<long>>(gateways);
            for (var i = 0; i < gateways; i++)
            {
                var connection = new RawConnection(32 * 1024);
                connections.Add(connection);
                await connection.OpenAsync(console.Address, cancellationToken);
                held.Add(HoldAsync(connection, request));
            }
            using var client = console.Client();
            var waiting = $"agentconsole_route_polls {gateways.ToString(CultureInfo.InvariantCulture)}\n";
            while (
                !(await client.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancellationToken)).Contains(
                    waiting,
                    StringComparison.Ordinal
                )
            )
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, cancellationToken);
            var grown = console.ResidentBytes() - before;
            var change = RawConnection.Request(
                "POST",
                "/api/v1/agents/agent-00000/snapshots",
                token,
                Reports.Body(
                    new SetSnapshot
                    {
                        Version = "2.5." + round.ToString(CultureInfo.InvariantCulture),
                        Status = "canary",
                        TrafficPercent = 5,
                    }
                )
            );
            var sent = Stopwatch.GetTimestamp();
            await operators.TimeAsync(change);
            var last = (await Task.WhenAll(held)).Max();
            return (grown, Stopwatch.GetElapsedTime(sent, last).TotalMilliseconds);
        }
        finally
        {
            foreach (var connection in connections)
                connection.Dispose();
        }
    }

    private static async Task<long> HoldAsync(RawConnection connection, byte[] request)
    {
        var status = await connection.CallAsync(request);
        return status == 200 ? Stopwatch.GetTimestamp() : throw new InvalidOperationException($"A held call was answered {status}.");
    }
}
