namespace AgentConsole.Web.Hosting;

/// <summary>
/// Refuses new live connections and long polls once the console stops. The open ones are closed then, and a page reconnects within milliseconds, while the listener is
/// still open: a connection nobody would close any more, for which the stop would wait until its limit.
/// </summary>
internal sealed class Stopping(RequestDelegate next, IHostApplicationLifetime lifetime)
{
    /// <summary>How long a stop may take: below the 10 s after which Docker kills.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(8);

    public Task InvokeAsync(HttpContext context)
    {
        if (!lifetime.ApplicationStopping.IsCancellationRequested || !IsLive(context.Request.Path))
            return next(context);
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.RetryAfter = "5";
        context.Response.Headers.Connection = "close";
        return Task.CompletedTask;
    }

    private static bool IsLive(PathString path) =>
        path.StartsWithSegments("/_blazor", StringComparison.OrdinalIgnoreCase)
        || path.StartsWithSegments("/hubs", StringComparison.OrdinalIgnoreCase)
        || path.StartsWithSegments("/api/v1/live", StringComparison.OrdinalIgnoreCase)
        || path.StartsWithSegments("/api/v1/runs/cancellations", StringComparison.OrdinalIgnoreCase);
}
