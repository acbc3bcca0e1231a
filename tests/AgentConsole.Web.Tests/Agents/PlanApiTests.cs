using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace AgentConsole.Web.Tests.Agents;

public sealed class PlanApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task A_fleet_is_paused_by_plan_and_taken_back(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        foreach (var slug in new[] { "a-1", "a-2", "b-1" })
            await console.AgentAsync(slug);
        using var otto = console.Client(await console.TokenAsync(console.Cast.Otto));

        var made = await otto.PostAsJsonAsync("/api/v1/agents/plans", new { action = "pause", filter = new { q = "a-" } }, Stop);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var plan = await JsonAsync(made);
        var address = made.Headers.Location!.ToString();
        Assert.Equal($"/api/v1/agents/plans/{plan.GetProperty("id").GetString()}", address);
        var rows = await JsonAsync(await otto.GetAsync($"{address}/rows?effect=change&limit=1", Stop));
        Assert.Equal("a-1", Assert.Single(rows.GetProperty("data").EnumerateArray()).GetProperty("agent").GetString());
        rows = await JsonAsync(await otto.GetAsync($"{address}/rows?cursor={rows.GetProperty("next_cursor").GetString()}", Stop));
        Assert.Equal("a-2", Assert.Single(rows.GetProperty("data").EnumerateArray()).GetProperty("agent").GetString());
        Assert.Equal(HttpStatusCode.BadRequest, (await otto.GetAsync($"{address}/rows?effect=boom", Stop)).StatusCode);

        var applied = await JsonAsync(await ApplyAsync(otto, address, plan));
        Assert.Equal(
            ("applied", 2),
            (applied.GetProperty("state").GetString(), applied.GetProperty("rows").GetProperty("done").GetInt32())
        );
        Assert.Equal("paused", await LifecycleAsync(otto, "a-2"));
        var undone = await JsonAsync(await otto.PostAsync($"{address}/undo", null, Stop));
        Assert.Equal("undone", undone.GetProperty("state").GetString());
        Assert.NotEqual("paused", await LifecycleAsync(otto, "a-2"));
    }

    [Theory, BothDatabases]
    public async Task A_plan_that_no_longer_holds_is_409_with_the_difference_and_a_repeated_call_gets_its_answer_again(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        await console.AgentAsync("a-1");
        await console.AgentAsync("a-2");
        using var otto = console.Client(await console.TokenAsync(console.Cast.Otto));
        otto.DefaultRequestHeaders.Add("Idempotency-Key", "plan-1");
        var first = await JsonAsync(await otto.PostAsJsonAsync("/api/v1/agents/plans", Everything, Stop));
        var second = await JsonAsync(await otto.PostAsJsonAsync("/api/v1/agents/plans", Everything, Stop));
        Assert.Equal(first.GetProperty("id").GetString(), second.GetProperty("id").GetString());

        using var ines = console.Client(await console.TokenAsync(console.Cast.Ines));
        await ines.PostAsync("/api/v1/agents/a-1/pause", null, Stop);
        await console.AgentAsync("a-3");
        var address = "/api/v1/agents/plans/" + first.GetProperty("id").GetString();
        var refused = await ApplyAsync(otto, address, first);
        var problem = await JsonAsync(refused);
        Assert.Equal((HttpStatusCode.Conflict, "plan_changed"), (refused.StatusCode, problem.GetProperty("code").GetString()));
        Assert.Equal("a-1", problem.GetProperty("errors").GetProperty("changed")[0].GetString());
        Assert.Equal("a-3", problem.GetProperty("errors").GetProperty("came")[0].GetString());

        // Strangers do not know of the plan; whoever sees everything may look, and not touch.
        Assert.Equal(HttpStatusCode.NotFound, (await ApplyAsync(ines, address, first)).StatusCode);
        using var olga = console.Client(await console.TokenAsync(console.Cast.Olga));
        Assert.Equal(HttpStatusCode.OK, (await olga.GetAsync(address, Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await olga.PostAsync($"{address}/undo", null, Stop)).StatusCode);
        using var gus = console.Client(await console.TokenAsync(console.Cast.Gus));
        Assert.Equal(HttpStatusCode.NotFound, (await gus.GetAsync($"{address}/rows", Stop)).StatusCode);
        // A token of the maker that reaches another team only learns nothing of these agents.
        using var narrow = console.Client(await console.TokenAsync(console.Cast.Otto, null, console.Cast.Research));
        Assert.Empty((await JsonAsync(await narrow.GetAsync($"{address}/rows", Stop))).GetProperty("data").EnumerateArray());
    }

    [Fact]
    public async Task What_is_larger_than_one_part_is_worked_off_behind_the_answer()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var olga = console.Client(await console.TokenAsync(console.Cast.Olga));
        var agents = Enumerable.Range(0, 300).Select(i => new { slug = $"many-{i}", key = false });
        Assert.Equal(HttpStatusCode.OK, (await olga.PostAsJsonAsync("/api/v1/agents/bulk", agents, Stop)).StatusCode);
        var plan = await JsonAsync(await olga.PostAsJsonAsync("/api/v1/agents/plans", Everything, Stop));
        var address = "/api/v1/agents/plans/" + plan.GetProperty("id").GetString();

        var started = await JsonAsync(await ApplyAsync(olga, address, plan));
        Assert.Equal("applying", started.GetProperty("state").GetString());
        var state = "";
        for (var turn = 0; turn < 500 && state != "applied"; turn++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Stop);
            state = (await JsonAsync(await olga.GetAsync(address, Stop))).GetProperty("state").GetString();
        }
        Assert.Equal("applied", state);
        Assert.Equal("paused", await LifecycleAsync(olga, "many-299"));
    }

    private static readonly object Everything = new { action = "pause", filter = new { } };

    private static Task<HttpResponseMessage> ApplyAsync(HttpClient client, string address, JsonElement plan) =>
        client.PostAsJsonAsync($"{address}/apply", new { digest = plan.GetProperty("digest").GetString() }, Stop);

    private static async Task<string?> LifecycleAsync(HttpClient client, string slug) =>
        (await JsonAsync(await client.GetAsync($"/api/v1/agents/{slug}", Stop))).GetProperty("lifecycle").GetString();

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response) =>
        await response.Content.ReadFromJsonAsync<JsonElement>(Stop);
}
