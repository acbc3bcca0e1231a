using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace AgentConsole.Web.Tests.Gateways;

/// <summary>Gateways as scripts and agents meet them.</summary>
public sealed class GatewayApiTests
{
    private const string Gateways = "/api/v1/gateways";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task A_script_makes_a_gateway_edits_it_links_an_agent_and_takes_it_out_once(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        var (_, key) = await console.AgentAsync("mailroom-1");
        using var otto = console.Client(await console.TokenAsync(console.Cast.Otto));
        using var agent = console.Client(key);

        using var made = await otto.PostAsJsonAsync(
            Gateways,
            new
            {
                team = "payments",
                name = "gateway-prod-eu",
                region = "eu",
            },
            Stop
        );
        var body = await JsonAsync(made);
        var id = body.GetProperty("id").GetString()!;
        Assert.Equal((HttpStatusCode.Created, $"{Gateways}/{id}"), (made.StatusCode, made.Headers.Location?.ToString()));
        Assert.Equal("\"1\"", made.Headers.ETag?.ToString());
        Assert.Equal(
            "name_taken",
            await CodeAsync(await otto.PostAsJsonAsync(Gateways, new { team = "payments", name = "gateway-prod-eu" }, Stop))
        );

        Assert.Equal(HttpStatusCode.PreconditionRequired, (await ChangeAsync(otto, id, null)).StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await ChangeAsync(otto, id, "\"9\"")).StatusCode);
        using var changed = await ChangeAsync(otto, id, "\"1\"");
        Assert.Equal((HttpStatusCode.OK, "\"2\""), (changed.StatusCode, changed.Headers.ETag?.ToString()));

        // Linking twice is linking once; the agent reads its gateways with its own key, and changes nothing.
        foreach (var _ in new[] { 1, 2 })
            Assert.Equal(
                HttpStatusCode.OK,
                (await otto.PutAsync("/api/v1/agents/mailroom-1/gateways/gateway-prod-eu", null, Stop)).StatusCode
            );
        var own = await agent.GetFromJsonAsync<JsonElement>("/api/v1/agents/mailroom-1/gateways", Stop);
        var link = Assert.Single(own.GetProperty("data").EnumerateArray());
        Assert.Equal(("gateway-prod-eu", true), (link.GetProperty("gateway").GetString(), link.GetProperty("in_routing").GetBoolean()));
        Assert.Equal(
            HttpStatusCode.Forbidden,
            (await agent.PutAsync("/api/v1/agents/mailroom-1/gateways/gateway-prod-eu", null, Stop)).StatusCode
        );
        Assert.Equal(HttpStatusCode.Forbidden, (await agent.PostAsync($"{Gateways}/{id}/take-out", null, Stop)).StatusCode);

        // A repeated call gets its first answer, also when somebody put it in again meanwhile.
        var first = await TakeOutAsync(otto, id);
        Assert.False(first.GetProperty("in_routing").GetBoolean());
        Assert.True((await JsonAsync(await otto.PostAsync($"{Gateways}/{id}/put-in", null, Stop))).GetProperty("in_routing").GetBoolean());
        Assert.Equal(first.GetProperty("revision").GetInt64(), (await TakeOutAsync(otto, id)).GetProperty("revision").GetInt64());
        Assert.True((await otto.GetFromJsonAsync<JsonElement>($"{Gateways}/{id}", Stop)).GetProperty("in_routing").GetBoolean());

        Assert.Empty((await otto.GetFromJsonAsync<JsonElement>($"{Gateways}?in_routing=false", Stop)).GetProperty("data").EnumerateArray());
        Assert.Single(
            (await otto.GetFromJsonAsync<JsonElement>($"{Gateways}?in_routing=true&q=PROD", Stop)).GetProperty("data").EnumerateArray()
        );
        Assert.Equal("invalid", await CodeAsync(await otto.GetAsync($"{Gateways}?in_routing=perhaps", Stop)));
        Assert.Equal("invalid", await CodeAsync(await otto.GetAsync($"{Gateways}?cursor=nonsense", Stop)));

        Assert.Equal("gateway_in_use", await CodeAsync(await otto.DeleteAsync($"{Gateways}/{id}", Stop)));
        foreach (var _ in new[] { 1, 2 })
            Assert.Equal(HttpStatusCode.NoContent, (await otto.DeleteAsync($"/api/v1/agents/mailroom-1/gateways/{id}", Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await otto.DeleteAsync($"{Gateways}/{id}", Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await otto.GetAsync($"{Gateways}/gateway-prod-eu", Stop)).StatusCode);
    }

    [Fact]
    public async Task Its_id_is_found_by_who_may_see_it()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var otto = console.Client(await console.TokenAsync(console.Cast.Otto));
        using var sara = console.Client(await console.TokenAsync(console.Cast.Sara));
        var made = await JsonAsync(await otto.PostAsJsonAsync(Gateways, new { team = "payments", name = "edge" }, Stop));
        var id = made.GetProperty("id").GetString()!;
        Assert.Contains("/gateways/edge", await otto.GetStringAsync($"/api/v1/search?q={id}", Stop), StringComparison.Ordinal);
        Assert.DoesNotContain("edge", await sara.GetStringAsync($"/api/v1/search?q={id}", Stop), StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> ChangeAsync(HttpClient client, string id, string? ifMatch)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, $"{Gateways}/{id}")
        {
            Content = JsonContent.Create(new { description = "Behind the balancer" }),
        };
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        return await client.SendAsync(request, Stop);
    }

    private static async Task<JsonElement> TakeOutAsync(HttpClient client, string id)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Gateways}/{id}/take-out")
        {
            Content = JsonContent.Create(new { reason = "It drops calls" }),
        };
        request.Headers.Add("Idempotency-Key", "take-out-of-the-night-0001");
        return await JsonAsync(await client.SendAsync(request, Stop));
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) =>
        await answer.Content.ReadFromJsonAsync<JsonElement>(Stop);

    private static async Task<string?> CodeAsync(HttpResponseMessage answer) => (await JsonAsync(answer)).GetProperty("code").GetString();
}
