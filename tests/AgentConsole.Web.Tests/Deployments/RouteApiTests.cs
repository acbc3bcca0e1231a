using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.People;
using AgentConsole.Core.Routes;

namespace AgentConsole.Web.Tests.Deployments;

/// <summary>A gateway follows the routes over REST.</summary>
public sealed class RouteApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task A_gateway_reads_once_then_hears_of_each_change(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        await console.AgentAsync("mailroom-1");
        await SetAsync(console, "2.1.0", "active");
        using var gateway = console.Client(await console.TokenAsync(console.Cast.Victor));
        using var first = await GetAsync(gateway, "/api/v1/routes");
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.False(first.Headers.ETag!.IsWeak);
        Assert.True(first.Headers.CacheControl!.NoCache);
        var route = Assert.Single(await RoutesAsync(first));
        Assert.Equal("mailroom-1", route.GetProperty("agent").GetString());
        Assert.Equal(JsonValueKind.Null, route.GetProperty("environment").ValueKind);
        Assert.Equal(100m, Assert.Single(route.GetProperty("split").EnumerateArray()).GetProperty("percent").GetDecimal());

        using var same = await GetAsync(gateway, "/api/v1/routes", first.Headers.ETag.Tag);
        Assert.Equal((HttpStatusCode.NotModified, first.Headers.ETag), (same.StatusCode, same.Headers.ETag));
        Assert.Empty(await same.Content.ReadAsByteArrayAsync(Stop));
        using var unknown = await GetAsync(gateway, "/api/v1/routes?wait=60", "\"another\"");
        Assert.Equal(HttpStatusCode.OK, unknown.StatusCode);

        var held = GetAsync(gateway, "/api/v1/routes?wait=60", first.Headers.ETag.Tag);
        while (console.Get<RoutePolls>().Waiting == 0)
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Stop);
        await SetAsync(console, "2.2.0", "canary", 5);

        using var news = await held;
        Assert.Equal(HttpStatusCode.OK, news.StatusCode);
        Assert.NotEqual(first.Headers.ETag, news.Headers.ETag);
        Assert.Equal(
            [("2.1.0", "active", 95m), ("2.2.0", "canary", 5m)],
            Assert
                .Single(await RoutesAsync(news))
                .GetProperty("split")
                .EnumerateArray()
                .Select(s =>
                    (s.GetProperty("version").GetString(), s.GetProperty("status").GetString(), s.GetProperty("percent").GetDecimal())
                )
        );
    }

    [Fact]
    public async Task An_agents_own_key_reads_its_own_and_a_token_needs_the_scope()
    {
        await using var console = await ConsoleServer.StartAsync();
        var (_, secret) = await console.AgentAsync("mailroom-1");
        await console.AgentAsync("archive-1");
        await SetAsync(console, "2.1.0", "active");
        await SetAsync(console, "1.0.0", "active", agent: "archive-1");

        using var agent = console.Client(secret);
        using var own = await GetAsync(agent, "/api/v1/routes?environment=&agent=mailroom-1");
        Assert.Equal("mailroom-1", Assert.Single(await RoutesAsync(own)).GetProperty("agent").GetString());
        using var other = await GetAsync(agent, "/api/v1/routes?agent=archive-1");
        Assert.Empty(await RoutesAsync(other));
        using var all = console.Client(await console.TokenAsync(console.Cast.Olga));
        using var both = await GetAsync(all, "/api/v1/routes");
        Assert.Equal(2, (await RoutesAsync(both)).Count);
        using var narrow = console.Client(await console.TokenAsync(console.Cast.Olga, [TokenScopes.RunsRead]));
        using var refused = await GetAsync(narrow, "/api/v1/routes");
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    [Fact]
    public async Task A_call_that_is_held_ends_with_its_time_or_its_credential()
    {
        var clock = new ManualClock();
        await using var console = await ConsoleServer.StartAsync(clock: clock);
        var (_, secret) = await console.AgentAsync("mailroom-1");
        await SetAsync(console, "2.1.0", "active");
        using var agent = console.Client(secret);
        using var first = await GetAsync(agent, "/api/v1/routes");

        using var over = await HoldAsync(console, clock, agent, "/api/v1/routes?wait=3", first, () => Task.CompletedTask);
        Assert.Equal(HttpStatusCode.NotModified, over.StatusCode);

        using var gateway = console.Client(await console.TokenAsync(console.Cast.Victor));
        var from = clock.GetUtcNow();
        using var revoked = await HoldAsync(
            console,
            clock,
            gateway,
            "/api/v1/routes?wait=60",
            first,
            async () =>
            {
                var token = Assert.Single(
                    (await console.Get<TokenService>().ListAsync(console.As(console.Cast.Olga), true, new Core.Common.PageRequest(), Stop))
                        .Value
                        .Items
                );
                await console.Get<TokenService>().RevokeAsync(console.As(console.Cast.Olga), token.Id, Stop);
            }
        );
        Assert.Equal(HttpStatusCode.Unauthorized, revoked.StatusCode);
        Assert.True(clock.GetUtcNow() - from < TimeSpan.FromSeconds(60));
    }

    [Theory]
    [InlineData("wait=0")]
    [InlineData("wait=61")]
    [InlineData("wait=-1")]
    [InlineData("wait=soon")]
    [InlineData("agent=a&agent=b")]
    public async Task Nonsense_is_refused(string query)
    {
        await using var console = await ConsoleServer.StartAsync();
        using var gateway = console.Client(await console.TokenAsync(console.Cast.Victor));

        using var refused = await GetAsync(gateway, "/api/v1/routes?" + query, "\"a\"");

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var problem = JsonElement.Parse(await refused.Content.ReadAsStringAsync(Stop));
        Assert.True(problem.GetProperty("errors").TryGetProperty(query.Split('=')[0], out _));
    }

    private static async Task<HttpResponseMessage> HoldAsync(
        ConsoleServer console,
        ManualClock clock,
        HttpClient client,
        string path,
        HttpResponseMessage known,
        Func<Task> meanwhile
    )
    {
        var held = GetAsync(client, path, known.Headers.ETag!.Tag);
        while (console.Get<RoutePolls>().Waiting == 0)
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Stop);
        Assert.False(held.IsCompleted);
        await meanwhile();
        while (!held.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Stop);
        }
        return await held;
    }

    private static async Task SetAsync(
        ConsoleServer console,
        string version,
        string status,
        decimal? percent = null,
        string agent = "mailroom-1"
    )
    {
        var body = new Contracts.SetSnapshot
        {
            Version = version,
            Status = status,
            TrafficPercent = percent,
        };
        Assert.Null((await console.Get<DeploymentService>().SetAsync(console.As(console.Cast.Olga), agent, body, Stop)).Problem);
    }

    private static async Task<HttpResponseMessage> GetAsync(HttpClient client, string path, string? ifNoneMatch = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (ifNoneMatch is not null)
            request.Headers.IfNoneMatch.Add(new EntityTagHeaderValue(ifNoneMatch));
        return await client.SendAsync(request, Stop);
    }

    private static async Task<IReadOnlyList<JsonElement>> RoutesAsync(HttpResponseMessage response) =>
        [.. JsonElement.Parse(await response.Content.ReadAsStringAsync(Stop)).GetProperty("routes").EnumerateArray()];
}
