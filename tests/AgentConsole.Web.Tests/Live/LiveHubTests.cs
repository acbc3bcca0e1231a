using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Web.Tests.Live;

/// <summary>The hub as a program speaks to it: SignalR's JSON protocol over a WebSocket.</summary>
public sealed class LiveHubTests
{
    private const byte End = 0x1e;
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_listener_hears_its_teams_runs_and_nothing_of_others()
    {
        await using var console = await ConsoleServer.StartAsync();
        var (_, payments) = await console.AgentAsync("mailroom-1");
        var (_, research) = await console.AgentAsync("reader-1", console.Cast.Research);
        using var victor = await ConnectAsync(console, await console.TokenAsync(console.Cast.Victor));

        await InvokeAsync(victor, "team:payments", "1");
        Assert.Null((await HearAsync(victor, 3)).TryGetProperty("error", out var none) ? none.GetString() : null);
        await InvokeAsync(victor, "team:research", "2");
        Assert.Contains("topic_unknown", (await HearAsync(victor, 3)).GetProperty("error").GetString(), StringComparison.Ordinal);
        await InvokeAsync(victor, "org", "3");
        await NextAsync(victor, 3);

        await console.Client(research).PostAsJsonAsync("/api/v1/runs", new { status = "completed", external_id = "foreign" }, Stop);
        await console.Client(payments).PostAsJsonAsync("/api/v1/runs", new { status = "completed", external_id = "own" }, Stop);

        var heard = await HearAsync(victor, 1);
        Assert.Equal("run", heard.GetProperty("target").GetString());
        Assert.Equal("own", heard.GetProperty("arguments")[0].GetProperty("external_id").GetString());
        Assert.True(heard.GetProperty("arguments")[1].GetInt64() > 0);
    }

    [Theory, BothDatabases]
    public async Task What_another_node_told_without_a_body_is_heard_with_it(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        var (agent, secret) = await console.AgentAsync("mailroom-1");
        var made = await console.Client(secret).PostAsJsonAsync("/api/v1/runs", new { status = "completed", external_id = "far" }, Stop);
        var run = IdText.Parse(IdText.Run, (await made.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("id").GetString()!);
        using var victor = await ConnectAsync(console, await console.TokenAsync(console.Cast.Victor));
        await InvokeAsync(victor, "team:payments", "1");
        await HearAsync(victor, 3);

        // As NodeLink publishes what it read.
        var feed = console.Get<ChangeFeed>();
        feed.Publish(new LiveEvent("run", console.Cast.Acme, console.Cast.Payments, agent, Guid.NewGuid())); // gone since
        feed.Publish(new LiveEvent("run", console.Cast.Acme, console.Cast.Payments, agent, run));
        feed.Publish(new LiveEvent("agent", console.Cast.Acme, console.Cast.Payments, agent, agent));

        Assert.Equal("far", (await HearAsync(victor, 1)).GetProperty("arguments")[0].GetProperty("external_id").GetString());
        Assert.Equal("mailroom-1", (await HearAsync(victor, 1)).GetProperty("arguments")[0].GetProperty("slug").GetString());
    }

    [Fact]
    public async Task A_token_hears_no_noun_that_its_scopes_do_not_reach_and_no_row_that_is_another_teams_by_now()
    {
        await using var console = await ConsoleServer.StartAsync();
        var (agent, _) = await console.AgentAsync("mailroom-1");
        var (moved, _) = await console.AgentAsync("reader-1", console.Cast.Research);
        using var victor = await ConnectAsync(console, await console.TokenAsync(console.Cast.Victor, [TokenScopes.AgentsRead]));
        await InvokeAsync(victor, "team:payments", "1");
        await HearAsync(victor, 3);

        var feed = console.Get<ChangeFeed>();
        feed.Publish(
            new LiveEvent("run", console.Cast.Acme, console.Cast.Payments, agent, Guid.NewGuid(), () => new { external_id = "no" })
        );
        feed.Publish(new LiveEvent("agent", console.Cast.Acme, console.Cast.Payments, moved, moved)); // from before it was moved
        feed.Publish(new LiveEvent("agent", console.Cast.Acme, console.Cast.Payments, agent, agent));

        var heard = await HearAsync(victor, 1);
        Assert.Equal("agent", heard.GetProperty("target").GetString());
        Assert.Equal("mailroom-1", heard.GetProperty("arguments")[0].GetProperty("slug").GetString());
    }

    [Fact]
    public async Task A_connection_ends_with_its_token()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var victor = await ConnectAsync(console, await console.TokenAsync(console.Cast.Victor));

        await using (var write = await console.Get<ConsoleStore>().WriteAsync(Stop))
        {
            (await write.Db.ApiTokens.SingleAsync(Stop)).RevokedAt = write.Now;
            write.AfterCommit(console.Get<AccessDirectory>().ReloadAsync);
            Assert.True(await write.TryCommitAsync(Stop));
        }

        Assert.Null(await NextAsync(victor, 1));
        Assert.NotEqual(WebSocketState.Open, victor.State);
    }

