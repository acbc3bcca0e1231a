using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace AgentConsole.Web.Tests.Views;

public sealed class ViewApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, BothDatabases]
    public async Task A_view_is_saved_read_changed_marked_and_deleted(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        using var ines = console.Client(await console.TokenAsync(console.Cast.Ines));

        var made = await ines.PostAsJsonAsync(
            "/api/v1/views",
            new
            {
                page = "fleet",
                name = "Failing",
                query = "health=failing",
            },
            Stop
        );
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var view = await made.Content.ReadFromJsonAsync<JsonElement>(Stop);
        var address = $"/api/v1/views/{view.GetProperty("id").GetString()}";
        Assert.Equal(address, made.Headers.Location!.OriginalString);
        var read = await ines.GetAsync(address, Stop);
        Assert.Equal("\"1\"", read.Headers.ETag!.Tag);

        using var blind = await ines.PatchAsJsonAsync(address, new { name = "x" }, Stop);
        Assert.Equal((HttpStatusCode)428, blind.StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Patch, address) { Content = JsonContent.Create(new { query = "health=ok" }) };
        request.Headers.IfMatch.Add(new EntityTagHeaderValue("\"1\""));
        using var changed = await ines.SendAsync(request, Stop);
        Assert.Equal(("\"2\"", HttpStatusCode.OK), (changed.Headers.ETag!.Tag, changed.StatusCode));

        var marked = await ines.PostAsJsonAsync(address + "/mark", new { pinned = true }, Stop);
        Assert.True((await marked.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("pinned").GetBoolean());
        var listed = await ines.GetFromJsonAsync<JsonElement>("/api/v1/views?page=fleet", Stop);
        Assert.Equal("health=ok", listed.GetProperty("data")[0].GetProperty("query").GetString());
        Assert.Equal(0, (await ines.GetFromJsonAsync<JsonElement>("/api/v1/views?page=runs", Stop)).GetProperty("data").GetArrayLength());

        Assert.Equal(HttpStatusCode.OK, (await ines.DeleteAsync(address, Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await ines.GetAsync(address, Stop)).StatusCode);
    }

    [Fact]
    public async Task The_same_key_saves_one_view()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var ines = console.Client(await console.TokenAsync(console.Cast.Ines));
        ines.DefaultRequestHeaders.Add("Idempotency-Key", "once");

        var first = await ines.PostAsJsonAsync("/api/v1/views", new { page = "runs", name = "Failed" }, Stop);
        var again = await ines.PostAsJsonAsync("/api/v1/views", new { page = "runs", name = "Failed" }, Stop);

        Assert.Equal(await first.Content.ReadAsStringAsync(Stop), await again.Content.ReadAsStringAsync(Stop));
        Assert.Equal(1, (await ines.GetFromJsonAsync<JsonElement>("/api/v1/views", Stop)).GetProperty("data").GetArrayLength());
    }
}
