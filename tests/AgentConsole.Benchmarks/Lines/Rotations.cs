using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentConsole.Benchmarks.Load;
using AgentConsole.Contracts;
using AgentConsole.Testing.Processes;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>Rotations under load: whether anybody is refused, how soon a new secret works and a revoked one is dead, and what key checks cost meanwhile.</summary>
internal sealed class Rotations : ILine
{
    private const int Connections = 32;
    private const int AtOnce = 16;

    public string Name => "rotations";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        var many = pace.Quick ? 200 : 1000;
        await using var folder = await ConsoleFolder.CreateAsync();
        string token;
        byte[] ask;
        await using (var services = folder.Open())
        {
            token = await ConsoleFolder.TokenAsync(services, folder.Cast.Olga);
            var agents = await folder.AgentsAsync(services, many + 1);
            ask = RawConnection.Request("POST", "/api/v1/keys/verify", token, Reports.Body(new KeyProof { Key = agents[many].Secret }));
        }
        ConsoleFolder.LetGo();
        await using var console = await ConsoleProcess.StartAsync(folder.Settings, cancellationToken);
        using var person = console.Client(token);
        using var load = await HttpLoad.OpenAsync(console.Address, Connections, _ => ask, 200, cancellationToken);
        await load.RunAsync(pace.WarmUp);
        var quiet = await load.RunAsync(pace.Turn * 3);

        // The same checks while all other keys are rotated; a check that is refused ends the load with a fault.
        var rotated = new List<(string Agent, string Id, string Secret)>();
        var began = Stopwatch.GetTimestamp();
        using var gate = new SemaphoreSlim(AtOnce);
        var rotations = Task.WhenAll(
            Enumerable
                .Range(0, many)
                .Select(async i =>
                {
                    await gate.WaitAsync(cancellationToken);
                    try
                    {
                        var agent = $"agent-{i:00000}";
                        using var made = await person.PostAsJsonAsync($"/api/v1/agents/{agent}/rotations", new { }, cancellationToken);
                        var body = await made.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
                        lock (rotated)
                            rotated.Add((agent, body.GetProperty("id").GetString()!, body.GetProperty("api_key").GetString()!));
                    }
                    finally
                    {
                        gate.Release();
                    }
                })
        );
        var parts = new List<double>();
        while (!rotations.IsCompleted)
            parts.Add((await load.RunAsync(TimeSpan.FromMilliseconds(500))).PerSecond);
        await rotations;
        var took = Stopwatch.GetElapsedTime(began);
        // All of them are open now: two secrets of each are accepted, and their callers are watched.
        var open = await load.RunAsync(pace.Turn * 3);

        var (works, dead) = (new List<double>(), new List<double>());
        foreach (var (_, id, secret) in rotated.Take(50))
        {
            using var agent = console.Client(secret);
            var at = Stopwatch.GetTimestamp();
            while (await CallAsync(agent, cancellationToken) != HttpStatusCode.OK)
                await Task.Yield();
            works.Add(Stopwatch.GetElapsedTime(at).TotalMilliseconds);
            using var aborted = await person.PostAsJsonAsync($"/api/v1/rotations/{id}/abort", new { }, cancellationToken);
            aborted.EnsureSuccessStatusCode();
            at = Stopwatch.GetTimestamp();
            while (await CallAsync(agent, cancellationToken) != HttpStatusCode.Unauthorized)
                await Task.Yield();
            dead.Add(Stopwatch.GetElapsedTime(at).TotalMilliseconds);
        }
        return
        [
            new Figure(
                $"key checks while {many:N0} rotations are open ÷ quiet",
                open.PerSecond / quiet.PerSecond,
                "",
                0.9,
                AtLeast: true,
                Detail: $"{open.PerSecond:N0}/s of {quiet.PerSecond:N0}/s, none refused"
            ),
            new Figure(
                "  while these begin, as fast as they can on the same cores",
                parts.Average() / quiet.PerSecond,
                "",
                0.9,
                AtLeast: true,
                Detail: $"{parts.Average():N0}/s of {quiet.PerSecond:N0}/s, none refused; {many / took.TotalSeconds:N0} rotations/s, {AtOnce} at once"
            ),
            new Figure(
                "  a new secret works after its answer",
                works.Max(),
                "ms",
                100,
                AtLeast: false,
                Detail: $"the slowest of {works.Count}"
            ),
            new Figure(
                "  a revoked one is dead after the answer",
                dead.Max(),
                "ms",
                200,
                AtLeast: false,
                Detail: $"the slowest of {dead.Count}"
            ),
        ];
    }

    private static async Task<HttpStatusCode> CallAsync(HttpClient agent, CancellationToken cancellationToken)
    {
        using var answer = await agent.GetAsync(new Uri("/api/v1/whoami", UriKind.Relative), cancellationToken);
        return answer.StatusCode;
    }
}