    [Fact]
    public async Task Nonsense_is_refused_or_ends_the_connection_and_says_nothing_of_the_inside()
    {
        string[] nonsense =
        [
            """{"type":1,"invocationId":"1","target":"Subscribe","arguments":[]}""",
            """{"type":1,"invocationId":"1","target":"Subscribe","arguments":[null]}""",
            """{"type":1,"invocationId":"1","target":"Subscribe","arguments":[7]}""",
            """{"type":1,"invocationId":"1","target":"Subscribe","arguments":[{"a":[1]}]}""",
            """{"type":1,"invocationId":"1","target":"Subscribe","arguments":["org","org"]}""",
            """{"type":1,"invocationId":"1","target":"Subscribe","arguments":["team:"]}""",
            """{"type":1,"invocationId":"1","target":"Subscribe","arguments":[":"]}""",
            """{"type":1,"invocationId":"1","target":"Subscribe","arguments":["agent:agt_zzzzzzzzzzzzzzzzzzzzzzzzzz"]}""",
            """{"type":1,"invocationId":"1","target":"Subscribe","arguments":["team:\u0000\u202e"]}""",
            """{"type":1,"invocationId":"1","target":"OnConnectedAsync","arguments":[]}""",
            """{"type":1,"invocationId":"1","target":"Dispose","arguments":[]}""",
            """{"type":4,"invocationId":"1","target":"Subscribe","arguments":["org"]}""",
            """{"type":1""",
            "not json",
            "",
        ];
        await using var console = await ConsoleServer.StartAsync();
        var secret = await console.TokenAsync(console.Cast.Victor);
        foreach (var message in nonsense)
            await OneAsync(message);

        async Task OneAsync(string message)
        {
            using var victor = await ConnectAsync(console, secret);
            await SendAsync(victor, message);
            await SendAsync(victor, """{"type":1,"invocationId":"2","target":"Subscribe","arguments":["org"]}""");

            for (var heard = 0; heard < 3 && await NextAsync(victor, null) is { } answer; heard++)
            {
                var text = answer.GetRawText();
                Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
                Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
                if (answer.TryGetProperty("invocationId", out var id) && id.GetString() == "2")
                {
                    Assert.False(answer.TryGetProperty("error", out _), text);
                    break;
                }
                if (answer.GetProperty("type").GetInt32() == 3)
                    Assert.True(answer.TryGetProperty("error", out _), text);
            }
            using var next = await ConnectAsync(console, secret); // and the next one is served
            await InvokeAsync(next, "org", "3");
            Assert.False((await HearAsync(next, 3)).TryGetProperty("error", out _));
        }
    }

    private static async Task<ClientWebSocket> ConnectAsync(ConsoleServer console, string secret)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer " + secret);
        await socket.ConnectAsync(new Uri($"ws://{console.Address.Authority}/hubs/live"), Stop);
        await SendAsync(socket, """{"protocol":"json","version":1}""");
        await NextAsync(socket, null); // the handshake's answer
        return socket;
    }

    private static Task InvokeAsync(ClientWebSocket socket, string topic, string id) =>
        SendAsync(
            socket,
            JsonSerializer.Serialize(
                new
                {
                    type = 1,
                    invocationId = id,
                    target = "Subscribe",
                    arguments = new[] { topic },
                }
            )
        );

    private static Task SendAsync(ClientWebSocket socket, string message) =>
        socket.SendAsync((byte[])[.. Encoding.UTF8.GetBytes(message), End], WebSocketMessageType.Text, true, Stop);

    private static async Task<JsonElement> HearAsync(ClientWebSocket socket, int type) =>
        await NextAsync(socket, type) ?? throw new InvalidOperationException("The connection ended.");

    /// <summary>The next message of this type (any when null); null when the connection ended first.</summary>
    private static async Task<JsonElement?> NextAsync(ClientWebSocket socket, int? type)
    {
        var text = new List<byte>();
        var buffer = new byte[1];
        while (true)
        {
            try
            {
                if ((await socket.ReceiveAsync(buffer, Stop)).MessageType == WebSocketMessageType.Close)
                    return null;
            }
            catch (WebSocketException)
            {
                return null;
            }
            if (buffer[0] != End)
            {
                text.Add(buffer[0]);
                continue;
            }
            var message = JsonElement.Parse(text.ToArray());
            text.Clear();
            if (type is null || (message.TryGetProperty("type", out var kind) && kind.GetInt32() == type))
                return message;
        }
    }
}
