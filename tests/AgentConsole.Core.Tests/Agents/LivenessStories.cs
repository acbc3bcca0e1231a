using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentConsole.Core.Tests.Agents;

public sealed class LivenessStories
{
    [Theory, BothDatabases]
    public async Task An_agent_is_live_then_late_then_silent_and_live_again_when_it_is_heard(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agent = await RegisterAsync(house, "mailroom-1");
        var watch = house.Get<LivenessWatch>();
        var told = new List<LiveEvent>();
        using var listening = house.Get<ChangeFeed>().Subscribe(house.Cast.Acme, told.Add);
        await watch.StepAsync(TestHouse.Stop);

        var answer = (await house.Get<HeartbeatService>().BeatAsync(agent, new Heartbeat { Version = "2.1", InstanceId = "pod-7" })).Value;
        Assert.Equal(("live", 60, 120), (answer.Liveness, answer.LeaseSeconds, answer.GraceSeconds));
        Assert.Equal(house.Clock.GetUtcNow().AddSeconds(60), answer.NextBefore);
        var heard = await ReadAsync(house, agent.Id!.Value);
        Assert.Equal((Liveness.Live, "2.1", "pod-7"), (heard.Liveness, heard.SeenVersion, heard.SeenInstance));

        await StepAsync(house, watch, 59);
        Assert.Equal(Liveness.Live, (await ReadAsync(house, agent.Id.Value)).Liveness);
        await StepAsync(house, watch, 1);
        Assert.Equal(Liveness.Late, (await ReadAsync(house, agent.Id.Value)).Liveness);
        await StepAsync(house, watch, 120);
        Assert.Equal(
            (Liveness.Silent, null),
            ((await ReadAsync(house, agent.Id.Value)).Liveness, (await ReadAsync(house, agent.Id.Value)).LivenessDeadline)
        );
        await house.Get<HeartbeatService>().BeatAsync(agent, new Heartbeat());
        var back = await ReadAsync(house, agent.Id.Value);
        Assert.Equal((Liveness.Live, "2.1"), (back.Liveness, back.SeenVersion));

        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var changes = await db.LivenessChanges.OrderBy(c => c.Id).Select(c => c.To).ToListAsync(TestHouse.Stop);
        Assert.Equal([Liveness.Live, Liveness.Late, Liveness.Silent, Liveness.Live], changes);
        Assert.Equal(4, told.Count(e => e.Noun == "agent"));
    }

    [Theory, BothDatabases]
    public async Task The_consoles_own_absence_makes_nobody_silent(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agents = new List<Actor>();
        for (var i = 0; i < 5; i++)
            agents.Add(await RegisterAsync(house, $"mailroom-{i}"));
        var watch = house.Get<LivenessWatch>();
        await watch.StepAsync(TestHouse.Stop);
        foreach (var agent in agents)
            await house.Get<HeartbeatService>().BeatAsync(agent, new Heartbeat());
        await StepAsync(house, watch, 5);

        house.Clock.Advance(TimeSpan.FromHours(3)); // the console is down
        var restarted = new LivenessWatch(
            house.Get<ConsoleStore>(),
            house.Get<AgentDirectory>(),
            house.Clock,
            NullLogger<LivenessWatch>.Instance
        );
        await restarted.StepAsync(TestHouse.Stop);

        Assert.All(await LivenessAsync(house), l => Assert.Equal(Liveness.Live, l));
        await house.Get<HeartbeatService>().BeatAsync(agents[0], new Heartbeat());
        await StepAsync(house, restarted, 55); // the rest of the lease that was left before
        Assert.Equal(1, (await LivenessAsync(house)).Count(l => l == Liveness.Live));
    }

