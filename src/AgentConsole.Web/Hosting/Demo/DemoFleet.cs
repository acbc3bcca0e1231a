using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Samples;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace AgentConsole.Web.Hosting.Demo;

/// <summary>Keeps the sample fleet running beside the console: starts it when the doors are open, again when it ends, and stops it before they close.</summary>
internal sealed class DemoFleet(
    DemoMode demo,
    ActorSource actors,
    IServer server,
    IHostEnvironment environment,
    TimeProvider clock,
    ILogger<DemoFleet> log
) : IHostedLifecycleService, ISampleFleet, IDisposable
{
    private static readonly TimeSpan Steady = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public bool IsRunning => _running is { IsCompleted: false };

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public void Dispose() => _stop.Dispose();

    /// <exception cref="SettingException">The fleet has no token that this console takes.</exception>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        if (actors.ForToken(demo.Token, new CallOrigin(null, nameof(DemoFleet), "demo")).Problem is not null)
            throw new SettingException(
                $"{DemoMode.TokenKey}: this console has an administrator already, so the demo needs an API token of an org-admin here, with all scopes."
            );
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        var console = DemoAddress.Of(server);
        var signIn = demo.Papers is { } papers
            ? $"as {papers.Email} with the password {papers.Password} (kept in {demo.PapersFile})"
            : "with your own account";
        await Console.Out.WriteLineAsync($"The demo is at {console}  Sign in {signIn}.");
        _running = KeepRunningAsync(console);
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => ((ISampleFleet)this).StopAsync();

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task KeepRunningAsync(Uri console)
    {
        var failures = 0;
        try
        {
            while (true)
            {
                var began = clock.GetTimestamp();
                await RunOnceAsync(console);
                failures = clock.GetElapsedTime(began) > Steady ? 0 : failures + 1;
                var pause = TimeSpan.FromSeconds(Math.Min(Math.Pow(2, failures), LongestPause.TotalSeconds));
                log.LogWarning("The sample fleet has ended and is started again in {Seconds} s", pause.TotalSeconds);
                await Task.Delay(pause, clock, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            log.LogInformation("The sample fleet is stopped");
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            log.LogError(e, "The sample fleet cannot be started; the console runs without it");
        }
    }

    private async Task RunOnceAsync(Uri console)
    {
        using var fleet = FleetProcess.Start(
            console,
            demo,
            environment.ContentRootPath,
            line => log.LogInformation("{Line}", line),
            line => log.LogWarning("{Line}", line)
        );
        try
        {
            await fleet.WaitAsync(_stop.Token);
        }
        finally
        {
            await fleet.StopAsync(clock);
        }
    }
}

/// <summary>Where a console listens, as somebody on this machine reaches it.</summary>
internal static class DemoAddress
{
    public static Uri Of(IServer server)
    {
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        return Reachable(addresses.FirstOrDefault(a => a.StartsWith("http:", StringComparison.OrdinalIgnoreCase)) ?? addresses.First());
    }

    /// <summary>An address to bind to as one to call: "everywhere" is called by name.</summary>
    public static Uri Reachable(string binding)
    {
        var address = BindingAddress.Parse(binding);
        var host = address.Host is "*" or "+" or "0.0.0.0" or "[::]" ? "localhost" : address.Host;
        return new UriBuilder(address.Scheme, host, address.Port, address.PathBase).Uri;
    }
}
