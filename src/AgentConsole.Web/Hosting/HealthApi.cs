using AgentConsole.Web.Hosting.Metrics;

namespace AgentConsole.Web.Hosting;

/// <summary>What an orchestrator and a scraper ask.</summary>
internal static class HealthApi
{
    public static void AddConsoleHealth(this IServiceCollection services)
    {
        services.AddSingleton<Readiness>();
        services.AddSingleton<PrometheusText>();
    }

    public static void MapConsoleHealth(this WebApplication app)
    {
        // Alive: the process answers. Nothing else, or a slow disk would get a healthy process killed.
        app.MapGet("/health/live", () => Results.Text("live\n")).ExcludeFromDescription();
        app.MapGet(
                "/health/ready",
                async (Readiness readiness, CancellationToken cancellationToken) =>
                {
                    var report = await readiness.CheckAsync(cancellationToken);
                    return Results.Json(
                        report,
                        Contracts.ConsoleJson.Options,
                        statusCode: report.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable
                    );
                }
            )
            .ExcludeFromDescription();
        var metrics = app.Services.GetRequiredService<PrometheusText>(); // listens from the start, not from the first scrape
        app.MapGet(
                "/metrics",
                async (HttpContext context) =>
                {
                    context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
                    await context.Response.WriteAsync(metrics.Write(), context.RequestAborted);
                }
            )
            .ExcludeFromDescription();
    }
}
