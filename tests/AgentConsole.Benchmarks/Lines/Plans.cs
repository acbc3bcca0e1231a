using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using AgentConsole.Testing.Processes;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>A plan over the whole fleet: how fast it is made and worked off, and how long another writer waits meanwhile.</summary>
internal sealed class Plans : ILine
{
    public string Name => "plans";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        var size = pace.Quick ? 5_000 : 100_000;
        await using var folder = await ConsoleFolder.CreateAsync();
        string token;
        await using (var services = folder.Open())
            token = await ConsoleFolder.TokenAsync(services, folder.Cast.Olga);
        await AgentSeed.FillAsync(folder, size);
        await using var console = await ConsoleProcess.StartAsync(folder.Settings, cancellationToken);
        using var client = new HttpClient { BaseAddress = console.Address, Timeout = TimeSpan.FromMinutes(5) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);

        var watch = Stopwatch.StartNew();
        var plan = await PostAsync(client, "/api/v1/agents/plans", new { action = "pause", filter = new { } }, cancellationToken);
        var made = watch.Elapsed;
        var address = "/api/v1/agents/plans/" + plan.GetProperty("id").GetString();
        watch.Restart();
        await PostAsync(client, address + "/apply", new { digest = plan.GetProperty("digest").GetString() }, cancellationToken);
        var checkedAgain = watch.Elapsed;
        var waits = new List<double>();
        while ((await client.GetFromJsonAsync<JsonElement>(address, cancellationToken)).GetProperty("state").GetString() == "applying")
        {
            var began = Stopwatch.GetTimestamp();
            await PostAsync(client, "/api/v1/agents", new { slug = $"other-{waits.Count}" }, cancellationToken);
            waits.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        var done = watch.Elapsed - checkedAgain;
        var state = await client.GetFromJsonAsync<JsonElement>(address, cancellationToken);
        var rows = state.GetProperty("rows").GetProperty("done").GetInt32();
        waits.Sort();
        return
        [
            new Figure($"plan made over {size:N0} agents", made.TotalSeconds, " s", null, AtLeast: false),
            new Figure("the same compared anew when it is applied", checkedAgain.TotalSeconds, " s", null, AtLeast: false),
            new Figure(
                "agents changed a second, each with its record",
                rows / done.TotalSeconds,
                "/s",
                null,
                AtLeast: true,
                Detail: $"{rows:N0} agents"
            ),
            new Figure(
                "another writer's wait meanwhile, 95 of 100",
                waits.Count == 0 ? 0 : waits[(int)(waits.Count * 0.95)],
                " ms",
                1000,
                AtLeast: false,
                Detail: $"{waits.Count} writes, longest {(waits.Count == 0 ? 0 : waits[^1]):N0} ms"
            ),
        ];
    }

    private static async Task<JsonElement> PostAsync(HttpClient client, string address, object body, CancellationToken cancellationToken)
    {
        using var answer = await client.PostAsJsonAsync(new Uri(address, UriKind.Relative), body, cancellationToken);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
    }
}
