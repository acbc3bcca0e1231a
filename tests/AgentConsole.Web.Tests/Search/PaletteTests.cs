using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentConsole.Core.Common;

namespace AgentConsole.Web.Tests.Search;

public sealed class PaletteTests : IAsyncLifetime
{
    private ConsoleServer _console = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _console = await ConsoleServer.StartAsync();

    public async ValueTask DisposeAsync() => await _console.DisposeAsync();

    private async Task<JsonElement> AskAsync(Person person, string text)
    {
        using var browser = _console.Browser(person);
        using var answer = await browser.PostAsync("/palette", new FormUrlEncodedContent([new("q", text)]), Stop);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Stop);
    }

    private static IEnumerable<(string Title, string? Url, string? Why, string? Does)> Items(JsonElement answer) =>
        answer
            .GetProperty("groups")
            .EnumerateArray()
            .SelectMany(group => group.GetProperty("items").EnumerateArray())
            .Select(item => (Text(item, "title")!, Text(item, "url"), Text(item, "why"), Text(item, "does")));

    private static string? Text(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    [Fact]
    public async Task An_operator_is_offered_the_pause_and_told_which_role_a_key_needs()
    {
        await _console.AgentAsync("mailroom-1");

        var items = Items(await AskAsync(_console.Cast.Otto, "pause mail")).ToList();
        var all = Items(await AskAsync(_console.Cast.Otto, "mailroom")).ToList();

        Assert.Contains(("Pause mailroom-1", "/agents/mailroom-1", null, "press:pause"), items);
        Assert.Contains(all, item => item.Url == "/agents/mailroom-1" && item.Does is null);
        var mint = all.Single(item => item.Title.StartsWith("Mint", StringComparison.Ordinal));
        Assert.Contains("key-admin", mint.Why, StringComparison.Ordinal);
        var viewer = Items(await AskAsync(_console.Cast.Victor, "pause mail")).First();
        Assert.Contains("operator", viewer.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_and_a_key_are_acted_on_and_what_an_act_needs_is_said()
    {
        var (_, secret) = await _console.AgentAsync("mailroom-1");
        using (var agent = _console.Client(secret))
            await agent.PostAsJsonAsync("/api/v1/runs", new { external_id = "job-7", status = "running" }, Stop);
        using var ines = _console.Client(await _console.TokenAsync(_console.Cast.Ines));
        var run = (await ines.GetFromJsonAsync<JsonElement>("/api/v1/runs", Stop)).GetProperty("data")[0].GetProperty("id").GetString()!;
        var version = IdText.Format(IdText.KeyVersion, _console.Get<Core.Keys.KeyIndex>().Check(secret).Card!.VersionId);

        var ofRun = Items(await AskAsync(_console.Cast.Ines, run)).ToList();
        Assert.Contains(ofRun, item => item.Title.StartsWith("Cancel", StringComparison.Ordinal) && item.Url == $"/runs/{run}?act=cancel");
        Assert.Contains(ofRun, item => item.Url == $"/runs/compare?a=previous&b={run}");
        Assert.Equal($"/runs/{run}?act=cancel", Items(await AskAsync(_console.Cast.Ines, "cancel job-7")).First().Url);

        var ofKey = Items(await AskAsync(_console.Cast.Ines, version)).ToList();
        Assert.Contains(ofKey, item => item.Url == "/agents/mailroom-1/keys" && item.Does == "press:disable-" + version);
        Assert.Contains(ofKey, item => item.Url == $"/agents/mailroom-1/keys?act=revoke&of={version}");
        Assert.Contains(ofKey, item => item.Url == $"/rotations/new?agent=mailroom-1&key={version}");
        Assert.Equal(
            $"/agents/mailroom-1/keys?act=revoke&of={version}",
            Items(await AskAsync(_console.Cast.Ines, "revoke " + version)).First().Url
        );

        // Who may not is told so; who may is told what it takes all the same.
        var refused = Items(await AskAsync(_console.Cast.Otto, "revoke " + version)).First();
        Assert.Contains("key-admin", refused.Why, StringComparison.Ordinal);
        var roles = (await AskAsync(_console.Cast.Ines, "revoke " + version)).GetProperty("groups")[0].GetProperty("items")[0];
        Assert.Equal("key-admin or team-admin", Text(roles, "role"));
        var invite = (await AskAsync(_console.Cast.Olga, "invite"))
            .GetProperty("groups")
            .EnumerateArray()
            .SelectMany(g => g.GetProperty("items").EnumerateArray());
        Assert.Contains(invite, item => Text(item, "title") == "Invite user" && Text(item, "role") == "org-admin");

        // A run that is over is compared and not cancelled.
        using (var agent = _console.Client(secret))
            await agent.PostAsJsonAsync("/api/v1/runs", new { external_id = "job-7", status = "completed" }, Stop);
        Assert.DoesNotContain(
            Items(await AskAsync(_console.Cast.Ines, run)),
            item => item.Title.StartsWith("Cancel", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("retntn", "Retention")]
    [InlineData("brkglss", "Break-glass")]
    [InlineData("regagnt", "Register agent")]
    [InlineData("thm dark", "Theme: dark")]
    [InlineData("sign out", "Sign out")]
    [InlineData("secrets", "Keys")]
    public async Task A_page_and_an_action_are_found_with_letters_left_out(string typed, string title)
    {
        Assert.Equal(title, Items(await AskAsync(_console.Cast.Olga, typed)).First().Title);
    }

    [Fact]
    public async Task Every_page_that_stands_alone_is_offered()
    {
        var offered = Items(await AskAsync(_console.Cast.Olga, "")).Select(item => item.Url?.Split('?')[0]).ToHashSet();
        var pages = typeof(AgentConsole.Web.Components.ConsolePage)
            .Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(AgentConsole.Web.Components.ConsolePage)))
            .SelectMany(type => type.GetCustomAttributes(typeof(Microsoft.AspNetCore.Components.RouteAttribute), false))
            .Cast<Microsoft.AspNetCore.Components.RouteAttribute>()
            .Select(route => route.Template)
            .Where(template => !template.Contains('{', StringComparison.Ordinal))
            .Except(["/not-found", "/admin", "/runs/compare"]); // comparing needs two runs

        Assert.All(pages, page => Assert.Contains(page, offered));
    }

    [Fact]
    public async Task A_pasted_key_is_found_and_stands_in_no_log_and_no_answer()
    {
        var (_, secret) = await _console.AgentAsync("mailroom-1");

        var answer = await AskAsync(_console.Cast.Ines, secret);

        Assert.True(answer.GetProperty("secret").GetBoolean());
        Assert.Contains("hash", answer.GetProperty("note").GetString(), StringComparison.Ordinal);
        Assert.Equal("/agents/mailroom-1/keys", Items(answer).Single().Url);
        Assert.DoesNotContain(secret, answer.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(_console.Log.Lines, line => line.Contains(secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_api_finds_the_same_and_refuses_a_secret_in_an_address()
    {
        var (id, secret) = await _console.AgentAsync("mailroom-1");
        using var ines = _console.Client(await _console.TokenAsync(_console.Cast.Ines));
        using var sara = _console.Client(await _console.TokenAsync(_console.Cast.Sara));
        var printed = IdText.Format(IdText.Agent, id);

        var found = await ines.GetFromJsonAsync<JsonElement>($"/api/v1/search?q={printed}", Stop);
        var foreign = await sara.GetStringAsync($"/api/v1/search?q={printed}", Stop);
        var unknown = await sara.GetStringAsync($"/api/v1/search?q={IdText.Format(IdText.Agent, Guid.NewGuid())}", Stop);
        using var refused = await ines.GetAsync(new Uri("/api/v1/search?q=" + secret, UriKind.Relative), Stop);

        Assert.Equal("/agents/mailroom-1", found.GetProperty("data")[0].GetProperty("url").GetString());
        Assert.Equal(unknown, foreign);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("secret_in_query", await refused.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("' OR 1=1 --")]
    [InlineData("%_%")]
    [InlineData("run_")]
    [InlineData("\u0007")]
    [InlineData("𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ✓ ‮")]
    public async Task Nonsense_finds_nothing_and_breaks_nothing(string text)
    {
        await _console.AgentAsync("mailroom-1");

        Assert.DoesNotContain(Items(await AskAsync(_console.Cast.Ines, text)), item => item.Url == "/agents/mailroom-1");
    }

    [Fact]
    public async Task Without_a_session_there_is_no_answer()
    {
        using var stranger = _console.Client();

        using var answer = await stranger.PostAsync("/palette", new FormUrlEncodedContent([new("q", "mail")]), Stop);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }
}
