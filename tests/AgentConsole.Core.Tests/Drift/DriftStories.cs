using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Drift;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Tests.Runs;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Drift;

public sealed class DriftStories
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task An_instance_that_was_left_behind_lags_after_the_grace_until_it_moves(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        await SetAsync(house, "2.1.0", "active");
        await RunAsync(house, agent, "pod-6", "2.1.0");
        await RunAsync(house, agent, "pod-7", "2.1.0");
        Assert.Equal(("none", 2, 0), Standing(await ReadAsync(house)));

        await SetAsync(house, "2.2.0", "active");
        await RunAsync(house, agent, "pod-6", "2.2.0");
        house.Clock.Advance(TimeSpan.FromSeconds(100)); // within the grace
        await RunAsync(house, agent, "pod-7", "2.1.0");
        Assert.Equal(("none", 2, 0), Standing(await ReadAsync(house)));
        Assert.Empty(await DriftingAsync(house, house.Cast.Victor));

        house.Clock.Advance(TimeSpan.FromSeconds(30));
        await RunAsync(house, agent, "pod-7", "2.1.0");
        var drift = await ReadAsync(house);
        Assert.Equal(("drifting", 2, 1), Standing(drift));
        Assert.Equal("2.1.0 is reported, 2.2.0 should run.", drift.Reason);
        var pod = Assert.Single(drift.Lagging);
        Assert.Equal(("pod-7", "2.1.0", 3), (pod.Instance, pod.Version, pod.Runs));
        Assert.Equal(house.Clock.GetUtcNow().AddSeconds(-130), pod.Since);
        await house.Get<DriftWatch>().StepAsync(Stop);
        var listed = Assert.Single(await DriftingAsync(house, house.Cast.Victor));
        Assert.Equal(("mailroom-1", "version", drift.Reason), (listed.Agent, listed.Kind, listed.Reason));
        Assert.Equal(listed.Since, (await ReadAsync(house)).Since);

        await RunAsync(house, agent, "pod-7", "2.2.0");
        await house.Get<DriftWatch>().StepAsync(Stop);
        Assert.Equal(("none", 2, 0), Standing(await ReadAsync(house)));
        Assert.Empty(await DriftingAsync(house, house.Cast.Victor));
    }

    [Theory, BothDatabases]
    public async Task After_a_rollback_one_run_of_the_old_version_is_drift_with_the_next_evaluation(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        await SetAsync(house, "2.1.0", "active");
        var bad = await SetAsync(house, "2.2.0", "active");
        await RunAsync(house, agent, "pod-7", "2.2.0");
        house.Clock.Advance(TimeSpan.FromMinutes(5));
        await RollBackAsync(house, IdText.Parse(IdText.Snapshot, bad.Id), "2.1.0");
        await house.Get<DriftWatch>().StepAsync(Stop);
        Assert.Empty(await DriftingAsync(house, house.Cast.Victor)); // it has not spoken since

        house.Clock.Advance(TimeSpan.FromSeconds(2));
        await RunAsync(house, agent, "pod-7", "2.2.0");
        using var heard = new Heard(house);
        await house.Get<DriftWatch>().StepAsync(Stop);

        Assert.Equal("2.2.0 is reported, 2.1.0 should run.", Assert.Single(await DriftingAsync(house, house.Cast.Victor)).Reason);
        Assert.Equal([agent.Id!.Value], heard.Drifts);
        await house.Get<DriftWatch>().StepAsync(Stop); // nothing new is nothing to write or tell
        Assert.Single(heard.Drifts);
    }

    [Theory, BothDatabases]
    public async Task A_version_that_nobody_declared_drifts_when_it_stays(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        await SetAsync(house, "2.1.0", "active");
        var beat = await house
            .Get<HeartbeatService>()
            .BeatAsync(agent with { Address = "192.0.2.9", UserAgent = "curl/8" }, new Heartbeat { Version = "2.2.0-dev" });
        Assert.Null(beat.Problem);
        await FlushAsync(house);
        Assert.Equal("none", (await ReadAsync(house)).Verdict);

        house.Clock.Advance(TimeSpan.FromSeconds(120));

        var lagging = Assert.Single((await ReadAsync(house)).Lagging);
        Assert.Equal((null, "curl/8", "192.0.2.9", 0), (lagging.Instance, lagging.UserAgent, lagging.Address, lagging.Runs));
        await SetAsync(house, "2.2.0-dev", "canary");
        Assert.Equal("none", (await ReadAsync(house)).Verdict);
        house.Clock.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal("unknown", (await ReadAsync(house)).Verdict);
    }

    [Theory, BothDatabases]
    public async Task A_canary_that_gets_another_share_is_drift_when_chance_cannot_explain_it(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        await SetAsync(house, "2.1.0", "active");
        await SetAsync(house, "2.2.0", "canary", 10);
        house.Clock.Advance(TimeSpan.FromMinutes(5));
        await BatchAsync(house, agent, "2.2.0", 3); // three of three prove nothing
        Assert.Equal("none", (await ReadAsync(house)).Verdict);
        await BatchAsync(house, agent, "2.1.0", 40);
        var few = await ReadAsync(house);
        Assert.Equal("none", few.Verdict);
        Assert.Equal(
            [("2.1.0", "active", 40L, 90m), ("2.2.0", "canary", 3L, 10m)],
            few.Hour.Select(h => (h.Version!, h.Status, h.Runs, h.Target!.Value))
        );
        Assert.Equal(6.98, few.Hour[1].Percent);
        Assert.InRange(few.Hour[1].Low!.Value, 1, 3);
        Assert.InRange(few.Hour[1].High!.Value, 25, 30);

        await BatchAsync(house, agent, "2.2.0", 200);
        await house.Get<DriftWatch>().StepAsync(Stop);

        var drift = Assert.Single(await DriftingAsync(house, house.Cast.Victor));
        Assert.Equal(("split", "The canary 2.2.0 gets more of the runs than the 10 % asked for."), (drift.Kind, drift.Reason));
        Assert.Equal("drifting", (await ReadAsync(house)).Verdict);
    }

    [Theory, BothDatabases]
    public async Task What_another_environment_declares_is_no_drift(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1", a => a.Environment = "production");
        await SetAsync(house, "2.1.0", "active");
        await SetAsync(house, "3.0.0", "active", environment: "staging");
        await RunAsync(house, agent, "pod-7", "3.0.0");
        house.Clock.Advance(TimeSpan.FromMinutes(5));

        var production = await ReadAsync(house);
        Assert.Equal(("none", "elsewhere"), (production.Verdict, production.Hour.Single(h => h.Version == "3.0.0").Status));
        var staging = (await house.Get<DriftService>().OfAgentAsync(house.As(house.Cast.Victor), "mailroom-1", "staging", Stop)).Value;
        Assert.Equal(("staging", "3.0.0", 100d), (staging.Environment, Assert.Single(staging.Declared).Version, staging.Hour[0].Percent));
        var nowhere = (await house.Get<DriftService>().OfAgentAsync(house.As(house.Cast.Victor), "mailroom-1", "test", Stop)).Value;
        Assert.Equal("unknown", nowhere.Verdict);
    }

    [Theory, BothDatabases]
    public async Task Only_who_sees_the_agent_reads_it_and_an_agent_its_own(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var other = await house.AgentAsync("archive-1");
        await SetAsync(house, "2.1.0", "active");
        await RunAsync(house, agent, "pod-7", "1.0.0");
        house.Clock.Advance(TimeSpan.FromMinutes(5));
        await house.Get<DriftWatch>().StepAsync(Stop);
        var service = house.Get<DriftService>();
        foreach (var stranger in (Person[])[house.Cast.Sara, house.Cast.Gus, house.Cast.Nobody])
        {
            Assert.Equal("agent_not_found", (await service.OfAgentAsync(house.As(stranger), "mailroom-1", null, Stop)).Problem!.Code);
            Assert.Empty(await DriftingAsync(house, stranger));
        }
        Assert.Single(await DriftingAsync(house, house.Cast.Aude));
        Assert.Null((await service.OfAgentAsync(agent, "mailroom-1", null, Stop)).Problem);
        Assert.Equal("agent_not_found", (await service.OfAgentAsync(other, "mailroom-1", null, Stop)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task The_list_is_paged_by_key_newest_first(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        for (var i = 0; i < 5; i++)
        {
            var agent = await house.AgentAsync($"agent-{i}");
            await SetAsync(house, "2.1.0", "active", agent: $"agent-{i}");
            await RunAsync(house, agent, "pod-7", "1.0.0");
            house.Clock.Advance(TimeSpan.FromMinutes(3));
            await house.Get<DriftWatch>().StepAsync(Stop);
        }
        var (seen, cursor) = (new List<string>(), (string?)null);
        do
        {
            var page = (await house.Get<DriftService>().ListAsync(house.As(house.Cast.Victor), new PageRequest(2, cursor), Stop)).Value;
            seen.AddRange(page.Items.Select(d => d.Agent));
            cursor = page.NextCursor;
        } while (cursor is not null);
        Assert.Equal(["agent-4", "agent-3", "agent-2", "agent-1", "agent-0"], seen);
        var nonsense = await house.Get<DriftService>().ListAsync(house.As(house.Cast.Victor), new PageRequest(2, "nonsense"), Stop);
        Assert.Equal("invalid", nonsense.Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task A_paused_agent_does_not_drift_and_one_that_is_gone_no_more(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        await SetAsync(house, "2.1.0", "active");
        await RunAsync(house, agent, "pod-7", "1.0.0");
        house.Clock.Advance(TimeSpan.FromMinutes(5));
        await house.Get<DriftWatch>().StepAsync(Stop);
        Assert.Single(await DriftingAsync(house, house.Cast.Victor));
        var olga = house.As(house.Cast.Olga);

        await house.Get<AgentService>().PauseAsync(olga, "mailroom-1", "", Stop);
        await house.Get<DriftWatch>().StepAsync(Stop);
        Assert.Empty(await DriftingAsync(house, house.Cast.Victor));
        Assert.Equal("The agent is paused.", (await ReadAsync(house)).Reason);
        await house.Get<AgentService>().ResumeAsync(olga, "mailroom-1", "", Stop);
        await house.Get<DriftWatch>().StepAsync(Stop);
        Assert.Single(await DriftingAsync(house, house.Cast.Victor));
        house.Clock.Advance(TimeSpan.FromMinutes(60)); // silent for an hour: it may have been replaced
        await house.Get<DriftWatch>().StepAsync(Stop);
        Assert.Empty(await DriftingAsync(house, house.Cast.Victor));
    }

    [Theory, BothDatabases]
    public async Task Of_an_agent_a_thousand_instances_are_kept_for_thirty_days_of_silence(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var card = house.Get<AgentDirectory>().Find(agent.Id!.Value)!;
        var book = house.Get<InstanceBook>();
        for (var i = 0; i < 600; i++)
            book.Note(agent with { Instance = $"old-{i}" }, card, "1.0", 1);
        await FlushAsync(house);
        house.Clock.Advance(TimeSpan.FromMinutes(1));
        for (var i = 0; i < 1200; i++)
            book.Note(agent with { Instance = $"new-{i}" }, card, "1.0", 1);
        await FlushAsync(house);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(1000, await db.AgentInstances.CountAsync(Stop));
        Assert.Equal(0, await db.AgentInstances.CountAsync(i => i.Instance!.StartsWith("old"), Stop));

        // What was written survives: the same instance goes on counting, a new version begins anew.
        book.Note(agent with { Instance = "new-0" }, card, "1.0", 2);
        await FlushAsync(house);
        Assert.Equal(3, (await db.AgentInstances.SingleAsync(i => i.Instance == "new-0", Stop)).Runs);
        book.Note(agent with { Instance = "new-0" }, card, "1.1", 1);
        await FlushAsync(house);
        var moved = await db.AgentInstances.SingleAsync(i => i.Instance == "new-0", Stop);
        Assert.Equal(("1.1", 1L), (moved.Version, moved.Runs));

        house.Clock.Advance(TimeSpan.FromDays(30) + TimeSpan.FromMinutes(1));
        book.Note(agent with { Instance = "today" }, card, "1.1", 1);
        await FlushAsync(house);
        Assert.Equal("today", (await db.AgentInstances.SingleAsync(Stop)).Instance);
    }

    [Fact]
    public async Task Of_two_nodes_that_find_the_same_one_writes_it()
    {
        await using var house = await RunServiceTests.OpenAsync(Database.PostgreSql);
        await using var second = house.OpenNode();
        await second.StartAsync();
        var agent = await house.AgentAsync("mailroom-1");
        await SetAsync(house, "2.1.0", "active");
        await RunAsync(house, agent, "pod-7", "1.0.0");
        house.Clock.Advance(TimeSpan.FromMinutes(5));
        await second.HearAsync();

        await Task.WhenAll(house.Get<DriftWatch>().StepAsync(Stop), second.Get<DriftWatch>().StepAsync(Stop));

        Assert.Single(await DriftingAsync(house, house.Cast.Victor));
    }

    private static (string Verdict, int Instances, int Lagging) Standing(DriftBody drift) =>
        (drift.Verdict, drift.Instances, drift.LaggingInstances);

    private static async Task RunAsync(TestHouse house, Actor agent, string instance, string version)
    {
        await house.ReportAsync(agent with { Instance = instance }, null, "completed", r => r with { Version = version });
        await FlushAsync(house);
    }

    private static async Task BatchAsync(TestHouse house, Actor agent, string version, int runs)
    {
        var rows = Enumerable
            .Range(0, runs)
            .Select(_ => (Outcome<ReportRun>)new ReportRun { Status = "completed", Version = version })
            .ToArray();
        var batch = await house.Get<RunIngest>().ReportBatchAsync(agent with { Instance = "forwarder" }, null, rows, 100);
        Assert.Equal(runs, batch.Value.Created);
        await FlushAsync(house);
    }

    private static Task FlushAsync(TestHouse house) => house.Get<InstanceBook>().StepAsync(Stop);

    private static async Task<DriftBody> ReadAsync(TestHouse house) =>
        (await house.Get<DriftService>().OfAgentAsync(house.As(house.Cast.Victor), "mailroom-1", null, Stop)).Value;

    private static async Task<IReadOnlyList<DriftingAgent>> DriftingAsync(TestHouse house, Person person) =>
        (await house.Get<DriftService>().ListAsync(house.As(person), new PageRequest(), Stop)).Value.Items;

    private static async Task<SnapshotBody> SetAsync(
        TestHouse house,
        string version,
        string status,
        decimal? percent = null,
        string agent = "mailroom-1",
        string? environment = null
    )
    {
        var body = new SetSnapshot
        {
            Version = version,
            Status = status,
            TrafficPercent = percent,
            Environment = environment,
        };
        var made = await house.Get<DeploymentService>().SetAsync(house.As(house.Cast.Olga), agent, body, Stop);
        Assert.Null(made.Problem);
        return made.Value;
    }

    private static async Task RollBackAsync(TestHouse house, Guid from, string to)
    {
        await using var write = await house.Get<ConsoleStore>().WriteAsync(Stop);
        var agent = await write.Db.Agents.AsTracking().SingleAsync(a => a.Slug == "mailroom-1", Stop);
        var bad = await write.Db.Snapshots.AsNoTracking().SingleAsync(s => s.Id == from, Stop);
        var snapshot = new Snapshot
        {
            Id = write.NewId(),
            OrganizationId = bad.OrganizationId,
            AgentId = bad.AgentId,
            TeamId = bad.TeamId,
            Environment = bad.Environment,
            Version = to,
            Status = SnapshotStatus.Active,
            Content = "{}",
            Digest = new string('0', 64),
            Trigger = SnapshotTrigger.Rollback,
            RolledBackFrom = from,
            DeployedAt = write.Now,
            DeployedBy = "olga",
        };
        Assert.True(await house.Get<SnapshotBook>().AppendAsync(write, house.As(house.Cast.Olga), agent, snapshot, Stop));
        Assert.True(await write.TryCommitAsync(Stop));
    }

    private sealed class Heard : IDisposable
    {
        private readonly IDisposable _subscription;

        public Heard(TestHouse house) =>
            _subscription = house
                .Get<ChangeFeed>()
                .Subscribe(
                    house.Cast.Acme,
                    change =>
                    {
                        if (change.Noun == "drift")
                            Drifts.Add(change.Id);
                    }
                );

        public List<Guid> Drifts { get; } = [];

        public void Dispose() => _subscription.Dispose();
    }
}
