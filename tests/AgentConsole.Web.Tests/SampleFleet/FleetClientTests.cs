using System.Net;
using System.Text;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.SampleFleet.Client;

namespace AgentConsole.Web.Tests.SampleFleet;

public sealed class FleetClientTests
{
    private readonly ManualClock _clock = new();
    private readonly Answers _answers = new();

    private static AgentBody Registered { get; } =
        new()
        {
            Id = "agt_1",
            Slug = "a",
            DisplayName = "A",
            Team = new TeamRef("team_1", "default", "Default"),
            Tags = [],
            Lifecycle = "registered",
            Liveness = "unknown",
            Health = "ok",
            CaptureMode = "metadata",
            LeaseSeconds = 60,
            GraceSeconds = 120,
            CreatedAt = DateTimeOffset.UnixEpoch,
            UpdatedAt = DateTimeOffset.UnixEpoch,
            Revision = 1,
        };

    private FleetClient Client => new(new HttpClient(_answers) { BaseAddress = new Uri("http://console") }, "ak_live_x", _clock);

    [Fact]
    public async Task A_busy_console_is_asked_again_after_the_time_it_names_with_the_same_idempotency_key()
    {
        _answers.Next(HttpStatusCode.TooManyRequests, retryAfter: 7);
        _answers.Next(HttpStatusCode.Created, JsonSerializer.Serialize(Registered, FleetClient.Json));

        var registered = Client.RegisterAsync(new RegisterAgent { Slug = "a" }, "attempt-1", CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(6.9));
        var asked = _answers.Requests.Count;
        _clock.Advance(TimeSpan.FromSeconds(0.2));
        var agent = await registered;

        Assert.Equal(1, asked);
        Assert.Equal("a", agent.Slug);
        Assert.Equal(["attempt-1", "attempt-1"], _answers.Requests.Select(r => r.RepeatKey));
        Assert.All(_answers.Requests, r => Assert.Equal("Bearer ak_live_x", r.Authorization));
    }

    [Fact]
    public async Task A_refusal_is_told_with_its_code_and_is_not_asked_again()
    {
        _answers.Next(
            HttpStatusCode.BadRequest,
            """{"type":"t","title":"Bad Request","status":400,"code":"invalid","detail":"Look at slug.","errors":{"slug":["Too long."]},"trace_id":"x"}""",
            "application/problem+json"
        );

        var refusal = await Assert.ThrowsAsync<ConsoleRefusal>(() =>
            Client.RegisterAsync(new RegisterAgent { Slug = "a" }, "attempt-1", CancellationToken.None)
        );

        Assert.Equal("400 invalid: Look at slug. (slug: Too long.)", refusal.Message);
        Assert.Single(_answers.Requests);
    }

    [Fact]
    public async Task A_console_that_stays_away_is_given_up_after_six_attempts()
    {
        for (var i = 0; i < 6; i++)
            _answers.Fail();

        var beat = Client.HeartbeatAsync(new Heartbeat(), CancellationToken.None);
        while (!beat.IsCompleted)
            _clock.Advance(TimeSpan.FromSeconds(30));

        await Assert.ThrowsAsync<HttpRequestException>(() => beat);
        Assert.Equal(6, _answers.Requests.Count);
    }

    [Fact]
    public async Task A_refused_key_is_read_again_and_the_call_is_repeated_once_with_the_one_that_is_there_now()
    {
        var lying = "ak_live_old";
        var key = new KeyHolder("ak_live_old", () => lying);
        var client = new FleetClient(new HttpClient(_answers) { BaseAddress = new Uri("http://console") }, key, _clock);
        _answers.Next(HttpStatusCode.Unauthorized);
        await Assert.ThrowsAsync<ConsoleRefusal>(() => client.HeartbeatAsync(new Heartbeat(), CancellationToken.None));

        lying = "ak_live_new";
        _answers.Next(HttpStatusCode.Unauthorized);
        _answers.Next(HttpStatusCode.OK, JsonSerializer.Serialize(Registered, FleetClient.Json));
        await client.AgentAsync("a", CancellationToken.None);
        lying = "ak_live_newer";
        _answers.Next(HttpStatusCode.Unauthorized);
        _answers.Next(HttpStatusCode.Unauthorized);
        await Assert.ThrowsAsync<ConsoleRefusal>(() => client.AgentAsync("a", CancellationToken.None));

        Assert.Equal(
            ["old", "old", "new", "new", "newer"],
            _answers.Requests.Select(r => r.Authorization!.Replace("Bearer ak_live_", "", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task A_lost_answer_is_asked_for_with_the_key_that_the_idempotency_key_was_sent_with_although_another_came_meanwhile()
    {
        var key = new KeyHolder("ak_live_old");
        var client = new FleetClient(new HttpClient(_answers) { BaseAddress = new Uri("http://console") }, key, _clock);
        _answers.Fail();
        _answers.Next(HttpStatusCode.Created, JsonSerializer.Serialize(Registered, FleetClient.Json));
        _answers.Next(HttpStatusCode.OK, JsonSerializer.Serialize(Registered, FleetClient.Json));

        var asking = client.RegisterAsync(new RegisterAgent { Slug = "a" }, "attempt-1", CancellationToken.None);
        key.Swap("ak_live_new");
        _clock.Advance(TimeSpan.FromSeconds(1));
        await asking;
        await client.AgentAsync("a", CancellationToken.None);

        Assert.Equal(["Bearer ak_live_old", "Bearer ak_live_old", "Bearer ak_live_new"], _answers.Requests.Select(r => r.Authorization));
    }

    [Fact]
    public void The_pause_doubles_is_spread_and_stays_below_half_a_minute()
    {
        Assert.InRange(FleetClient.Backoff(1).TotalSeconds, 0.125, 0.25);
        Assert.InRange(FleetClient.Backoff(4).TotalSeconds, 1, 2);
        Assert.InRange(FleetClient.Backoff(40).TotalSeconds, 15, 30);
    }

    private sealed record Asked(string? Authorization, string? RepeatKey);

    /// <summary>Where the process ends: a console that answers as it was told to.</summary>
    private sealed class Answers : HttpMessageHandler
    {
        private readonly Queue<Func<HttpResponseMessage>> _next = new();

        public List<Asked> Requests { get; } = [];

        public void Next(HttpStatusCode status, string body = "", string type = "application/json", int? retryAfter = null) =>
            _next.Enqueue(() =>
            {
                var answer = new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8, type) };
                if (retryAfter is { } seconds)
                    answer.Headers.RetryAfter = new(TimeSpan.FromSeconds(seconds));
                return answer;
            });

        public void Fail() => _next.Enqueue(() => throw new HttpRequestException("The connection was reset."));

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var repeatKey = request.Headers.TryGetValues("Idempotency-Key", out var values) ? values.Single() : null;
            Requests.Add(new Asked(request.Headers.Authorization?.ToString(), repeatKey));
            return Task.FromResult(_next.Dequeue()());
        }
    }
}
