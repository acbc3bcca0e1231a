using AgentConsole.Testing.Processes;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>The first start, with nothing but an empty folder.</summary>
internal sealed class ColdStart : ILine
{
    public string Name => "start";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        var times = new List<double>();
        for (var i = 0; i < pace.Pairs; i++)
        {
            var folder = Directory.CreateTempSubdirectory("agentconsole-start-").FullName;
            await using (
                var console = await ConsoleProcess.StartAsync(
                    new Dictionary<string, string?> { ["AgentConsole__DataDirectory"] = folder },
                    cancellationToken
                )
            )
                times.Add(console.ReadyAfter.TotalSeconds);
            Directory.Delete(folder, recursive: true);
        }
        times.Sort();
        return [new Figure("cold start of an empty console to ready", times[times.Count / 2], " s", 5, AtLeast: false)];
    }
}
