using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Web.Tests.Keys;

public sealed class KeyApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task A_key_is_minted_listed_and_moved_through_its_states(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        await console.AgentAsync("mailroom-1");
        using var kurt = console.Client(await console.TokenAsync(console.Cast.Kurt));
        const string keys = "/api/v1/agents/mailroom-1/keys";

        var made = await kurt.PostAsJsonAsync(keys, new { name = "blue", ttl_days = 30 }, Stop);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var minted = await JsonAsync(made);
        var secret = minted.GetProperty("api_key").GetString()!;
        var key = minted.GetProperty("id").GetString();
        using var agent = console.Client(secret);
        Assert.Equal(HttpStatusCode.OK, (await agent.PostAsync("/api/v1/heartbeat", null, Stop)).StatusCode);

        Assert.Equal("disabled", await StateAsync(await kurt.PostAsJsonAsync($"{keys}/{key}/disable", new { reason = "night" }, Stop)));
        var refused = await agent.PostAsync("/api/v1/heartbeat", null, Stop);
        Assert.Equal((HttpStatusCode.Unauthorized, "key_disabled"), (refused.StatusCode, await CodeAsync(refused)));
        Assert.Equal("active", await StateAsync(await kurt.PostAsync($"{keys}/{key}/enable", null, Stop)));
        Assert.Equal(
            "active",
            await StateAsync(await kurt.PutAsJsonAsync($"{keys}/{key}/expiry", new { expires_at = (string?)null }, Stop))
        );
        Assert.Equal("revoked", await StateAsync(await kurt.PostAsync($"{keys}/{key}/revoke", null, Stop)));
        Assert.Equal("key_state", await CodeAsync(await kurt.PostAsync($"{keys}/{key}/enable", null, Stop)));

        var all = await kurt.GetFromJsonAsync<JsonElement>("/api/v1/keys?state=revoked&q=MAIL", Stop);
        Assert.Equal("blue", Assert.Single(all.GetProperty("data").EnumerateArray()).GetProperty("name").GetString());
        foreach (var address in new[] { keys, $"{keys}/{key}", "/api/v1/keys", "/api/v1/agents/mailroom-1" })
            Assert.DoesNotContain(secret, await kurt.GetStringAsync(address, Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_of_others_do_not_exist_and_their_secrets_are_unknown()
    {
        await using var console = await ConsoleServer.StartAsync();
        var (_, secret) = await console.AgentAsync("mailroom-1");
        using var ines = console.Client(await console.TokenAsync(console.Cast.Ines));
        var id = (await ines.GetFromJsonAsync<JsonElement>("/api/v1/agents/mailroom-1/keys", Stop))
            .GetProperty("data")[0]
            .GetProperty("id")
            .GetString();
        foreach (var stranger in new[] { console.Cast.Sara, console.Cast.Gus, console.Cast.Nobody })
        {
            using var client = console.Client(await console.TokenAsync(stranger));
            Assert.Equal(
                HttpStatusCode.NotFound,
                (await client.PostAsync($"/api/v1/agents/mailroom-1/keys/{id}/revoke", null, Stop)).StatusCode
            );
            Assert.Empty((await client.GetFromJsonAsync<JsonElement>("/api/v1/keys", Stop)).GetProperty("data").EnumerateArray());
            var verdict = await JsonAsync(await client.PostAsJsonAsync("/api/v1/keys/verify", new { key = secret }, Stop));
            Assert.Equal((false, "key_unknown"), (verdict.GetProperty("valid").GetBoolean(), verdict.GetProperty("code").GetString()));
            Assert.Equal(JsonValueKind.Null, verdict.GetProperty("agent_id").ValueKind);
        }
        var good = await JsonAsync(await ines.PostAsJsonAsync("/api/v1/keys/verify", new { key = secret }, Stop));
        Assert.Equal(
            ("ok", id, 1),
            (good.GetProperty("code").GetString(), good.GetProperty("key_id").GetString(), good.GetProperty("key_version").GetInt32())
        );
    }

    [Theory]
    [InlineData("""{"key":"ak_live_nothing"}""", 200)]
    [InlineData("""{"other":[1,{"key":2}],"key":"ak\u005flive_x"}""", 200)]
    [InlineData("""{"key":""}""", 200)]
    [InlineData("""{"key":null}""", 400)]
    [InlineData("""{"key":"a","key":"b"}""", 400)]
    [InlineData("""{}""", 400)]
    [InlineData("""{"key":"a"} {}""", 400)]
    [InlineData("""["key"]""", 400)]
    [InlineData("""{"key":"\ud800"}""", 400)]
    [InlineData("", 400)]
    public async Task A_question_about_a_key_is_answered_or_its_fault_is_named(string body, int status)
    {
        await using var console = await ConsoleServer.StartAsync();
        using var client = console.Client(await console.TokenAsync(console.Cast.Victor, [TokenScopes.KeysVerify]));
        foreach (var repeatable in new[] { false, true })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/keys/verify")
            {
                Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json"),
            };
            if (repeatable)
                request.Headers.Add("Idempotency-Key", "k-1");
            var answer = await client.SendAsync(request, Stop);
            Assert.Equal(status, (int)answer.StatusCode);
            if (status == 200)
                Assert.Equal("key_unknown", (await JsonAsync(answer)).GetProperty("code").GetString());
        }
        using var large = await client.PostAsJsonAsync("/api/v1/keys/verify", new { key = new string('x', 9000) }, Stop);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        using var longer = await client.PostAsJsonAsync("/api/v1/keys/verify", new { key = new string('x', 600) }, Stop);
        Assert.Equal(HttpStatusCode.OK, longer.StatusCode);
    }

    [Theory, BothDatabases]
    public async Task A_leaked_key_is_dead_at_once_and_stands_in_no_log_and_no_trail(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        var (_, secret) = await console.AgentAsync("mailroom-1");
        using var nobody = console.Client();
        using var agent = console.Client(secret);

        var known = await nobody.PostAsJsonAsync("/api/v1/keys/report-leak", new { key = secret }, Stop);
        var unknown = await nobody.PostAsJsonAsync("/api/v1/keys/report-leak", new { key = "ak_live_other" }, Stop);

        Assert.Equal(await known.Content.ReadAsStringAsync(Stop), await unknown.Content.ReadAsStringAsync(Stop));
        Assert.Equal("key_disabled", await CodeAsync(await agent.PostAsync("/api/v1/heartbeat", null, Stop)));
        using var victor = console.Client(await console.TokenAsync(console.Cast.Victor));
        var raised = await victor.GetFromJsonAsync<JsonElement>("/api/v1/keys?leaked=true", Stop);
        Assert.Equal("disabled", Assert.Single(raised.GetProperty("data").EnumerateArray()).GetProperty("state").GetString());
        await console.Get<KeyRefusals>().StepAsync(Stop);
        await using var db = await console.Get<ConsoleStore>().ReadAsync(Stop);
        var trail = await db.TrailRecords.ToListAsync(Stop);
        Assert.Contains(trail, r => r.Action == "key.leak-reported");
        Assert.DoesNotContain(trail, r => $"{r.Before}{r.After}{r.Reason}{r.TargetLabel}".Contains(secret, StringComparison.Ordinal));
        Assert.DoesNotContain(console.Log.Lines, line => line.Contains(secret, StringComparison.Ordinal));
        Assert.True(await db.KeyRefusals.AnyAsync(r => r.Code == KeyCheck.Unknown, Stop));
    }

    [Theory, BothDatabases]
    public async Task A_minted_secret_is_replayed_to_who_asked_and_is_sealed_on_disk(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        await console.AgentAsync("mailroom-1");
        using var kurt = console.Client(await console.TokenAsync(console.Cast.Kurt));
        kurt.DefaultRequestHeaders.Add("Idempotency-Key", "mint-1");

        var first = await JsonAsync(await kurt.PostAsJsonAsync("/api/v1/agents/mailroom-1/keys", new { name = "a" }, Stop));
        var again = await JsonAsync(await kurt.PostAsJsonAsync("/api/v1/agents/mailroom-1/keys", new { name = "a" }, Stop));
        var other = await kurt.PostAsJsonAsync("/api/v1/agents/mailroom-1/keys", new { name = "b" }, Stop);

        var secret = first.GetProperty("api_key").GetString()!;
        Assert.Equal(secret, again.GetProperty("api_key").GetString());
        Assert.Equal("idempotency_key_reused", await CodeAsync(other));
        await using var db = await console.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(2, await db.AgentKeys.CountAsync(Stop));
        Assert.DoesNotContain(
            secret,
            System.Text.Encoding.UTF8.GetString((await db.StoredRetries.SingleAsync(Stop)).Body),
            StringComparison.Ordinal
        );
    }

    // From the text, which stays with the answer, so that one answer can be looked at twice.
    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) =>
        JsonElement.Parse(await answer.Content.ReadAsStringAsync(Stop));

    private static async Task<string?> CodeAsync(HttpResponseMessage answer) => (await JsonAsync(answer)).GetProperty("code").GetString();

    private static async Task<string?> StateAsync(HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await JsonAsync(answer)).GetProperty("versions")[0].GetProperty("state").GetString();
    }
}
