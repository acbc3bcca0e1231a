using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

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
