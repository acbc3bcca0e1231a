using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace AgentConsole.E2E.Tests.Nodes;

/// <summary>What agents report to one node, pages and programs of the other hear: soon, and all of it.</summary>
[Collection(NodesCollection.Name)]
public sealed class LiveAcrossNodesTests(NodesFixture fixture, Chromium chromium, ITestOutputHelper output)
{
    private const byte End = 0x1e;
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_reported_on_one_node_is_in_pages_hub_and_stream_of_the_other_within_a_second()
    {
        var agent = fixture.NextAgent();
        using var onA = fixture.Nodes.A.Client(agent.Secret);
        using var socket = await HubAsync(agent);
        using var client = fixture.Nodes.B.Client(fixture.Victor);
        using var stream = await StreamAsync(client, agent);
        await using var context = await chromium.Browser.NewContextAsync(
            new BrowserNewContextOptions { BaseURL = fixture.Nodes.B.Address.ToString() }
        );
        var (name, value) = await fixture.Nodes.CookieAsync(fixture.Cast.Tara);
        await context.AddCookiesAsync([
            new Cookie
            {
                Name = name,
                Value = value,
                Url = fixture.Nodes.B.Address.ToString(),
            },
        ]);
        var page = await context.NewPageAsync();
        await page.GotoAsync("/runs");
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");

        for (var round = 0; round < 5; round++)
        {
            var run = $"far-{round}";
            using var answer = await onA.PostAsJsonAsync(
                "/api/v1/runs",
                new
                {
                    status = "completed",
                    external_id = run,
                    summary = run,
                },
                Stop
            );
            answer.EnsureSuccessStatusCode();

            var startedAt = Stopwatch.GetTimestamp();
            async Task<TimeSpan> WhenAsync(Task heard)
            {
                await heard.WaitAsync(TimeSpan.FromSeconds(5), Stop);
                return Stopwatch.GetElapsedTime(startedAt);
            }
            var took = await Task.WhenAll(
                WhenAsync(HubHearsAsync(socket, [run])),
                WhenAsync(StreamHearsAsync(stream, [run])),
                WhenAsync(page.GetByTestId("run-row").Filter(new LocatorFilterOptions { HasText = run }).WaitForAsync())
            );
            output.WriteLine(string.Join(", ", took.Select(t => $"{t.TotalMilliseconds:0} ms")) + " until hub, stream and page had it");
            Assert.All(took, t => Assert.True(t < TimeSpan.FromSeconds(1), $"It took {t.TotalMilliseconds:0} ms."));
        }
    }

    [Fact]
    public async Task A_burst_of_one_agent_is_heard_completely()
    {
        var agent = fixture.NextAgent();
        using var onA = fixture.Nodes.A.Client(agent.Secret);
        using var socket = await HubAsync(agent);
        using var client = fixture.Nodes.B.Client(fixture.Victor);
        using var stream = await StreamAsync(client, agent);
        var runs = Enumerable.Range(0, 200).Select(i => $"burst-{i}").ToArray();

        using var answer = await onA.PostAsJsonAsync(
            "/api/v1/runs/batch",
            runs.Select(run => new { status = "completed", external_id = run }),
            Stop
        );
        answer.EnsureSuccessStatusCode();

        var patience = TimeSpan.FromSeconds(10);
        await Task.WhenAll(HubHearsAsync(socket, runs).WaitAsync(patience, Stop), StreamHearsAsync(stream, runs).WaitAsync(patience, Stop));
    }

    private async Task<StreamReader> StreamAsync(HttpClient client, NodeAgent agent)
    {
        var response = await client.GetAsync(
            new Uri($"/api/v1/live?topic=agent:{agent.Id}", UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead,
            Stop
        );
        response.EnsureSuccessStatusCode();
        var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Stop));
        Assert.Equal(": listening", await reader.ReadLineAsync(Stop));
        return reader;
    }

    /// <summary>Returns when the stream told of each of these runs.</summary>
    private static async Task StreamHearsAsync(StreamReader stream, IEnumerable<string> runs)
    {
        var missing = runs.ToHashSet(StringComparer.Ordinal);
        while (missing.Count > 0)
        {
            var line = await stream.ReadLineAsync(Stop) ?? throw new InvalidOperationException($"It ended; {missing.Count} are missing.");
            Assert.NotEqual("event: gap", line);
            if (line.StartsWith("data: {", StringComparison.Ordinal) && External(JsonElement.Parse(line[6..])) is { } run)
                missing.Remove(run);
        }
    }

    private async Task<ClientWebSocket> HubAsync(NodeAgent agent)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer " + fixture.Victor);
        await socket.ConnectAsync(new Uri($"ws://{fixture.Nodes.B.Address.Authority}/hubs/live"), Stop);
        await SendAsync(socket, """{"protocol":"json","version":1}""");
        await NextAsync(socket);
        await SendAsync(socket, $$"""{"type":1,"invocationId":"1","target":"Subscribe","arguments":["agent:{{agent.Id}}"]}""");
        JsonElement answer;
        do answer = await NextAsync(socket);
        while (answer.GetProperty("type").GetInt32() != 3);
        Assert.False(answer.TryGetProperty("error", out var error), error.ToString());
        return socket;
    }

    private static async Task HubHearsAsync(ClientWebSocket socket, IEnumerable<string> runs)
    {
        var missing = runs.ToHashSet(StringComparer.Ordinal);
        while (missing.Count > 0)
        {
            var message = await NextAsync(socket);
            if (message.GetProperty("type").GetInt32() != 1)
                continue;
            Assert.NotEqual("gap", message.GetProperty("target").GetString());
            if (External(message.GetProperty("arguments")[0]) is { } run)
                missing.Remove(run);
        }
    }

    private static string? External(JsonElement body) => body.TryGetProperty("external_id", out var id) ? id.GetString() : null;

    private static Task SendAsync(ClientWebSocket socket, string message) =>
        socket.SendAsync((byte[])[.. Encoding.UTF8.GetBytes(message), End], WebSocketMessageType.Text, true, Stop);

    private static async Task<JsonElement> NextAsync(ClientWebSocket socket)
    {
        var text = new List<byte>();
        var buffer = new byte[1];
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer, Stop);
            Assert.NotEqual(WebSocketMessageType.Close, read.MessageType);
            if (buffer[0] == End)
                return JsonElement.Parse(text.ToArray());
            text.Add(buffer[0]);
        }
    }
}
