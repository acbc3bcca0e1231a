using AgentConsole.Testing.Crash;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>A hundred kills under load.</summary>
internal sealed class Kills : ILine
{
    public string Name => "kills";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        var kills = pace.Quick ? 10 : 100;
        var result = await CrashTest.RunAsync(
            kills,
            seed: 20_26,
            (kill, so) =>
            {
                if (kill % 10 == 0)
                    Console.Error.WriteLine(
                        $"  {kill} kills, {so.Acknowledged:N0} calls acknowledged, {so.Runs:N0} runs, {so.Agents:N0} agents"
                    );
            },
            cancellationToken
        );
        foreach (var fault in result.Faults.Take(20))
            await Console.Error.WriteLineAsync("  " + fault);
        return
        [
            new Figure(
                $"lost, doubled or half-applied in {result.Kills} kills under load",
                result.Faults.Count,
                "",
                0,
                AtLeast: false,
                Detail: $"{result.Acknowledged:N0} calls acknowledged, {result.Runs:N0} runs, {result.Agents:N0} agents; slowest start {result.SlowestStart.TotalSeconds:N1} s"
            ),
        ];
    }
}
