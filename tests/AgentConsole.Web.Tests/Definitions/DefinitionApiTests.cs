using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace AgentConsole.Web.Tests.Definitions;

/// <summary>Definitions as a pipeline meets them.</summary>
public sealed class DefinitionApiTests
{
    private const string Path = "/api/v1/agents/mailroom-1/definitions";
    private const string Text = "# Ours\nname: Mailroom\nmodel: {name: small-4}\n";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task A_pipeline_checks_saves_and_reads_in_both_spellings(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        var (_, key) = await console.AgentAsync("mailroom-1");
        using var otto = console.Client(await console.TokenAsync(console.Cast.Otto));

        var check = await JsonAsync(await otto.PostAsync(Path + "/validate", Yaml("name: 7\nadress: x\n"), Stop));
        Assert.False(check.GetProperty("valid").GetBoolean());
        Assert.StartsWith("Line 1: ", check.GetProperty("errors").GetProperty("name")[0].GetString(), StringComparison.Ordinal);
        using var refused = await otto.PostAsync(Path, Yaml("name: 7\nadress: x\n"), Stop);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal(["adress", "name"], Members((await JsonAsync(refused)).GetProperty("errors")));

        using var made = await otto.PostAsync(Path + "?note=The+first&based_on=0", Yaml(Text), Stop);
        var body = await JsonAsync(made);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.Equal($"/api/v1/agents/{body.GetProperty("agent_id").GetString()}/definitions/1", made.Headers.Location?.ToString());
        Assert.Equal(("The first", Text), (body.GetProperty("note").GetString(), body.GetProperty("text").GetString()));

        // The same as JSON is no new number; another on top of an older one is refused.
        object Body(object definition, int? basedOn) => new { definition, based_on = basedOn };
        var same = new { model = new { name = "small-4" }, name = "Mailroom" };
        using var again = await otto.PostAsJsonAsync(Path, Body(same, 0), Stop);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal(
            (1, true),
            ((await JsonAsync(again)).GetProperty("number").GetInt32(), (await JsonAsync(again)).GetProperty("unchanged").GetBoolean())
        );
        using var second = await otto.PostAsJsonAsync(Path, Body(new { name = "Mailroom", limits = new { runs = 5 } }, 1), Stop);
        Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        using var late = await otto.PostAsJsonAsync(Path, Body(new { name = "Late" }, 1), Stop);
        Assert.Equal((HttpStatusCode.Conflict, "definition_saved_meanwhile"), (late.StatusCode, await CodeAsync(late)));
        using var wrong = await otto.PostAsJsonAsync(Path, Body(new { name = "Late", limits = new { runs = -1 } }, 2), Stop);
        Assert.Equal(["definition.limits.runs"], Members((await JsonAsync(wrong)).GetProperty("errors")));

        // As it was given, comments included; or written anew.
        Assert.Equal(Text, await otto.GetStringAsync(Path + "/1?format=yaml", Stop));
        using var ask = new HttpRequestMessage(HttpMethod.Get, Path + "/latest");
        ask.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/yaml"));
        using var latest = await otto.SendAsync(ask, Stop);
        Assert.Equal("application/yaml", latest.Content.Headers.ContentType?.MediaType);
        Assert.Equal("name: Mailroom\nlimits:\n  runs: 5\n", await latest.Content.ReadAsStringAsync(Stop));
        var read = await otto.GetFromJsonAsync<JsonElement>(Path + "/1", Stop);
        Assert.Equal("""{"model":{"name":"small-4"},"name":"Mailroom"}""", read.GetProperty("definition").GetRawText());
        var diff = await otto.GetFromJsonAsync<JsonElement>(Path + "/1/diff/latest", Stop);
        Assert.Equal(["limits", "model"], diff.GetProperty("changes").EnumerateArray().Select(c => c.GetProperty("path").GetString()!));
        var list = await otto.GetFromJsonAsync<JsonElement>(Path + "?limit=1", Stop);
        Assert.Equal(2, list.GetProperty("data")[0].GetProperty("number").GetInt32());
        Assert.True(list.GetProperty("has_more").GetBoolean());

        using var agent = console.Client(key);
        Assert.Equal(HttpStatusCode.Forbidden, (await agent.GetAsync(Path, Stop)).StatusCode);
    }

    [Fact]
    public async Task A_repeated_save_is_one_and_what_cannot_be_read_is_said_in_its_turn()
    {
        await using var console = await ConsoleServer.StartAsync();
        await console.AgentAsync("mailroom-1");
        using var otto = console.Client(await console.TokenAsync(console.Cast.Otto));
        using var sara = console.Client(await console.TokenAsync(console.Cast.Sara));
        using var victor = console.Client(await console.TokenAsync(console.Cast.Victor));
        async Task<HttpResponseMessage> SendAsync(HttpClient who, string text, string? key = null, string type = "application/yaml")
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, Path);
            message.Content = new StringContent(text, Encoding.UTF8, type);
            if (key is not null)
                message.Headers.Add("Idempotency-Key", key);
            return await who.SendAsync(message, Stop);
        }

        using var first = await SendAsync(otto, Text, "one");
        using var other = await SendAsync(otto, Text + "description: d\n", "two");
        using var again = await SendAsync(otto, Text, "one");
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (first.StatusCode, again.StatusCode));
        Assert.Equal("true", again.Headers.GetValues("Idempotency-Replayed").Single());
        Assert.Equal(1, (await JsonAsync(again)).GetProperty("number").GetInt32());

        foreach (
            var (text, type) in ((string, string)[])
                [("{", "application/json"), ("a: [", "application/yaml"), ("x", "text/plain"), ("", "application/json")]
        )
        {
            Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(sara, text, null, type)).StatusCode);
            Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(victor, text, null, type)).StatusCode);
            Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(otto, text, null, type)).StatusCode);
        }
        using var bytes = new ByteArrayContent([0x6e, 0xff, 0x3a]);
        bytes.Headers.ContentType = new MediaTypeHeaderValue("application/yaml");
        Assert.Equal(HttpStatusCode.BadRequest, (await otto.PostAsync(Path, bytes, Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await otto.GetAsync(Path + "/1?format=toml", Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await otto.PostAsync(Path + "?based_on=two", Yaml("name: b"), Stop)).StatusCode);
    }

    private static StringContent Yaml(string text) => new(text, Encoding.UTF8, "application/yaml");

    private static IEnumerable<string> Members(JsonElement value) =>
        value.EnumerateObject().Select(m => m.Name).Order(StringComparer.Ordinal);

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response) =>
        JsonElement.Parse(await response.Content.ReadAsStringAsync(Stop));

    private static async Task<string?> CodeAsync(HttpResponseMessage response) =>
        (await JsonAsync(response)).GetProperty("code").GetString();
}
