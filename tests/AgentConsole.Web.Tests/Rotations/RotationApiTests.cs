using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Trail;
using AgentConsole.Web.Api;
using AgentConsole.Web.Tests.Isolation;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Rotations;

public sealed class RotationApiTests
{
    private const string Rotate = "/api/v1/agents/mailroom-1/rotations";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task A_rotation_goes_from_created_to_completed_over_the_api(Database database)
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var console = await ConsoleServer.StartAsync(database, clock);
        var (_, first) = await console.AgentAsync("mailroom-1");
        using var kurt = console.Client(await console.TokenAsync(console.Cast.Kurt));
        await CallAsync(console, first, "blue");

        var made = await kurt.PostAsJsonAsync(Rotate, new { ttl_days = 30, reason = "Yearly" }, Stop);
        var rotation = await JsonAsync(made);
        var id = rotation.GetProperty("id").GetString()!;
        var secret = rotation.GetProperty("api_key").GetString()!;
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.Equal($"/api/v1/rotations/{id}", made.Headers.Location!.ToString());
        Assert.StartsWith("rot_", id, StringComparison.Ordinal);
        Assert.StartsWith("ak_live_", secret, StringComparison.Ordinal);
        Assert.Equal("issued", rotation.GetProperty("state").GetString());
        Assert.Equal(86_400, rotation.GetProperty("grace_seconds").GetInt32());
        Assert.Equal(
            clock.GetUtcNow().AddDays(1),
            rotation.GetProperty("old_key_expires_at").GetDateTimeOffset(),
            TimeSpan.FromMilliseconds(1)
        );
        Assert.Equal(clock.GetUtcNow().AddDays(30), rotation.GetProperty("expires_at").GetDateTimeOffset(), TimeSpan.FromMilliseconds(1));
        Assert.Equal("blue", Assert.Single(rotation.GetProperty("callers").EnumerateArray()).GetProperty("instance").GetString());

