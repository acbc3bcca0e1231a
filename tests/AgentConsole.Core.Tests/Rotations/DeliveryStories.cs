using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Rotations;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Tests.Rotations;

/// <summary>A delivery that is slow, beside people and nodes who do not wait for it: the sink never ends up with a secret that is revoked.</summary>
public sealed class DeliveryStories
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task While_a_secret_is_on_its_way_nothing_overtakes_it(Database database)
    {
        var sink = new SlowSink();
        await using var scene = await RotationScene.OpenAsync(database, services => services.AddSingleton<ISecretSinks>(sink));
        var delivering = scene.RotateAsync(new CreateRotation { Sink = "vault" });
        var first = await sink.AskedAsync();
        var id = IdText.Format(IdText.Rotation, first.Delivery.RotationId);

        foreach (
            var act in new[]
            {
                () => scene.Rotations.ReissueAsync(scene.Kurt, id, new IssueRotation(), Stop),
                () => scene.Rotations.AbortAsync(scene.Kurt, id, new Reason(), Stop),
                () => scene.Rotations.CreateAsync(scene.Kurt, "mailroom-1", new CreateRotation { Sink = "vault" }, Stop),
                () => scene.Rotations.CreateAsync(scene.Kurt, "mailroom-1", new CreateRotation(), Stop),
            }
        )
            Assert.Equal("rotation_delivering", (await act()).Problem!.Code);
        await scene.WatchAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(["active", "active"], await scene.StatesAsync());

        first.Arrives();
        var delivered = await delivering;
        Assert.Equal(("observing", null), (delivered.State, delivered.Failure));
        Assert.Equal(1, sink.Deliveries);
        Assert.Equal(KeyCheck.Ok, scene.Check(first.Delivery.Secret));

        // Afterwards it is a rotation like any other.
        Assert.Equal("aborted", (await scene.Rotations.AbortAsync(scene.Kurt, id, new Reason(), Stop)).Value.State);
    }

    [Theory, BothDatabases]
    public async Task A_node_that_died_while_it_delivered_is_waited_for_half_a_minute_and_what_it_says_later_counts_for_nothing(
        Database database
    )
    {
        var sink = new SlowSink();
        await using var scene = await RotationScene.OpenAsync(database, services => services.AddSingleton<ISecretSinks>(sink));
        var slow = scene.RotateAsync(new CreateRotation { Sink = "vault" });
        var first = await sink.AskedAsync();
        var id = IdText.Format(IdText.Rotation, first.Delivery.RotationId);
        scene.House.Clock.Advance(Rotation.LongestDelivery);

        var again = scene.Rotations.ReissueAsync(scene.Kurt, id, new IssueRotation(), Stop);
        var second = await sink.AskedAsync();
        first.Arrives();
        await slow;
        Assert.Equal(("issued", true), ((await scene.GetAsync(id)).State, (await scene.GetAsync(id)).Failure is not null));
        second.Arrives();

        Assert.Equal(("observing", 3), ((await again).Value.State, (await again).Value.ToVersion));
        Assert.Equal(KeyCheck.Ok, scene.Check(second.Delivery.Secret));
        Assert.NotEqual(KeyCheck.Ok, scene.Check(first.Delivery.Secret));
    }

    [Fact]
    public async Task Of_two_nodes_that_issue_again_at_once_one_delivers()
    {
        var sink = new SlowSink { Fails = true };
        await using var scene = await RotationScene.OpenAsync(Database.PostgreSql, services => services.AddSingleton<ISecretSinks>(sink));
        await using var other = scene.House.OpenNode(services: services => services.AddSingleton<ISecretSinks>(sink));
        await other.StartAsync();
        var failed = await scene.RotateAsync(new CreateRotation { Sink = "vault" });
        Assert.NotNull(failed.Failure);
        sink.Fails = false;

        var all = Enumerable
            .Range(0, 6)
            .Select(i => i % 2 == 0 ? scene.Rotations : other.Get<RotationService>())
            .Select(rotations => rotations.ReissueAsync(scene.Ines, failed.Id, new IssueRotation(), Stop))
            .ToList();
        var one = await sink.AskedAsync();
        while (all.Count(t => t.IsCompleted) < all.Count - 1)
            await Task.WhenAny(all.Where(t => !t.IsCompleted));
        Assert.Equal(2, sink.Deliveries);
        one.Arrives();
        var answers = await Task.WhenAll(all);

        Assert.Single(answers, a => a.Problem is null);
        Assert.All(
            answers.Where(a => a.Problem is not null),
            a => Assert.Contains(a.Problem!.Code, new[] { "rotation_delivering", "changed_meanwhile" })
        );
        Assert.Equal(KeyCheck.Ok, scene.Check(one.Delivery.Secret));
        Assert.Equal("observing", (await scene.GetAsync(failed.Id)).State);
    }

    [Theory, BothDatabases]
    public async Task A_secret_that_arrives_after_its_version_was_disabled_ends_nothing(Database database)
    {
        var sink = new SlowSink();
        await using var scene = await RotationScene.OpenAsync(database, services => services.AddSingleton<ISecretSinks>(sink));
        var delivering = scene.RotateAsync(new CreateRotation { Sink = "vault", RevokeImmediately = true });
        var first = await sink.AskedAsync();
        var keys = scene.House.Get<KeyService>();
        var two = new KeyAction { KeyVersion = 2 };
        Assert.Null((await keys.DisableAsync(scene.Kurt, "mailroom-1", scene.Agent.KeyId!, two, Stop)).Problem);

        first.Arrives();
        var stuck = await delivering;

        Assert.Equal("issued", stuck.State);
        Assert.Contains("disabled", stuck.Failure, StringComparison.Ordinal);
        Assert.Equal(["active", "disabled"], await scene.StatesAsync());
        await scene.WatchAsync(TimeSpan.FromDays(2));
        Assert.Equal(KeyCheck.Ok, scene.Check(scene.First));

        // Enabled and used, it goes on as it was meant to.
        Assert.Null((await keys.EnableAsync(scene.Kurt, "mailroom-1", scene.Agent.KeyId!, two, Stop)).Problem);
        await scene.CallAsync(first.Delivery.Secret);
        await scene.WatchAsync();
        Assert.Equal(["revoked", "active"], await scene.StatesAsync());
        Assert.Null((await scene.GetAsync(stuck.Id)).Failure);
    }

    private sealed class Asked(SecretDelivery delivery, TaskCompletionSource<Outcome<DeliveryReceipt>> answer)
    {
        public SecretDelivery Delivery => delivery;

        public void Arrives() => answer.SetResult(new DeliveryReceipt(delivery.Sink, "kv/mailroom", DateTimeOffset.UnixEpoch));
    }

    /// <summary>Answers when the test says so.</summary>
    private sealed class SlowSink : ISecretSinks
    {
        private readonly System.Threading.Channels.Channel<Asked> _asked = System.Threading.Channels.Channel.CreateUnbounded<Asked>();
        private int _deliveries;

        public bool Fails { get; set; }
        public int Deliveries => Volatile.Read(ref _deliveries);

        public async Task<Asked> AskedAsync() => await _asked.Reader.ReadAsync(Stop);

        public Task<Problem?> RefusalAsync(
            ConsoleDbContext db,
            Guid organizationId,
            Guid teamId,
            string sink,
            CancellationToken cancellationToken
        ) => Task.FromResult<Problem?>(null);

        public Task<Outcome<DeliveryReceipt>> DeliverAsync(SecretDelivery delivery, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _deliveries);
            if (Fails)
                return Task.FromResult<Outcome<DeliveryReceipt>>(Problem.Unavailable("sink_failed", "The vault is sealed."));
            var answer = new TaskCompletionSource<Outcome<DeliveryReceipt>>(TaskCreationOptions.RunContinuationsAsynchronously);
            _asked.Writer.TryWrite(new Asked(delivery, answer));
            return answer.Task;
        }

        public async Task<SentDeliveries> DeliverAsync(
            IReadOnlyList<SecretDelivery> deliveries,
            int atOnce,
            CancellationToken cancellationToken
        ) =>
            new(await Task.WhenAll(deliveries.Select(delivery => DeliverAsync(delivery, cancellationToken))), (_, _) => Task.CompletedTask);
    }
}
