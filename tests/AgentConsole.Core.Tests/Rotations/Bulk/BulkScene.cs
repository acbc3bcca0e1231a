using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Rotations.Bulk;
using AgentConsole.Core.Sinks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Tests.Rotations.Bulk;

/// <summary>Agents of payments with a key each, and a place outside that takes their secrets or refuses them.</summary>
internal sealed class BulkScene : IAsyncDisposable
{
    private BulkScene(TestHouse house, Shelf shelf)
    {
        (House, Shelf) = (house, shelf);
        Ines = house.As(house.Cast.Ines);
    }

    public static CancellationToken Stop => TestHouse.Stop;
    public TestHouse House { get; }
    public Shelf Shelf { get; }
    public Actor Ines { get; }
    public KeyBulkService Bulks => House.Get<KeyBulkService>();
    public Dictionary<string, AgentBody> Agents { get; } = [];

    public static async Task<BulkScene> OpenAsync(Database database, int agents, string team = "payments")
    {
        var shelf = new Shelf();
        var house = await TestHouse.OpenAsync(database, change: services => services.AddSingleton<ISecretSinks>(shelf));
        var scene = new BulkScene(house, shelf);
        for (var i = 1; i <= agents; i++)
            await scene.AgentAsync($"mailroom-{i}", team);
        return scene;
    }

    public async Task<AgentBody> AgentAsync(string slug, string team = "payments")
    {
        var made = await House
            .Get<AgentService>()
            .RegisterAsync(
                House.As(House.Cast.Olga),
                new RegisterAgent
                {
                    Slug = slug,
                    Team = team,
                    Key = true,
                },
                Stop
            );
        return Agents[slug] = made.Value;
    }

    public Task<Outcome<KeyBulkBody>> PlanAsync(MakeKeyBulk wish, Actor? by = null, KeyBulkAction? action = KeyBulkAction.Rotate) =>
        Bulks.PlanAsync(by ?? Ines, action, wish, Stop);

    public Task<Outcome<KeyBulkBody>> ApplyAsync(KeyBulkBody plan, Actor? by = null) =>
        Bulks.ApplyAsync(by ?? Ines, plan.Id, new ApplyKeyBulk { Digest = plan.Digest }, Stop);

    /// <summary>Every active key of payments, into the shelf.</summary>
    public static MakeKeyBulk ToShelf { get; } =
        new()
        {
            Filter = new Dictionary<string, string> { ["team"] = "payments" },
            Sink = "shelf",
            Reason = "Quarterly",
        };

    public async Task<KeyBulkBody> RunAsync(MakeKeyBulk wish)
    {
        var plan = (await PlanAsync(wish)).Value;
        var applied = await ApplyAsync(plan);
        Assert.Null(applied.Problem);
        await House.Get<KeyBulkRunner>().StepAsync(Stop);
        return await GetAsync(plan.Id);
    }

    public async Task<KeyBulkBody> GetAsync(string id) => (await Bulks.GetAsync(Ines, id, Stop)).Value;

    public async Task<List<KeyBulkRowBody>> RowsAsync(string id) =>
        [.. (await Bulks.RowsAsync(Ines, id, new KeyBulkFilter(), new PageRequest(500, null), Stop)).Value.Items];

    /// <summary>Versions of all keys of an agent, as number and state.</summary>
    public async Task<List<string>> VersionsAsync(string slug)
    {
        var id = IdText.Parse(IdText.Agent, Agents[slug].Id);
        await using var db = await House.Get<ConsoleStore>().ReadAsync(Stop);
        return
        [
            .. (await db.KeyVersions.Where(v => v.AgentId == id).OrderBy(v => v.Number).ToListAsync(Stop)).Select(v =>
                $"{v.Number} {KebabCase.Of(v.State)}"
            ),
        ];
    }

    public string Check(string? secret) => House.Get<KeyIndex>().Check(secret).Code;

    public async Task CallAsync(string? secret, string instance = "blue", string address = "198.51.100.4")
    {
        House.Get<KeyUse>().Note(House.Get<KeyIndex>().Check(secret).Card!, address, "sdk/2", "/api/v1/runs", instance);
        await House.Get<KeyUse>().StepAsync(Stop);
    }

    public async Task BeQuietAsync()
    {
        for (var i = 0; i < 4; i++)
        {
            House.Clock.Advance(TimeSpan.FromSeconds(5));
            await House.Get<RotationWatch>().StepAsync(Stop);
        }
    }

    public ValueTask DisposeAsync() => House.DisposeAsync();
}

/// <summary>A sink of everybody's that remembers each secret it was ever given, and refuses agents on demand.</summary>
internal sealed class Shelf : ISecretSinks
{
    private readonly Lock _lock = new();

    public HashSet<string> Refuses { get; } = new(StringComparer.Ordinal);

    /// <summary>Every secret that came for an agent's key, in order, also those that were refused.</summary>
    public Dictionary<string, List<string>> Came { get; } = new(StringComparer.Ordinal);
    public Func<Task>? BeforeAnswer { get; set; }

    public Task<Problem?> RefusalAsync(
        ConsoleDbContext db,
        Guid organizationId,
        Guid teamId,
        string sink,
        CancellationToken cancellationToken
    ) => Task.FromResult(sink == "shelf" ? null : RotationProblems.NoSink);

    public Task<Outcome<DeliveryReceipt>> DeliverAsync(SecretDelivery delivery, CancellationToken cancellationToken) =>
        Task.FromResult(Take(delivery));

    public async Task<SentDeliveries> DeliverAsync(
        IReadOnlyList<SecretDelivery> deliveries,
        int atOnce,
        CancellationToken cancellationToken
    )
    {
        var receipts = deliveries.Select(Take).ToList();
        if (BeforeAnswer is { } act)
            await act();
        return new SentDeliveries(receipts, (_, _) => Task.CompletedTask);
    }

    private Outcome<DeliveryReceipt> Take(SecretDelivery delivery)
    {
        lock (_lock)
        {
            if (!Came.TryGetValue(delivery.AgentSlug, out var secrets))
                Came[delivery.AgentSlug] = secrets = [];
            secrets.Add(delivery.Secret);
            return Refuses.Contains(delivery.AgentSlug)
                ? SinkProblems.Failed("sink_failed", "The shelf is full.")
                : new DeliveryReceipt("shelf", "shelf/" + delivery.AgentSlug, delivery.IssuedAt);
        }
    }
}
