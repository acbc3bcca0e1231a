using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using AgentConsole.Contracts;
using AgentConsole.SampleFleet;
using AgentConsole.SampleFleet.Client;
using AgentConsole.SampleFleet.Demo;
using AgentConsole.SampleFleet.Keys;
using AgentConsole.SampleFleet.Running;

namespace AgentConsole.Web.Tests.SampleFleet;

/// <summary>The fleet changes its keys while it works: by a file that the console writes, and by itself.</summary>
public sealed class FleetKeysTests : IAsyncLifetime
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;
    private readonly AgentBench _bench = new();
    private readonly StringWriter _log = new();
    private ConsoleServer _console = null!;
    private HttpClient _http = null!;
    private FleetClient _olga = null!;
    private string _token = null!;

    private string Keys => Path.Combine(_bench.Root, "..", "keys");
    private FleetLog Log => new(TextWriter.Synchronized(_log), null, TimeProvider.System);

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Keys);
        _console = await ConsoleServer.StartAsync(
            settings: new Dictionary<string, string?> { ["AgentConsole:Sinks:FileRoots:0"] = Path.GetFullPath(Keys) }
        );
        _http = FleetClient.Connect(_console.Address);
        _token = await _console.TokenAsync(_console.Cast.Olga);
        _olga = new FleetClient(_http, _token, TimeProvider.System);
    }

    [Fact]
    public async Task Two_agents_at_work_take_up_new_keys_and_no_report_is_lost_or_refused()
    {
        var options = new FleetOptions
        {
            Console = _console.Address,
            Token = _token,
            StateFolder = _bench.State,
            Root = _bench.Root,
            Logs = _bench.Logs,
            Agents = ["ledger-reconciler", "disk-watcher"],
            KeyFolder = Path.GetFullPath(Keys),
            FirstRotation = TimeSpan.FromSeconds(1),
            Linger = TimeSpan.Zero,
            Pace = TimeSpan.FromMilliseconds(20),
        };
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        using var answers = new AnswersByStatus(_console);
        var fleet = Fleet.RunAsync(options, TextWriter.Synchronized(_log), TimeProvider.System, stopping.Token);

        var rotations = await UntilAsync(found => found.Count == 2 && found.All(r => r.State == "completed"), TimeSpan.FromSeconds(90));
        await stopping.CancelAsync();
        Assert.Equal(Fleet.Done, await fleet);

        Assert.Equal(["disk-watcher agent", "ledger-reconciler person"], rotations.Select(r => $"{r.Agent} {r.Trigger}").Order());
        Assert.Equal("demo-key-files", rotations.Single(r => r.Trigger == "person").Sink);
        foreach (var rotation in rotations)
        {
            var whole = await _olga.SendAsync<RotationBody>(HttpMethod.Get, $"/api/v1/rotations/{rotation.Id}", null, null, Stop);
            var caller = Assert.Single(whole.Callers);
            Assert.Equal(("moved", 2), (caller.State, caller.LastVersion));
            Assert.StartsWith("sample-fleet@", caller.Instance, StringComparison.Ordinal);
            Assert.Empty(whole.Knocks);
            Assert.Null(whole.OverriddenAt);
        }
        var runs = (await _olga.RunsAsync("limit=200", Stop)).Data;
        Assert.Equal(["disk-watcher", "ledger-reconciler"], runs.Select(r => r.Agent).Distinct().Order());
        Assert.All(
            runs,
            r => Assert.True(r.Status is "completed" or "cancelled" || r.ErrorCode is "ledgers_differ" or "csv_malformed", r.ErrorCode)
        );
        var log = _log.ToString();
        Assert.DoesNotContain("warn fleet", log, StringComparison.Ordinal);
        Assert.NotEqual(0, answers.Of(200));
        Assert.Equal(0, answers.Of(401));
        var secrets = new[] { new KeyFile(Path.Combine(Keys, "finance", "ledger-reconciler.env")).Read()! }
            .Append(FleetState.Open(_bench.State).Of("disk-watcher")!.Key!)
            .ToList();
        foreach (var secret in secrets)
        {
            Assert.Equal(2, (await _olga.VerifyKeyAsync(secret, Stop)).KeyVersion);
            Assert.DoesNotContain(secret, log, StringComparison.Ordinal);
            Assert.DoesNotContain(_console.Log.Lines, l => l.Contains(secret, StringComparison.Ordinal));
        }

        // The next start comes back with what it has, and has nothing to change for an hour.
        await Fleet.RunAsync(options with { Once = true }, TextWriter.Synchronized(_log), TimeProvider.System, Stop);
        Assert.Equal(2, (await RotationsAsync()).Count);
        await Fleet.RemoveAsync(options, _log, TimeProvider.System, Stop);
        Assert.False(Directory.Exists(Path.Combine(Keys, "finance")));
        Assert.Empty((await _olga.SendAsync<Page<SinkBody>>(HttpMethod.Get, "/api/v1/sinks", null, null, Stop)).Data);
    }

    [Fact]
    public async Task Killed_before_it_stored_the_answer_an_agent_is_given_the_same_secret_again_and_no_second_one_is_made()
    {
        var agent = await SelfRotatingAsync("watcher");
        var begun = FleetState.Open(_bench.State);
        begun.Keep("watcher", begun.Of("watcher")! with { Turn = new KeyTurn("attempt-7") });
        var lost = await agent.Console.SendAsync<RotationBody>(
            HttpMethod.Post,
            "/api/v1/rotations",
            new RotateOwnKey { GraceSeconds = 86400, Reason = "This agent changes its key every hour." },
            "attempt-7",
            Stop
        );

        var again = await StartAsync("watcher");
        await again.Rotation.RotateAsync(Stop);

        Assert.Equal(lost.ApiKey, again.Key.Current);
        var papers = FleetState.Open(_bench.State).Of("watcher")!;
        Assert.Equal((lost.ApiKey, null), (papers.Key, papers.Turn));
        var rotation = Assert.Single(await RotationsAsync());
        Assert.Equal((lost.Id, 2), (rotation.Id, rotation.ToVersion));
        Assert.NotNull(rotation.AcknowledgedAt);
    }

    [Fact]
    public async Task Killed_before_it_said_that_it_stored_the_secret_an_agent_says_so_at_its_next_start()
    {
        var agent = await SelfRotatingAsync("watcher");
        var answer = await agent.Console.SendAsync<RotationBody>(
            HttpMethod.Post,
            "/api/v1/rotations",
            new RotateOwnKey { GraceSeconds = 86400 },
            "attempt-8",
            Stop
        );
        var state = FleetState.Open(_bench.State);
        state.Keep("watcher", state.Of("watcher")! with { Key = answer.ApiKey, Turn = new KeyTurn("attempt-8", answer.Id) });

        await (await StartAsync("watcher")).Rotation.RotateAsync(Stop);

        Assert.NotNull(Assert.Single(await RotationsAsync()).AcknowledgedAt);
        Assert.Null(FleetState.Open(_bench.State).Of("watcher")!.Turn);
    }

    [Fact]
    public async Task An_agent_that_may_not_rotate_its_key_keeps_it_and_asks_for_nothing_old_later()
    {
        var agent = await SelfRotatingAsync("watcher");
        var verdict = await _olga.VerifyKeyAsync(agent.Key.Current, Stop);
        await _olga.SendAsync<KeyBody>(
            HttpMethod.Patch,
            $"/api/v1/agents/watcher/keys/{verdict.KeyId}",
            new ChangeKey { SelfRotation = false },
            null,
            Stop
        );
        var before = agent.Key.Current;

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var running = agent.Rotation.RunAsync(TimeSpan.Zero, stopping.Token);
        await UntilLoggedAsync("watcher keeps its key");
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        Assert.Equal(before, agent.Key.Current);
        Assert.Null(FleetState.Open(_bench.State).Of("watcher")!.Turn);
        Assert.Empty(await RotationsAsync());
    }

    [Fact]
    public async Task A_file_with_a_key_that_is_refused_leaves_the_agent_with_the_one_it_has()
    {
        var secret = (await _olga.RegisterAsync(new RegisterAgent { Slug = "reader", Key = true }, "reader", Stop)).ApiKey!;
        var file = new KeyFile(Path.Combine(Keys, "default", "reader.env"));
        file.Write(secret);
        var key = new KeyHolder(secret, file.Read);
        var watch = new KeyFileWatch(
            "reader",
            file,
            key,
            found => new FleetClient(_http, found, TimeProvider.System),
            Log,
            TimeProvider.System
        );
        await watch.LookAsync(Stop);

        File.WriteAllText(file.Path, "AGENT_KEY=ak_live_nonsense\n");
        await watch.LookAsync(Stop);
        await watch.LookAsync(Stop);
        Assert.Equal(secret, key.Current);
        Assert.Single(_log.ToString().Split('\n'), l => l.Contains("stays with its key", StringComparison.Ordinal));

        var rotation = await _olga.SendAsync<RotationBody>(
            HttpMethod.Post,
            "/api/v1/agents/reader/rotations",
            new CreateRotation { Reason = "Found in a chat" },
            "once",
            Stop
        );
        file.Write(rotation.ApiKey!);
        await watch.LookAsync(Stop);
        Assert.Equal(rotation.ApiKey, key.Current);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _console.DisposeAsync();
        _bench.Dispose();
    }

    /// <summary>Counts what one console answers, by the framework's own measurements.</summary>
    private sealed class AnswersByStatus : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<int, int> _counts = [];

        public AnswersByStatus(ConsoleServer console)
        {
            var meters = console.Get<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "http.server.request.duration" && ReferenceEquals(instrument.Meter.Scope, meters))
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<double>(
                (_, _, tags, _) =>
                {
                    foreach (var (name, value) in tags)
                    {
                        if (name == "http.response.status_code" && value is int status)
                            _counts.AddOrUpdate(status, 1, (_, count) => count + 1);
                    }
                }
            );
            _listener.Start();
        }

        public int Of(int status) => _counts.GetValueOrDefault(status);

        public void Dispose() => _listener.Dispose();
    }

    private sealed record Watcher(FleetClient Console, KeyHolder Key, SelfRotation Rotation);

    private async Task<Watcher> SelfRotatingAsync(string slug)
    {
        var secret = (await _olga.RegisterAsync(new RegisterAgent { Slug = slug, Key = true }, slug, Stop)).ApiKey!;
        var keyId = (await _olga.VerifyKeyAsync(secret, Stop)).KeyId;
        await _olga.SendAsync<KeyBody>(
            HttpMethod.Patch,
            $"/api/v1/agents/{slug}/keys/{keyId}",
            new ChangeKey { SelfRotation = true },
            null,
            Stop
        );
        FleetState.Open(_bench.State).Keep(slug, new AgentPapers("registered", secret));
        return await StartAsync(slug);
    }

    // A process that starts: it knows what lies in its state folder.
    private Task<Watcher> StartAsync(string slug)
    {
        var state = FleetState.Open(_bench.State);
        var key = new KeyHolder(state.Of(slug)!.Key!);
        var console = new FleetClient(_http, key, TimeProvider.System);
        return Task.FromResult(new Watcher(console, key, new SelfRotation(slug, console, key, state, Log, TimeProvider.System)));
    }

    private async Task<IReadOnlyList<RotationBody>> RotationsAsync() =>
        (await _olga.SendAsync<Page<RotationBody>>(HttpMethod.Get, "/api/v1/rotations?limit=50", null, null, Stop)).Data;

    private async Task<IReadOnlyList<RotationBody>> UntilAsync(Func<IReadOnlyList<RotationBody>, bool> there, TimeSpan patience)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        end.CancelAfter(patience);
        while (true)
        {
            var found = await RotationsAsync();
            if (there(found))
                return found;
            Assert.False(end.IsCancellationRequested, string.Join("; ", found.Select(r => $"{r.Agent} {r.State} {r.Failure}")) + _log);
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Stop);
        }
    }

    private async Task UntilLoggedAsync(string text)
    {
        while (!_log.ToString().Contains(text, StringComparison.Ordinal))
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Stop);
    }
}
