using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Rotations.Schedules;
using AgentConsole.Core.Sinks;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Rotations.Schedules;

public sealed class ScheduleStories
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task A_key_is_due_by_its_cadence_or_its_expiry_whichever_comes_first(Database database)
    {
        await using var scene = await ScheduleScene.OpenAsync(database);
        var none = await scene.KeyAsync();
        Assert.Equal(("no-policy", null, null, "by-hand"), (none.State, none.DueAt, none.DaysLeft, none.Outlook));

        await scene.PolicyAsync(new SetRotationPolicy { Team = "payments", CadenceDays = 40 });
        var later = await scene.KeyAsync();
        Assert.Equal(("scheduled", "cadence", 40, "ines@acme.example"), (later.State, later.Reason, later.DaysLeft, later.Owner));

        scene.House.Clock.Advance(TimeSpan.FromDays(12));
        var soon = await scene.KeyAsync();
        Assert.Equal(("due-soon", 28), (soon.State, soon.DaysLeft));
        scene.House.Clock.Advance(TimeSpan.FromDays(28));
        Assert.Equal("overdue", (await scene.KeyAsync()).State);
        Assert.Equal(1, (await scene.Due.CountsAsync(scene.Ines, Stop)).Overdue);

        // A new version begins anew, and its expiry comes first.
        var rotated = await scene.Mailroom.RotateAsync(new CreateRotation { TtlDays = 20 });
        var renewed = await scene.KeyAsync();
        Assert.Equal((2, "expiry", 20, rotated.Id), (renewed.KeyVersion, renewed.Reason, renewed.DaysLeft, renewed.Rotation));

        // What is taken back counts for nothing.
        await scene.Mailroom.Rotations.AbortAsync(scene.Ines, rotated.Id, new Reason(), Stop);
        var back = await scene.KeyAsync();
        Assert.Equal((1, "overdue", null), (back.KeyVersion, back.State, back.Rotation));

        // Nor does a key that opens nothing any more.
        await scene.House.Get<KeyService>().RevokeAsync(scene.Ines, "mailroom-1", scene.KeyId, new KeyAction { KeyVersion = 1 }, Stop);
        Assert.Empty(await scene.ListAsync());
    }

    [Theory, BothDatabases]
    public async Task An_agent_that_moves_takes_the_dates_of_where_it_is(Database database)
    {
        await using var scene = await ScheduleScene.OpenAsync(database);
        await scene.PolicyAsync(new SetRotationPolicy { Team = "payments", CadenceDays = 40 });
        await scene.PolicyAsync(new SetRotationPolicy { Team = "research", CadenceDays = 10 }, scene.Sara);
        await scene.PolicyAsync(new SetRotationPolicy { Environment = "production", CadenceDays = 5 });
        var agents = scene.House.Get<AgentService>();
        async Task<int?> MovedAsync(ChangeAgent to)
        {
            var agent = (await agents.GetAsync(scene.Olga, "mailroom-1", Stop)).Value;
            Assert.Null((await agents.ChangeAsync(scene.Olga, "mailroom-1", agent.Revision, to, Stop)).Problem);
            return Assert.Single(await scene.ListAsync(new DueFilter { Key = scene.KeyId }, scene.Olga)).DaysLeft;
        }

        Assert.Equal(40, (await scene.KeyAsync()).DaysLeft);
        Assert.Equal(10, await MovedAsync(new ChangeAgent { Team = "research" }));
        Assert.Empty(await scene.ListAsync()); // it is not Ines's any more
        Assert.Equal(10, await MovedAsync(new ChangeAgent { Environment = "production" })); // a team goes before an environment
        Assert.Equal(40, await MovedAsync(new ChangeAgent { Team = "payments" }));
    }

    [Theory, BothDatabases]
    public async Task The_due_list_is_paged_in_its_order_and_narrowed_to_what_one_sees(Database database)
    {
        await using var scene = await ScheduleScene.OpenAsync(database);
        await scene.PolicyAsync(
            new SetRotationPolicy
            {
                Team = "payments",
                Environment = "production",
                CadenceDays = 10,
            }
        );
        for (var i = 0; i < 4; i++)
            await scene.AgentAsync($"cashier-{i}", environment: "production");
        await scene.AgentAsync("reader-1", "research");
        var all = (await scene.Due.ListAsync(scene.Olga, new DueFilter(), new PageRequest(2), Stop)).Value;
        var slugs = new List<string>(all.Items.Select(k => k.Agent));
        while (all.NextCursor is { } next)
        {
            all = (await scene.Due.ListAsync(scene.Olga, new DueFilter(), new PageRequest(2, next), Stop)).Value;
            slugs.AddRange(all.Items.Select(k => k.Agent));
        }
        Assert.Equal(["cashier-0", "cashier-1", "cashier-2", "cashier-3", "mailroom-1", "reader-1"], slugs);

        Assert.Equal(5, (await scene.ListAsync()).Count);
        Assert.Equal(["reader-1"], (await scene.ListAsync(by: scene.Sara)).Select(k => k.Agent));
        Assert.Equal(4, (await scene.ListAsync(new DueFilter { State = DueState.DueSoon })).Count);
        Assert.Equal(4, (await scene.ListAsync(new DueFilter { WithinDays = 10 })).Count);
        Assert.Empty(await scene.ListAsync(new DueFilter { WithinDays = 9 }));
        Assert.Equal(["mailroom-1"], (await scene.ListAsync(new DueFilter { Owner = "ines@acme.example" })).Select(k => k.Agent));
        Assert.Equal(4, (await scene.ListAsync(new DueFilter { Owner = "olga" })).Count);
        Assert.Equal(["cashier-2"], (await scene.ListAsync(new DueFilter { Agent = "cashier-2" })).Select(k => k.Agent));
        Assert.Equal("invalid", (await scene.Due.ListAsync(scene.Ines, new DueFilter(), new PageRequest(2, "x"), Stop)).Problem!.Code);

        // The page of all keys in the same order.
        var keys = (
            await scene.House.Get<KeyLists>().ListAsync(scene.Ines, new KeyFilter { Order = KeyOrder.Due }, new PageRequest(3), Stop)
        ).Value;
        Assert.Equal(["cashier-0", "cashier-1", "cashier-2"], keys.Items.Select(k => k.AgentSlug));
        var rest = (
            await scene
                .House.Get<KeyLists>()
                .ListAsync(scene.Ines, new KeyFilter { Order = KeyOrder.Due }, new PageRequest(3, keys.NextCursor), Stop)
        ).Value;
        Assert.Equal(["cashier-3", "mailroom-1"], rest.Items.Select(k => k.AgentSlug));
        scene.House.Clock.Advance(TimeSpan.FromDays(11));
        var overdue = (await scene.House.Get<KeyLists>().ListAsync(scene.Ines, KeyFilter.OverdueNow, new PageRequest(), Stop)).Value;
        Assert.Equal(4, overdue.Items.Count);

        await using var db = await scene.House.Get<ConsoleStore>().ReadAsync(Stop);
        await using var command = db.Database.GetDbConnection().CreateCommand();
        var plan = scene.Due.Page(db, scene.Olga, new DueFilter { WithinDays = 30 }, 50).ToQueryString();
        Assert.Contains("due_order", plan, StringComparison.Ordinal);
    }

    [Theory, BothDatabases]
    public async Task Notices_come_thirty_fourteen_seven_and_one_days_before_once_each(Database database)
    {
        await using var scene = await ScheduleScene.OpenAsync(database);
        await scene.PolicyAsync(new SetRotationPolicy { Team = "payments", CadenceDays = 60 });
        var heard = scene.Hear();
        var victor = scene.House.As(scene.House.Cast.Victor);
        await scene.WatchAsync(29);
        Assert.Empty(await scene.NoticesAsync());

        await scene.WatchAsync(1);
        await scene.WatchAsync();
        Assert.Equal([30], (await scene.NoticesAsync()).Select(n => n.Days));
        Assert.Single(heard, e => e.Noun == "key-notice");
        Assert.Equal(30, (await scene.KeyAsync()).NoticeDays);
        var needs = await scene.Due.NeedsAsync(scene.Ines, Stop);
        Assert.Equal((1, "mailroom-1"), (needs.Noticed, needs.First!.Agent));
        Assert.Equal(0, (await scene.Due.NeedsAsync(scene.Sara, Stop)).Noticed);
        Assert.Equal(0, (await scene.Due.NeedsAsync(victor, Stop)).Noticed);

        // The clock steps back and passes it again; a restarted console looks, too.
        scene.House.Clock.Advance(TimeSpan.FromDays(-2));
        await scene.WatchAsync();
        scene.House.Clock.Advance(TimeSpan.FromDays(3));
        await using var node = scene.House.OpenNode();
        await node.StartAsync();
        await Task.WhenAll(node.Get<ScheduleWatch>().StepAsync(Stop), scene.WatchAsync());
        Assert.Equal([30], (await scene.NoticesAsync()).Select(n => n.Days));

        // Dismissed until the next step.
        Assert.Equal("role_missing", (await scene.Due.DismissAsync(victor, "mailroom-1", scene.KeyId, Stop)).Problem!.Code);
        Assert.Equal("agent_not_found", (await scene.Due.DismissAsync(scene.Sara, "mailroom-1", scene.KeyId, Stop)).Problem!.Code);
        Assert.Null((await scene.Due.DismissAsync(scene.Ines, "mailroom-1", scene.KeyId, Stop)).Problem);
        Assert.Equal("no_notice", (await scene.Due.DismissAsync(scene.Ines, "mailroom-1", scene.KeyId, Stop)).Problem!.Code);
        Assert.Equal(0, (await scene.Due.NeedsAsync(scene.Ines, Stop)).Noticed);
        await scene.WatchAsync();
        Assert.Null((await scene.KeyAsync()).NoticeDays);
        var dismissed = Assert.Single(await scene.NoticesAsync());
        Assert.Equal("ines@acme.example", dismissed.DismissedBy);

        await scene.WatchAsync(15); // day 46
        Assert.Equal(14, (await scene.KeyAsync()).NoticeDays);
        // Nobody was there for two weeks: the step that counts is told, and none of those before it.
        await scene.WatchAsync(13); // day 59
        Assert.Equal([30, 14, 1], (await scene.NoticesAsync()).Select(n => n.Days));
        await scene.WatchAsync(1);
        Assert.Equal([30, 14, 1, 0], (await scene.NoticesAsync()).Select(n => n.Days));
        Assert.Equal(1, (await scene.Due.NeedsAsync(scene.Ines, Stop)).Noticed);

        // Rotating is the answer.
        await scene.Mailroom.RotateAsync();
        Assert.Equal(0, (await scene.Due.NeedsAsync(scene.Ines, Stop)).Noticed);
        Assert.Null((await scene.KeyAsync()).NoticeDays);
    }

    [Theory, BothDatabases]
    public async Task A_key_rotates_by_itself_into_its_sink_and_goes_on_to_the_end(Database database)
    {
        await using var scene = await ScheduleScene.OpenAsync(database);
        await scene.AutomaticAsync();
        await scene.Mailroom.CallAsync(scene.Mailroom.First);
        var planned = await scene.KeyAsync();
        Assert.Equal(("automatic", scene.Now.AddDays(83), "Files"), (planned.Outlook, planned.BeginsAt, planned.Sink));

        await scene.WatchAsync(82);
        Assert.Empty(await scene.RotationsAsync());
        // It is not a person's to do, but it stands in the list that it is due.
        Assert.Equal(0, (await scene.Due.NeedsAsync(scene.Ines, Stop)).Noticed);
        await scene.Mailroom.CallAsync(scene.Mailroom.First);

        await scene.WatchAsync(1);
        var begun = Assert.Single(await scene.RotationsAsync());
        Assert.Equal((RotationTrigger.Schedule, RotationState.Observing, "Files"), (begun.Trigger, begun.State, begun.Sink));
        Assert.Equal("schedule", begun.CreatedBy);
        Assert.Contains("Due by its rotation policy", begun.Reason, StringComparison.Ordinal);
        var secret = scene.Delivered;
        Assert.Equal((KeyCheck.Ok, KeyCheck.Ok), (scene.Mailroom.Check(scene.Mailroom.First), scene.Mailroom.Check(secret)));
        Assert.Equal("rotation-open", (await scene.KeyAsync()).Outlook);

        await scene.Mailroom.CallAsync(secret);
        await scene.Mailroom.BeQuietAsync();
        Assert.Equal(RotationState.Ready, (await scene.RotationsAsync())[0].State);
        await scene.Mailroom.WatchAsync(TimeSpan.FromDays(1));
        Assert.Equal(RotationState.OldDisabled, (await scene.RotationsAsync())[0].State);
        await scene.Mailroom.WatchAsync(TimeSpan.FromDays(7));
        Assert.Equal(RotationState.Completed, (await scene.RotationsAsync())[0].State);
        var next = await scene.KeyAsync();
        Assert.Equal(("automatic", begun.IssuedAt!.Value.AddDays(90)), (next.Outlook, next.DueAt));
        await scene.WatchAsync();
        Assert.Single(await scene.RotationsAsync());
    }

    [Theory, BothDatabases]
    public async Task What_is_due_in_a_suspended_organization_waits(Database database)
    {
        await using var scene = await ScheduleScene.OpenAsync(database);
        await scene.AutomaticAsync();
        await scene.House.SuspendAsync(scene.House.Cast.Acme, true);

        await scene.WatchAsync(83);
        Assert.Empty(await scene.RotationsAsync());

        await scene.House.SuspendAsync(scene.House.Cast.Acme, false);
        await scene.WatchAsync();
        Assert.Single(await scene.RotationsAsync());
    }

    [Theory, BothDatabases]
    public async Task Of_two_nodes_that_look_at_once_one_begins(Database database)
    {
        await using var scene = await ScheduleScene.OpenAsync(database);
        await scene.AutomaticAsync();
        await using var node = scene.House.OpenNode();
        await node.StartAsync();
        scene.House.Clock.Advance(TimeSpan.FromDays(84));

        await Task.WhenAll(
            Enumerable
                .Range(0, 6)
                .Select(i => Task.Run(() => (i % 2 == 0 ? scene.House.Get<ScheduleWatch>() : node.Get<ScheduleWatch>()).StepAsync(Stop)))
        );

        Assert.Single(await scene.RotationsAsync());
        Assert.Equal(2, (await scene.Mailroom.StatesAsync()).Length);
    }

    [Theory, BothDatabases]
    public async Task A_sink_that_fails_leaves_the_old_version_and_is_tried_again_with_one_undisclosed_secret_at_most(Database database)
    {
        await using var scene = await ScheduleScene.OpenAsync(database);
        await scene.AutomaticAsync();
        await scene.Mailroom.CallAsync(scene.Mailroom.First);
        Directory.Delete(scene.Root, recursive: true);

        await scene.WatchAsync(83);
        var stuck = Assert.Single(await scene.RotationsAsync());
        Assert.Equal(RotationState.Issued, stuck.State);
        Assert.Contains("not delivered to Files", stuck.Failure, StringComparison.Ordinal);
        Assert.Equal(["active", "active"], await scene.Mailroom.StatesAsync());
        Assert.Equal("mailroom-1", Assert.Single((await scene.Due.NeedsAsync(scene.Ines, Stop)).Failed).Agent);

        // Too soon.
        await scene.WatchAsync(TimeSpan.FromSeconds(59));
        Assert.Equal(2, (await scene.Mailroom.StatesAsync()).Length);
        await scene.WatchAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(["active", "revoked", "active"], await scene.Mailroom.StatesAsync());
        await scene.WatchAsync(TimeSpan.FromMinutes(4));
        Assert.Equal(3, (await scene.Mailroom.StatesAsync()).Length);
        await scene.WatchAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(["active", "revoked", "revoked", "active"], await scene.Mailroom.StatesAsync());
        Assert.Equal(KeyCheck.Ok, scene.Mailroom.Check(scene.Mailroom.First));

        Directory.CreateDirectory(scene.Root);
        await scene.WatchAsync(TimeSpan.FromMinutes(15));
        var arrived = Assert.Single(await scene.RotationsAsync());
        Assert.Equal((RotationState.Observing, null), (arrived.State, arrived.Failure));
        Assert.Equal(["retiring", "revoked", "revoked", "revoked", "active"], await scene.Mailroom.StatesAsync());
        Assert.Equal(KeyCheck.Ok, scene.Mailroom.Check(scene.Delivered));
        Assert.Empty((await scene.Due.NeedsAsync(scene.Ines, Stop)).Failed);
        await scene.WatchAsync(TimeSpan.FromDays(2));
        Assert.Equal(5, (await scene.Mailroom.StatesAsync()).Length);
    }

    [Theory, BothDatabases]
    public async Task A_sink_that_is_gone_is_said_and_nothing_is_made(Database database)
    {
        await using var scene = await ScheduleScene.OpenAsync(database);
        var policy = await scene.AutomaticAsync();
        Assert.Null((await scene.House.Get<SinkService>().DeleteAsync(scene.House.As(scene.House.Cast.Kurt), policy.Sink!, Stop)).Problem);

        await scene.WatchAsync(84);

        Assert.Empty(await scene.RotationsAsync());
        Assert.Equal(["active"], await scene.Mailroom.StatesAsync());
        Assert.Contains("was deleted", (await scene.KeyAsync()).Failure, StringComparison.Ordinal);
        Assert.Single((await scene.Due.NeedsAsync(scene.Ines, Stop)).Failed);

        // Without a sink it waits for a person, and says that.
        await scene.ChangeAsync(policy, new SetRotationPolicy { CadenceDays = 90, Automatic = true });
        Assert.Equal(("no-sink", null), ((await scene.KeyAsync()).Outlook, (await scene.KeyAsync()).Failure));
        Assert.Equal(1, (await scene.Due.NeedsAsync(scene.Ines, Stop)).Noticed);
    }

    [Theory, BothDatabases]
    public async Task Nothing_rotates_by_itself_after_a_leak_beside_another_rotation_or_for_an_agent_that_rests(Database database)
    {
        await using var scene = await ScheduleScene.OpenAsync(database);
        await scene.AutomaticAsync();
        var agents = scene.House.Get<AgentService>();
        await agents.PauseAsync(scene.Ines, "mailroom-1", "", Stop);
        Assert.Equal("agent-paused", (await scene.KeyAsync()).Outlook);
        await scene.WatchAsync(91);
        Assert.Empty(await scene.RotationsAsync());
        await agents.ResumeAsync(scene.Ines, "mailroom-1", "", Stop);
        Assert.Equal("automatic", (await scene.KeyAsync()).Outlook);

        // A person was faster.
        var own = await scene.Mailroom.RotateAsync(new CreateRotation { PlanOnly = true });
        await scene.WatchAsync(1);
        Assert.Single(await scene.RotationsAsync());
        await scene.Mailroom.Rotations.AbortAsync(scene.Ines, own.Id, new Reason(), Stop);

        // A leak needs a person, whatever is due.
        await scene
            .House.Get<LeakReports>()
            .ReportAsync(Core.People.CallOrigin.Unknown(), new KeyProof { Key = scene.Mailroom.First }, Stop);
        await scene
            .House.Get<KeyService>()
            .EnableAsync(scene.Ines, "mailroom-1", scene.KeyId, new KeyAction { KeyVersion = 1, Reason = "It was a test" }, Stop);
        foreach (var planned in (await scene.RotationsAsync()).Where(r => r.IsOpen))
            await scene.Mailroom.Rotations.AbortAsync(scene.Ines, IdText.Format(IdText.Rotation, planned.Id), new Reason(), Stop);
        Assert.Equal("leaked", (await scene.KeyAsync()).Outlook);
        await scene.WatchAsync(30);
        Assert.DoesNotContain(await scene.RotationsAsync(), r => r.Trigger == RotationTrigger.Schedule);
    }

    [Fact]
    public async Task What_a_person_takes_back_is_not_begun_again_at_once()
    {
        await using var scene = await ScheduleScene.OpenAsync();
        await scene.AutomaticAsync();
        await scene.WatchAsync(84);
        var begun = Assert.Single(await scene.RotationsAsync());
        await scene.Mailroom.Rotations.AbortAsync(
            scene.Ines,
            IdText.Format(IdText.Rotation, begun.Id),
            new Reason { Text = "Not today" },
            Stop
        );

        await scene.WatchAsync(TimeSpan.FromHours(23));
        Assert.Single(await scene.RotationsAsync());
        await scene.WatchAsync(TimeSpan.FromHours(1));
        Assert.Equal(2, (await scene.RotationsAsync()).Count);
    }

    [Fact]
    public async Task A_short_cadence_does_not_call_for_the_next_rotation_before_half_of_it_is_over()
    {
        await using var scene = await ScheduleScene.OpenAsync();
        await scene.AutomaticAsync(days: 2); // a week before it is due would be before it was made
        Assert.Equal(scene.Now.AddDays(1), (await scene.KeyAsync()).BeginsAt);
        await scene.WatchAsync();
        Assert.Empty(await scene.RotationsAsync());
        Assert.Empty(await scene.NoticesAsync());
        await scene.WatchAsync(1);
        Assert.Single(await scene.RotationsAsync());
    }

    [Theory, BothDatabases]
    public async Task A_grace_that_lengthens_by_itself_says_so(Database database)
    {
        await using var scene = await ScheduleScene.OpenAsync(database);
        await scene.Mailroom.CallAsync(scene.Mailroom.First);
        var rotation = await scene.Mailroom.RotateAsync(new CreateRotation { GraceSeconds = 3600, AutoExtend = true });
        var heard = scene.Hear();
        Assert.Empty((await scene.Due.NeedsAsync(scene.Ines, Stop)).Extended);

        await scene.Mailroom.CallAsync(scene.Mailroom.First);
        await scene.Mailroom.WatchAsync(TimeSpan.FromMinutes(55));

        var lengthened = await scene.Mailroom.GetAsync(rotation.Id);
        Assert.Equal((1, scene.Now), (lengthened.AutoExtensions, lengthened.AutoExtendedAt));
        Assert.Contains(heard, e => e.Noun == "rotation");
        var need = Assert.Single((await scene.Due.NeedsAsync(scene.Ines, Stop)).Extended);
        Assert.Equal(("mailroom-1", lengthened.OldKeyExpiresAt), (need.AgentSlug, need.Until));
        Assert.Contains("rotation.extended", await scene.Mailroom.ActionsAsync());
        Assert.Empty((await scene.Due.NeedsAsync(scene.Sara, Stop)).Extended);
    }
}
