using AgentConsole.Contracts;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.SampleFleet;
using AgentConsole.SampleFleet.Agents;
using AgentConsole.SampleFleet.Client;
using AgentConsole.SampleFleet.Demo;
using AgentConsole.SampleFleet.Keys;
using AgentConsole.SampleFleet.Running;

namespace AgentConsole.Web.Tests.SampleFleet;

/// <summary>The ledger reconciler's next version, which is worse, against a real console: deployed, followed, judged and taken back.</summary>
public sealed class FleetRolloutTests : IAsyncLifetime
{
    private const string Slug = "ledger-reconciler";
    private const int MostRuns = 200;
    private readonly AgentBench _bench = new();
    private ConsoleServer _console = null!;
    private HttpClient _http = null!;
    private FleetClient _olga = null!;
    private FleetOptions _options = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _console = await ConsoleServer.StartAsync();
        _http = FleetClient.Connect(_console.Address);
        var token = await _console.TokenAsync(_console.Cast.Olga);
        _olga = new FleetClient(_http, token, TimeProvider.System);
        _options = new FleetOptions
        {
            Console = _console.Address,
            Token = token,
            StateFolder = _bench.State,
            Root = _bench.Root,
        };
    }

    [Fact]
    public async Task The_worse_version_is_caught_by_its_runs_and_rolled_back_by_the_console_alone()
    {
        var log = new FleetLog(TextWriter.Null, null, TimeProvider.System);
        var state = FleetState.Open(_bench.State);
        var keys = new KeyRing(_options, _http, state, log, TimeProvider.System);
        var here = new Surroundings(_console.Address, _bench.Root, _options.Fixtures, _bench.Logs, _bench.State);
        LedgerReconciler[] agents = [new(here)];
        var member = Assert.Single(await new DemoScene(_olga, state, keys, log).SetAsync(agents, Stop));

        await new DemoDeployer(_olga, agents, log, TimeProvider.System).RunAsync(TimeSpan.Zero, Stop);

        var split = await member.Split.ReadAsync(Stop);
        Assert.Equal([(Roster.Version, 50m), (Roster.NextLedgerReconciler, 50m)], split.Shares);
        var reporter = new RunReporter(
            member.Console,
            new RunLedger(Path.Combine(_bench.State, "ledger.csv")),
            TimeProvider.System,
            TimeSpan.Zero
        );
        RolloutBody? rollout = null;
        var runs = 0;
        do
        {
            Assert.True(runs++ < MostRuns && rollout?.State is not "paused", $"The worse version was not caught: {rollout}");
            await reporter.RunAsync(member.Agent, (await member.Split.ReadAsync(Stop)).Draw(), Stop);
            await _console.Get<RolloutWatch>().StepAsync(Stop);
            rollout = Assert.Single(
                (await _olga.SendAsync<Page<RolloutBody>>(HttpMethod.Get, $"/api/v1/agents/{Slug}/rollouts", null, null, Stop)).Data
            );
        } while (rollout.EndedAt is null);

        Assert.Equal(("rolled-back", "fail"), (rollout.State, rollout.Verdict));
        Assert.Equal([(Roster.Version, 100m)], (await member.Split.ReadAsync(Stop)).Shares);
        var snapshots = await _olga.SendAsync<Page<SnapshotBody>>(HttpMethod.Get, $"/api/v1/agents/{Slug}/snapshots", null, null, Stop);
        Assert.Equal(
            ["1.0.0 active current", "1.1.0 canary failed", "1.0.0 active superseded"],
            snapshots.Data.Select(s => $"{s.Version} {s.Status} {s.Outcome}")
        );

        await new DemoDeployer(_olga, agents, log, TimeProvider.System).RunAsync(TimeSpan.Zero, Stop); // a second start deploys nothing anew

        Assert.Single((await _olga.SendAsync<Page<RolloutBody>>(HttpMethod.Get, $"/api/v1/agents/{Slug}/rollouts", null, null, Stop)).Data);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _console.DisposeAsync();
        _bench.Dispose();
    }
}
