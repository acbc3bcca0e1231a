using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.Drift;

namespace AgentConsole.Web.Tests.Deployments;

/// <summary>An agent's life over REST: canary, promotion, regression, rollback, retirement.</summary>
public sealed class DeploymentFlowTests
{
    private const string Agent = "/api/v1/agents/mailroom-1";
    private const string Canary = "gateway-canary";
    private static readonly string[] Production = ["gateway-prod-eu-west", "gateway-prod-us-east"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task From_a_canary_on_its_gateway_to_the_last_good_version_and_out_of_service(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(
            database,
            settings: new Dictionary<string, string?>(StringComparer.Ordinal) { ["AgentConsole:Drift:GraceSeconds"] = "0" }
        );
        var (_, key) = await console.AgentAsync("mailroom-1");
        using var agent = console.Client(key);
        using var olga = console.Client(await console.TokenAsync(console.Cast.Olga));
        foreach (var name in (string[])[Canary, .. Production])
            await PostAsync(
                olga,
                "/api/v1/gateways",
                new
                {
                    name,
                    team = "payments",
                    environment = "production",
                }
            );
        var stable = await PostAsync(
            olga,
            $"{Agent}/snapshots",
            new
            {
                version = "2.1.0",
                status = "active",
                metadata = new { region = "us-east-1", commit = "abc123f" },
            }
        );

        // Canary, watched by what its runs say.
        await LinkAsync(olga, Canary);
        var rollout = await PostAsync(
            olga,
            $"{Agent}/rollouts",
            new
            {
                snapshot = new { version = "2.2.0", metadata = new { region = "us-east-1", commit = "def456a" } },
                plan = new
                {
                    steps = new[]
                    {
                        new
                        {
                            percent = 5,
                            minimum_runs = 100,
                            planned_runs = 100,
                        },
                    },
                    metrics = new[] { new { metric = "error-rate", margin = 0.1 }, new { metric = "blocked-decisions", margin = 0.1 } },
                },
            }
        );
        Assert.Equal([("2.1.0", 95m), ("2.2.0", 5m)], await SplitAsync(olga));
        Assert.Equal([Canary], (await RouteAsync(olga)).GetProperty("gateways").EnumerateArray().Select(g => Text(g, "name")));
        if (database == Database.PostgreSql)
            await Task.Delay(Core.Live.NodeLink.LongestSilence, TimeProvider.System, Stop); // a step counts from when every node knows of it
        await ReportAsync(agent, "2.2.0", 100, failEvery: 50, Canary);
        await ReportAsync(agent, "2.1.0", 400, failEvery: 50);
        await console.Get<RolloutWatch>().StepAsync(Stop);
        Assert.Equal("promoted", Text(await GetAsync(olga, $"/api/v1/rollouts/{Text(rollout, "id")}"), "state"));
        Assert.Equal([("2.2.0", 100m)], await SplitAsync(olga));

        // Production.
        foreach (var name in Production)
            await LinkAsync(olga, name);
        using (var unlinked = await olga.DeleteAsync(new Uri($"{Agent}/gateways/{Canary}", UriKind.Relative), Stop))
            Assert.Equal(HttpStatusCode.NoContent, unlinked.StatusCode);
        Assert.Equal(Production, (await RouteAsync(olga)).GetProperty("gateways").EnumerateArray().Select(g => Text(g, "name")).Order());

        // It regresses, and the last good one comes back.
        await ReportAsync(agent, "2.2.0", 40, failEvery: 2, Production[0]);
        var preview = await GetAsync(olga, $"{Agent}/rollback");
        Assert.Equal(("2.2.0", "2.1.0"), (Text(preview.GetProperty("from"), "version"), Text(preview.GetProperty("to"), "version")));
        Assert.Contains(
            preview.GetProperty("changes").EnumerateArray(),
            c => Text(c, "path") == "metadata.commit" && Text(c, "before") == "def456a" && Text(c, "after") == "abc123f"
        );
        Assert.Equal(
            Production,
            preview.GetProperty("gateways").EnumerateArray().Select(g => Text(g, "name")).Where(n => n != Canary).Order()
        );
        var back = await PostAsync(
            olga,
            $"{Agent}/rollback",
            new { reason = "It books invoices twice", preview = Text(preview, "preview") }
        );
        Assert.Equal(
            ("2.1.0", "active", Text(stable, "digest"), "2.2.0"),
            (Text(back, "version"), Text(back, "status"), Text(back, "digest"), Text(back, "rolled_back_version"))
        );
        Assert.Equal([("2.1.0", 100m)], await SplitAsync(olga));
        await ReportAsync(agent, "2.2.0", 1, failEvery: 0);
        await console.Get<InstanceBook>().StepAsync(Stop);
        await console.Get<DriftWatch>().StepAsync(Stop);
        Assert.Equal("drifting", Text(await GetAsync(olga, $"{Agent}/drift"), "verdict"));

        // Out of service; what it did stays.
        await PostAsync(olga, $"{Agent}/retirement", new { reason = "Replaced by mailroom-2" });
        foreach (var step in (string[])["gateways", "runs", "keys"])
            await PostAsync(olga, $"{Agent}/retirement/steps/{step}", step == "runs" ? new { mode = "drain" } : new { });
        using (var export = await olga.GetAsync(new Uri($"{Agent}/retirement/export", UriKind.Relative), Stop))
            Assert.Contains("2.2.0", await export.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        await PostAsync(olga, $"{Agent}/retirement/finish", new { });
        Assert.Equal("retired", Text(await GetAsync(olga, Agent), "lifecycle"));
        Assert.Empty((await GetAsync(olga, "/api/v1/routes")).GetProperty("routes").EnumerateArray());
        using (var linked = await olga.PutAsync(new Uri($"{Agent}/gateways/{Canary}", UriKind.Relative), null, Stop))
            Assert.Equal(HttpStatusCode.Conflict, linked.StatusCode);
        var history = await GetAsync(olga, $"{Agent}/snapshots");
        Assert.Equal(
            [
                "2.1.0 retired current",
                "2.1.0 active superseded",
                "2.2.0 active rolled-back",
                "2.2.0 canary superseded",
                "2.1.0 active superseded",
            ],
            history.GetProperty("data").EnumerateArray().Select(s => $"{Text(s, "version")} {Text(s, "status")} {Text(s, "outcome")}")
        );
        Assert.NotEmpty((await GetAsync(olga, "/api/v1/runs?agent=mailroom-1&limit=5")).GetProperty("data").EnumerateArray());
    }

    private static async Task ReportAsync(HttpClient agent, string version, int count, int failEvery, string? gateway = null)
    {
        var rows = Enumerable
            .Range(1, count)
            .Select(i => new
            {
                status = failEvery > 0 && i % failEvery == 0 ? "failed" : "completed",
                version,
                gateway,
            });
        Assert.Equal(count, (await PostAsync(agent, "/api/v1/runs/batch", rows)).GetProperty("created").GetInt32());
    }

    private static async Task LinkAsync(HttpClient by, string gateway)
    {
        using var linked = await by.PutAsync(new Uri($"{Agent}/gateways/{gateway}", UriKind.Relative), null, Stop);
        Assert.True(linked.IsSuccessStatusCode, await linked.Content.ReadAsStringAsync(Stop));
    }

    private static async Task<JsonElement> RouteAsync(HttpClient by) =>
        Assert.Single((await GetAsync(by, "/api/v1/routes")).GetProperty("routes").EnumerateArray());

    private static async Task<IEnumerable<(string?, decimal)>> SplitAsync(HttpClient by) =>
        (await RouteAsync(by))
            .GetProperty("split")
            .EnumerateArray()
            .Select(s => (Text(s, "version"), s.GetProperty("percent").GetDecimal()));

    private static string? Text(JsonElement of, string member) => of.GetProperty(member).GetString();

    private static Task<JsonElement> GetAsync(HttpClient by, string address) => by.GetFromJsonAsync<JsonElement>(address, Stop);

    private static async Task<JsonElement> PostAsync(HttpClient by, string address, object body)
    {
        using var answer = await by.PostAsJsonAsync(new Uri(address, UriKind.Relative), body, Stop);
        Assert.True(answer.IsSuccessStatusCode, $"{address}: {await answer.Content.ReadAsStringAsync(Stop)}");
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Stop);
    }
}
