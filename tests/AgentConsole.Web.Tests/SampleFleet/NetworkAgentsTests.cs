using System.Net;
using System.Net.Sockets;
using AgentConsole.SampleFleet.Agents;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Web.Tests.SampleFleet;

public sealed class NetworkAgentsTests : IAsyncLifetime
{
    private readonly AgentBench _bench = new();
    private WebApplication _site = null!;

    private Uri Site => new(_site.Urls.First());

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _site = builder.Build();
        _site.MapGet(
            "/page",
            () =>
                Results.Content(
                    """<html><head><title>Fees &amp; taxes</title></head><body><h1>Fees</h1><h2>Taxes</h2><a href="/other">x</a><a href="https://far.example/">y</a></body></html>""",
                    "text/html"
                )
        );
        _site.MapGet("/untitled", () => Results.Content("<p>nothing</p>", "text/html"));
        _site.MapGet(
            "/api.json",
            () =>
                Results.Content(
                    """{"openapi":"3.1.1","paths":{"/a":{"get":{"summary":"s"},"post":{},"parameters":[]}}}""",
                    "application/json"
                )
        );
        _site.MapGet("/broken.json", () => Results.Content("""{"openapi":""", "application/json"));
        _site.MapGet("/unwell", () => Results.StatusCode(503));
        await _site.StartAsync();
    }

    [Theory]
    [InlineData("/page", "completed", "/page: “Fees & taxes”, 2 headings, 2 links, 1 of them elsewhere.", null)]
    [InlineData("/api.json", "completed", "/api.json: OpenAPI 3.1.1, 2 operations, 1 without a summary.", null)]
    [InlineData("/broken.json", "failed", "/broken.json is not the JSON it says it is.", "json_malformed")]
    [InlineData("/untitled", "failed", "/untitled has no title.", "no_title")]
    [InlineData("/gone", "failed", "/gone could not be read.", "http_404")]
    public async Task The_page_reader_extracts_facts_or_says_why_there_are_none(string path, string status, string summary, string? code)
    {
        var finding = await _bench.CollectAsync(PageReader.ReadAsync(new Uri(Site, path), _bench.Work, CancellationToken.None));

        Assert.Equal((status, summary, code), (finding.Status, finding.Summary, finding.ErrorCode));
        Assert.Contains(_bench.Steps, step => step is { Kind: "tool-call", Name: "http-get", Status: "ok" });
    }

    [Fact]
    public async Task The_page_reader_does_not_follow_links_off_the_machine()
    {
        await _bench.CollectAsync(PageReader.ReadAsync(new Uri(Site, "/page"), _bench.Work, CancellationToken.None));

        Assert.Equal("https://far.example/", Assert.Single(_bench.Decisions("blocked")).Metadata!.Value.GetProperty("link").GetString());
    }

    [Fact]
    public async Task The_prober_tells_a_good_answer_from_an_unwell_service()
    {
        var good = await ServiceProber.ProbeAsync("it", new Uri(Site, "/page"), _bench.Work, CancellationToken.None);
        var unwell = await ServiceProber.ProbeAsync("it", new Uri(Site, "/unwell"), _bench.Work, CancellationToken.None);

        Assert.Equal(("completed", "failed", "not_ready"), (good.Status, unwell.Status, unwell.ErrorCode));
    }

    [Fact]
    public async Task The_prober_tells_a_closed_port_from_a_service_that_hangs()
    {
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        var hangs = new Uri($"http://127.0.0.1:{((IPEndPoint)mute.LocalEndpoint).Port}/");
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var down = new Uri($"http://127.0.0.1:{((IPEndPoint)closed.LocalEndpoint).Port}/");
        closed.Stop();

        var refused = await _bench.CollectAsync(ServiceProber.ProbeAsync("it", down, _bench.Work, CancellationToken.None));
        var silent = await _bench.CollectAsync(ServiceProber.ProbeAsync("it", hangs, _bench.Work, CancellationToken.None));

        Assert.Equal(("failed", "connection_refused"), (refused.Status, refused.ErrorCode));
        Assert.Equal(("timed-out", "no_answer"), (silent.Status, silent.ErrorCode));
        Assert.Equal(2, _bench.Steps.Count(step => step is { Kind: "tool-call", Status: "error" }));
    }

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        _bench.Dispose();
    }
}
