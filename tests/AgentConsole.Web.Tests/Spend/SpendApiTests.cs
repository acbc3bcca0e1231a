using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AgentConsole.Core.Retention;
using AgentConsole.Core.Spend;

namespace AgentConsole.Web.Tests.Spend;

/// <summary>Prices, spend, re-rating and retention through the real host.</summary>
public sealed class SpendApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task A_price_is_imported_a_period_is_priced_anew_and_json_and_csv_agree(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        var (_, key) = await console.AgentAsync("mailroom-1");
        using var agent = console.Client(key);
        for (var i = 0; i < 4; i++)
        {
            var reported = await agent.PostAsJsonAsync(
                "/api/v1/runs",
                new
                {
                    status = "completed",
                    model = i == 3 ? "big-1" : "small-1",
                    input_tokens = 1_000_001,
                    cost = i == 0 ? "0.333333" : null,
                },
                Stop
            );
            var run = await reported.Content.ReadFromJsonAsync<JsonElement>(Stop);
            Assert.Equal(i == 0 ? "reported" : "unpriced", run.GetProperty("cost_source").GetString());
        }
        using var olga = console.Client(await console.TokenAsync(console.Cast.Olga));
        const string Csv = "model,input_per_million,output_per_million,effective_from,source\nsmall-*,0.5,1,2020-01-01,contract\n";
        using var file = new StringContent(Csv, Encoding.UTF8, "text/csv");
        var imported = await olga.PostAsync("/api/v1/prices/import", file, Stop);
        Assert.Equal(1, (await imported.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("created").GetInt32());

        var planned = await olga.PostAsJsonAsync("/api/v1/reratings", new { from = "2020-01-01T00:00:00Z" }, Stop);
        Assert.Equal(HttpStatusCode.BadRequest, planned.StatusCode); // longer than 400 days
        var from = console.Get<TimeProvider>().GetUtcNow().AddDays(-2).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        planned = await olga.PostAsJsonAsync("/api/v1/reratings", new { from }, Stop);
        Assert.Equal(HttpStatusCode.Created, planned.StatusCode);
        var plan = await planned.Content.ReadFromJsonAsync<JsonElement>(Stop);
        Assert.Equal(
            (3, 2, "1"),
            (plan.GetProperty("looked_at").GetInt32(), plan.GetProperty("runs").GetInt32(), plan.GetProperty("difference").GetString())
        );
        var apply = await olga.PostAsJsonAsync(
            planned.Headers.Location + "/apply",
            new { digest = plan.GetProperty("digest").GetString(), reason = "Prices came late" },
            Stop
        );
        Assert.Equal(HttpStatusCode.OK, apply.StatusCode);
        await console.Get<ReratingWatch>().StepAsync(Stop);

        var spend = await olga.GetFromJsonAsync<JsonElement>("/api/v1/spend?by=model&zone=Asia/Kathmandu", Stop);
        var total = spend.GetProperty("total");
        Assert.Equal(("1.333333", 1), (total.GetProperty("cost").GetString(), total.GetProperty("unpriced").GetInt32()));
        Assert.Equal("big-1", spend.GetProperty("unpriced")[0].GetProperty("model").GetString());
        foreach (var what in (string[])["rows", "series"])
        {
            var csv = await olga.GetAsync($"/api/v1/spend/export?by=model&zone=Asia/Kathmandu&what={what}", Stop);
            Assert.Equal("text/csv", csv.Content.Headers.ContentType!.MediaType);
            var lines = (await csv.Content.ReadAsStringAsync(Stop)).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal("1.333333", lines[^1].Split(',')[4]);
            Assert.Matches($@"^spend-{what}-\d{{8}}-\d{{6}}Z\.csv$", csv.Content.Headers.ContentDisposition!.FileName!);
            Assert.EndsWith("exported_at,export_filter", lines[0], StringComparison.Ordinal);
            Assert.All(lines[1..], l => Assert.Matches(@",by=model&from=\S+Z&to=\S+Z&zone=Asia/Kathmandu", l));
            Assert.Equal(1.333333m, lines[1..^1].Sum(l => decimal.Parse(l.Split(',')[4], CultureInfo.InvariantCulture)));
        }
        var trail = await olga.GetFromJsonAsync<JsonElement>("/api/v1/trail?action=spend.exported", Stop);
        Assert.Equal(["series", "rows"], trail.GetProperty("data").EnumerateArray().Select(r => r.GetProperty("target_label").GetString()));
        Assert.Equal(
            "Asia/Kathmandu",
            trail.GetProperty("data")[0].GetProperty("after").GetProperty("filter").GetProperty("zone").GetString()
        );
        foreach (
            var odd in (string[])
                ["zone=Mars", "by=colour", "from=yesterday", "limit=0", "from=2026-01-01T00:07:00Z", "zone=../../etc/passwd"]
        )
            Assert.Equal(HttpStatusCode.BadRequest, (await olga.GetAsync("/api/v1/spend?" + odd, Stop)).StatusCode);
    }

    [Fact]
    public async Task A_stranger_learns_nothing_of_prices_spend_or_retention_and_a_viewer_changes_none()
    {
        await using var console = await ConsoleServer.StartAsync();
        var (_, key) = await console.AgentAsync("mailroom-1");
        using var agent = console.Client(key);
        await agent.PostAsJsonAsync(
            "/api/v1/runs",
            new
            {
                status = "completed",
                model = "secret-model",
                cost = "7",
            },
            Stop
        );
        using var olga = console.Client(await console.TokenAsync(console.Cast.Olga));
        var body = new
        {
            model = "secret-model",
            input_per_million = "1",
            output_per_million = 1,
            effective_from = "2026-01-01",
            source = "contract",
        };
        var added = await (await olga.PostAsJsonAsync("/api/v1/prices", body, Stop)).Content.ReadFromJsonAsync<JsonElement>(Stop);
        var price = $"/api/v1/prices/{added.GetProperty("id").GetString()}";
        using var gus = console.Client(await console.TokenAsync(console.Cast.Gus));
        using var sara = console.Client(await console.TokenAsync(console.Cast.Sara));
        using var victor = console.Client(await console.TokenAsync(console.Cast.Victor));

        Assert.Equal(HttpStatusCode.NotFound, (await gus.GetAsync(price, Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await gus.PostAsJsonAsync(price + "/supersede", new { reason = "x" }, Stop)).StatusCode);
        Assert.DoesNotContain("secret-model", await gus.GetStringAsync("/api/v1/prices?all=true", Stop), StringComparison.Ordinal);
        Assert.DoesNotContain("secret-model", await sara.GetStringAsync("/api/v1/spend?by=model", Stop), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await victor.GetAsync(price, Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await victor.PostAsJsonAsync(price + "/supersede", new { reason = "x" }, Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await agent.GetAsync("/api/v1/spend", Stop)).StatusCode);

        using var put = new HttpRequestMessage(HttpMethod.Put, "/api/v1/retention") { Content = JsonContent.Create(new { run_days = 30 }) };
        put.Headers.TryAddWithoutValidation("If-Match", "\"0\"");
        var set = await olga.SendAsync(put, Stop);
        Assert.Equal((HttpStatusCode.OK, "\"1\""), (set.StatusCode, set.Headers.ETag!.Tag));
        Assert.Equal(0, (await gus.GetFromJsonAsync<JsonElement>("/api/v1/retention", Stop)).GetProperty("revision").GetInt32());
        var preview = await olga.GetFromJsonAsync<JsonElement>("/api/v1/retention/preview?run_days=1", Stop);
        Assert.Equal(0, preview.GetProperty("count").GetInt32());
        await console.Get<RetentionWatch>().StepAsync(Stop);
        Assert.Equal(
            "done",
            (await olga.GetFromJsonAsync<JsonElement>("/api/v1/retention", Stop)).GetProperty("purges")[0].GetProperty("state").GetString()
        );
    }
}
