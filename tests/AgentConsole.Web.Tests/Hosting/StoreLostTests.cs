using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;

namespace AgentConsole.Web.Tests.Hosting;

public sealed class StoreLostTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_that_lost_its_database_shuts_its_doors_and_opens_them_when_it_is_back()
    {
        await using var console = await ConsoleServer.StartAsync(Database.PostgreSql);
        using var client = console.Client(await console.TokenAsync(console.Cast.Olga));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v1/agents", Stop)).StatusCode);
        var settings = new NpgsqlConnectionStringBuilder(console.ConnectionString!);
        var name = settings.Database!;
        settings.Database = "postgres";

        await AdminAsync(settings, $"ALTER DATABASE {name} ALLOW_CONNECTIONS false");
        await AdminAsync(settings, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        var refused = await UntilAsync(client, HttpStatusCode.ServiceUnavailable);
        var problem = await refused.Content.ReadFromJsonAsync<JsonElement>(Stop);

        Assert.Equal("store_unconfirmed", problem.GetProperty("code").GetString());
        Assert.NotNull(refused.Headers.RetryAfter);
        await AdminAsync(settings, $"ALTER DATABASE {name} ALLOW_CONNECTIONS true");
        Assert.Equal(HttpStatusCode.OK, (await UntilAsync(client, HttpStatusCode.OK)).StatusCode);
    }

    // The node notices within 2 s of real time; what is waited for is its own answer.
    private static async Task<HttpResponseMessage> UntilAsync(HttpClient client, HttpStatusCode wanted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            var answer = await client.GetAsync("/api/v1/agents/no-such-agent-whoami", limit.Token);
            if (answer.StatusCode == wanted || (wanted == HttpStatusCode.OK && answer.StatusCode == HttpStatusCode.NotFound))
                return wanted == HttpStatusCode.OK ? await client.GetAsync("/api/v1/agents", limit.Token) : answer;
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, limit.Token);
        }
    }

    private static async Task AdminAsync(NpgsqlConnectionStringBuilder settings, string sql)
    {
        await using var connection = new NpgsqlConnection(settings.ToString());
        await connection.OpenAsync(Stop);
#pragma warning disable CA2100 // names made by the tests
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(Stop);
    }
}
