using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace AgentConsole.Web.Tests.Rotations;

public sealed class KeyBulkApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task A_set_is_planned_looked_at_applied_and_reported_over_the_api(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        foreach (var slug in new[] { "mailroom-1", "mailroom-2" })
            await console.AgentAsync(slug);
        using var kurt = console.Client(await console.TokenAsync(console.Cast.Kurt));
        var wish = new { filter = new { team = "payments" }, reason = "Quarterly" };

        var made = await SendAsync(kurt, "/api/v1/rotations/bulk?dry_run=true", wish, "plan it");
        var plan = await made.Content.ReadFromJsonAsync<JsonElement>(Stop);
        var id = plan.GetProperty("id").GetString()!;
        Assert.Equal((HttpStatusCode.Created, $"/api/v1/rotations/bulk/{id}"), (made.StatusCode, made.Headers.Location!.ToString()));
        Assert.Equal("planned", plan.GetProperty("state").GetString());
        // A lost answer is asked for again: the same plan.
        using var again = await SendAsync(kurt, "/api/v1/rotations/bulk?dry_run=true", wish, "plan it");
        Assert.Equal(id, (await again.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("id").GetString());

        var rows = await kurt.GetFromJsonAsync<JsonElement>($"/api/v1/rotations/bulk/{id}/rows?limit=1", Stop);
        Assert.True(rows.GetProperty("has_more").GetBoolean());
        var next = rows.GetProperty("next_cursor").GetString();
        var rest = await kurt.GetFromJsonAsync<JsonElement>($"/api/v1/rotations/bulk/{id}/rows?limit=1&cursor={next}", Stop);
        Assert.Equal(2, Assert.Single(rest.GetProperty("data").EnumerateArray()).GetProperty("row").GetInt32());

        var digest = plan.GetProperty("digest").GetString();
        using var applied = await SendAsync(kurt, $"/api/v1/rotations/bulk/{id}/apply", new { digest }, "apply it");
        Assert.Equal(HttpStatusCode.OK, applied.StatusCode);
        using var repeated = await SendAsync(kurt, $"/api/v1/rotations/bulk/{id}/apply", new { digest }, "apply it");
        Assert.Equal(HttpStatusCode.OK, repeated.StatusCode);
        using var twice = await SendAsync(kurt, $"/api/v1/rotations/bulk/{id}/apply", new { digest }, "apply it once more");
        Assert.Equal(HttpStatusCode.Conflict, twice.StatusCode);

        var report = await kurt.GetFromJsonAsync<JsonElement>($"/api/v1/rotations/bulk/{id}/report", Stop);
        Assert.All(
            report.GetProperty("rows").EnumerateArray(),
            row =>
                Assert.Equal(("done", "planned"), (row.GetProperty("outcome").GetString(), row.GetProperty("rotation_state").GetString()))
        );
        using var csv = await kurt.GetAsync(new Uri($"/api/v1/rotations/bulk/{id}/report?format=csv", UriKind.Relative), Stop);
        Assert.Equal("text/csv", csv.Content.Headers.ContentType!.MediaType);
        var lines = (await csv.Content.ReadAsStringAsync(Stop)).TrimEnd().Split("\r\n");
        Assert.StartsWith("row,agent,team,key_id", lines[0], StringComparison.Ordinal);
        Assert.All(lines.Skip(1), line => Assert.EndsWith(id, line, StringComparison.Ordinal));
        Assert.Equal(3, lines.Length);

        var list = await kurt.GetFromJsonAsync<JsonElement>("/api/v1/rotations/bulk", Stop);
        Assert.Equal(id, Assert.Single(list.GetProperty("data").EnumerateArray()).GetProperty("id").GetString());
        // Nobody else's, unless they see the whole organization.
        using var ines = console.Client(await console.TokenAsync(console.Cast.Ines));
        Assert.Empty((await ines.GetFromJsonAsync<JsonElement>("/api/v1/rotations/bulk", Stop)).GetProperty("data").EnumerateArray());
        using var hidden = await ines.GetAsync(new Uri($"/api/v1/rotations/bulk/{id}/report", UriKind.Relative), Stop);
        Assert.Equal(HttpStatusCode.NotFound, hidden.StatusCode);
        using var olga = console.Client(await console.TokenAsync(console.Cast.Olga));
        using var seen = await olga.GetAsync(new Uri($"/api/v1/rotations/bulk/{id}", UriKind.Relative), Stop);
        Assert.Equal(HttpStatusCode.OK, seen.StatusCode);
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string path, object body, string key)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        request.Headers.Add("Idempotency-Key", key.Replace(" ", "-", StringComparison.Ordinal) + "-7c1f0e52-4a0b");
        return client.SendAsync(request, Stop);
    }
}
