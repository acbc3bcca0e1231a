using AgentConsole.Contracts;
using AgentConsole.SampleFleet;
using AgentConsole.SampleFleet.Client;
using AgentConsole.SampleFleet.Demo;

namespace AgentConsole.Web.Tests.SampleFleet;

/// <summary>The whole fleet against a real console, from an empty organization to its removal.</summary>
public sealed class FleetOnHostTests : IAsyncLifetime
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;
    private readonly AgentBench _bench = new();
    private readonly StringWriter _log = new();
    private ConsoleServer _console = null!;
    private HttpClient _http = null!;
    private FleetClient _olga = null!;
    private FleetOptions _options = null!;

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
            Logs = _bench.Logs,
            Once = true,
        };
        _bench.Put("root/docs/a.md", "# A\n[itself](#a)\n");
        _bench.Put("root/src/p.csproj", "<Project />");
        _bench.Put("logs/dpkg.log", "2026-01-01 10:00:00 startup archives unpack\n");
    }

    [Fact]
    public async Task One_round_registers_nine_agents_with_owners_and_keys_and_leaves_a_run_of_each()
    {
        var code = await Fleet.RunAsync(_options, _log, TimeProvider.System, Stop);

        var agents = await AgentsAsync();
        var runs = await _olga.RunsAsync("limit=200", Stop);
        Assert.Equal(Fleet.Done, code);
        Assert.Equal(9, agents.Count);
        Assert.All(agents, agent => Assert.Equal("live", agent.Liveness));
        Assert.All(agents, agent => Assert.Equal(DemoCast.Team(agent.Team.Slug).OwnerEmail, agent.Owner!.Email));
        Assert.Equal(["finance", "platform", "support"], agents.Select(agent => agent.Team.Slug).Distinct().Order());
        Assert.Equal(agents.Select(agent => agent.Slug).Order(), runs.Data.Select(run => run.Agent).Order());
        Assert.All(
            runs.Data,
            run => Assert.True(run.Status is "completed" or "failed" && run.EventCount > 0, $"{run.Agent} {run.Status}: {run.Error}")
        );
        Assert.Equal("completed", runs.Data.Single(run => run.Agent == "run-auditor").Status);
        Assert.DoesNotContain("could not report", _log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_start_comes_back_with_the_same_agents_and_keys()
    {
        await Fleet.RunAsync(_options, _log, TimeProvider.System, Stop);
        var before = await AgentsAsync();
        var keys = File.ReadAllText(Path.Combine(_bench.State, "fleet.json"));

        await Fleet.RunAsync(_options, _log, TimeProvider.System, Stop);

        Assert.Equal(before.Select(agent => agent.Id).Order(), (await AgentsAsync()).Select(agent => agent.Id).Order());
        Assert.Equal(keys, File.ReadAllText(Path.Combine(_bench.State, "fleet.json")));
    }

    [Fact]
    public async Task The_console_takes_away_what_the_fleet_set_up_and_nothing_else_that_is_tagged_demo()
    {
        await Fleet.RunAsync(_options, _log, TimeProvider.System, Stop);
        await _olga.RegisterAsync(new RegisterAgent { Slug = "our-demo", Tags = ["demo"] }, "ours", Stop);
        var before = await _olga.SendAsync<SampleDataBody>(HttpMethod.Get, "/api/v1/sample-data", null, null, Stop);

        var removed = await _olga.SendAsync<SampleDataBody>(HttpMethod.Delete, "/api/v1/sample-data", null, "once", Stop);
        var repeated = await _olga.SendAsync<SampleDataBody>(HttpMethod.Delete, "/api/v1/sample-data", null, "once", Stop);
        var after = await _olga.SendAsync<SampleDataBody>(HttpMethod.Get, "/api/v1/sample-data", null, null, Stop);

        Assert.Equal(new SampleDataBody(9, 9, 3, 1, 0, false), before);
        Assert.Equal(before, removed);
        Assert.Equal(removed, repeated);
        Assert.Equal(new SampleDataBody(0, 0, 0, 0, 0, false), after);
        Assert.Equal(["our-demo"], (await AgentsAsync()).Select(agent => agent.Slug));
        Assert.Equal(Fleet.Done, await Fleet.RunAsync(_options, _log, TimeProvider.System, Stop)); // and it can come again
    }

    [Fact]
    public async Task A_fleet_whose_keys_are_gone_takes_new_ones_for_its_agents_and_not_for_those_of_others()
    {
        var alone = _options with { Agents = ["disk-watcher"] };
        await Fleet.RunAsync(alone, _log, TimeProvider.System, Stop);
        File.Delete(Path.Combine(_bench.State, "fleet.json"));
        await _olga.RegisterAsync(new RegisterAgent { Slug = "secret-scout" }, "somebody-elses", Stop);

        var own = await Fleet.RunAsync(alone, _log, TimeProvider.System, Stop);
        var refusal = await Assert.ThrowsAsync<ConsoleRefusal>(() =>
            Fleet.RunAsync(_options with { Agents = ["secret-scout"] }, _log, TimeProvider.System, Stop)
        );

        Assert.Equal(Fleet.Done, own);
        Assert.Equal("slug_taken", refusal.Code);
    }

    [Fact]
    public async Task Removal_leaves_no_agent_no_living_key_and_nobody_enabled_and_the_demo_can_come_back()
    {
        await Fleet.RunAsync(_options, _log, TimeProvider.System, Stop);
        var agent = (await AgentsAsync())[0];

        await Fleet.RemoveAsync(_options, _log, TimeProvider.System, Stop);

        Assert.Empty(await AgentsAsync());
        var keys = await _olga.SendAsync<Page<KeyBody>>(HttpMethod.Get, $"/api/v1/agents/{agent.Id}/keys", null, null, Stop);
        Assert.All(keys.Data.SelectMany(key => key.Versions), version => Assert.Equal("revoked", version.State));
        var users = await _olga.SendAsync<Page<UserBody>>(HttpMethod.Get, "/api/v1/users?limit=200", null, null, Stop);
        Assert.All(
            users.Data.Where(user => user.Email.EndsWith("@demo.example", StringComparison.Ordinal)),
            user => Assert.Equal("disabled", user.State)
        );
        Assert.False(File.Exists(Path.Combine(_bench.State, "fleet.json")));

        Assert.Equal(Fleet.Done, await Fleet.RunAsync(_options, _log, TimeProvider.System, Stop));
        Assert.Equal(9, (await AgentsAsync()).Count);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _console.DisposeAsync();
        _bench.Dispose();
    }

    private async Task<IReadOnlyList<AgentBody>> AgentsAsync() =>
        (await _olga.SendAsync<Page<AgentBody>>(HttpMethod.Get, "/api/v1/agents?tag=demo&limit=200", null, null, Stop)).Data;
}
