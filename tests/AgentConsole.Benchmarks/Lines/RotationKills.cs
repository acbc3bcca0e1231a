using AgentConsole.Testing.Crash;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>Fifty crashes of a rotation, on either side of its commits.</summary>
internal sealed class RotationKills : ILine
{
    public string Name => "rotation-kills";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        var result = await RotationCrashTest.RunAsync(pace.Quick ? 5 : 50, RotationCrashTest.Seed, cancellationToken);
        foreach (var fault in result.Faults.Take(20))
            await Console.Error.WriteLineAsync("  " + fault);
        return
        [
            new Figure(
                $"second secrets, secrets known to nobody, keys without a secret in {result.Kills} crashes of a rotation",
                result.Faults.Count,
                "",
                0,
                AtLeast: false,
                Detail: $"{result.Killed} at a commit; {string.Join(", ", result.Acts.Select(a => $"{a.Key} {a.Value}"))}"
            ),
        ];
    }
}
