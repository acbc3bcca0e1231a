using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations;

namespace AgentConsole.Core.Tests.Rotations;

public sealed class LeakStories
{
    private static readonly CallOrigin Outside = new("203.0.113.9", "scanner/1", "c-outside");

    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task A_leak_plans_the_next_version_and_a_person_issues_it(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        await scene.CallAsync(scene.First);
        var receipt = await scene.House.Get<LeakReports>().ReportAsync(Outside, new KeyProof { Key = scene.First }, Stop);
        Assert.DoesNotContain("rot_", receipt.Value.Detail, StringComparison.Ordinal);
        Assert.Equal(KeyCheck.Disabled, scene.Check(scene.First));

        var planned = Assert.Single((await ListAsync(scene)).Items);
        Assert.Equal(("planned", "leak", null), (planned.State, planned.Trigger, planned.ApiKey));
        var issued = (await scene.Rotations.IssueAsync(scene.Ines, planned.Id, new IssueRotation(), Stop)).Value;
        Assert.Equal(("old-disabled", 1, 2), (issued.State, issued.FromVersion, issued.ToVersion));
        Assert.Equal(KeyCheck.Ok, scene.Check(issued.ApiKey));
        Assert.Equal(KeyCheck.Disabled, scene.Check(scene.First));
        var back = await scene.Rotations.EnableOldAsync(scene.Ines, issued.Id, new GraceOfRotation(), Stop);
        Assert.Contains("leaked", back.Problem!.Detail, StringComparison.Ordinal);
        var abort = await scene.Rotations.AbortAsync(scene.Ines, issued.Id, new Reason(), Stop);
        Assert.Contains("without a secret", abort.Problem!.Detail, StringComparison.Ordinal);
        await scene.CallAsync(issued.ApiKey);
        await scene.WatchAsync(TimeSpan.FromDays(7));
        Assert.Equal("completed", (await scene.GetAsync(issued.Id)).State);
        Assert.Equal(["rotation.planned", "rotation.issued", "rotation.completed"], await scene.ActionsAsync());
    }

    [Theory, BothDatabases]
    public async Task A_person_who_says_that_a_key_leaked_hears_what_it_did(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        await scene.CallAsync(scene.First, "blue");
        await scene.CallAsync(scene.First, "green");
        var leaks = scene.House.Get<RotationLeaks>();

        var told = (
            await leaks.ReportAsync(scene.Kurt, "mailroom-1", scene.Agent.KeyId!, new LeakedKey { Reason = "In a log" }, Stop)
        ).Value;

        Assert.Equal([1], told.DisabledVersions);
        Assert.Equal(("planned", "leak"), (told.Rotation!.State, told.Rotation.Trigger));
        Assert.Equal((2, 0), (told.LastDay.Calls, told.LastDay.Runs));
        Assert.Equal(["198.51.100.4"], told.LastDay.Addresses);
        Assert.Equal(["blue", "green"], told.LastDay.Callers.Select(c => c.Instance).Order());
        var again = (await leaks.ReportAsync(scene.Kurt, "mailroom-1", scene.Agent.KeyId!, new LeakedKey(), Stop)).Value;
        Assert.Equal((told.Rotation.Id, 0), (again.Rotation!.Id, again.DisabledVersions.Count));
        foreach (var person in new[] { scene.House.Cast.Otto, scene.House.Cast.Victor })
            Assert.Equal(
                "role_missing",
                (await leaks.ReportAsync(scene.House.As(person), "mailroom-1", scene.Agent.KeyId!, new LeakedKey(), Stop)).Problem!.Code
            );
        Assert.Equal(
            "agent_not_found",
            (await leaks.ReportAsync(scene.House.As(scene.House.Cast.Sara), "mailroom-1", scene.Agent.KeyId!, new LeakedKey(), Stop))
                .Problem!
                .Code
        );
    }

    [Theory, BothDatabases]
    public async Task When_the_new_version_leaks_the_old_one_goes_on_and_another_is_planned(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        var issued = await scene.RotateAsync(new CreateRotation { GraceSeconds = 60 });
        await scene.House.Get<LeakReports>().ReportAsync(Outside, new KeyProof { Key = issued.ApiKey }, Stop);

        Assert.Equal(["active", "disabled"], await scene.StatesAsync());
        scene.House.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(KeyCheck.Ok, scene.Check(scene.First));
        var open = Assert.Single((await ListAsync(scene)).Items, r => r.State == "planned");
        Assert.Equal(open.Id, (await scene.GetAsync(issued.Id)).SupersededBy);
        var next = (await scene.Rotations.IssueAsync(scene.Ines, open.Id, new IssueRotation(), Stop)).Value;
        Assert.Equal((1, 3), (next.FromVersion, next.ToVersion));
        Assert.Equal(["retiring", "revoked", "active"], await scene.StatesAsync());
    }

