using System.Globalization;

namespace AgentConsole.Web.Hosting;

/// <summary>
/// Refuses new live connections and long polls once the console stops, and asks for a new connection for whatever comes next. The open ones are closed
/// then, and a page reconnects within milliseconds, while the listener is still open: a connection nobody would close any more, for which the stop would
/// wait until its limit.
/// </summary>
internal sealed class Stopping(RequestDelegate next, IHostApplicationLifetime lifetime)
{
    private const string DrainKey = "AgentConsole:Shutdown:DrainSeconds";
    private const int MostDrainSeconds = 60;

    /// <summary>How long a stop may take after it has drained: below the 10 s after which Docker kills.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(8);

    /// <exception cref="SettingException">The time to drain is none.</exception>
    public static void AddTo(WebApplicationBuilder builder)
    {
        var drain = TimeSpan.FromSeconds(DrainSeconds(builder.Configuration[DrainKey]));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = drain + Limit);
        builder.Services.AddHostedService(services => new Drain(drain, services.GetRequiredService<TimeProvider>()));
    }

    public Task InvokeAsync(HttpContext context)
    {
        if (!lifetime.ApplicationStopping.IsCancellationRequested)
            return next(context);
        if (HttpProtocol.IsHttp11(context.Request.Protocol))
            context.Response.Headers.Connection = "close";
        if (!IsLive(context.Request.Path))
            return next(context);
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.RetryAfter = "5";
        return Task.CompletedTask;
    }

    private static bool IsLive(PathString path) =>
        path.StartsWithSegments("/_blazor", StringComparison.OrdinalIgnoreCase)
        || path.StartsWithSegments("/hubs", StringComparison.OrdinalIgnoreCase)
        || path.StartsWithSegments("/api/v1/live", StringComparison.OrdinalIgnoreCase)
        || path.StartsWithSegments("/api/v1/runs/cancellations", StringComparison.OrdinalIgnoreCase);

    private static int DrainSeconds(string? text) =>
        string.IsNullOrEmpty(text) ? 0
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= MostDrainSeconds ? seconds
        : throw new SettingException($"{DrainKey}: must be a number from 0 to {MostDrainSeconds}; it is '{text}'.");

    /// <summary>Told to stop, the node serves on for a while, not ready, so that a balancer sends nobody to it any more before the listener closes.</summary>
    private sealed class Drain(TimeSpan time, TimeProvider clock) : IHostedLifecycleService
    {
        public Task StoppingAsync(CancellationToken cancellationToken) => Task.Delay(time, clock, cancellationToken);

        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
