using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace AgentConsole.Web.Tests.Admin;

public sealed class PeopleApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static async Task<JsonElement> BodyOf(HttpResponseMessage answer) =>
        await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken: Stop);

    [Theory, BothDatabases]
    public async Task A_script_builds_a_team_invites_somebody_and_makes_a_token(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        using var olga = console.Client(await console.TokenAsync(console.Cast.Olga));

        var team = await olga.PostAsync("/api/v1/teams", Json("""{"slug":"claims","name":"Claims"}"""), Stop);
        Assert.Equal((HttpStatusCode.Created, "/api/v1/teams/claims"), (team.StatusCode, team.Headers.Location!.OriginalString));
        var user = await BodyOf(
            await olga.PostAsync(
                "/api/v1/users",
                Json("""{"email":"nina@acme.example","display_name":"Nina","teams":{"claims":["operator"]}}"""),
                Stop
            )
        );
        Assert.StartsWith("/invite/", user.GetProperty("link").GetString(), StringComparison.Ordinal);
        Assert.False(
            (await olga.GetFromJsonAsync<JsonElement>("/api/v1/users/" + user.GetProperty("id"), Stop)).TryGetProperty("link", out _)
        );
        var account = await BodyOf(
            await olga.PostAsync("/api/v1/service-accounts", Json("""{"name":"ci","teams":{"claims":["viewer"]}}"""), Stop)
        );
        var token = await BodyOf(
            await olga.PostAsync(
                "/api/v1/tokens",
                Json($$"""{"name":"ci","scopes":["agents:read"],"teams":["claims"],"service_account":"{{account.GetProperty("id")}}"}"""),
                Stop
            )
        );

        using var robot = console.Client(token.GetProperty("token").GetString());
        var me = await robot.GetFromJsonAsync<JsonElement>("/api/v1/whoami", Stop);
        Assert.Equal(("service-account", "ci"), (me.GetProperty("kind").GetString(), me.GetProperty("label").GetString()));
        Assert.Equal("viewer", me.GetProperty("teams").GetProperty("claims")[0].GetString());
        var teams = await robot.GetFromJsonAsync<JsonElement>("/api/v1/teams", Stop);
        Assert.Equal("claims", Assert.Single(teams.GetProperty("data").EnumerateArray()).GetProperty("slug").GetString());
        Assert.Equal(HttpStatusCode.Forbidden, (await robot.PostAsync("/api/v1/tokens", Json("{}"), Stop)).StatusCode);

        var revoked = await olga.DeleteAsync("/api/v1/tokens/" + token.GetProperty("id"), Stop);
        Assert.Equal("revoked", (await BodyOf(revoked)).GetProperty("state").GetString());
        Assert.Equal("token_revoked", (await BodyOf(await robot.GetAsync("/api/v1/whoami", Stop))).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Edits_need_the_etag_that_was_read()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var tara = console.Client(await console.TokenAsync(console.Cast.Tara));
        var tag = (await tara.GetAsync("/api/v1/teams/payments", Stop)).Headers.ETag!.Tag;

        async Task<HttpStatusCode> RenameAsync(string? ifMatch)
        {
            using var request = new HttpRequestMessage(HttpMethod.Patch, "/api/v1/teams/payments") { Content = Json("""{"name":"Pay"}""") };
            if (ifMatch is not null)
                request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
            return (await tara.SendAsync(request, Stop)).StatusCode;
        }
        Assert.Equal(HttpStatusCode.PreconditionRequired, await RenameAsync(null));
        Assert.Equal(HttpStatusCode.PreconditionFailed, await RenameAsync("\"999\""));
        Assert.Equal(HttpStatusCode.OK, await RenameAsync(tag));
        Assert.Equal(HttpStatusCode.PreconditionFailed, await RenameAsync(tag));
    }

    [Fact]
    public async Task A_repeated_write_makes_one_token_and_the_same_answer()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var ines = console.Client(await console.TokenAsync(console.Cast.Ines));
        ines.DefaultRequestHeaders.Add("Idempotency-Key", "k-1");

        var first = await BodyOf(await ines.PostAsync("/api/v1/tokens", Json("""{"name":"t","scopes":["runs:read"]}"""), Stop));
        var second = await BodyOf(await ines.PostAsync("/api/v1/tokens", Json("""{"name":"t","scopes":["runs:read"]}"""), Stop));
        var other = await ines.PostAsync("/api/v1/tokens", Json("""{"name":"u","scopes":["runs:read"]}"""), Stop);

        Assert.Equal(first.ToString(), second.ToString());
        Assert.Equal(HttpStatusCode.Conflict, other.StatusCode);
    }

    [Fact]
    public async Task A_person_sees_and_ends_sessions_by_token_and_a_browser_only_reads()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var token = console.Client(await console.TokenAsync(console.Cast.Ines));
        using var browser = console.Browser(console.Cast.Ines);

        var list = await browser.GetFromJsonAsync<JsonElement>("/api/v1/sessions", Stop);
        var session = Assert.Single(list.GetProperty("data").EnumerateArray());
        Assert.True(session.GetProperty("current").GetBoolean());
        var path = "/api/v1/sessions/" + session.GetProperty("id");
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.DeleteAsync(path, Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await token.DeleteAsync(path, Stop)).StatusCode);
        Assert.Equal("session_ended", (await BodyOf(await browser.GetAsync("/api/v1/sessions", Stop))).GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("/api/v1/teams", """{"slug":5}""", "slug")]
    [InlineData("/api/v1/teams", """{"slug":"x","name":"a\u0000b"}""", "name")]
    [InlineData("/api/v1/users", """{"email":"a@b","roles":["king"]}""", "roles")]
    [InlineData("/api/v1/users", """{"email":"a@b\u202e.example"}""", "email")]
    [InlineData("/api/v1/users", """{"email":"a@b.example","teams":{"nowhere":["viewer"]}}""", "teams")]
    [InlineData("/api/v1/users", """{"email":"a@b.example","teams":{"payments":[null]}}""", "teams.payments")]
    [InlineData("/api/v1/tokens", """{"name":"t","scopes":[]}""", "scopes")]
    [InlineData("/api/v1/tokens", """{"name":"t","scopes":["runs:read"],"expires_at":"soon"}""", "expires_at")]
    [InlineData("/api/v1/service-accounts", """{"name":"a@b"}""", "name")]
    [InlineData("/api/v1/service-accounts", "not json", "body")]
    public async Task Bad_input_names_the_field(string path, string body, string field)
    {
        await using var console = await ConsoleServer.StartAsync();
        using var olga = console.Client(await console.TokenAsync(console.Cast.Olga));

        var answer = await olga.PostAsync(path, Json(body), Stop);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.True(
            (await BodyOf(answer)).GetProperty("errors").TryGetProperty(field, out _),
            await answer.Content.ReadAsStringAsync(Stop)
        );
    }
}
