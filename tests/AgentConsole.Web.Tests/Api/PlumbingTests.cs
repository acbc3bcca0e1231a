using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Web.Tests.Api;

/// <summary>What every door does before the service is asked.</summary>
public sealed class PlumbingTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task A_write_sent_twice_with_one_idempotency_key_happens_once_and_another_body_is_refused(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        var (_, secret) = await console.AgentAsync("mailroom-1");
        using var client = console.Client(secret);

        var first = await PostAsync(client, "/api/v1/runs", """{"status":"completed","summary":"one"}""", "k-1");
        var again = await PostAsync(client, "/api/v1/runs", """{"status":"completed","summary":"one"}""", "k-1");
        var other = await PostAsync(client, "/api/v1/runs", """{"status":"completed","summary":"two"}""", "k-1");
        var twins = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => PostAsync(client, "/api/v1/runs", """{"status":"failed"}""", "k-2"))
        );

        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        Assert.Equal(HttpStatusCode.Created, again.StatusCode);
        Assert.Equal(await first.Content.ReadAsStringAsync(Stop), await again.Content.ReadAsStringAsync(Stop));
        Assert.Equal(first.Headers.Location, again.Headers.Location);
        Assert.Equal("true", again.Headers.GetValues("Idempotency-Replayed").Single());
        Assert.Equal("idempotency_key_reused", await CodeAsync(other, HttpStatusCode.Conflict));
        var ids = new HashSet<string?>();
        foreach (var twin in twins)
        {
            Assert.Equal(HttpStatusCode.Created, twin.StatusCode);
            ids.Add((await twin.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("id").GetString());
        }
        Assert.Single(ids);
        await using var db = await console.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(2, await db.Set<Core.Runs.Run>().CountAsync(Stop));
        Assert.All(
            await db.StoredRetries.ToListAsync(Stop),
            r => Assert.DoesNotContain("mailroom", Encoding.UTF8.GetString(r.Body), StringComparison.Ordinal)
        ); // sealed
    }

    [Fact]
    public async Task Who_is_unknown_gets_401_with_the_reason_and_who_lacks_a_scope_403()
    {
        await using var console = await ConsoleServer.StartAsync();
        var (_, secret) = await console.AgentAsync("mailroom-1");
        var token = await console.TokenAsync(console.Cast.Ines, [TokenScopes.AgentsRead]);

        Assert.Equal(
            "sign_in_required",
            await CodeAsync(await PostAsync(console.Client(), "/api/v1/runs", "{}"), HttpStatusCode.Unauthorized)
        );
        Assert.Equal(
            "key_unknown",
            await CodeAsync(await PostAsync(console.Client(secret[..^1] + "_"), "/api/v1/runs", "{}"), HttpStatusCode.Unauthorized)
        );
        Assert.Equal(
            "scope_missing",
            await CodeAsync(await PostAsync(console.Client(token), "/api/v1/runs", "{"), HttpStatusCode.Forbidden)
        );
        Assert.Equal(
            "token_required",
            await CodeAsync(await PostAsync(console.Browser(console.Cast.Ines), "/api/v1/runs", "{}"), HttpStatusCode.Unauthorized)
        );
        Assert.Equal("invalid", await CodeAsync(await PostAsync(console.Client(secret), "/api/v1/runs", "{"), HttpStatusCode.BadRequest));

        await console.Get<RefusalRecorder>().StepAsync(Stop);
        await using var db = await console.Get<ConsoleStore>().ReadAsync(Stop);
        var refused = await db.TrailRecords.SingleAsync(r => r.Action == "access.refused", Stop);
        Assert.Equal(console.Cast.Ines.Id, refused.ActorId);
        Assert.Equal(TrailOutcome.Refused, refused.Outcome);
    }

    [Theory]
    [InlineData("{\"status\":", "status")]
    [InlineData("[]", "body")]
    [InlineData("null", "body")]
    [InlineData("{\"status\":7}", "status")]
    [InlineData("{\"status\":\"runing\"}", "status")]
    [InlineData("{\"status\":\"completed\",\"duration_ms\":\"fast\"}", "duration_ms")]
    [InlineData("{\"status\":\"completed\",\"duration_ms\":1e99}", "duration_ms")]
    [InlineData("{\"status\":\"completed\",\"summary\":\"a\\u0000b\"}", "summary")]
    [InlineData("{\"status\":\"completed\",\"model\":\"a\\u202Eb\"}", "model")]
    [InlineData("{\"status\":\"completed\",\"summary\":\"\\ud800\"}", "summary")]
    [InlineData("{\"status\":\"completed\",\"metadata\":[1]}", "metadata")]
    [InlineData("{\"status\":\"completed\",\"metadata\":{\"a\":\"\\ud800\"}}", "metadata")]
    [InlineData("{\"status\":\"completed\",\"cost\":\"-1\"}", "cost")]
    [InlineData("{\"status\":\"completed\",\"cost\":{}}", "cost")]
    [InlineData("{\"status\":\"completed\",\"started_at\":\"yesterday\"}", "started_at")]
    [InlineData("{\"status\":\"completed\",\"started_at\":\"9999-12-31T23:59:59Z\"}", "started_at")]
    [InlineData("{\"status\":\"completed\",\"ended_at\":\"0001-01-01T00:00:00Z\"}", "ended_at")]
    [InlineData("{\"status\":\"completed\",\"external_id\":\"run_7\"}", "external_id")]
    [InlineData("{\"status\":\"completed\",\"status\":\"failed\"}", "status")]
    public async Task Bad_input_gets_an_answer_that_names_the_field(string body, string field)
    {
        await using var console = await ConsoleServer.StartAsync();
        var (_, secret) = await console.AgentAsync("mailroom-1");

        var answer = await PostAsync(console.Client(secret), "/api/v1/runs", body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(Stop);
        Assert.Contains(field, problem.GetProperty("errors").EnumerateObject().Select(e => e.Name));
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_deep_nesting_and_large_bodies_are_refused()
    {
        await using var console = await ConsoleServer.StartAsync();
        var (_, secret) = await console.AgentAsync("mailroom-1");
        using var client = console.Client(secret);
        var invalid = new ByteArrayContent([.. "{\"status\":\"completed\",\"summary\":\""u8, 0xC3, 0x28, .. "\"}"u8]);
        invalid.Headers.ContentType = new("application/json");
        var deep = "{\"status\":\"completed\",\"metadata\":" + string.Concat(Enumerable.Repeat("{\"a\":", 60)) + "1" + new string('}', 61);

        Assert.Equal(HttpStatusCode.BadRequest, (await client.PostAsync("/api/v1/runs", invalid, Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(client, "/api/v1/runs", deep)).StatusCode);
        // Refused by its length, before it is read: who asks first need not send it, and who does not may find the connection closed.
        client.DefaultRequestHeaders.ExpectContinue = true;
        Assert.Equal(
            "body_too_large",
            await CodeAsync(
                await PostAsync(client, "/api/v1/runs", "{\"summary\":\"" + new string('x', 1 << 20) + "\"}"),
                HttpStatusCode.RequestEntityTooLarge
            )
        );
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string path, string body, string? idempotencyKey = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        return client.SendAsync(request, Stop);
    }

    private static async Task<string?> CodeAsync(HttpResponseMessage answer, HttpStatusCode expected)
    {
        Assert.Equal(expected, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("code").GetString();
    }
}
