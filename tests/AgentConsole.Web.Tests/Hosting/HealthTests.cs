using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Hosting;

namespace AgentConsole.Web.Tests.Hosting;

public sealed class HealthTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task A_console_that_reads_and_writes_is_ready_and_shows_its_figures(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        using var client = console.Client();

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/live", Stop)).StatusCode);
        var ready = await client.GetFromJsonAsync<JsonElement>("/health/ready", Stop);
        var metrics = await client.GetStringAsync("/metrics", Stop);

        Assert.True(ready.GetProperty("ready").GetBoolean());
        Assert.True(ready.GetProperty("writes").GetBoolean());
        Assert.Contains("# TYPE agentconsole_requests_total counter", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_console_that_was_told_to_stop_serves_on_and_is_not_ready()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var agent = console.Client((await console.AgentAsync("mailroom-1")).Secret);

        console.Get<IHostApplicationLifetime>().StopApplication();

        var ready = await agent.GetAsync("/health/ready", Stop);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal(
            "This node is stopping.",
            (await ready.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("detail").GetString()
        );
        var reported = await agent.PostAsJsonAsync("/api/v1/runs", new { status = "completed" }, Stop);
        Assert.Equal(HttpStatusCode.Created, reported.StatusCode);
        Assert.True(reported.Headers.ConnectionClose); // so that the next call goes where somebody stays
    }

    [Theory, BothDatabases]
    public async Task Figures_count_requests_and_the_groups_in_which_runs_were_written_from_the_start(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        using var agent = console.Client((await console.AgentAsync("counted")).Secret);
        for (var i = 0; i < 3; i++)
            (await agent.PostAsJsonAsync("/api/v1/runs", new { status = "completed" }, Stop)).EnsureSuccessStatusCode();
        await agent.PostAsJsonAsync("/api/v1/runs", new { status = "nonsense" }, Stop);

        var lines = (await agent.GetStringAsync("/metrics", Stop)).Split('\n');

        Assert.Contains("agentconsole_requests_total{method=\"POST\",route=\"/api/v1/runs\",status=\"2xx\"} 3", lines);
        Assert.Contains("agentconsole_requests_total{method=\"POST\",route=\"/api/v1/runs\",status=\"4xx\"} 1", lines);
        Assert.Contains("agentconsole_request_seconds_count{method=\"POST\",route=\"/api/v1/runs\"} 4", lines);
        // Other consoles of this process count into the same instruments.
        Assert.InRange(Value(lines, "agentconsole_ingest_batch_size_sum"), 3, double.MaxValue);
        Assert.InRange(Value(lines, "agentconsole_ingest_commit_duration_count"), 1, double.MaxValue);
        Assert.Contains(lines, line => line.StartsWith("agentconsole_live_subscribers ", StringComparison.Ordinal));
    }

    private static double Value(string[] lines, string name) =>
        double.Parse(
            Assert.Single(lines, line => line.StartsWith(name + " ", StringComparison.Ordinal)).Split(' ')[1],
            CultureInfo.InvariantCulture
        );

    [Fact]
    public async Task An_unknown_address_of_the_api_is_a_problem_and_a_credential_in_an_address_is_refused()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var client = console.Client();

        var unknown = await client.GetAsync("/api/v1/nonsense", Stop);
        var leaked = await client.GetAsync("/api/v1/agents?access_token=act_x", Stop);

        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Equal("application/problem+json", unknown.Content.Headers.ContentType!.MediaType);
        Assert.Equal(HttpStatusCode.BadRequest, leaked.StatusCode);
    }
}
