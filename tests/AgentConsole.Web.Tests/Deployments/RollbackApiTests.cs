using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentConsole.Core.People;

namespace AgentConsole.Web.Tests.Deployments;

public sealed class RollbackApiTests : IAsyncLifetime
{
    private ConsoleServer _console = null!;
    private HttpClient _tara = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _console = await ConsoleServer.StartAsync();
        _tara = _console.Client(await _console.TokenAsync(_console.Cast.Tara));
        await _console.AgentAsync("mailroom-1");
    }

    public async ValueTask DisposeAsync()
    {
        _tara.Dispose();
        await _console.DisposeAsync();
    }

    [Fact]
    public async Task A_rollback_that_is_sent_twice_is_done_once_and_an_old_preview_is_refused()
    {
        foreach (var version in (string[])["2.0.0", "2.1.0", "2.2.0"])
            await _tara.PostAsJsonAsync("/api/v1/agents/mailroom-1/snapshots", new { version, status = "active" }, Stop);
        var preview = await JsonAsync(await _tara.GetAsync("/api/v1/agents/mailroom-1/rollback", Stop));
        Assert.Equal(("2.2.0", "2.1.0"), (VersionOf(preview, "from"), VersionOf(preview, "to")));
        var body = new { reason = "It books twice", preview = preview.GetProperty("preview").GetString() };

        var first = await SendAsync(body, "one-try");
        var again = await SendAsync(body, "one-try");

        var made = await JsonAsync(first);
        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        Assert.Equal($"/api/v1/snapshots/{made.GetProperty("id").GetString()}", first.Headers.Location!.ToString());
        Assert.Equal(made.GetRawText(), (await JsonAsync(again)).GetRawText());
        Assert.Equal("2.2.0", made.GetProperty("rolled_back_version").GetString());
        var late = await SendAsync(body, "another-try");
        Assert.Equal(HttpStatusCode.Conflict, late.StatusCode);
        Assert.Equal("preview_changed", (await JsonAsync(late)).GetProperty("code").GetString());
        var all = await JsonAsync(await _tara.GetAsync("/api/v1/agents/mailroom-1/snapshots", Stop));
        Assert.Equal(4, all.GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task A_retirement_is_made_over_the_api_and_its_export_is_what_it_says()
    {
        var begun = await _tara.PostAsJsonAsync("/api/v1/agents/mailroom-1/retirement", new { reason = "Replaced" }, Stop);
        Assert.Equal(HttpStatusCode.Created, begun.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _tara.GetAsync(begun.Headers.Location, Stop)).StatusCode);
        var steps = "/api/v1/agents/mailroom-1/retirement/steps/";
        Assert.Equal(HttpStatusCode.OK, (await _tara.PostAsync(steps + "keys", null, Stop)).StatusCode);

        var export = await _tara.GetAsync("/api/v1/agents/mailroom-1/retirement/export", Stop);

        Assert.Equal("application/x-ndjson", export.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith(
            "mailroom-1-retirement-",
            export.Content.Headers.ContentDisposition!.FileName!.Trim('"'),
            StringComparison.Ordinal
        );
        var file = await export.Content.ReadAsByteArrayAsync(Stop);
        Assert.Contains("\"kind\":\"end\"", Encoding.UTF8.GetString(file), StringComparison.Ordinal);
        var done = await JsonAsync(await _tara.PostAsync("/api/v1/agents/mailroom-1/retirement/finish", null, Stop));
        Assert.Equal("finished", done.GetProperty("state").GetString());
        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData(file)),
            done.GetProperty("steps")[3].GetProperty("export").GetProperty("sha256").GetString()
        );
        var linked = await _tara.PutAsync("/api/v1/agents/mailroom-1/gateways/nowhere", null, Stop);
        Assert.Equal(HttpStatusCode.NotFound, linked.StatusCode); // what is not there is not there, whoever is retired
    }

    [Fact]
    public async Task A_token_does_only_what_its_scopes_say()
    {
        using var narrow = _console.Client(await _console.TokenAsync(_console.Cast.Tara, [TokenScopes.AgentsWrite]));
        await _tara.PostAsJsonAsync("/api/v1/agents/mailroom-1/retirement", new { reason = "Replaced" }, Stop);

        foreach (var (method, path) in ((HttpMethod, string)[])[(HttpMethod.Post, "steps/keys"), (HttpMethod.Get, "export")])
        {
            using var call = new HttpRequestMessage(method, "/api/v1/agents/mailroom-1/retirement/" + path);
            var refused = await narrow.SendAsync(call, Stop);
            Assert.Equal(
                (HttpStatusCode.Forbidden, "scope_missing"),
                (refused.StatusCode, (await JsonAsync(refused)).GetProperty("code").GetString())
            );
        }
        Assert.Equal(
            HttpStatusCode.OK,
            (await narrow.PostAsync("/api/v1/agents/mailroom-1/retirement/steps/gateways", null, Stop)).StatusCode
        );
    }

    private async Task<HttpResponseMessage> SendAsync(object body, string key)
    {
        using var call = new HttpRequestMessage(HttpMethod.Post, "/api/v1/agents/mailroom-1/rollback")
        {
            Content = JsonContent.Create(body),
        };
        call.Headers.Add("Idempotency-Key", key);
        return await _tara.SendAsync(call, Stop);
    }

    private static string? VersionOf(JsonElement preview, string member) => preview.GetProperty(member).GetProperty("version").GetString();

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) =>
        await answer.Content.ReadFromJsonAsync<JsonElement>(Stop);
}
