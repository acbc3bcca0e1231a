using AgentConsole.Benchmarks.Baselines;
using AgentConsole.Benchmarks.Load;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Testing.Processes;

namespace AgentConsole.Benchmarks.Lines;

/// <summary><c>keys/verify</c> against bare Kestrel parsing the same body, and a wrong key against a right one.</summary>
internal sealed class KeyChecks : ILine
{
    private const int Connections = 32;

    public string Name => "keys";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        await using var folder = await ConsoleFolder.CreateAsync();
        byte[] right,
            wrong;
        await using (var services = folder.Open())
        {
            var token = await ConsoleFolder.TokenAsync(services, folder.Cast.Olga);
            var agents = await folder.AgentsAsync(services, 1000);
            right = Ask(token, agents[500].Secret);
            wrong = Ask(token, SecretText.Create(SecretText.KeyPrefix));
        }
        ConsoleFolder.LetGo();
        await using var console = await ConsoleProcess.StartAsync(folder.Settings, cancellationToken);
        using var known = await HttpLoad.OpenAsync(console.Address, Connections, _ => right, 200, cancellationToken);
        using var unknown = await HttpLoad.OpenAsync(console.Address, Connections, _ => wrong, 200, cancellationToken);
        await known.RunAsync(pace.WarmUp);
        await unknown.RunAsync(pace.WarmUp / 2);
        await using var bare = await BareKestrel.StartAsync("key", await console.AnswerAsync(right, cancellationToken), cancellationToken);
        using var theirs = await HttpLoad.OpenAsync(bare.Address, Connections, _ => right, 200, cancellationToken);
        await theirs.RunAsync(pace.WarmUp);
        var (ours, kestrel, ratio) = await pace.PairsAsync(known, theirs);
        var tails = await pace.PairsAsync(
            () => known.RunAsync(pace.Turn),
            () => theirs.RunAsync(pace.Turn),
            (a, b) => a.P99Micros / b.P99Micros
        );
        var both = await pace.PairsAsync(known, unknown);
        return
        [
            new Figure(
                "key check ÷ bare Kestrel parsing the same body, 32 connections",
                ratio,
                "",
                0.80,
                AtLeast: true,
                Detail: $"{ours.PerSecond:N0}/s of {kestrel.PerSecond:N0}/s"
            ),
            new Figure(
                "  its p99 ÷ bare Kestrel's",
                tails.Ratio,
                "",
                1.8,
                AtLeast: false,
                Detail: $"{tails.First.P99Micros / 1000:N2} ms, {tails.Second.P99Micros / 1000:N2} ms"
            ),
            new Figure(
                "  a wrong key ÷ a right one, time per check",
                both.Ratio,
                "",
                1.1,
                AtLeast: false,
                Detail: $"{both.Second.PerSecond:N0}/s wrong, {both.First.PerSecond:N0}/s right"
            ),
        ];
    }

    private static byte[] Ask(string token, string key) =>
        RawConnection.Request("POST", "/api/v1/keys/verify", token, Reports.Body(new KeyProof { Key = key }));
}
