using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Rotations;

/// <summary>An agent of payments with one key, people who rotate it, and callers who use it.</summary>
internal sealed class RotationScene : IAsyncDisposable
{
    private static CancellationToken Stop => TestHouse.Stop;

    private RotationScene(TestHouse house, AgentBody agent)
    {
        (House, Agent, First) = (house, agent, agent.ApiKey!);
        (Ines, Kurt) = (house.As(house.Cast.Ines), house.As(house.Cast.Kurt));
    }

    public TestHouse House { get; }
    public AgentBody Agent { get; }

    /// <summary>The secret of version 1.</summary>
    public string First { get; }
    public RotationService Rotations => House.Get<RotationService>();
    public RotationLists Lists => House.Get<RotationLists>();

    // Their sessions last for hours, and these stories for weeks: whoever acts was let in at the beginning.
    public Actor Ines { get; }
    public Actor Kurt { get; }

    public static async Task<RotationScene> OpenAsync(
        Database database = Database.Sqlite,
        Action<Microsoft.Extensions.DependencyInjection.IServiceCollection>? change = null,
        IReadOnlyDictionary<string, string?>? settings = null
    )
    {
        var house = await TestHouse.OpenAsync(database, settings, change);
        var agent = await house
            .Get<AgentService>()
            .RegisterAsync(
                house.As(house.Cast.Ines),
                new RegisterAgent
                {
                    Slug = "mailroom-1",
                    Team = "payments",
                    Key = true,
                },
                Stop
            );
        return new RotationScene(house, agent.Value);
    }

    public async Task<RotationBody> RotateAsync(CreateRotation? wish = null, Actor? by = null) =>
        (await Rotations.CreateAsync(by ?? Ines, "mailroom-1", wish ?? new CreateRotation(), Stop)).Value;

    public string Check(string? secret) => House.Get<KeyIndex>().Check(secret).Code;

    /// <summary>A call with this secret that is written before the answer.</summary>
    public async Task CallAsync(string? secret, string instance = "blue")
    {
        Note(secret, instance);
        await House.Get<KeyUse>().StepAsync(Stop);
    }

    public void Note(string? secret, string? instance, string address = "198.51.100.4", string userAgent = "sdk/2") =>
        House.Get<KeyUse>().Note(House.Get<KeyIndex>().Check(secret).Card!, address, userAgent, "/api/v1/runs", instance);

    public async Task WatchAsync(TimeSpan? later = null)
    {
        if (later is { } by)
            House.Clock.Advance(by);
        await House.Get<RotationWatch>().StepAsync(Stop);
    }

    /// <summary>Watches until nothing has stood in the way for long enough.</summary>
    public async Task BeQuietAsync()
    {
        for (var i = 0; i < 4; i++)
            await WatchAsync(TimeSpan.FromSeconds(5));
    }

    public async Task<RotationBody> GetAsync(string id) => (await Lists.GetAsync(Ines, id, Stop)).Value;

    /// <summary>States of the key's versions in order.</summary>
    public async Task<string[]> StatesAsync()
    {
        await using var db = await House.Get<ConsoleStore>().ReadAsync(Stop);
        return [.. (await db.KeyVersions.OrderBy(v => v.Number).ToListAsync(Stop)).Select(v => KebabCase.Of(v.State))];
    }

    public async Task<List<string>> ActionsAsync()
    {
        await using var db = await House.Get<ConsoleStore>().ReadAsync(Stop);
        return await db.TrailRecords.Where(r => r.TargetKind == "rotation").OrderBy(r => r.Seq).Select(r => r.Action).ToListAsync(Stop);
    }

    public async Task AcknowledgeAsync(RotationBody rotation, Actor? by = null)
    {
        var done = await Rotations.AcknowledgeAsync(
            by ?? Ines,
            rotation.Id,
            new AcknowledgeRotation { LastFour = rotation.ApiKey![^4..] },
            Stop
        );
        Assert.Null(done.Problem);
    }

    public ValueTask DisposeAsync() => House.DisposeAsync();
}
