using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Inactivity;

namespace AgentConsole.Web.Tests.Admin;

public sealed class InactivityApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task A_policy_is_tried_made_changed_exempted_from_and_deleted(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        await console.AgentAsync("mailroom-1");
        using var tara = console.Client(await console.TokenAsync(console.Cast.Tara));
        using var sara = console.Client(await console.TokenAsync(console.Cast.Sara));
        const string policies = "/api/v1/inactivity-policies";
        var body = new
        {
            team = "payments",
            enabled = true,
            days = 30,
            action = "pause",
        };

        var tried = await JsonAsync(await tara.PostAsJsonAsync($"{policies}/dry-run?limit=5", body, Stop));
        Assert.Equal((1, 0), (tried.GetProperty("fleet").GetInt32(), tried.GetProperty("hits").GetInt32()));
        Assert.Equal(HttpStatusCode.BadRequest, (await tara.PostAsJsonAsync($"{policies}/dry-run?limit=0", body, Stop)).StatusCode);
        var made = await tara.PostAsJsonAsync(policies, body, Stop);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var address = made.Headers.Location!.ToString();
        Assert.Equal(HttpStatusCode.Conflict, (await tara.PostAsJsonAsync(policies, body, Stop)).StatusCode);

        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Delete })
            Assert.Equal(HttpStatusCode.NotFound, (await sara.SendAsync(new HttpRequestMessage(method, address), Stop)).StatusCode);
        Assert.Empty((await sara.GetFromJsonAsync<JsonElement>(policies, Stop)).GetProperty("data").EnumerateArray());

        using var change = new HttpRequestMessage(HttpMethod.Patch, address) { Content = JsonContent.Create(new { days = 60 }) };
        change.Headers.TryAddWithoutValidation("If-Match", "\"1\"");
        var changed = await tara.SendAsync(change, Stop);
        Assert.Equal(("\"2\"", 60), (changed.Headers.ETag!.Tag, (await JsonAsync(changed)).GetProperty("days").GetInt32()));

        var exempted = await tara.PostAsJsonAsync($"{address}/exemptions", new { agent = "mailroom-1", reason = "Year's end only" }, Stop);
        var exemption = (await JsonAsync(exempted)).GetProperty("id").GetString();
        Assert.Single((await tara.GetFromJsonAsync<JsonElement>($"{address}/exemptions", Stop)).GetProperty("data").EnumerateArray());
        Assert.Equal(HttpStatusCode.NoContent, (await tara.DeleteAsync($"{address}/exemptions/{exemption}", Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await tara.PostAsync("/api/v1/agents/mailroom-1/keep", null, Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await tara.PostAsync($"{address}/confirm", null, Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await tara.DeleteAsync(address, Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await tara.GetAsync(address, Stop)).StatusCode);
    }

    [Theory, BothDatabases]
    public async Task A_brake_is_let_go_for_no_more_agents_than_the_caller_was_shown(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        using var tara = console.Client(await console.TokenAsync(console.Cast.Tara));
        var made = await tara.PostAsJsonAsync(
            "/api/v1/inactivity-policies",
            new
            {
                team = "payments",
                enabled = true,
                action = "pause",
            },
            Stop
        );
        var address = made.Headers.Location!.ToString();
        await using (var write = await console.Get<ConsoleStore>().WriteAsync(Stop))
        {
            write.Db.Add(
                new InactivityBrake
                {
                    OrganizationId = console.Cast.Acme,
                    PolicyId = IdText.Parse(IdText.InactivityPolicy, address[(address.LastIndexOf('/') + 1)..]),
                    At = write.Now,
                    Agents = 12,
                    Fleet = 20,
                }
            );
            Assert.True(await write.TryCommitAsync(Stop));
        }
        var shown = (await tara.GetFromJsonAsync<JsonElement>(address, Stop)).GetProperty("braked").GetProperty("agents").GetInt32();

        var odd = await tara.PostAsJsonAsync($"{address}/confirm", new { agents = 0 }, Stop);
        var fewer = await tara.PostAsJsonAsync($"{address}/confirm", new { agents = shown - 1 }, Stop);
        var agreed = await tara.PostAsJsonAsync($"{address}/confirm", new { agents = shown, reason = "They are being replaced" }, Stop);

        Assert.Equal(12, shown);
        Assert.Equal(HttpStatusCode.BadRequest, odd.StatusCode);
        Assert.Equal(
            (HttpStatusCode.Conflict, "brake_changed"),
            (fewer.StatusCode, (await JsonAsync(fewer)).GetProperty("code").GetString())
        );
        Assert.Equal(HttpStatusCode.OK, agreed.StatusCode);
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) =>
        await answer.Content.ReadFromJsonAsync<JsonElement>(Stop);
}
