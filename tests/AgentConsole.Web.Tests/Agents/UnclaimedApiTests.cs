using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AgentConsole.Core.Unclaimed;

namespace AgentConsole.Web.Tests.Agents;

public sealed class UnclaimedApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task What_reports_with_a_token_is_answered_202_seen_claimed_and_then_reports_with_its_own_key(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        using var ines = console.Client(await console.TokenAsync(console.Cast.Ines));
        using var byHeader = new HttpRequestMessage(HttpMethod.Post, "/api/v1/heartbeat");
        byHeader.Headers.Add("X-AgentConsole-Agent", "sorter-9");

        var run = await ines.PostAsJsonAsync(
            "/api/v1/runs",
            new
            {
                agent = "sorter-9",
                status = "completed",
                cost = "0.21",
            },
            Stop
        );
        var beat = await ines.SendAsync(byHeader, Stop);
        var batch = await ines.PostAsync(
            "/api/v1/runs/batch",
            new StringContent(
                """
                {"agent":"sorter-9","status":"failed"}
                not json
                {"agent":"sorter-10","status":"failed"}
                """,
                Encoding.UTF8,
                "application/x-ndjson"
            ),
            Stop
        );

        foreach (var answer in new[] { run, beat, batch })
        {
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            var body = await JsonAsync(answer);
            Assert.Equal(("unclaimed", false), (body.GetProperty("code").GetString(), body.GetProperty("stored").GetBoolean()));
        }
        await console.Get<SightingBook>().StepAsync(Stop);
        Assert.Empty((await ines.GetFromJsonAsync<JsonElement>("/api/v1/runs", Stop)).GetProperty("data").EnumerateArray());
        var list = (await ines.GetFromJsonAsync<JsonElement>("/api/v1/unclaimed?q=sorter-9", Stop)).GetProperty("data");
        var seen = Assert.Single(list.EnumerateArray());
        Assert.Equal(3, seen.GetProperty("reports").GetInt64());

        var claimed = await ines.PostAsync($"/api/v1/unclaimed/{seen.GetProperty("id").GetString()}/claim", null, Stop);
        Assert.Equal(HttpStatusCode.Created, claimed.StatusCode);
        using var agent = console.Client((await JsonAsync(claimed)).GetProperty("api_key").GetString());
        Assert.Equal(HttpStatusCode.Created, (await agent.PostAsJsonAsync("/api/v1/runs", new { status = "completed" }, Stop)).StatusCode);
        var still = await ines.PostAsJsonAsync("/api/v1/runs", new { agent = "sorter-9", status = "completed" }, Stop);
        Assert.Equal((HttpStatusCode.Forbidden, "agent_key_required"), (still.StatusCode, await CodeAsync(still)));
    }

    [Fact]
    public async Task A_blocked_name_is_forbidden_and_strangers_hear_of_nothing()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var ines = console.Client(await console.TokenAsync(console.Cast.Ines));
        using var gus = console.Client(await console.TokenAsync(console.Cast.Gus));
        using var sara = console.Client(await console.TokenAsync(console.Cast.Sara));
        await ines.PostAsJsonAsync("/api/v1/runs", new { agent = "sorter-9", status = "running" }, Stop);
        await console.Get<SightingBook>().StepAsync(Stop);
        var id = (await ines.GetFromJsonAsync<JsonElement>("/api/v1/unclaimed", Stop)).GetProperty("data")[0].GetProperty("id").GetString();
        foreach (var stranger in new[] { gus, sara })
        {
            Assert.Empty((await stranger.GetFromJsonAsync<JsonElement>("/api/v1/unclaimed", Stop)).GetProperty("data").EnumerateArray());
            foreach (var act in new[] { "claim", "block", "unblock" })
                Assert.Equal(HttpStatusCode.NotFound, (await stranger.PostAsync($"/api/v1/unclaimed/{id}/{act}", null, Stop)).StatusCode);
        }

        var blocked = await ines.PostAsJsonAsync($"/api/v1/unclaimed/{id}/block", new { reason = "Not ours" }, Stop);

        Assert.Equal("blocked", (await JsonAsync(blocked)).GetProperty("state").GetString());
        var refused = await ines.PostAsJsonAsync("/api/v1/runs", new { agent = "SORTER-9", status = "running" }, Stop);
        Assert.Equal((HttpStatusCode.Forbidden, "agent_blocked"), (refused.StatusCode, await CodeAsync(refused)));
        // The same name under a token of another organization is another agent.
        var elsewhere = await gus.PostAsJsonAsync("/api/v1/runs", new { agent = "sorter-9", status = "running" }, Stop);
        Assert.Equal(HttpStatusCode.Accepted, elsewhere.StatusCode);
        var markup = await ines.PostAsJsonAsync("/api/v1/runs", new { agent = "<b>x</b>", status = "running" }, Stop);
        Assert.Equal(HttpStatusCode.BadRequest, markup.StatusCode);
    }

    [Fact]
    public async Task Keys_are_listed_by_use_and_agents_handed_over()
    {
        await using var console = await ConsoleServer.StartAsync();
        await console.AgentAsync("mailroom-1");
        using var tara = console.Client(await console.TokenAsync(console.Cast.Tara));

        Assert.Single(
            (await tara.GetFromJsonAsync<JsonElement>("/api/v1/keys?used=never&ownerless=true", Stop)).GetProperty("data").EnumerateArray()
        );
        Assert.Empty((await tara.GetFromJsonAsync<JsonElement>("/api/v1/keys?idle=30d", Stop)).GetProperty("data").EnumerateArray());
        Assert.Equal(HttpStatusCode.BadRequest, (await tara.GetAsync("/api/v1/keys?idle=soon", Stop)).StatusCode);

        var body = new { from = "none", to = console.Cast.Ines.Email };
        using var first = Request();
        using var again = Request();
        HttpRequestMessage Request()
        {
            var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/agents/hand-over") { Content = JsonContent.Create(body) };
            request.Headers.Add("Idempotency-Key", "hand-over-1");
            return request;
        }
        Assert.Equal(1, (await JsonAsync(await tara.SendAsync(first, Stop))).GetProperty("moved").GetInt32());
        Assert.Equal(1, (await JsonAsync(await tara.SendAsync(again, Stop))).GetProperty("moved").GetInt32());
        var agent = await tara.GetFromJsonAsync<JsonElement>("/api/v1/agents/mailroom-1", Stop);
        Assert.Equal(console.Cast.Ines.Email, agent.GetProperty("owner").GetProperty("email").GetString());
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) =>
        await answer.Content.ReadFromJsonAsync<JsonElement>(Stop);

    private static async Task<string?> CodeAsync(HttpResponseMessage answer) => (await JsonAsync(answer)).GetProperty("code").GetString();
}