    [Theory, BothDatabases]
    public async Task When_the_old_version_leaks_the_rotation_goes_on_without_it(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        var issued = await scene.RotateAsync();
        await scene.House.Get<LeakReports>().ReportAsync(Outside, new KeyProof { Key = scene.First }, Stop);

        var open = Assert.Single((await ListAsync(scene)).Items);
        Assert.Equal((issued.Id, "old-disabled"), (open.Id, open.State));
        Assert.Equal(["disabled", "active"], await scene.StatesAsync());
    }

    [Theory, BothDatabases]
    public async Task An_agent_rotates_its_own_key_where_it_may_and_never_after_a_leak(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        var keys = scene.House.Get<KeyService>();

        Task<Outcome<RotationBody>> Rotate(string? secret) =>
            scene.Rotations.RotateOwnAsync(
                scene.House.Get<KeyActor>().Of(scene.House.Get<KeyIndex>().Check(secret).Card!, Outside),
                new RotateOwnKey { GraceSeconds = 3600 },
                Stop
            );
        Task<Outcome<KeyBody>> Allow(Actor by) =>
            keys.ChangeAsync(by, "mailroom-1", scene.Agent.KeyId!, new ChangeKey { SelfRotation = true }, Stop);

        Assert.Equal("self_rotation_off", (await Rotate(scene.First)).Problem!.Code);
        Assert.Equal("role_missing", (await Allow(scene.House.As(scene.House.Cast.Otto))).Problem!.Code);
        Assert.True((await Allow(scene.Kurt)).Value.SelfRotation);
        Assert.Equal("agent_key_required", (await scene.Rotations.RotateOwnAsync(scene.Ines, new RotateOwnKey(), Stop)).Problem!.Code);

        var own = (await Rotate(scene.First)).Value;
        Assert.Equal(("issued", "agent", "mailroom-1"), (own.State, own.Trigger, own.IssuedBy));
        Assert.Empty(own.Callers);
        Assert.Equal((KeyCheck.Ok, KeyCheck.Ok), (scene.Check(scene.First), scene.Check(own.ApiKey)));
        // Another instance that still has the old secret must not cut off the first.
        Assert.Equal("rotation_open", (await Rotate(scene.First)).Problem!.Code);

        // Whoever found version 1 may have fetched version 2 with it.
        await scene.House.Get<LeakReports>().ReportAsync(Outside, new KeyProof { Key = scene.First }, Stop);
        Assert.Equal((KeyCheck.Disabled, KeyCheck.Disabled), (scene.Check(scene.First), scene.Check(own.ApiKey)));
        Assert.Equal("self_rotation_off", (await Rotate(own.ApiKey)).Problem!.Code);
        var planned = Assert.Single((await ListAsync(scene)).Items, r => r.State == "planned");
        var issued = (await scene.Rotations.IssueAsync(scene.Ines, planned.Id, new IssueRotation(), Stop)).Value;
        Assert.Equal("self_rotation_off", (await Rotate(issued.ApiKey)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task An_agent_that_takes_up_what_was_planned_keeps_to_the_plan(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        var allow = new ChangeKey { SelfRotation = true };
        Assert.Null((await scene.House.Get<KeyService>().ChangeAsync(scene.Kurt, "mailroom-1", scene.Agent.KeyId!, allow, Stop)).Problem);
        await scene.RotateAsync(
            new CreateRotation
            {
                PlanOnly = true,
                TtlDays = 30,
                GraceSeconds = 3600,
            }
        );

        var own = await scene.Rotations.RotateOwnAsync(
            scene.House.Get<KeyActor>().Of(scene.House.Get<KeyIndex>().Check(scene.First).Card!, Outside),
            new RotateOwnKey { GraceSeconds = 7 * 86_400 },
            Stop
        );

        Assert.Equal(scene.House.Clock.GetUtcNow().AddHours(1), own.Value.OldKeyExpiresAt);
        Assert.Equal(scene.House.Clock.GetUtcNow().AddDays(30), own.Value.ExpiresAt);
    }

    [Theory, BothDatabases]
    public async Task An_agent_gives_itself_no_longer_life_than_its_key_admin_did(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        var keys = scene.House.Get<KeyService>();
        var minted = (await keys.MintAsync(scene.Ines, "mailroom-1", new MintKey { TtlDays = 30 }, Stop)).Value;
        await keys.ChangeAsync(scene.Kurt, "mailroom-1", minted.Id, new ChangeKey { SelfRotation = true }, Stop);
        scene.House.Clock.Advance(TimeSpan.FromDays(10));

        var own = await scene.Rotations.RotateOwnAsync(
            scene.House.Get<KeyActor>().Of(scene.House.Get<KeyIndex>().Check(minted.ApiKey).Card!, Outside),
            new RotateOwnKey(),
            Stop
        );

        Assert.Equal(scene.House.Clock.GetUtcNow().AddDays(30), own.Value.ExpiresAt);
        Assert.Equal(minted.Id, own.Value.KeyId);
    }

    private static async Task<Paged<RotationBody>> ListAsync(RotationScene scene) =>
        (await scene.Lists.ListAsync(scene.Ines, new RotationFilter(), new PageRequest(), Stop)).Value;
}
