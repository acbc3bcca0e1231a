using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Web.Live;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Web.Tests.Live;

/// <summary>Server-sent events, as a program reads them.</summary>
public sealed class LiveStreamTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_listener_hears_its_teams_runs_as_the_hub_tells_them_and_nothing_of_others()
    {
        await using var console = await ConsoleServer.StartAsync();
        var (_, payments) = await console.AgentAsync("mailroom-1");
        var (_, research) = await console.AgentAsync("reader-1", console.Cast.Research);
        var victor = await console.TokenAsync(console.Cast.Victor);
        using var stream = await Listening.OpenAsync(console, victor, "topic=team:payments&topic=org");

        await ReportAsync(console, research, "foreign");
        await ReportAsync(console, payments, "own");

        var heard = await stream.NextAsync("run");
        Assert.Equal("own", heard.Data.GetProperty("external_id").GetString());
        using var reader = console.Client(victor);
        var read = await reader.GetFromJsonAsync<JsonElement>("/api/v1/runs/" + heard.Data.GetProperty("id").GetString(), Stop);
        Assert.Equal(read.GetRawText(), heard.Data.GetRawText());
        Assert.True(heard.Id > 0);
        Assert.Equal("text/event-stream", stream.Response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("no", stream.Response.Headers.GetValues("X-Accel-Buffering").Single());
    }

    [Fact]
    public async Task Who_may_read_keys_hears_of_rotations_without_their_secret_and_nobody_else_does()
    {
        await using var console = await ConsoleServer.StartAsync();
        var (_, secret) = await console.AgentAsync("mailroom-1");
        using var kurt = console.Client(await console.TokenAsync(console.Cast.Kurt));
        using var keys = await Listening.OpenAsync(
            console,
            await console.TokenAsync(console.Cast.Victor, [TokenScopes.KeysRead]),
            "topic=team:payments"
        );
        using var runs = await Listening.OpenAsync(
            console,
            await console.TokenAsync(console.Cast.Victor, [TokenScopes.RunsRead]),
            "topic=team:payments"
        );

        var made = await kurt.PostAsync("/api/v1/agents/mailroom-1/rotations", null, Stop);
        await ReportAsync(console, secret, "later");

        var heard = await keys.NextAsync("rotation");
        var read = await kurt.GetFromJsonAsync<JsonElement>(made.Headers.Location, Stop);
        Assert.Equal(
            ("issued", JsonValueKind.Null),
            (heard.Data.GetProperty("state").GetString(), heard.Data.GetProperty("api_key").ValueKind)
        );
        Assert.Equal(read.GetProperty("id").GetString(), heard.Data.GetProperty("id").GetString());
        Assert.Equal("run", (await runs.NextAsync()).Name);
    }

    [Fact]
    public async Task A_stream_that_was_cut_off_goes_on_where_it_ended()
    {
        await using var console = await ConsoleServer.StartAsync();
        var (_, secret) = await console.AgentAsync("mailroom-1");
        var token = await console.TokenAsync(console.Cast.Victor);
        long last;
        using (var stream = await Listening.OpenAsync(console, token, "topic=team:payments"))
        {
            await ReportAsync(console, secret, "first");
            last = (await stream.NextAsync("run")).Id;
        }
        await ReportAsync(console, secret, "missed");
        await ReportAsync(console, secret, "missed"); // of each thing its present state is told once

        using var again = await Listening.OpenAsync(
            console,
            token,
            "topic=team:payments",
            last.ToString(System.Globalization.CultureInfo.InvariantCulture)
        );
        Assert.Equal("missed", (await again.NextAsync("run")).Data.GetProperty("external_id").GetString());
        await ReportAsync(console, secret, "next");
        Assert.Equal("next", (await again.NextAsync("run")).Data.GetProperty("external_id").GetString());
    }

    [Theory]
    [InlineData("1")]
    [InlineData("9007199254740991")]
    [InlineData("nonsense")]
    public async Task From_a_position_that_is_not_known_it_says_that_there_is_a_gap(string position)
    {
        await using var console = await ConsoleServer.StartAsync();
        using var stream = await Listening.OpenAsync(console, await console.TokenAsync(console.Cast.Victor), "topic=org", position);

        var gap = await stream.NextAsync();

        Assert.Equal(("gap", "not-kept"), (gap.Name, gap.Data.GetProperty("reason").GetString()));
        Assert.Equal(console.Get<ChangeFeed>().Seq, gap.Id);
    }

    [Fact]
    public async Task A_listener_that_is_slower_than_the_fleet_is_told_that_it_lost_some()
    {
        await using var console = await ConsoleServer.StartAsync();
        var actor = console.As(console.Cast.Olga);
        using var slow = new SlowListener();
        var feed = console.Get<ChangeFeed>();
        using var connection = new LiveConnection(
            () => actor,
            slow,
            [_ => true],
            null,
            feed,
            console.Get<LiveBodies>(),
            Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance,
            Stop
        );
        connection.Start();
        for (var i = 0; i < LiveConnection.Kept * 2; i++)
            feed.Publish(new LiveEvent("agent", console.Cast.Acme, console.Cast.Payments, null, Guid.NewGuid(), () => new { i }));

        slow.Go();
        connection.Dispose();
        await connection.Ended;

        Assert.InRange(slow.Gaps.Count, 1, 2); // it may have lost some before it began
        Assert.All(slow.Gaps, why => Assert.Equal("overflow", why));
        Assert.InRange(slow.Told, LiveConnection.Kept, LiveConnection.Kept + 1);
    }

    [Fact]
    public async Task It_ends_with_its_token_and_with_the_console()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var ended = await Listening.OpenAsync(console, await console.TokenAsync(console.Cast.Victor), "topic=org");
        using var stays = await Listening.OpenAsync(console, await console.TokenAsync(console.Cast.Olga), "topic=org");

        await using (var write = await console.Get<ConsoleStore>().WriteAsync(Stop))
        {
            (await write.Db.ApiTokens.SingleAsync(t => t.OwnerId == console.Cast.Victor.Id, Stop)).RevokedAt = write.Now;
            write.AfterCommit(console.Get<AccessDirectory>().ReloadAsync);
            Assert.True(await write.TryCommitAsync(Stop));
        }
        await ended.EndAsync();

        console.Get<Microsoft.Extensions.Hosting.IHostApplicationLifetime>().StopApplication();
        await stays.EndAsync();
    }

    [Fact]
    public async Task It_ends_within_a_minute_of_its_agents_key()
    {
        var clock = new ManualClock();
        await using var console = await ConsoleServer.StartAsync(clock: clock);
        var (_, secret) = await console.AgentAsync("mailroom-1");
        using var stream = await Listening.OpenAsync(console, secret, "topic=org");
        await console.Get<Core.Agents.AgentService>().PauseAsync(console.As(console.Cast.Olga), "mailroom-1", "", Stop);

        clock.Advance(TimeSpan.FromSeconds(59));

        await stream.EndAsync();
    }

    [Fact]
    public async Task A_comment_comes_every_15_seconds()
    {
        var clock = new ManualClock();
        await using var console = await ConsoleServer.StartAsync(clock: clock);
        using var stream = await Listening.OpenAsync(console, await console.TokenAsync(console.Cast.Victor), "topic=org");
        var waits = stream.LineAsync(": still here");

        while (!waits.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(15));
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Stop);
        }

        Assert.True(await waits);
    }

    [Theory]
    [InlineData("", HttpStatusCode.BadRequest)]
    [InlineData("topic=", HttpStatusCode.NotFound)]
    [InlineData("topic=team:research", HttpStatusCode.NotFound)]
    [InlineData("topic=org&topic=team:nobody", HttpStatusCode.NotFound)]
    [InlineData("topic=agent:agt_zzzzzzzzzzzzzzzzzzzzzzzzzz", HttpStatusCode.NotFound)]
    [InlineData("topic=team:%00%E2%80%AE", HttpStatusCode.NotFound)]
    [InlineData("topic=org&for=-1", HttpStatusCode.BadRequest)]
    [InlineData("topic=org&for=1e3", HttpStatusCode.BadRequest)]
    [InlineData("topic=org&for=99999999999999999999", HttpStatusCode.BadRequest)]
    [InlineData("topic=org&access_token=act_x", HttpStatusCode.BadRequest)]
    [InlineData(
        "topic=org&topic=org&topic=org&topic=org&topic=org&topic=org&topic=org&topic=org&topic=org&topic=org&topic=org&topic=org&topic=org&topic=org&topic=org&topic=org&topic=org&topic=org&topic=org&topic=org&topic=org",
        HttpStatusCode.BadRequest
    )]
    public async Task Nonsense_and_what_is_not_ones_own_is_refused(string query, HttpStatusCode status)
    {
        await using var console = await ConsoleServer.StartAsync();
        using var victor = console.Client(await console.TokenAsync(console.Cast.Victor));

        using var answer = await victor.GetAsync(
            new Uri("/api/v1/live?" + query, UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead,
            Stop
        );

        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task A_token_without_any_of_the_scopes_is_refused_and_one_with_one_of_them_hears_its_noun()
    {
        await using var console = await ConsoleServer.StartAsync();
        var (agent, secret) = await console.AgentAsync("mailroom-1");
        using var none = console.Client(await console.TokenAsync(console.Cast.Victor, [TokenScopes.KeysVerify]));
        using var refused = await none.GetAsync(new Uri("/api/v1/live?topic=org", UriKind.Relative), Stop);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        using var stream = await Listening.OpenAsync(
            console,
            await console.TokenAsync(console.Cast.Victor, [TokenScopes.AgentsRead]),
            "topic=team:payments"
        );

        await ReportAsync(console, secret, "unheard");
        console.Get<ChangeFeed>().Publish(new LiveEvent("agent", console.Cast.Acme, console.Cast.Payments, agent, agent));

        Assert.Equal("agent", (await stream.NextAsync()).Name);
    }

    [Fact]
    public async Task Streams_of_one_credential_are_bounded()
    {
        await using var console = await ConsoleServer.StartAsync();
        var token = await console.TokenAsync(console.Cast.Victor);
        var open = new List<Listening>();
        for (var i = 0; i < LiveConnections.MostStreamsOfCredential; i++)
            open.Add(await Listening.OpenAsync(console, token, "topic=org"));

        using var one = console.Client(token);
        using var refused = await one.GetAsync(new Uri("/api/v1/live?topic=org", UriKind.Relative), Stop);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        open.ForEach(stream => stream.Dispose());
    }

    private static async Task ReportAsync(ConsoleServer console, string secret, string externalId)
    {
        using var agent = console.Client(secret);
        using var answer = await agent.PostAsJsonAsync("/api/v1/runs", new { status = "running", external_id = externalId }, Stop);
        Assert.True(answer.IsSuccessStatusCode);
    }

    private sealed record Heard(long Id, string Name, JsonElement Data);

    private sealed class Listening(HttpClient client, HttpResponseMessage response, StreamReader reader) : IDisposable
    {
        public HttpResponseMessage Response => response;

        public static async Task<Listening> OpenAsync(ConsoleServer console, string secret, string query, string? after = null)
        {
            var client = console.Client(secret);
            client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
            if (after is not null)
                client.DefaultRequestHeaders.TryAddWithoutValidation("Last-Event-ID", after);
            var response = await client.GetAsync(
                new Uri("/api/v1/live?" + query, UriKind.Relative),
                HttpCompletionOption.ResponseHeadersRead,
                Stop
            );
            Assert.True(response.IsSuccessStatusCode, response.StatusCode.ToString());
            var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Stop));
            Assert.Equal(": listening", await reader.ReadLineAsync(Stop));
            return new Listening(client, response, reader);
        }

        /// <summary>The next event, or the next of this name.</summary>
        public async Task<Heard> NextAsync(string? name = null)
        {
            while (true)
            {
                var fields = new Dictionary<string, string>(StringComparer.Ordinal);
                while (await reader.ReadLineAsync(Stop) is { Length: > 0 } line)
                {
                    var colon = line.IndexOf(':', StringComparison.Ordinal);
                    if (colon > 0)
                        fields[line[..colon]] = line[(colon + 1)..].TrimStart(' ');
                }
                if (fields.TryGetValue("event", out var noun) && (name is null || name == noun))
                    return new Heard(
                        long.Parse(fields["id"], System.Globalization.CultureInfo.InvariantCulture),
                        noun,
                        JsonElement.Parse(fields["data"])
                    );
            }
        }

        public async Task<bool> LineAsync(string wanted)
        {
            while (await reader.ReadLineAsync(Stop) is { } line)
            {
                if (line == wanted)
                    return true;
            }
            return false;
        }

        /// <summary>Reads until the console ends the stream.</summary>
        public async Task EndAsync()
        {
            while (await reader.ReadLineAsync(Stop) is not null) { }
        }

        public void Dispose()
        {
            reader.Dispose();
            response.Dispose();
            client.Dispose();
        }
    }

    private sealed class SlowListener : ILiveListener, IDisposable
    {
        private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<string> Gaps { get; } = [];
        public int Told { get; private set; }

        public void Go() => _go.SetResult();

        public async Task TellAsync(LiveEvent change, object body, CancellationToken cancellationToken)
        {
            await _go.Task;
            Told++;
        }

        public Task TellGapAsync(string why, long seq, CancellationToken cancellationToken)
        {
            Gaps.Add(why);
            return Task.CompletedTask;
        }

        public void End() { }

        public void Dispose() => _go.TrySetResult();
    }
}
