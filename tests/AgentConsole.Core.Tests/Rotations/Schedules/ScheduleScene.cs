using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Rotations.Schedules;
using AgentConsole.Core.Sinks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Tests.Rotations.Schedules;

/// <summary>The mailroom of payments with its key, a folder into which secrets are put, and a schedule that is looked at by hand.</summary>
internal sealed class ScheduleScene : IAsyncDisposable
{
    private static CancellationToken Stop => TestHouse.Stop;

    private ScheduleScene(RotationScene rotations, string root)
    {
        (Mailroom, Root) = (rotations, root);
        (Olga, Sara) = (House.As(House.Cast.Olga), House.As(House.Cast.Sara));
    }

    public RotationScene Mailroom { get; }
    public TestHouse House => Mailroom.House;
    public string Root { get; }
    public Actor Olga { get; }
    public Actor Sara { get; }
    public Actor Ines => Mailroom.Ines;
    public RotationPolicyService Policies => House.Get<RotationPolicyService>();
    public DueLists Due => House.Get<DueLists>();
    public string KeyId => Mailroom.Agent.KeyId!;
    public DateTimeOffset Now => House.Clock.GetUtcNow();

    /// <summary>What lies in the folder for the mailroom.</summary>
    public string? Delivered =>
        File.Exists(Path.Combine(Root, "mailroom-1.key")) ? File.ReadAllText(Path.Combine(Root, "mailroom-1.key")).Trim() : null;

    public static async Task<ScheduleScene> OpenAsync(Database database = Database.Sqlite, Action<IServiceCollection>? change = null)
    {
        var root = Directory.CreateTempSubdirectory("agentconsole-test-").FullName;
        var scene = new ScheduleScene(
            await RotationScene.OpenAsync(database, change, new Dictionary<string, string?> { ["AgentConsole:Sinks:FileRoots:0"] = root }),
            root
        );
        var sink = new SetSink
        {
            Team = "payments",
            Name = "Files",
            Kind = "file",
            File = new FileSinkSettings
            {
                Root = root,
                Path = "{agent}.key",
                Format = "raw",
            },
        };
        Assert.Null((await scene.House.Get<SinkService>().CreateAsync(scene.House.As(scene.House.Cast.Kurt), sink, Stop)).Problem);
        return scene;
    }

    public async Task<RotationPolicyBody> PolicyAsync(SetRotationPolicy policy, Actor? by = null)
    {
        var made = await Policies.CreateAsync(by ?? (policy.Team is null && policy.Agent is null ? Olga : Ines), policy, Stop);
        Assert.Null(made.Problem);
        return made.Value;
    }

    public async Task<RotationPolicyBody> ChangeAsync(RotationPolicyBody policy, SetRotationPolicy to)
    {
        var changed = await Policies.ChangeAsync(Olga, policy.Id, policy.Revision, to, Stop);
        Assert.Null(changed.Problem);
        return changed.Value;
    }

    /// <summary>Every 90 days, by itself into the folder, a week before.</summary>
    public Task<RotationPolicyBody> AutomaticAsync(int days = 90) =>
        PolicyAsync(
            new SetRotationPolicy
            {
                Team = "payments",
                CadenceDays = days,
                Sink = "Files",
                Automatic = true,
            }
        );

    public async Task<DueKey> KeyAsync() => (await ListAsync(new DueFilter { Key = KeyId })).Single();

    public async Task<List<DueKey>> ListAsync(DueFilter? filter = null, Actor? by = null) =>
        [.. (await Due.ListAsync(by ?? Ines, filter ?? new DueFilter(), new PageRequest(), Stop)).Value.Items];

    /// <summary>Some time later the schedule is looked at.</summary>
    public async Task WatchAsync(TimeSpan? later = null)
    {
        House.Clock.Advance(later ?? TimeSpan.Zero);
        await House.Get<ScheduleWatch>().StepAsync(Stop);
    }

    public Task WatchAsync(int days) => WatchAsync(TimeSpan.FromDays(days));

    public async Task<List<KeyNotice>> NoticesAsync()
    {
        await using var db = await House.Get<ConsoleStore>().ReadAsync(Stop);
        return await db.KeyNotices.OrderBy(n => n.At).ThenByDescending(n => n.Days).ToListAsync(Stop);
    }

    public async Task<List<Rotation>> RotationsAsync()
    {
        await using var db = await House.Get<ConsoleStore>().ReadAsync(Stop);
        return await db.Rotations.OrderBy(r => r.Id).ToListAsync(Stop);
    }

    public List<LiveEvent> Hear()
    {
        var heard = new List<LiveEvent>();
        House.Get<ChangeFeed>().Subscribe(House.Cast.Acme, heard.Add);
        return heard;
    }

    public async Task<AgentBody> AgentAsync(string slug, string team = "payments", string? environment = null)
    {
        var registered = await House
            .Get<AgentService>()
            .RegisterAsync(
                Olga,
                new RegisterAgent
                {
                    Slug = slug,
                    Team = team,
                    Environment = environment,
                    Key = true,
                },
                Stop
            );
        return registered.Value;
    }

    public async ValueTask DisposeAsync()
    {
        await Mailroom.DisposeAsync();
        if (Directory.Exists(Root))
            Directory.Delete(Root, recursive: true);
    }
}
