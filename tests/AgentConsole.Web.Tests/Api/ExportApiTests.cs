using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;

namespace AgentConsole.Web.Tests.Api;

public sealed class ExportApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static async Task RegisterAsync(ConsoleServer console, string slug, string team, params string[] tags)
    {
        var made = await console
            .Get<AgentService>()
            .RegisterAsync(
                console.As(console.Cast.Olga),
                new Contracts.RegisterAgent
                {
                    Slug = slug,
                    Team = team,
                    Tags = tags,
                    DisplayName = $"=cmd|'/C {slug}'!A0",
                },
                Stop
            );
        Assert.Null(made.Problem);
    }

    [Theory, BothDatabases]
    public async Task Exactly_what_is_filtered_is_in_the_file_and_nothing_of_another_team(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        for (var i = 0; i < 3; i++)
            await RegisterAsync(console, $"a{i}", "payments", i == 0 ? "us" : "eu", "a \"quoted\" tag");
        await RegisterAsync(console, "strange", "research", "eu");
        using var victor = console.Client(await console.TokenAsync(console.Cast.Victor));

        var answer = await victor.GetAsync("/api/v1/agents/export?tag=eu&sort=slug", Stop);

        Assert.Equal("text/csv", answer.Content.Headers.ContentType!.MediaType);
        Assert.Matches("^agents-[0-9]{8}-[0-9]{6}Z[.]csv$", answer.Content.Headers.ContentDisposition!.FileName!);
        var records = CsvText.Read(await answer.Content.ReadAsStringAsync(Stop)).ToList();
        var (slug, name, filter) = (Column("slug"), Column("display_name"), Column("export_filter"));
        Assert.Equal(["a1", "a2"], records.Skip(1).Select(r => r.Fields[slug]));
        Assert.All(records.Skip(1), r => Assert.StartsWith("'=cmd|", r.Fields[name], StringComparison.Ordinal));
        Assert.All(records.Skip(1), r => Assert.Equal("tag=eu&sort=slug", r.Fields[filter]));
        Assert.Equal("a \"quoted\" tag, eu", records[1].Fields[Column("tags")]);

        var asked = await victor.GetStringAsync("/api/v1/agents/export?team=research&format=json", Stop);
        Assert.Equal(0, JsonElement.Parse(asked).GetProperty("count").GetInt32());
        Assert.DoesNotContain("strange", asked, StringComparison.Ordinal);

        int Column(string called) => records[0].Fields.ToList().IndexOf(called);
    }

    [Theory, BothDatabases]
    public async Task Runs_and_keys_are_exported_as_their_lists_show_them(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        var (_, key) = await console.AgentAsync("mailroom-1");
        var (_, other) = await console.AgentAsync("reader-1", console.Cast.Research);
        foreach (var (secret, id) in new[] { (key, "mine"), (other, "theirs") })
        {
            using var agent = console.Client(secret);
            var sent = await agent.PostAsJsonAsync(
                "/api/v1/runs",
                new
                {
                    external_id = id,
                    status = "completed",
                    summary = "@SUM(A1)",
                },
                Stop
            );
            Assert.Equal(HttpStatusCode.Created, sent.StatusCode);
        }
        using var victor = console.Client(await console.TokenAsync(console.Cast.Victor));

        var runs = await victor.GetStringAsync("/api/v1/runs/export?status=completed", Stop);
        var keys = JsonElement.Parse(await victor.GetStringAsync("/api/v1/keys/export?format=json", Stop));

        var row = Assert.Single(CsvText.Read(runs).Skip(1));
        Assert.Contains("mine", row.Fields);
        Assert.Contains("'@SUM(A1)", row.Fields);
        Assert.Equal(["mailroom-1"], keys.GetProperty("data").EnumerateArray().Select(k => k.GetProperty("agent").GetString()));
        Assert.DoesNotContain(key, keys.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_format_or_filter_that_makes_no_sense_is_refused_before_anything_is_written()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var victor = console.Client(await console.TokenAsync(console.Cast.Victor));

        var answer = await victor.GetAsync("/api/v1/agents/export?format=xlsx&health=splendid", Stop);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var errors = (await answer.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("errors");
        Assert.Equal(["format", "health"], errors.EnumerateObject().Select(e => e.Name).Order(StringComparer.Ordinal));
        using var olga = console.Client(await console.TokenAsync(console.Cast.Olga));
        var told = await olga.GetFromJsonAsync<JsonElement>("/api/v1/trail?action=agents.exported", Stop);
        Assert.Equal(0, told.GetProperty("data").GetArrayLength());
    }

    [Theory, BothDatabases]
    public async Task The_list_and_its_facets_take_several_values_and_exclusions(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        await RegisterAsync(console, "a", "payments", "eu");
        await RegisterAsync(console, "b", "payments", "us");
        await RegisterAsync(console, "c", "research", "eu");
        using var olga = console.Client(await console.TokenAsync(console.Cast.Olga));

        var list = await olga.GetFromJsonAsync<JsonElement>("/api/v1/agents?tag=eu,us&team=-research&sort=slug", Stop);
        var facets = await olga.GetFromJsonAsync<JsonElement>("/api/v1/agents/facets?tag=eu&team=-research&values=1", Stop);

        Assert.Equal(["a", "b"], list.GetProperty("data").EnumerateArray().Select(a => a.GetProperty("slug").GetString()));
        Assert.Equal((1, 3), (facets.GetProperty("total").GetInt32(), facets.GetProperty("all").GetInt32()));
        var tag = facets.GetProperty("facets").GetProperty("tag");
        Assert.Equal(
            ("eu", 1),
            (tag.GetProperty("values")[0].GetProperty("value").GetString(), tag.GetProperty("values")[0].GetProperty("count").GetInt32())
        );
        Assert.Equal(1, tag.GetProperty("more").GetInt32());
        Assert.Equal(HttpStatusCode.BadRequest, (await olga.GetAsync("/api/v1/agents/facets?values=0&health=x", Stop)).StatusCode);
    }
}
