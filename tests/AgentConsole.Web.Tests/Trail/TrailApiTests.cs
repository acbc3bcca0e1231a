using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;

namespace AgentConsole.Web.Tests.Trail;

public sealed class TrailApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task Records_are_listed_page_by_page_within_the_teams_of_the_caller(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        await WriteAsync(console, console.Cast.Payments, 3);
        await WriteAsync(console, console.Cast.Research, 2);
        using var olga = console.Client(await console.TokenAsync(console.Cast.Olga));
        using var tara = console.Client(await console.TokenAsync(console.Cast.Tara));

        var first = await olga.GetFromJsonAsync<JsonElement>("/api/v1/trail?action=agent.edited&limit=4", Stop);
        var second = await olga.GetFromJsonAsync<JsonElement>(
            $"/api/v1/trail?action=agent.edited&limit=4&cursor={first.GetProperty("next_cursor").GetString()}",
            Stop
        );
        var own = await tara.GetFromJsonAsync<JsonElement>("/api/v1/trail", Stop);

        Assert.Equal(4, first.GetProperty("data").GetArrayLength());
        Assert.Equal(1, second.GetProperty("data").GetArrayLength());
        Assert.False(second.GetProperty("has_more").GetBoolean());
        Assert.All(own.GetProperty("data").EnumerateArray(), r => Assert.Equal("payments", r.GetProperty("team").GetString()));
        Assert.Equal(3, own.GetProperty("data").GetArrayLength());
        var id = first.GetProperty("data")[0].GetProperty("id").GetString();
        Assert.Equal(HttpStatusCode.OK, (await olga.GetAsync($"/api/v1/trail/{id}", Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await tara.GetAsync($"/api/v1/trail/{id}", Stop)).StatusCode);
    }

    [Fact]
    public async Task A_missing_role_comes_before_a_query_that_makes_no_sense_and_is_itself_put_on_the_trail()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var victor = console.Client(await console.TokenAsync(console.Cast.Victor));
        using var olga = console.Client(await console.TokenAsync(console.Cast.Olga));

        var refused = await victor.GetAsync("/api/v1/trail?outcome=nonsense", Stop);
        var unreadable = await olga.GetAsync("/api/v1/trail?outcome=nonsense&since=yesterday&target=x", Stop);

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, unreadable.StatusCode);
        var errors = (await unreadable.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("errors");
        Assert.Equal(["outcome", "since", "target"], errors.EnumerateObject().Select(e => e.Name).Order(StringComparer.Ordinal));
        await console.Get<RefusalRecorder>().StepAsync(Stop);
        var told = await olga.GetFromJsonAsync<JsonElement>("/api/v1/trail?outcome=refused", Stop);
        Assert.Equal("access.refused", told.GetProperty("data")[0].GetProperty("action").GetString());
    }

    [Theory, BothDatabases]
    public async Task An_export_is_a_download_in_the_format_that_was_asked_for(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        await WriteAsync(console, console.Cast.Payments, 3);
        using var olga = console.Client(await console.TokenAsync(console.Cast.Olga));

        var csv = await olga.GetAsync("/api/v1/trail/export?format=csv&action=agent.edited", Stop);
        var lines = await olga.GetStringAsync("/api/v1/trail/export?action=agent.edited", Stop);
        var wrong = await olga.GetAsync("/api/v1/trail/export?format=pdf", Stop);

        Assert.Equal("text/csv", csv.Content.Headers.ContentType!.MediaType);
        Assert.EndsWith(".csv", csv.Content.Headers.ContentDisposition!.FileName!.Trim('"'), StringComparison.Ordinal);
        Assert.Equal(4, (await csv.Content.ReadAsStringAsync(Stop)).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(3, lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        var told = await olga.GetFromJsonAsync<JsonElement>("/api/v1/trail?action=trail.exported", Stop);
        Assert.Equal(2, told.GetProperty("data").GetArrayLength());
    }

    private static async Task WriteAsync(ConsoleServer console, Guid team, int count)
    {
        await using var write = await console.Get<ConsoleStore>().WriteAsync(Stop);
        for (var i = 0; i < count; i++)
            write.Trail(console.As(console.Cast.Olga), "agent.edited", new TrailTarget("agent", write.NewId(), $"agent-{i}", team));
        Assert.True(await write.TryCommitAsync(Stop));
    }
}
