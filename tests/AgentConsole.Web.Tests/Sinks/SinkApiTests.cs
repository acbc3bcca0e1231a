using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Web.Tests.Sinks;

public sealed class SinkApiTests : IAsyncLifetime
{
    private static readonly string Signing = "whsec_" + Convert.ToBase64String(new byte[32]);
    private readonly string _root = Directory.CreateTempSubdirectory("agentconsole-test-").FullName;
    private ConsoleServer _console = null!;
    private HttpClient _kurt = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _console = await ConsoleServer.StartAsync(settings: new Dictionary<string, string?> { ["AgentConsole:Sinks:FileRoots:0"] = _root });
        _kurt = _console.Client(await _console.TokenAsync(_console.Cast.Kurt));
    }

    public async ValueTask DisposeAsync()
    {
        _kurt.Dispose();
        await _console.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task A_sink_is_made_tested_used_by_a_rotation_changed_and_deleted_and_its_credential_is_in_no_answer()
    {
        var made = await _kurt.PostAsJsonAsync("/api/v1/sinks", Files("Keys"), Stop);
        var sink = await JsonAsync(made);
        var id = sink.GetProperty("id").GetString()!;
        Assert.Equal((HttpStatusCode.Created, $"/api/v1/sinks/{id}"), (made.StatusCode, made.Headers.Location!.ToString()));
        Assert.Equal(($"{_root}/{{team}}/{{agent}}.env", "untried"), (Text(sink, "target"), Text(sink, "state")));
        Assert.StartsWith("snk_", id, StringComparison.Ordinal);

        var tested = await JsonAsync(await _kurt.PostAsync($"/api/v1/sinks/{id}/test", null, Stop));
        Assert.True(tested.GetProperty("delivered").GetBoolean());
        Assert.Equal("ok", Text(await JsonAsync(await _kurt.GetAsync($"/api/v1/sinks/{id}", Stop)), "state"));

        await _console.AgentAsync("mailroom-1");
        var rotation = await JsonAsync(await _kurt.PostAsJsonAsync("/api/v1/agents/mailroom-1/rotations", new { sink = "Keys" }, Stop));
        Assert.Equal(("observing", JsonValueKind.Null), (Text(rotation, "state"), rotation.GetProperty("api_key").ValueKind));
        var line = await File.ReadAllTextAsync(Path.Combine(_root, "payments", "mailroom-1.env"), Stop);
        Assert.Equal(KeyCheck.Ok, _console.Get<KeyIndex>().Check(line["AGENT_KEY=".Length..].Trim()).Code);

        Assert.Equal(
            "if_match_required",
            await CodeAsync(await _kurt.PatchAsJsonAsync($"/api/v1/sinks/{id}", new { name = "Other" }, Stop))
        );
        Assert.Equal("changed_meanwhile", await CodeAsync(await ChangeAsync(id, 7, new { name = "Other" })));
        var changed = await ChangeAsync(id, 1, new { name = "Other", file = new { format = "json" } });
        Assert.Equal("\"2\"", changed.Headers.ETag!.Tag);
        Assert.Equal("json", Text((await JsonAsync(changed)).GetProperty("file"), "format"));

        Assert.Equal(HttpStatusCode.NoContent, (await _kurt.DeleteAsync($"/api/v1/sinks/{id}", Stop)).StatusCode);
        Assert.Equal("sink_not_found", await CodeAsync(await _kurt.GetAsync($"/api/v1/sinks/{id}", Stop)));
        await using var db = await _console.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(
            ["sink.created", "sink.tested", "sink.delivered", "sink.changed", "sink.deleted"],
            await db.TrailRecords.Where(r => r.TargetKind == "sink").OrderBy(r => r.Seq).Select(r => r.Action).ToListAsync(Stop)
        );
    }

    [Fact]
    public async Task What_a_credential_is_stands_in_no_answer_no_list_no_trail_and_no_log()
    {
        var body = new
        {
            team = "payments",
            name = "Receiver",
            kind = "webhook",
            webhook = new { url = "https://receiver.example/keys" },
            credential = Signing,
        };
        var made = await _kurt.PostAsJsonAsync("/api/v1/sinks", body, Stop);
        Assert.Equal("name_taken", await CodeAsync(await _kurt.PostAsJsonAsync("/api/v1/sinks", body, Stop)));

        var id = Text(await JsonAsync(made), "id");
        foreach (
            var text in new[]
            {
                await made.Content.ReadAsStringAsync(Stop),
                await _kurt.GetStringAsync("/api/v1/sinks", Stop),
                await _kurt.GetStringAsync($"/api/v1/sinks/{id}", Stop),
            }
        )
        {
            Assert.DoesNotContain(Signing, text, StringComparison.Ordinal);
            Assert.Contains("credential_set_at", text, StringComparison.Ordinal);
        }
        await using var db = await _console.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.DoesNotContain(
            await db.TrailRecords.ToListAsync(Stop),
            r => $"{r.Before}{r.After}".Contains(Signing, StringComparison.Ordinal)
        );
        Assert.DoesNotContain(_console.Log.Lines, l => l.Contains(Signing, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"team":"payments","name":"x","kind":"file","file":{"root":"/etc","path":"{agent}"}}""", "file.root")]
    [InlineData("""{"team":"payments","name":"x","kind":"file","file":{"path":"../{agent}"}}""", "file.path")]
    [InlineData("""{"team":"payments","name":"x","kind":"file","file":{"path":"one-for-all.env"}}""", "file.path")]
    [InlineData("""{"team":"payments","name":"x","kind":"file","file":{"path":"{agent}"},"credential":"x"}""", "credential")]
    [InlineData(
        """{"team":"payments","name":"x","kind":"webhook","webhook":{"url":"http://receiver.example/keys"},"credential":"whsec_short"}""",
        "webhook.url"
    )]
    [InlineData(
        """{"team":"payments","name":"x","kind":"webhook","webhook":{"url":"https://u:p@receiver.example/"},"credential":"whsec_short"}""",
        "credential"
    )]
    [InlineData("""{"team":"payments","name":"x","kind":"webhook","webhook":{"url":"https://169.254.169.254/"}}""", "webhook.url")]
    [InlineData(
        """{"team":"payments","name":"x","kind":"vault","vault":{"address":"https://vault.example/v1","path":"{agent}","field":"agent"}}""",
        "vault.field"
    )]
    [InlineData("""{"team":"payments","name":"x","kind":"drawer"}""", "kind")]
    [InlineData("""{"team":"payments","kind":"file"}""", "name")]
    public async Task A_bad_wish_is_refused_by_its_field_and_nothing_is_made(string body, string field)
    {
        using var content = new StringContent(body, new MediaTypeHeaderValue("application/json"));
        var refused = await _kurt.PostAsync("/api/v1/sinks", content, Stop);

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.True(
            (await JsonAsync(refused)).GetProperty("errors").TryGetProperty(field, out _),
            await refused.Content.ReadAsStringAsync(Stop)
        );
        Assert.Empty((await JsonAsync(await _kurt.GetAsync("/api/v1/sinks", Stop))).GetProperty("data").EnumerateArray());
    }

    [Fact]
    public async Task A_rotation_into_a_sink_that_fails_hands_the_secret_to_nobody_and_leaves_the_old_one_valid()
    {
        await _kurt.PostAsJsonAsync("/api/v1/sinks", Files("Keys"), Stop);
        var (_, secret) = await _console.AgentAsync("mailroom-1");
        await File.WriteAllTextAsync(Path.Combine(_root, "payments"), "a file where a folder should be", Stop);

        var rotation = await JsonAsync(await _kurt.PostAsJsonAsync("/api/v1/agents/mailroom-1/rotations", new { sink = "Keys" }, Stop));

        Assert.Equal(("issued", JsonValueKind.Null), (Text(rotation, "state"), rotation.GetProperty("api_key").ValueKind));
        Assert.Contains("'payments' is a link, or no folder", Text(rotation, "failure"), StringComparison.Ordinal);
        Assert.Equal(KeyCheck.Ok, _console.Get<KeyIndex>().Check(secret).Code);
        var sink = (await JsonAsync(await _kurt.GetAsync("/api/v1/sinks", Stop))).GetProperty("data")[0];
        Assert.Equal(("failing", "sink_link_met"), (Text(sink, "state"), Text(sink, "last_code")));

        File.Delete(Path.Combine(_root, "payments"));
        var again = await _kurt.PostAsync($"/api/v1/rotations/{Text(rotation, "id")}/reissue", null, Stop);
        Assert.Equal("observing", Text(await JsonAsync(again), "state"));
    }

    [Fact]
    public async Task A_sink_of_the_organization_is_made_by_who_manages_it_and_serves_every_team()
    {
        Assert.Equal("role_missing", await CodeAsync(await _kurt.PostAsJsonAsync("/api/v1/sinks", Files("All", team: null), Stop)));
        using var olga = _console.Client(await _console.TokenAsync(_console.Cast.Olga));
        Assert.Equal(HttpStatusCode.Created, (await olga.PostAsJsonAsync("/api/v1/sinks", Files("All", team: null), Stop)).StatusCode);
        await _console.AgentAsync("mailroom-1");
        var rotation = await _kurt.PostAsJsonAsync("/api/v1/agents/mailroom-1/rotations", new { sink = "All" }, Stop);
        Assert.Equal("observing", Text(await JsonAsync(rotation), "state"));
        Assert.True(File.Exists(Path.Combine(_root, "payments", "mailroom-1.env")));
    }

    private object Files(string name, string? team = "payments") =>
        new
        {
            team,
            name,
            kind = "file",
            file = new { root = _root, path = "{team}/{agent}.env" },
        };

    private async Task<HttpResponseMessage> ChangeAsync(string id, long revision, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, $"/api/v1/sinks/{id}") { Content = JsonContent.Create(body) };
        request.Headers.IfMatch.Add(new EntityTagHeaderValue($"\"{revision}\""));
        return await _kurt.SendAsync(request, Stop);
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) =>
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Stop)).Clone();

    private static async Task<string> CodeAsync(HttpResponseMessage answer) => Text(await JsonAsync(answer), "code");

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";
}
