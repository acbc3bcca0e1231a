using AgentConsole.Contracts;
using AgentConsole.SampleFleet.Agents;
using AgentConsole.SampleFleet.Client;
using AgentConsole.SampleFleet.Running;

namespace AgentConsole.Web.Tests.SampleFleet;

/// <summary>One agent against a real console: what it reports is what the console then holds.</summary>
public sealed class RunOnHostTests : IAsyncLifetime
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;
    private readonly AgentBench _bench = new();
    private ConsoleServer _console = null!;
    private RunLedger _ledger = null!;
    private HttpClient _http = null!;

    public async ValueTask InitializeAsync()
    {
        _console = await ConsoleServer.StartAsync();
        _http = FleetClient.Connect(_console.Address);
        _ledger = new RunLedger(Path.Combine(_bench.State, "ledger.csv"));
    }

    [Fact]
    public async Task A_run_stands_in_the_console_with_its_steps_figures_and_end()
    {
        _bench.Put("root/docs/a.md", "# A\n[gone](b.md) and [off](https://far.example/)\n");
        var agent = await RegisterAsync("link-checker", "full");

        var run = await Reporter(agent).RunAsync(new LinkChecker(_bench.Surroundings), Stop);
        var steps = await agent.SendAsync<Page<EventBody>>(HttpMethod.Get, $"/api/v1/runs/{run.ExternalId}/events", null, null, Stop);

        Assert.Equal(("failed", "broken_links"), (run.Status, run.ErrorCode));
        Assert.Equal("docs/a.md:2 b.md: there is no such file", run.Error);
        Assert.Equal(5, run.InputTokens);
        Assert.Null(run.Cost);
        Assert.Equal("words of text read", run.Metadata!.Value.GetProperty("input_tokens_are").GetString());
        Assert.Equal(["iteration", "tool-call", "iteration", "log", "decision"], steps.Data.Select(s => s.Kind));
        Assert.Equal("docs/a.md", steps.Data[1].Arguments!.Value.GetProperty("file").GetString());
        Assert.Equal("blocked", steps.Data[4].Decision);
        Assert.Equal(steps.Data.Count, run.EventCount);
        Assert.Equal((run.ExternalId, 5), (_ledger.Tail(10).Single().ExternalId, _ledger.Tail(10).Single().Steps));
    }

    [Fact]
    public async Task An_agent_that_fails_in_a_way_it_did_not_expect_or_is_stopped_still_ends_its_run()
    {
        var agent = await RegisterAsync("clumsy", "metadata");
        using var stopping = new CancellationTokenSource();

        var fault = await Reporter(agent).RunAsync(new Acting(_ => throw new InvalidDataException("No header.")), Stop);
        var stopped = await Reporter(agent)
            .RunAsync(
                new Acting(async token =>
                {
                    await stopping.CancelAsync();
                    token.ThrowIfCancellationRequested();
                    return Finding.Completed("never");
                }),
                stopping.Token
            );

        Assert.Equal(("failed", "fault", "InvalidDataException: No header."), (fault.Status, fault.ErrorCode, fault.Error));
        Assert.Equal("cancelled", stopped.Status);
    }

    [Fact]
    public async Task An_agent_that_is_asked_to_stop_says_that_it_heard_stops_and_reports_it()
    {
        var agent = await RegisterAsync("slow", "metadata");
        var olga = new FleetClient(_http, await _console.TokenAsync(_console.Cast.Olga), TimeProvider.System);
        var begun = new TaskCompletionSource();

        var running = Reporter(agent)
            .RunAsync(
                new Acting(async token =>
                {
                    begun.SetResult();
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
                    return Finding.Completed("never");
                }),
                Stop
            );
        await begun.Task;
        var open = Assert.Single((await agent.RunsAsync("status=running", Stop)).Data);
        await olga.SendAsync<CancelBody>(HttpMethod.Post, $"/api/v1/runs/{open.Id}/cancel", new Reason { Text = "too slow" }, null, Stop);
        var run = await running;
        var cancel = await olga.SendAsync<CancelBody>(HttpMethod.Get, $"/api/v1/runs/{open.Id}/cancel", null, null, Stop);

        Assert.Equal(("cancelled", "Stopped as asked: too slow"), (run.Status, run.Summary));
        Assert.Equal("cancelled", cancel.State);
        Assert.NotNull(cancel.AcknowledgedAt);
    }

    [Fact]
    public async Task The_auditor_finds_every_acknowledged_run_and_notices_one_that_is_not_as_acknowledged()
    {
        var agent = await RegisterAsync("steady", "metadata");
        var viewer = new FleetClient(_http, await _console.TokenAsync(_console.Cast.Victor), TimeProvider.System);
        var auditor = new RunAuditor(_ledger, () => viewer, TimeProvider.System);
        var reporter = Reporter(agent);
        for (var i = 0; i < 3; i++)
            await reporter.RunAsync(new Acting(_ => Task.FromResult(Finding.Completed("done"))), Stop);

        var good = await _bench.LetWorkAsync(auditor);
        _ledger.Append(_ledger.Tail(1)[0] with { Status = "failed" });
        _ledger.Append(new LedgerRow("steady-lost", "steady", "completed", TimeProvider.System.GetUtcNow(), 0));
        var bad = await _bench.LetWorkAsync(auditor);

        Assert.Equal("completed", good.Status);
        Assert.Equal(("failed", "runs_differ"), (bad.Status, bad.ErrorCode));
        Assert.EndsWith(
            "was acknowledged as failed and is completed\nsteady-lost is not in the console",
            bad.Error,
            StringComparison.Ordinal
        );
        Assert.Equal(2, _bench.Decisions("escalated").Count());
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _console.DisposeAsync();
        _bench.Dispose();
    }

    private RunReporter Reporter(FleetClient agent) => new(agent, _ledger, TimeProvider.System, TimeSpan.Zero);

    private async Task<FleetClient> RegisterAsync(string slug, string captureMode)
    {
        var ines = new FleetClient(_http, await _console.TokenAsync(_console.Cast.Ines), TimeProvider.System);
        var body = new RegisterAgent
        {
            Slug = slug,
            Team = "payments",
            Key = true,
            CaptureMode = captureMode,
        };
        return new FleetClient(_http, (await ines.RegisterAsync(body, Guid.NewGuid().ToString(), Stop)).ApiKey!, TimeProvider.System);
    }

    private sealed class Acting(Func<CancellationToken, Task<Finding>> act) : FleetAgent
    {
        public override Passport Passport { get; } =
            new()
            {
                Slug = "steady",
                DisplayName = "Steady",
                Description = "Does what the test says.",
                Team = "payments",
                Environment = "test",
                Tags = [],
                Cadence = TimeSpan.FromMinutes(1),
            };

        public override Task<Finding> WorkAsync(Work work, CancellationToken cancellationToken) => act(cancellationToken);
    }
}
