using System.Net;
using AgentConsole.SampleFleet.Client;
using AgentConsole.SampleFleet.Demo;
using AgentConsole.SampleFleet.Keys;
using AgentConsole.SampleFleet.Running;

namespace AgentConsole.SampleFleet;

/// <summary>How the fleet is to run.</summary>
public sealed record FleetOptions
{
    public required Uri Console { get; init; }

    /// <summary>An API token that may create teams, invite people and register agents. The agents themselves never use it.</summary>
    public required string Token { get; init; }
    public required string StateFolder { get; init; }
    public required string Root { get; init; }
    public string Fixtures { get; init; } = Path.Combine(AppContext.BaseDirectory, "Fixtures");
    public string Logs { get; init; } = "/var/log";

    /// <summary>Slugs of the agents that take part; all when empty.</summary>
    public IReadOnlyList<string> Agents { get; init; } = [];

    /// <summary>Every agent works once, then the fleet ends.</summary>
    public bool Once { get; init; }

    /// <summary>The folder below which the console may write keys for agents, as an absolute path that is no link; null where it writes none.</summary>
    public string? KeyFolder { get; init; }

    /// <summary>From the start of the fleet to its first rotations; later ones come by the hour.</summary>
    public TimeSpan FirstRotation { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>From the start of the fleet to its rollout.</summary>
    public TimeSpan FirstRollout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>From the cut-over of a rotation to its end.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Rest between two steps of a run.</summary>
    public TimeSpan Pace { get; init; } = TimeSpan.FromMilliseconds(150);
}

/// <summary>The sample fleet: small agents that do real work on this machine and know the console by its public API only.</summary>
public static class Fleet
{
    public const int Done = 0;
    public const int NotAllReported = 1;
    private const string LedgerFile = "ledger.csv";
    private const string LogFile = "fleet.log";

    private static readonly TimeSpan ConsoleReadyWithin = TimeSpan.FromSeconds(90);

    /// <summary>Sets the scene, then lets the agents work until stopped, or once.</summary>
    /// <returns>0, or 1 when a single round could not report everything.</returns>
    /// <exception cref="ConsoleRefusal">The token is not accepted, or may not do what the scene needs.</exception>
    /// <exception cref="HttpRequestException">There is no console at the address.</exception>
    public static async Task<int> RunAsync(FleetOptions options, TextWriter writer, TimeProvider clock, CancellationToken stopping)
    {
        var state = FleetState.Open(options.StateFolder);
        var log = new FleetLog(writer, Path.Combine(options.StateFolder, LogFile), clock);
        var ledger = new RunLedger(Path.Combine(options.StateFolder, LedgerFile));
        ledger.Shorten();
        using var http = FleetClient.Connect(options.Console);
        await WaitForConsoleAsync(http, clock, stopping);

        var here = new Surroundings(options.Console, options.Root, options.Fixtures, options.Logs, options.StateFolder);
        FleetClient? auditor = null;
        var agents = Roster
            .Of(here, ledger, () => auditor, clock)
            .Where(agent => options.Agents.Count == 0 || options.Agents.Contains(agent.Passport.Slug))
            .ToList();
        var owner = new FleetClient(http, options.Token, clock);
        var keys = new KeyRing(options, http, state, log, clock);
        var members = await new DemoScene(owner, state, keys, log).SetAsync(agents, stopping);
        auditor = state.AuditorToken is { } token ? new FleetClient(http, token, clock) : null;

        var runner = new FleetRunner(members, ledger, log, clock, options.Once ? TimeSpan.Zero : options.Pace);
        if (options.Once)
            return await runner.RunOnceAsync(stopping) ? Done : NotAllReported;
        log.Info($"{members.Count} agents at work against {options.Console}");
        var keyOwner = new DemoKeyOwner(owner, keys.CaredFor(agents), log, clock);
        var deployer = new DemoDeployer(owner, agents, log, clock);
        await Task.WhenAll(
            runner.RunAsync(stopping),
            FleetRunner.UntilStoppedAsync(() => deployer.RunAsync(options.FirstRollout, stopping), stopping),
            FleetRunner.UntilStoppedAsync(() => keyOwner.RunAsync(options.FirstRotation, options.Linger, stopping), stopping)
        );
        log.Info("The fleet has stopped.");
        return Done;
    }

    /// <summary>Takes everything away that the scene set up, and forgets the keys.</summary>
    public static async Task RemoveAsync(FleetOptions options, TextWriter writer, TimeProvider clock, CancellationToken stopping)
    {
        using var http = FleetClient.Connect(options.Console);
        await WaitForConsoleAsync(http, clock, stopping);
        var log = new FleetLog(writer, null, clock);
        var state = FleetState.Open(options.StateFolder);
        var keys = new KeyRing(options, http, state, log, clock);
        await new DemoScene(new FleetClient(http, options.Token, clock), state, keys, log).RemoveAsync(stopping);
        keys.Clear();
        foreach (var file in new[] { FleetState.FileName, LedgerFile, LogFile, LogFile + ".1" })
            File.Delete(Path.Combine(options.StateFolder, file));
    }

    private static async Task WaitForConsoleAsync(HttpClient http, TimeProvider clock, CancellationToken stopping)
    {
        var began = clock.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var answer = await http.GetAsync(new Uri("/health/ready", UriKind.Relative), stopping);
                if (answer.StatusCode == HttpStatusCode.OK)
                    return;
            }
            catch (HttpRequestException) when (clock.GetElapsedTime(began) < ConsoleReadyWithin)
            {
                // Not listening yet; asked again below.
            }
            if (clock.GetElapsedTime(began) >= ConsoleReadyWithin)
                throw new HttpRequestException($"{http.BaseAddress} is not ready after {ConsoleReadyWithin.TotalSeconds} s.");
            await Task.Delay(FleetClient.Backoff(Math.Min(attempt, 4)), clock, stopping);
        }
    }
}