    [Theory, BothDatabases]
    public async Task A_burst_of_heartbeats_is_written_together_and_every_answer_is_on_disk(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agents = new List<Actor>();
        for (var i = 0; i < 8; i++)
            agents.Add(await RegisterAsync(house, $"mailroom-{i}"));
        var service = house.Get<HeartbeatService>();

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 400).Select(i => Task.Run(() => service.BeatAsync(agents[i % 8], new Heartbeat { Version = $"{i % 8}" })))
        );

        Assert.All(answers, a => Assert.Null(a.Problem));
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        Assert.Equal(8, await db.LivenessChanges.CountAsync(TestHouse.Stop));
        Assert.Equal(8, await db.Agents.CountAsync(a => a.LastHeartbeatAt != null && a.SeenVersion != null, TestHouse.Stop));
    }

    [Theory, BothDatabases]
    public async Task Nothing_is_expected_of_a_paused_agent(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agent = await RegisterAsync(house, "mailroom-1");
        var watch = house.Get<LivenessWatch>();
        await watch.StepAsync(TestHouse.Stop);
        await house.Get<HeartbeatService>().BeatAsync(agent, new Heartbeat());
        await house.Get<AgentService>().PauseAsync(house.As(house.Cast.Ines), "mailroom-1", "", TestHouse.Stop);

        for (var i = 0; i < 100; i++)
            await StepAsync(house, watch, 10);
        Assert.Equal(Liveness.Live, (await ReadAsync(house, agent.Id!.Value)).Liveness);

        await house.Get<AgentService>().ResumeAsync(house.As(house.Cast.Ines), "mailroom-1", "", TestHouse.Stop);
        for (var i = 0; i < 6; i++)
            await StepAsync(house, watch, 10);
        Assert.Equal(Liveness.Late, (await ReadAsync(house, agent.Id.Value)).Liveness);
    }

    [Theory, BothDatabases]
    public async Task A_longer_lease_holds_from_the_last_sign_of_life(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var agent = await RegisterAsync(house, "mailroom-1");
        await house.Get<HeartbeatService>().BeatAsync(agent, new Heartbeat());
        var at = house.Clock.GetUtcNow();
        house.Clock.Advance(TimeSpan.FromSeconds(30));

        await house
            .Get<AgentService>()
            .ChangeAsync(house.As(house.Cast.Ines), "mailroom-1", 1, new ChangeAgent { LeaseSeconds = 600 }, TestHouse.Stop);

        Assert.Equal(at.AddSeconds(600), (await ReadAsync(house, agent.Id!.Value)).LivenessDeadline);
    }

    [Theory, BothDatabases]
    public async Task A_person_cannot_beat_for_an_agent(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        Assert.Equal(
            "agent_key_required",
            (await house.Get<HeartbeatService>().BeatAsync(house.As(house.Cast.Ines), new Heartbeat())).Problem!.Code
        );
    }

    private static async Task StepAsync(TestHouse house, LivenessWatch watch, int seconds)
    {
        for (var left = seconds; left > 0; left -= 10)
        {
            house.Clock.Advance(TimeSpan.FromSeconds(Math.Min(left, 10)));
            await watch.StepAsync(TestHouse.Stop);
        }
    }

    private static async Task<Actor> RegisterAsync(TestHouse house, string slug)
    {
        var made = (
            await house
                .Get<AgentService>()
                .RegisterAsync(
                    house.As(house.Cast.Ines),
                    new RegisterAgent
                    {
                        Slug = slug,
                        Team = "payments",
                        Key = true,
                    },
                    TestHouse.Stop
                )
        ).Value;
        return house.Get<KeyActor>().Of(house.Get<KeyIndex>().Check(made.ApiKey).Card!, CallOrigin.Unknown());
    }

    private static async Task<Agent> ReadAsync(TestHouse house, Guid id)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        return await db.Agents.SingleAsync(a => a.Id == id, TestHouse.Stop);
    }

    private static async Task<List<Liveness>> LivenessAsync(TestHouse house)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        return await db.Agents.Select(a => a.Liveness).ToListAsync(TestHouse.Stop);
    }
}
