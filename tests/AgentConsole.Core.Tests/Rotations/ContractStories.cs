using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Keys;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Tests.Rotations;

/// <summary>What the rotations of two existing products promise, said in calls that are here anyway: a façade needs no rule of its own.</summary>
public sealed class ContractStories
{
    private static CancellationToken Stop => TestHouse.Stop;

    // agent-otp, POST /v1/agents/:id/rotate-key {grace_period: 60}
    [Theory, BothDatabases]
    public async Task Rotate_key_with_a_grace_of_a_minute_lets_both_in_and_then_the_new_one_alone(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);

        var rotated = await scene.RotateAsync(new CreateRotation { GraceSeconds = 60 });

        Assert.Equal(scene.House.Clock.GetUtcNow().AddSeconds(60), rotated.OldKeyExpiresAt);
        Assert.NotNull(rotated.ApiKeyPrefix);
        Assert.Equal((KeyCheck.Ok, KeyCheck.Ok), (scene.Check(scene.First), scene.Check(rotated.ApiKey)));
        scene.House.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal((KeyCheck.Disabled, KeyCheck.Ok), (scene.Check(scene.First), scene.Check(rotated.ApiKey)));
    }

    // agent-otp: {revoke_immediately: true} or {grace_period: 0}; "old_key_expires_at" is now.
    [Theory]
    [InlineData(true, null, KeyCheck.Revoked)]
    [InlineData(false, 0, KeyCheck.Disabled)]
    public async Task Rotate_key_at_once_refuses_the_old_key_on_the_very_next_call(bool atOnce, int? grace, string code)
    {
        await using var scene = await RotationScene.OpenAsync();

        var rotated = await scene.RotateAsync(new CreateRotation { RevokeImmediately = atOnce, GraceSeconds = grace });

        Assert.Equal(scene.House.Clock.GetUtcNow(), rotated.OldKeyExpiresAt);
        Assert.Equal((code, KeyCheck.Ok), (scene.Check(scene.First), scene.Check(rotated.ApiKey)));
    }

    // agent-otp: an empty body means 24 hours; a second rotation within the grace drops the older old key at once.
    [Fact]
    public async Task Rotate_key_twice_within_the_grace_keeps_one_old_key()
    {
        await using var scene = await RotationScene.OpenAsync();
        var first = await scene.RotateAsync();
        Assert.Equal(scene.House.Clock.GetUtcNow().AddHours(24), first.OldKeyExpiresAt);

        var second = await scene.RotateAsync();

        Assert.Equal(
            (KeyCheck.Revoked, KeyCheck.Ok, KeyCheck.Ok),
            (scene.Check(scene.First), scene.Check(first.ApiKey), scene.Check(second.ApiKey))
        );
        Assert.Equal(first.KeyId, second.KeyId); // both identify the same agent and key, so its figures go on
    }

    // keeptrusts, rotateAccessKey({agentId, ttlDays: 30}): overlap of 24 hours, then whoever rotated revokes the old key by hand.
    [Theory, BothDatabases]
    public async Task Rotate_access_key_gives_a_key_for_thirty_days_beside_the_old_one_until_that_is_revoked(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);

        var rotated = await scene.RotateAsync(new CreateRotation { TtlDays = 30 });

        Assert.Equal(scene.House.Clock.GetUtcNow().AddDays(30), rotated.ExpiresAt);
        Assert.Equal(scene.House.Clock.GetUtcNow().AddHours(24), rotated.OldKeyExpiresAt);
        Assert.Equal((KeyCheck.Ok, KeyCheck.Ok), (scene.Check(scene.First), scene.Check(rotated.ApiKey)));
        var revoked = await scene
            .House.Get<KeyService>()
            .RevokeAsync(scene.Ines, "mailroom-1", rotated.KeyId, new KeyAction { KeyVersion = rotated.FromVersion }, Stop);
        Assert.Null(revoked.Problem);
        Assert.Equal((KeyCheck.Revoked, KeyCheck.Ok), (scene.Check(scene.First), scene.Check(rotated.ApiKey)));
        scene.House.Clock.Advance(TimeSpan.FromDays(30));
        Assert.Equal(KeyCheck.Expired, scene.Check(rotated.ApiKey));
    }

    // keeptrusts: ttl_days 1..365 and agent-otp: no negative grace; both are refused with the field's name, which a façade words as its contract does.
    [Theory]
    [InlineData(-1, null, "grace_seconds")]
    [InlineData(null, 0, "ttl_days")]
    public async Task What_the_contracts_refuse_is_refused_with_the_name_of_the_field(int? grace, int? ttl, string field)
    {
        await using var scene = await RotationScene.OpenAsync();

        var refused = await scene.Rotations.CreateAsync(
            scene.Ines,
            "mailroom-1",
            new CreateRotation { GraceSeconds = grace, TtlDays = ttl },
            Stop
        );

        Assert.Equal(field, Assert.Single(refused.Problem!.Errors!.Keys));
        Assert.Equal(["active"], await scene.StatesAsync());
    }
}
