using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Tests.Sinks;

/// <summary>The other side of a sink, on loopback; answers as the test says.</summary>
internal sealed class StandIn(WebApplication app) : IAsyncDisposable
{
    public string Address { get; } = app.Urls.Single();

    public static async Task<StandIn> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync(TestHouse.Stop);
        return new StandIn(app);
    }

    public async ValueTask DisposeAsync()
    {
        // One that never answers would never stop either.
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }
}