        string Act(string name) => $"/api/v1/rotations/{id}/{name}";
        Assert.Equal("observing", await StateAsync(await kurt.PostAsJsonAsync(Act("acknowledge"), new { last_four = secret[^4..] }, Stop)));
        Assert.Equal("rotation_not_ready", await CodeAsync(await kurt.PostAsync(Act("disable-old"), null, Stop)));
        await CallAsync(console, secret, "blue");
        for (var i = 0; i < 3; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(6));
            await console.Get<RotationWatch>().StepAsync(Stop);
        }
        Assert.Equal("ready", await StateAsync(await kurt.GetAsync($"/api/v1/rotations/{id}", Stop)));
        Assert.Equal("old-disabled", await StateAsync(await kurt.PostAsync(Act("disable-old"), null, Stop)));
        using var late = console.Client(first);
        Assert.Equal("key_disabled", await CodeAsync(await late.PostAsync("/api/v1/heartbeat", null, Stop)));
        await console.Get<KeyRefusals>().StepAsync(Stop);
        var knock = Assert.Single(
            (await JsonAsync(await kurt.GetAsync($"/api/v1/rotations/{id}", Stop))).GetProperty("knocks").EnumerateArray()
        );
        Assert.Equal(("127.0.0.1", "key_disabled"), (knock.GetProperty("address").GetString(), knock.GetProperty("code").GetString()));
        Assert.Equal("observing", await StateAsync(await kurt.PostAsync(Act("enable-old"), null, Stop)));
        Assert.Equal("ready", await StateAsync(await kurt.PostAsJsonAsync(Act("override"), new { reason = "night" }, Stop)));
        Assert.Equal("completed", await StateAsync(await kurt.PostAsync(Act("complete"), null, Stop)));
        Assert.Equal("key_revoked", await CodeAsync(await late.PostAsync("/api/v1/heartbeat", null, Stop)));

        foreach (var address in new[] { $"/api/v1/rotations/{id}", "/api/v1/rotations", Act("callers"), Act("minutes") })
            Assert.DoesNotContain(secret, await kurt.GetStringAsync(address, Stop), StringComparison.Ordinal);
        await using var db = await console.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.DoesNotContain(
            await db.TrailRecords.ToListAsync(Stop),
            r => $"{r.Before}{r.After}{r.Reason}{r.TargetLabel}".Contains(secret, StringComparison.Ordinal)
        );
        Assert.DoesNotContain(console.Log.Lines, line => line.Contains(secret, StringComparison.Ordinal));
    }

    [Theory, BothDatabases]
    public async Task One_idempotency_key_never_issues_a_second_secret_and_shows_the_first_until_it_is_acknowledged(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        await console.AgentAsync("mailroom-1");
        var token = await console.TokenAsync(console.Cast.Kurt);

        var twins = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => SendAsync(console, token, Rotate, "{}", "rot-1")));
        var rotation = await JsonAsync(twins[0]);
        var secret = rotation.GetProperty("api_key").GetString()!;
        foreach (var twin in twins)
        {
            Assert.Equal(HttpStatusCode.Created, twin.StatusCode);
            Assert.Equal(secret, (await JsonAsync(twin)).GetProperty("api_key").GetString());
        }
        Assert.Equal(2, await VersionsAsync(console));
        await using (var db = await console.Get<ConsoleStore>().ReadAsync(Stop))
            Assert.DoesNotContain(
                await db.StoredRetries.ToListAsync(Stop),
                r => Encoding.UTF8.GetString(r.Body).Contains(secret, StringComparison.Ordinal)
            );

        // Another credential, even of the same person, is another write: it never sees this secret.
        var other = await SendAsync(console, await console.TokenAsync(console.Cast.Kurt), Rotate, """{"grace_seconds":1}""", "rot-1");
        Assert.NotEqual(secret, (await JsonAsync(other)).GetProperty("api_key").GetString());
        // It took the first one's place; the first one's replay holds no secret that could be mistaken for a living one.
        var dead = await SendAsync(console, token, Rotate, "{}", "rot-1");
        Assert.Equal(JsonValueKind.Null, (await JsonAsync(dead)).GetProperty("api_key").ValueKind);

        var mine = await SendAsync(console, token, Rotate, "{}", "rot-2");
        var last = (await JsonAsync(mine)).GetProperty("api_key").GetString()!;
        var id = (await JsonAsync(mine)).GetProperty("id").GetString();
        var stored = await SendAsync(
            console,
            token,
            $"/api/v1/rotations/{id}/acknowledge",
            JsonSerializer.Serialize(new { last_four = last[^4..] }),
            "ack-1"
        );
        Assert.Equal(HttpStatusCode.OK, stored.StatusCode);
        var versions = await VersionsAsync(console);
        var replay = await SendAsync(console, token, Rotate, "{}", "rot-2");
        Assert.Equal((HttpStatusCode.Created, "true"), (replay.StatusCode, replay.Headers.GetValues("Idempotency-Replayed").Single()));
        Assert.Equal(id, (await JsonAsync(replay)).GetProperty("id").GetString());
        Assert.Equal(JsonValueKind.Null, (await JsonAsync(replay)).GetProperty("api_key").ValueKind);
        Assert.Equal(
            "idempotency_key_reused",
            await CodeAsync(await SendAsync(console, token, Rotate, """{"grace_seconds":5}""", "rot-2"))
        );
        Assert.Equal(versions, await VersionsAsync(console));
    }

    [Theory, BothDatabases]
    public async Task During_the_grace_every_door_takes_both_secrets(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        var (agent, old) = await console.AgentAsync("mailroom-1");
        using var kurt = console.Client(await console.TokenAsync(console.Cast.Kurt));
        var made = await JsonAsync(await kurt.PostAsync(Rotate, null, Stop));
        var secret = made.GetProperty("api_key").GetString()!;
        var run = (await JsonAsync(await SendAsync(console, old, "/api/v1/runs", """{"status":"running"}""")))
            .GetProperty("id")
            .GetString();
        var names = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["{agent}"] = IdText.Format(IdText.Agent, agent),
            ["{key}"] = made.GetProperty("key_id").GetString(),
            ["{rotation}"] = made.GetProperty("id").GetString(),
            ["{run}"] = run,
        };
        var open = console
            .Services.GetServices<EndpointDataSource>()
            .SelectMany(s => s.Endpoints)
            .Where(e => e.Metadata.GetMetadata<ApiAccess>() is { Anonymous: false })
            .ToDictionary(e => e.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName);
        var faults = new List<string>();
        var through = 0;
        foreach (var door in Doors.All.Where(d => open.ContainsKey(d.Operation)))
        {
            var path = names.Aggregate(door.Path, (text, name) => text.Replace(name.Key, name.Value, StringComparison.Ordinal));
            var answers = new List<HttpStatusCode>();
            foreach (var credential in new[] { old, secret })
            {
                var answer = await SendAsync(console, credential, path, door.Body, method: door.Method);
                if (answer.StatusCode is HttpStatusCode.Unauthorized or >= HttpStatusCode.InternalServerError)
                    faults.Add(
                        $"{door.Method} {door.Path}: {(int)answer.StatusCode} with the {(credential == old ? "old" : "new")} secret"
                    );
                answers.Add(answer.StatusCode);
                through += answer.IsSuccessStatusCode ? 1 : 0;
            }
            // 200 after 201 is the same report, made twice.
            if (answers[0] != answers[1] && !(answers[0] == HttpStatusCode.Created && answers[1] == HttpStatusCode.OK))
                faults.Add($"{door.Method} {door.Path}: {(int)answers[0]} with the old secret, {(int)answers[1]} with the new one");
        }
        // The doors of agents, and not only refusals.
        Assert.True(through > 20, $"{through} calls went through");
        Assert.Empty(faults);
        foreach (var credential in new[] { old, secret })
        {
            var verdict = await JsonAsync(await kurt.PostAsJsonAsync("/api/v1/keys/verify", new { key = credential }, Stop));
            Assert.True(verdict.GetProperty("valid").GetBoolean());
        }
    }

    [Fact]
    public async Task An_agent_rotates_itself_stores_the_secret_and_touches_nobody_elses_rotation()
    {
        await using var console = await ConsoleServer.StartAsync();
        var (_, secret) = await console.AgentAsync("mailroom-1");
        var (_, stranger) = await console.AgentAsync("reader-1");
        using var kurt = console.Client(await console.TokenAsync(console.Cast.Kurt));
        var key = (await JsonAsync(await kurt.GetAsync("/api/v1/agents/mailroom-1/keys", Stop)))
            .GetProperty("data")[0]
            .GetProperty("id")
            .GetString();

        Assert.Equal("self_rotation_off", await CodeAsync(await SendAsync(console, secret, "/api/v1/rotations", "{}")));
        var allowed = await kurt.PatchAsJsonAsync($"/api/v1/agents/mailroom-1/keys/{key}", new { self_rotation = true }, Stop);
        Assert.True((await JsonAsync(allowed)).GetProperty("self_rotation").GetBoolean());
        var own = await JsonAsync(await SendAsync(console, secret, "/api/v1/rotations", """{"grace_seconds":3600}""", "self-1"));
        var next = own.GetProperty("api_key").GetString()!;
        var again = await JsonAsync(await SendAsync(console, secret, "/api/v1/rotations", """{"grace_seconds":3600}""", "self-1"));
        Assert.Equal(next, again.GetProperty("api_key").GetString());
        Assert.Empty(own.GetProperty("callers").EnumerateArray());

        var id = own.GetProperty("id").GetString();
        var proof = JsonSerializer.Serialize(new { last_four = next[^4..] });
        Assert.Equal(
            "rotation_not_found",
            await CodeAsync(await SendAsync(console, stranger, $"/api/v1/rotations/{id}/acknowledge", proof))
        );
        Assert.Equal("observing", await StateAsync(await SendAsync(console, next, $"/api/v1/rotations/{id}/acknowledge", proof)));
        Assert.Equal("agents_not_allowed", await CodeAsync(await SendAsync(console, next, $"/api/v1/rotations/{id}/complete", "{}")));
        Assert.Equal("agents_not_allowed", await CodeAsync(await SendAsync(console, next, Rotate, "{}")));
        Assert.Equal("agents_not_allowed", await CodeAsync(await SendAsync(console, next, $"/api/v1/rotations/{id}", null, method: "GET")));
    }

    [Fact]
    public async Task Callers_are_told_apart_by_the_name_they_give_themselves_also_through_a_gateway()
    {
        await using var console = await ConsoleServer.StartAsync();
        var (_, secret) = await console.AgentAsync("mailroom-1");
        await CallAsync(console, secret, "blue");
        await CallAsync(console, secret, "green");
        await CallAsync(console, secret, new string('x', 121)); // no name: who it is says its user agent at its address
        await CallAsync(console, secret, null);
        using var gateway = console.Client(await console.TokenAsync(console.Cast.Kurt));
        gateway.DefaultRequestHeaders.Add(Credentials.InstanceHeader, "red");
        await gateway.PostAsJsonAsync("/api/v1/keys/verify", new { key = secret }, Stop);
        await console.Get<KeyUse>().StepAsync(Stop);

        var rotation = await JsonAsync(await gateway.PostAsync(Rotate, null, Stop));

        Assert.Equal(
            [null, "blue", "green", "red"],
            rotation
                .GetProperty("callers")
                .EnumerateArray()
                .Select(c => c.GetProperty("instance").GetString())
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task A_leak_told_by_a_person_answers_what_the_key_did()
    {
        await using var console = await ConsoleServer.StartAsync();
        var (_, secret) = await console.AgentAsync("mailroom-1");
        await CallAsync(console, secret, "blue");
        await SendAsync(console, secret, "/api/v1/runs", """{"status":"completed"}""");
        await console.Get<KeyUse>().StepAsync(Stop);
        using var kurt = console.Client(await console.TokenAsync(console.Cast.Kurt));
        var key = (await JsonAsync(await kurt.GetAsync("/api/v1/agents/mailroom-1/keys", Stop)))
            .GetProperty("data")[0]
            .GetProperty("id")
            .GetString();

        var leak = await JsonAsync(
            await kurt.PostAsJsonAsync($"/api/v1/agents/mailroom-1/keys/{key}/leaked", new { reason = "In a log" }, Stop)
        );

        Assert.Equal(1, leak.GetProperty("last_day").GetProperty("runs").GetInt32());
        Assert.Equal(2, leak.GetProperty("last_day").GetProperty("calls").GetInt32());
        Assert.Equal("planned", leak.GetProperty("rotation").GetProperty("state").GetString());
        Assert.Equal(JsonValueKind.Null, leak.GetProperty("rotation").GetProperty("api_key").ValueKind);
        var id = leak.GetProperty("rotation").GetProperty("id").GetString();
        var issued = await JsonAsync(await kurt.PostAsync($"/api/v1/rotations/{id}/issue", null, Stop));
        Assert.Equal(
            HttpStatusCode.OK,
            (await SendAsync(console, issued.GetProperty("api_key").GetString()!, "/api/v1/heartbeat", "{}")).StatusCode
        );
    }

    [Theory]
    [InlineData("""{"grace_seconds":-1}""", "grace_seconds")]
    [InlineData("""{"grace_seconds":2592001}""", "grace_seconds")]
    [InlineData("""{"grace_seconds":"day"}""", "grace_seconds")]
    [InlineData("""{"ttl_days":0}""", "ttl_days")]
    [InlineData("""{"sink":"nowhere"}""", "sink")]
    [InlineData("""{"key_id":"key_x"}""", "key_id")]
    [InlineData("""[]""", "body")]
    public async Task A_bad_wish_names_its_field_and_issues_nothing(string body, string field)
    {
        await using var console = await ConsoleServer.StartAsync();
        await console.AgentAsync("mailroom-1");
        var answer = await SendAsync(console, await console.TokenAsync(console.Cast.Kurt), Rotate, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.True((await JsonAsync(answer)).GetProperty("errors").TryGetProperty(field, out _));
        Assert.Equal(1, await VersionsAsync(console));
    }

    private static async Task CallAsync(ConsoleServer console, string secret, string? instance)
    {
        using var client = console.Client(secret);
        if (instance is not null)
            client.DefaultRequestHeaders.Add(Credentials.InstanceHeader, instance);
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync("/api/v1/heartbeat", null, Stop)).StatusCode);
        await console.Get<KeyUse>().StepAsync(Stop);
    }

    private static async Task<HttpResponseMessage> SendAsync(
        ConsoleServer console,
        string secret,
        string path,
        string? body,
        string? idempotencyKey = null,
        string method = "POST"
    )
    {
        using var client = console.Client(secret);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        var answer = await client.SendAsync(request, Stop);
        await answer.Content.LoadIntoBufferAsync(Stop);
        return answer;
    }

    private static async Task<int> VersionsAsync(ConsoleServer console)
    {
        await using var db = await console.Get<ConsoleStore>().ReadAsync(Stop);
        return await db.KeyVersions.CountAsync(Stop);
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) =>
        JsonElement.Parse(await answer.Content.ReadAsStringAsync(Stop));

    private static async Task<string?> CodeAsync(HttpResponseMessage answer) => (await JsonAsync(answer)).GetProperty("code").GetString();

    private static async Task<string?> StateAsync(HttpResponseMessage answer)
    {
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Stop));
        return (await JsonAsync(answer)).GetProperty("state").GetString();
    }
}
