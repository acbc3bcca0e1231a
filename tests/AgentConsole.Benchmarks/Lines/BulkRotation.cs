using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentConsole.Benchmarks.Load;
using AgentConsole.Testing.Processes;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>
/// Many keys rotated into a file sink in one act: how long it takes, from the press to the last secret read back from the disk, and how the console answers
/// whoever reads a page or reports a run meanwhile.
/// </summary>
internal sealed class BulkRotation : ILine
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Visit = TimeSpan.FromMilliseconds(100);

    public string Name => "bulk-rotation";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        var many = pace.Quick ? 1000 : 5000;
        await using var folder = await ConsoleFolder.CreateAsync();
        string token;
        string agentKey;
        await using (var services = folder.Open())
        {
            token = await ConsoleFolder.TokenAsync(services, folder.Cast.Olga);
            await folder.AgentsAsync(services, many);
            agentKey = (await folder.AgentsAsync(services, 1, "reporter"))[0].Secret;
        }
        var cookie = await folder.CookieAsync(folder.Cast.Olga);
        ConsoleFolder.LetGo();
        var root = Path.Combine(folder.Path, "keys");
        Directory.CreateDirectory(root);
        var settings = new Dictionary<string, string?>(folder.Settings) { ["AgentConsole__Sinks__FileRoots__0"] = root };
        await using var console = await ConsoleProcess.StartAsync(settings, cancellationToken);
        using var person = console.Client(token);
        person.Timeout = TimeSpan.FromMinutes(2);
        using var reporter = console.Client(agentKey);
        using var handler = new HttpClientHandler { UseCookies = false };
        using var reader = new HttpClient(handler) { BaseAddress = console.Address };
        reader.DefaultRequestHeaders.Add("Cookie", $"{cookie.Name}={cookie.Value}");

        await SendAsync(
            person,
            "/api/v1/sinks",
            new
            {
                name = "files",
                kind = "file",
                file = new
                {
                    root,
                    path = "{agent}.key",
                    format = "raw",
                },
            },
            cancellationToken
        );
        // As the pages and the report are before.
        for (var i = 0; i < 20; i++)
        {
            await PageAsync(reader, cancellationToken);
            await ReportAsync(reporter, -1 - i, cancellationToken);
        }

        var began = Stopwatch.GetTimestamp();
        var plan = await SendAsync(
            person,
            "/api/v1/rotations/bulk?dry_run=true",
            new
            {
                filter = new { q = "agent-" },
                sink = "files",
                ttl_days = 90,
            },
            cancellationToken
        );
        var planned = Stopwatch.GetElapsedTime(began);
        var id = plan.GetProperty("id").GetString()!;
        if (plan.GetProperty("rows").GetProperty("change").GetInt32() != many)
            throw new InvalidOperationException($"The plan has another number of keys: {plan.GetProperty("rows")}");

        using var over = new CancellationTokenSource();
        var pages = MeasureAsync(_ => PageAsync(reader, cancellationToken), over.Token);
        var reports = MeasureAsync(i => ReportAsync(reporter, i, cancellationToken), over.Token);
        began = Stopwatch.GetTimestamp();
        await SendAsync(
            person,
            $"/api/v1/rotations/bulk/{id}/apply",
            new { digest = plan.GetProperty("digest").GetString() },
            cancellationToken
        );
        JsonElement state;
        do
        {
            await Task.Delay(Look, TimeProvider.System, cancellationToken);
            state = await person.GetFromJsonAsync<JsonElement>($"/api/v1/rotations/bulk/{id}", cancellationToken);
        } while (state.GetProperty("state").GetString() == "working");
        var took = Stopwatch.GetElapsedTime(began);
        await over.CancelAsync();
        var (read, reported) = (await pages, await reports);

        var done = state.GetProperty("rows").GetProperty("done").GetInt32();
        var files = Directory.GetFiles(root).Length;
        if (done != many || files != many)
            throw new InvalidOperationException($"{done} of {many} were done and {files} files written: {state.GetRawText()}");
        // A sample of the files opens the API.
        foreach (var file in Directory.GetFiles(root).Where((_, i) => i % (many / 10) == 0))
        {
            var secret = (await File.ReadAllTextAsync(file, cancellationToken)).Trim();
            using var agent = console.Client(secret);
            using var answer = await agent.GetAsync(new Uri("/api/v1/whoami", UriKind.Relative), cancellationToken);
            if (answer.StatusCode != HttpStatusCode.OK)
                throw new InvalidOperationException($"The secret in {file} is answered with {(int)answer.StatusCode}.");
        }
        return
        [
            new Figure(
                $"{many:N0} keys rotated into a file sink in one act",
                took.TotalSeconds,
                "s",
                30.0 * many / 5000,
                AtLeast: false,
                Detail: string.Create(
                    CultureInfo.InvariantCulture,
                    $"{many / took.TotalSeconds:N0} keys/s, each read back; planned in {planned.TotalSeconds:N1} s before"
                )
            ),
            new Figure(
                "  a page of keys read meanwhile, p95",
                P95(read),
                "ms",
                500,
                AtLeast: false,
                Detail: $"{read.Count} reads, the slowest {read.Max():N0} ms"
            ),
            new Figure(
                "  a run reported meanwhile, p95",
                P95(reported),
                "ms",
                500,
                AtLeast: false,
                Detail: $"{reported.Count} reports, the slowest {reported.Max():N0} ms"
            ),
        ];
    }

    private static double P95(List<double> times) => times.Order().ElementAt((int)Math.Ceiling(times.Count * 0.95) - 1);

    private static async Task<List<double>> MeasureAsync(Func<int, Task> act, CancellationToken over)
    {
        var times = new List<double>();
        while (!over.IsCancellationRequested)
        {
            var at = Stopwatch.GetTimestamp();
            await act(times.Count);
            times.Add(Stopwatch.GetElapsedTime(at).TotalMilliseconds);
            await Task.Delay(Visit, TimeProvider.System, CancellationToken.None);
        }
        return times;
    }

    private static async Task PageAsync(HttpClient reader, CancellationToken cancellationToken)
    {
        using var answer = await reader.GetAsync(new Uri("/keys", UriKind.Relative), cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        if (answer.StatusCode != HttpStatusCode.OK || !text.Contains("key-row", StringComparison.Ordinal))
            throw new InvalidOperationException($"The page of keys answered {(int)answer.StatusCode}.");
    }

    private static async Task ReportAsync(HttpClient reporter, int number, CancellationToken cancellationToken)
    {
        using var answer = await reporter.PostAsJsonAsync(
            "/api/v1/runs",
            new { external_id = $"meanwhile {number}", status = "completed" },
            cancellationToken
        );
        answer.EnsureSuccessStatusCode();
    }

    private static async Task<JsonElement> SendAsync(HttpClient person, string path, object body, CancellationToken cancellationToken)
    {
        using var answer = await person.PostAsJsonAsync(path, body, cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        return answer.IsSuccessStatusCode
            ? JsonElement.Parse(text)
            : throw new InvalidOperationException($"{path} answered {(int)answer.StatusCode}: {text}");
    }
}
