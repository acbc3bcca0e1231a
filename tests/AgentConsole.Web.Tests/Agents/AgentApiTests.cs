using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace AgentConsole.Web.Tests.Agents;

public sealed class AgentApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task An_agent_is_registered_read_changed_paused_deleted_and_restored(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        using var ines = console.Client(await console.TokenAsync(console.Cast.Ines));

        var made = await ines.PostAsJsonAsync(
            "/api/v1/agents",
            new
            {
                slug = "mailroom-1",
                team = "payments",
                key = true,
            },
            Stop
        );
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var agent = await JsonAsync(made);
        var id = agent.GetProperty("id").GetString();
        Assert.Equal($"/api/v1/agents/{id}", made.Headers.Location!.ToString());
        Assert.StartsWith(
            agent.GetProperty("api_key_prefix").GetString()!,
            agent.GetProperty("api_key").GetString(),
            StringComparison.Ordinal
        );

        var read = await ines.GetAsync("/api/v1/agents/mailroom-1", Stop);
        Assert.False((await JsonAsync(read)).TryGetProperty("api_key", out _));
        Assert.Equal("\"1\"", read.Headers.ETag!.Tag);
        Assert.Equal(HttpStatusCode.PreconditionRequired, (await PatchAsync(ines, id, """{"display_name":"Mail"}""", null)).StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await PatchAsync(ines, id, """{"display_name":"Mail"}""", "\"9\"")).StatusCode);
        var changed = await PatchAsync(ines, id, """{"display_name":"Mail"}""", "\"1\"");
        Assert.Equal(("\"2\"", "Mail"), (changed.Headers.ETag!.Tag, (await JsonAsync(changed)).GetProperty("display_name").GetString()));

        Assert.Equal("paused", await LifecycleAsync(await ines.PostAsync($"/api/v1/agents/{id}/pause", null, Stop)));
        using var mailroom = console.Client(agent.GetProperty("api_key").GetString());
        var refused = await mailroom.PostAsync("/api/v1/heartbeat", null, Stop);
        Assert.Equal((HttpStatusCode.Forbidden, "agent_paused"), (refused.StatusCode, await CodeAsync(refused)));
        Assert.Equal("registered", await LifecycleAsync(await ines.PostAsync($"/api/v1/agents/{id}/resume", null, Stop)));
        Assert.Equal("deleted", await LifecycleAsync(await ines.DeleteAsync($"/api/v1/agents/mailroom-1?reason=done", Stop)));
        Assert.Equal(HttpStatusCode.NotFound, (await ines.GetAsync("/api/v1/agents/mailroom-1", Stop)).StatusCode);
        var gone = await mailroom.PostAsync("/api/v1/heartbeat", null, Stop);
        Assert.Equal((HttpStatusCode.Unauthorized, "agent_deleted"), (gone.StatusCode, await CodeAsync(gone)));
        Assert.Equal("registered", await LifecycleAsync(await ines.PostAsync($"/api/v1/agents/{id}/restore", null, Stop)));
        var taken = await ines.PostAsJsonAsync("/api/v1/agents", new { slug = "mailroom-1", team = "payments" }, Stop);
        Assert.Equal((HttpStatusCode.Conflict, "slug_taken"), (taken.StatusCode, await CodeAsync(taken)));
    }

    [Fact]
    public async Task A_list_keeps_its_tag_until_something_it_shows_changes_and_nobody_gets_anothers_answer()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var ines = console.Client(await console.TokenAsync(console.Cast.Ines));
        using var sara = console.Client(await console.TokenAsync(console.Cast.Sara));
        using var gus = console.Client(await console.TokenAsync(console.Cast.Gus));
        var made = await JsonAsync(
            await ines.PostAsJsonAsync(
                "/api/v1/agents",
                new
                {
                    slug = "mailroom-1",
                    team = "payments",
                    key = true,
                },
                Stop
            )
        );
        const string address = "/api/v1/agents?limit=50";

        var first = await ines.GetAsync(address, Stop);
        var tag = first.Headers.ETag!;
        Assert.Equal(HttpStatusCode.NotModified, (await IfNoneMatchAsync(ines, address, tag)).StatusCode);
        Assert.Equal("mailroom-1", (await JsonAsync(first)).GetProperty("data")[0].GetProperty("slug").GetString());
        foreach (var stranger in new[] { sara, gus })
            Assert.Equal(0, (await stranger.GetFromJsonAsync<JsonElement>(address, Stop)).GetProperty("data").GetArrayLength());

        using (var mailroom = console.Client(made.GetProperty("api_key").GetString()))
        {
            Assert.Equal(HttpStatusCode.OK, (await mailroom.PostAsync("/api/v1/heartbeat", null, Stop)).StatusCode);
            Assert.Equal(1, (await mailroom.GetFromJsonAsync<JsonElement>(address, Stop)).GetProperty("data").GetArrayLength());
        }
        var heard = await IfNoneMatchAsync(ines, address, tag);
        Assert.Equal(HttpStatusCode.OK, heard.StatusCode);
        Assert.Equal("live", (await JsonAsync(heard)).GetProperty("data")[0].GetProperty("liveness").GetString());
        await ines.PostAsync("/api/v1/agents/mailroom-1/pause", null, Stop);
        Assert.Equal(HttpStatusCode.OK, (await IfNoneMatchAsync(ines, address, heard.Headers.ETag!)).StatusCode);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=x", "limit")]
    [InlineData("cursor=x", "cursor")]
    [InlineData("liveness=dead", "liveness")]
    [InlineData("sort=random", "sort")]
    [InlineData("deleted=maybe", "deleted")]
    [InlineData("q=a%00b", "q")]
    [InlineData("q=a&q=b", "q")]
    public async Task Nonsense_in_the_query_is_named(string query, string field)
    {
        await using var console = await ConsoleServer.StartAsync();
        using var victor = console.Client(await console.TokenAsync(console.Cast.Victor));
        var answer = await victor.GetAsync("/api/v1/agents?" + query, Stop);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(field, Assert.Single((await JsonAsync(answer)).GetProperty("errors").EnumerateObject()).Name);
    }

    [Theory, BothDatabases]
    public async Task A_bulk_file_sent_twice_with_one_idempotency_key_hands_its_keys_out_again_and_no_new_ones(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        using var ines = console.Client(await console.TokenAsync(console.Cast.Ines));
        const string csv = "slug,team\nmailroom-1,payments\nmailroom-2,payments\n";

        var plan = await JsonAsync(await CsvAsync(ines, csv, "?dry_run=true", null));
        var first = await CsvAsync(ines, csv, "", "k-1");
        var again = await CsvAsync(ines, csv, "", "k-1");
        var later = await JsonAsync(await CsvAsync(ines, csv, "", "k-2"));
        var bad = await CsvAsync(ines, "slug,team\nok,payments\nNOT OK,payments\n", "", null);

        Assert.Equal((2, true), (plan.GetProperty("created").GetInt32(), plan.GetProperty("dry_run").GetBoolean()));
        Assert.Equal(await first.Content.ReadAsStringAsync(Stop), await again.Content.ReadAsStringAsync(Stop));
        Assert.All(
            (await JsonAsync(first)).GetProperty("results").EnumerateArray(),
            r => Assert.StartsWith("ak_live_", r.GetProperty("api_key").GetString(), StringComparison.Ordinal)
        );
        Assert.Equal(2, later.GetProperty("unchanged").GetInt32());
        Assert.Equal((HttpStatusCode.BadRequest, "rows_failed"), (bad.StatusCode, await CodeAsync(bad)));
        Assert.Equal("line 3: slug", Assert.Single((await JsonAsync(bad)).GetProperty("errors").EnumerateObject()).Name);
        Assert.Equal(HttpStatusCode.NotFound, (await ines.GetAsync("/api/v1/agents/ok", Stop)).StatusCode);
    }

    [Fact]
    public async Task Whatever_is_sent_is_never_a_fault()
    {
        await using var console = await ConsoleServer.StartAsync();
        var (_, key) = await console.AgentAsync("mailroom-1");
        using var olga = console.Client(await console.TokenAsync(console.Cast.Olga));
        using var mailroom = console.Client(key);
        string[] bodies =
        [
            "",
            "{",
            "null",
            "[]",
            "7",
            "\"text\"",
            """{"slug":7}""",
            """{"slug":"x","slug":"y"}""",
            """{"slug":"a b","metadata":7,"tags":{},"scopes":[]}""",
            """{"slug":"ok1","metadata":{"a":"\u0000"}}""",
            """{"slug":"ok2","display_name":"\ud800"}""",
            """{"slug":"ok3","metadata":{"a":1e999}}""",
            """{"version":"\u0000","instance_id":[],"key_version":99999999999,"expires_at":"never","ttl_days":1.5,"key":{}}""",
            new string('[', 200) + new string(']', 200),
            "{\"slug\":\"" + new string('a', 10_000) + "\"}",
        ];
        string[] doors =
        [
            "POST /api/v1/agents",
            "POST /api/v1/agents/bulk",
            "PATCH /api/v1/agents/mailroom-1",
            "POST /api/v1/agents/mailroom-1/keys",
            "POST /api/v1/agents/mailroom-1/keys/key_0/disable",
            "POST /api/v1/keys/verify",
            "POST /api/v1/keys/report-leak",
            "POST /api/v1/heartbeat",
        ];
        var faults = new List<string>();
        foreach (var door in doors)
        {
            var (method, path) = (door.Split(' ')[0], door.Split(' ')[1]);
            foreach (var bytes in bodies.Select(Encoding.UTF8.GetBytes).Append([0x7B, 0x22, 0xC3, 0x28, 0x22, 0x7D]))
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new ByteArrayContent(bytes) };
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                request.Headers.TryAddWithoutValidation("If-Match", "\"1\"");
                var answer = await (path.EndsWith("heartbeat", StringComparison.Ordinal) ? mailroom : olga).SendAsync(request, Stop);
                if ((int)answer.StatusCode >= 500)
                    faults.Add($"{door} {Encoding.UTF8.GetString(bytes)[..Math.Min(40, bytes.Length)]}: {answer.StatusCode}");
            }
        }
        Assert.Empty(faults);
        Assert.DoesNotContain(console.Log.Lines, line => line.Contains(key, StringComparison.Ordinal));
    }

    private static Task<HttpResponseMessage> PatchAsync(HttpClient client, string? id, string body, string? tag)
    {
        var request = new HttpRequestMessage(HttpMethod.Patch, $"/api/v1/agents/{id}")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        if (tag is not null)
            request.Headers.TryAddWithoutValidation("If-Match", tag);
        return client.SendAsync(request, Stop);
    }

    private static Task<HttpResponseMessage> IfNoneMatchAsync(HttpClient client, string address, EntityTagHeaderValue tag)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.IfNoneMatch.Add(tag);
        return client.SendAsync(request, Stop);
    }

    private static Task<HttpResponseMessage> CsvAsync(HttpClient client, string csv, string query, string? key)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/agents/bulk" + query)
        {
            Content = new StringContent(csv, Encoding.UTF8, "text/csv"),
        };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return client.SendAsync(request, Stop);
    }

    // From the text, which stays with the answer, so that one answer can be looked at twice.
    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) =>
        JsonElement.Parse(await answer.Content.ReadAsStringAsync(Stop));

    private static async Task<string?> CodeAsync(HttpResponseMessage answer) => (await JsonAsync(answer)).GetProperty("code").GetString();

    private static async Task<string?> LifecycleAsync(HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await JsonAsync(answer)).GetProperty("lifecycle").GetString();
    }
}
