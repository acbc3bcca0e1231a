using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Runs;

namespace AgentConsole.Web.Tests.Runs;

/// <summary>Cancelling over REST: the operator's program asks, the agent's hears and answers.</summary>
public sealed class RunCancelApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task An_agent_that_waits_hears_at_once_and_the_run_is_cancelled_when_it_says_so(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        var (_, secret) = await console.AgentAsync("mailroom-1");
        using var agent = console.Client(secret);
        using var otto = console.Client(await console.TokenAsync(console.Cast.Otto));
        var run = await SendAsync(agent, "POST", "/api/v1/runs", """{"external_id":"job-7","status":"running"}""", HttpStatusCode.Created);
        Assert.False(run.TryGetProperty("cancel", out _));
        var waits = SendAsync(agent, "GET", "/api/v1/runs/cancellations?wait=60");

        var asked = await SendAsync(
            otto,
            "POST",
            "/api/v1/runs/job-7/cancel?agent=mailroom-1",
            """{"reason":"wrong tax year"}""",
            HttpStatusCode.Accepted
        );
        Assert.Equal(("requested", "running"), (Text(asked, "state"), Text(asked, "run_status")));
        var heard = Assert.Single((await waits).GetProperty("data").EnumerateArray());
        Assert.Equal(("job-7", "wrong tax year"), (Text(heard, "external_id"), Text(heard, "reason")));
        Assert.False(heard.TryGetProperty("requested_by", out _)); // an agent is told why, not who

        Assert.Equal("acknowledged", Text(await SendAsync(agent, "POST", "/api/v1/runs/job-7/cancel/acknowledge"), "state"));
        var read = await SendAsync(otto, "GET", "/api/v1/runs/" + Text(run, "id"));
        Assert.Equal(("running", "acknowledged"), (Text(read, "status"), Text(read.GetProperty("cancel"), "state")));

        await SendAsync(agent, "PATCH", "/api/v1/runs/job-7", """{"status":"cancelled"}""");
        var ended = await SendAsync(otto, "GET", $"/api/v1/runs/{Text(run, "id")}/cancel");
        Assert.Equal(("cancelled", false), (Text(ended, "state"), ended.GetProperty("not_confirmed").GetBoolean()));
        await SendAsync(otto, "POST", $"/api/v1/runs/{Text(run, "id")}/cancel", "{}", HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task The_same_request_again_with_its_idempotency_key_is_answered_alike()
    {
        await using var console = await ConsoleServer.StartAsync();
        var (_, secret) = await console.AgentAsync("mailroom-1");
        var run = await SendAsync(console.Client(secret), "POST", "/api/v1/runs", """{"status":"running"}""", HttpStatusCode.Created);
        using var otto = console.Client(await console.TokenAsync(console.Cast.Otto));
        otto.DefaultRequestHeaders.Add("Idempotency-Key", "once");

        var first = await SendAsync(otto, "POST", $"/api/v1/runs/{Text(run, "id")}/cancel", "{}", HttpStatusCode.Accepted);
        await SendAsync(console.Client(secret), "PATCH", $"/api/v1/runs/{Text(run, "id")}", """{"status":"completed"}""");
        var again = await SendAsync(otto, "POST", $"/api/v1/runs/{Text(run, "id")}/cancel", "{}", HttpStatusCode.Accepted);

        Assert.Equal(first.GetRawText(), again.GetRawText());
    }

    [Fact]
    public async Task A_call_that_waits_ends_with_its_key()
    {
        var clock = new ManualClock();
        await using var console = await ConsoleServer.StartAsync(clock: clock);
        var (id, secret) = await console.AgentAsync("mailroom-1");
        using var agent = console.Client(secret);
        var waits = agent.GetAsync(new Uri("/api/v1/runs/cancellations?wait=60", UriKind.Relative), Stop);
        while (console.Get<CancelPolls>().Waiting == 0)
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Stop);

        await console.Get<Core.Agents.AgentService>().PauseAsync(console.As(console.Cast.Olga), "mailroom-1", "", Stop);
        while (!waits.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Stop);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await waits).StatusCode);
        Assert.True(clock.GetUtcNow() - new ManualClock().GetUtcNow() < TimeSpan.FromSeconds(60));
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("61")]
    [InlineData("1e1")]
    [InlineData("99999999999999999999")]
    [InlineData("٣")]
    public async Task Nonsense_for_wait_is_refused(string wait)
    {
        await using var console = await ConsoleServer.StartAsync();
        var (_, secret) = await console.AgentAsync("mailroom-1");

        var refused = await SendAsync(
            console.Client(secret),
            "GET",
            "/api/v1/runs/cancellations?wait=" + Uri.EscapeDataString(wait),
            null,
            HttpStatusCode.BadRequest
        );

        Assert.True(refused.GetProperty("errors").TryGetProperty("wait", out _));
    }

    private static async Task<JsonElement> SendAsync(
        HttpClient client,
        string method,
        string path,
        string? body = null,
        HttpStatusCode status = HttpStatusCode.OK
    )
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request, Stop);
        var text = await response.Content.ReadAsStringAsync(Stop);
        Assert.True(response.StatusCode == status, $"{method} {path}: {(int)response.StatusCode} {text}");
        return JsonElement.Parse(text);
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
