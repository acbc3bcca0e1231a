using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AgentConsole.Core.Data;
using AgentConsole.Core.Runs;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Web.Tests.Runs;

/// <summary>Runs over REST, as an agent and as people's programs use them.</summary>
public sealed class RunApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task An_agent_reports_a_run_from_its_start_to_its_end_and_others_read_it(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        var (_, secret) = await console.AgentAsync("mailroom-1");
        using var agent = console.Client(secret);
        using var reader = console.Client(await console.TokenAsync(console.Cast.Victor));

        var created = await SendAsync(
            agent,
            "POST",
            "/api/v1/runs",
            """{"external_id":"job-7","status":"running","version":"1.4.0"}""",
            HttpStatusCode.Created
        );
        var updated = await SendAsync(agent, "POST", "/api/v1/runs", """{"external_id":"job-7","status":"waiting","unknown_field":1}""");
        var steps = await SendAsync(
            agent,
            "POST",
            "/api/v1/runs/job-7/events",
            """[{"kind":"tool-call","external_id":"1","name":"search"},{"kind":"decision","decision":"blocked"}]"""
        );
        var patched = await SendAsync(
            agent,
            "PATCH",
            "/api/v1/runs/job-7",
            """{"status":"completed","cost":"0.0000015","input_tokens":12}"""
        );
        var id = created.GetProperty("id").GetString()!;

        Assert.StartsWith("run_", id, StringComparison.Ordinal);
        Assert.Equal(id, updated.GetProperty("id").GetString());
        Assert.Equal(2, steps.GetProperty("created").GetInt32());
        Assert.Equal("0.000002", patched.GetProperty("cost").GetString()); // half-even
        var read = await SendAsync(reader, "GET", "/api/v1/runs/" + id);
        Assert.Equal(
            ("mailroom-1", "payments", "completed", 2),
            (Text(read, "agent"), Text(read, "team"), Text(read, "status"), read.GetProperty("event_count").GetInt32())
        );
        Assert.Equal(id, Text(await SendAsync(reader, "GET", "/api/v1/runs/job-7?agent=mailroom-1"), "id"));
        Assert.Equal(id, Text(await SendAsync(agent, "GET", "/api/v1/runs/job-7"), "id"));
        var events = await SendAsync(reader, "GET", $"/api/v1/runs/{id}/events?limit=1");
        Assert.Equal((1, true), (events.GetProperty("data").GetArrayLength(), events.GetProperty("has_more").GetBoolean()));
        var rest = await SendAsync(reader, "GET", $"/api/v1/runs/{id}/events?cursor={Text(events, "next_cursor")}");
        Assert.Equal("blocked", Text(rest.GetProperty("data")[0], "decision"));
        var list = await SendAsync(reader, "GET", "/api/v1/runs?agent=mailroom-1&status=completed,failed&since=1h&limit=5");
        Assert.Equal(id, Text(Assert.Single(list.GetProperty("data").EnumerateArray()), "id"));
        var stats = await SendAsync(reader, "GET", "/api/v1/agents/mailroom-1/stats?period=1h");
        Assert.Equal(
            (1, 1, "0.000002"),
            (
                stats.GetProperty("runs").GetProperty("total").GetInt32(),
                stats.GetProperty("decisions").GetProperty("blocked").GetInt32(),
                Text(stats, "cost")
            )
        );
        var fleet = await SendAsync(reader, "GET", "/api/v1/stats?team=payments");
        Assert.Equal("24h", Text(fleet, "period"));
        Assert.Equal(JsonValueKind.Array, fleet.GetProperty("unhealthy").ValueKind);
    }

    [Theory, BothDatabases]
    public async Task A_batch_may_be_an_array_or_lines_and_bad_rows_fail_alone(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        var (_, secret) = await console.AgentAsync("mailroom-1");
        using var agent = console.Client(secret);
        const string First = """{"external_id":"a","status":"completed"}""";
        const string Broken = """{"external_id":"b","status":""";
        const string Wrong = """{"external_id":"c","status":7}""";
        const string Deep = """{"external_id":"e","status":"completed","duration_ms":-1}""";

        var array = await SendAsync(agent, "POST", "/api/v1/runs/batch", $"[{First},{Wrong},null,{Deep},{{}}]");
        var lines = await SendAsync(agent, "POST", "/api/v1/runs/batch", $"{First}\n\n{Broken}\r\n{Wrong}\n", type: "application/x-ndjson");

        Assert.Equal(["created", "failed", "failed", "failed", "failed"], Outcomes(array));
        Assert.Equal((1, 0, 4), Counts(array));
        Assert.Equal(["updated", "failed", "failed"], Outcomes(lines));
        var problem = array.GetProperty("results")[3].GetProperty("problem");
        Assert.Equal(
            ("invalid", 400, 3),
            (
                Text(problem, "code"),
                problem.GetProperty("status").GetInt32(),
                array.GetProperty("results")[3].GetProperty("index").GetInt32()
            )
        );
        Assert.True(problem.GetProperty("errors").TryGetProperty("duration_ms", out _));
        await SendAsync(agent, "POST", "/api/v1/runs/batch", $"[{First},", HttpStatusCode.BadRequest);
        await SendAsync(agent, "POST", "/api/v1/runs/batch", "{}", HttpStatusCode.BadRequest);
        Assert.Equal((0, 0, 0), Counts(await SendAsync(agent, "POST", "/api/v1/runs/batch", "[]")));
        await using var db = await console.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(1, await db.Runs.CountAsync(Stop));
    }

    [Fact]
    public async Task Refusals_have_their_codes_in_the_agreed_order()
    {
        await using var console = await ConsoleServer.StartAsync();
        var (_, secret) = await console.AgentAsync("mailroom-1");
        var (_, foreign) = await console.AgentAsync("digger", console.Cast.Research);
        using var agent = console.Client(secret);
        using var other = console.Client(foreign);
        using var sara = console.Client(await console.TokenAsync(console.Cast.Sara));
        using var victor = console.Client(await console.TokenAsync(console.Cast.Victor));
        var run = Text(
            await SendAsync(agent, "POST", "/api/v1/runs", """{"external_id":"job-7","status":"completed"}""", HttpStatusCode.Created),
            "id"
        );

        await RefusedAsync(
            agent,
            "POST",
            "/api/v1/runs",
            """{"external_id":"job-7","status":"failed"}""",
            HttpStatusCode.Conflict,
            "run_finished"
        );
        await RefusedAsync(victor, "POST", "/api/v1/runs", """{"status":"completed"}""", HttpStatusCode.Forbidden, "agent_key_required");
        await RefusedAsync(victor, "GET", "/api/v1/runs/job-7", null, HttpStatusCode.BadRequest, "invalid");
        foreach (var stranger in (HttpClient[])[sara, other])
        {
            await RefusedAsync(stranger, "GET", $"/api/v1/runs/{run}", null, HttpStatusCode.NotFound, "run_not_found");
            await RefusedAsync(stranger, "GET", $"/api/v1/runs/{run}/events?limit=x", null, HttpStatusCode.NotFound, "run_not_found");
            await RefusedAsync(
                stranger,
                "GET",
                "/api/v1/agents/mailroom-1/stats?period=x",
                null,
                HttpStatusCode.NotFound,
                "agent_not_found"
            );
        }
        await RefusedAsync(sara, "GET", "/api/v1/stats?team=payments", null, HttpStatusCode.NotFound, "team_not_found");
        await RefusedAsync(other, "PATCH", $"/api/v1/runs/{run}", "{", HttpStatusCode.NotFound, "run_not_found");
        await RefusedAsync(other, "POST", $"/api/v1/runs/{run}/events", "{", HttpStatusCode.NotFound, "run_not_found");
        await RefusedAsync(victor, "GET", $"/api/v1/runs/{run}/events?limit=501", null, HttpStatusCode.BadRequest, "invalid");
        await RefusedAsync(victor, "GET", "/api/v1/runs?status=finished&since=soon&cursor=%00", null, HttpStatusCode.BadRequest, "invalid");
        await RefusedAsync(victor, "GET", "/api/v1/stats?period=1w", null, HttpStatusCode.BadRequest, "invalid");
    }

    [Theory, BothDatabases]
    public async Task Whatever_is_sent_is_answered_and_never_by_a_fault(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        var (_, secret) = await console.AgentAsync("mailroom-1");
        using var agent = console.Client(secret);
        await SendAsync(agent, "POST", "/api/v1/runs", """{"external_id":"job-7","status":"running"}""", HttpStatusCode.Created);
        var random = new Random(20260302);
        string[] members =
        [
            "external_id",
            "status",
            "started_at",
            "ended_at",
            "duration_ms",
            "version",
            "cost",
            "summary",
            "parent_run",
            "metadata",
            "kind",
            "at",
            "decision",
            "content",
            "parent",
        ];
        string[] values =
        [
            "null",
            "true",
            "-1",
            "0",
            "1e400",
            "9223372036854775808",
            "0.1",
            "\"\"",
            "\"\\u0000\"",
            "\"\\ud800\"",
            "\"\u202E\"",
            "{}",
            "[]",
            "[[]]",
            "\"completed\"",
            "\"lost\"",
            "\"job-7\"",
            "\"run_00000000000000000000000000\"",
            "\"2026-03-02T09:00:00Z\"",
            "\"0000-00-00T00:00:00Z\"",
            "\"9999-12-31T23:59:59.9999999Z\"",
            "\"log\"",
            "\"blocked\"",
            "{\"a\":{\"b\":1e-400}}",
        ];
        string[] paths = ["/api/v1/runs", "/api/v1/runs/batch", "/api/v1/runs/job-7/events"];
        string[] queries =
        [
            "q",
            "agent",
            "team",
            "status",
            "version",
            "since",
            "until",
            "min_duration_ms",
            "min_cost",
            "limit",
            "cursor",
            "period",
        ];
        string[] nonsense =
        [
            "%00",
            "%FF",
            "%E2%80%AE",
            "-1",
            "1e9",
            "lost,,failed",
            "9999-12-31T23:59:59Z",
            "%27%20OR%201%3D1",
            "eyJ9",
            "WyJydW5feCJd",
            "90d",
            new('x', 300),
            "job-7",
            "",
        ];

        for (var i = 0; i < 250; i++)
        {
            var body = "{" + string.Join(',', Enumerable.Range(0, random.Next(5)).Select(_ => $"\"{Pick(members)}\":{Pick(values)}")) + "}";
            if (random.Next(10) == 0)
                body = body[..random.Next(body.Length)];
            if (random.Next(3) == 0)
                body = $"[{body}]";
            await AnsweredAsync(agent, random.Next(5) == 0 ? "PATCH" : "POST", Pick(paths), body);
            await AnsweredAsync(agent, "PATCH", "/api/v1/runs/job-7", body);
            var query = string.Join('&', Enumerable.Range(0, random.Next(1, 4)).Select(_ => $"{Pick(queries)}={Pick(nonsense)}"));
            await AnsweredAsync(agent, "GET", $"/api/v1/runs?{query}", null);
            await AnsweredAsync(agent, "GET", $"/api/v1/runs/{Pick(nonsense)}?{query}", null);
            await AnsweredAsync(agent, "GET", $"/api/v1/stats?{query}", null);
            await AnsweredAsync(agent, "GET", $"/api/v1/agents/mailroom-1/stats?{query}", null);
        }
        Assert.True((await console.Get<RollupRebuild>().RunAsync(write: false, Stop)).Equal);
        Assert.DoesNotContain(console.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));

        string Pick(string[] some) => some[random.Next(some.Length)];
    }

    private static async Task AnsweredAsync(HttpClient client, string method, string path, string? body)
    {
        using var answer = await client.SendAsync(Request(method, path, body, "application/json"), Stop);
        Assert.True((int)answer.StatusCode < 500, $"{method} {path} {body}: {(int)answer.StatusCode}");
    }

    private static async Task<JsonElement> SendAsync(
        HttpClient client,
        string method,
        string path,
        string? body = null,
        HttpStatusCode expected = HttpStatusCode.OK,
        string type = "application/json"
    )
    {
        using var answer = await client.SendAsync(Request(method, path, body, type), Stop);
        Assert.True(expected == answer.StatusCode, $"{method} {path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync(Stop)}");
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Stop);
    }

    private static async Task RefusedAsync(
        HttpClient client,
        string method,
        string path,
        string? body,
        HttpStatusCode status,
        string code
    ) => Assert.Equal(code, Text(await SendAsync(client, method, path, body, status), "code"));

    private static HttpRequestMessage Request(string method, string path, string? body, string type) =>
        new(new HttpMethod(method), path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, type) };

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static IEnumerable<string> Outcomes(JsonElement batch) =>
        batch.GetProperty("results").EnumerateArray().Select(r => Text(r, "outcome"));

    private static (int, int, int) Counts(JsonElement batch) =>
        (batch.GetProperty("created").GetInt32(), batch.GetProperty("updated").GetInt32(), batch.GetProperty("failed").GetInt32());
}
