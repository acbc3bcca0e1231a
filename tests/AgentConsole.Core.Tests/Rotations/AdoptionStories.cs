using AgentConsole.Contracts;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Rotations;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Rotations;

public sealed class AdoptionStories
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task Each_caller_moves_by_itself_and_the_last_one_is_named(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        foreach (var instance in new[] { "blue", "green", "red" })
            await scene.CallAsync(scene.First, instance);
        var issued = await scene.RotateAsync();
        await scene.AcknowledgeAsync(issued);
        await scene.CallAsync(issued.ApiKey, "blue");
        await scene.CallAsync(issued.ApiKey, "green");
        await scene.CallAsync(issued.ApiKey, "white");
        await scene.BeQuietAsync();

        var waits = await scene.GetAsync(issued.Id);
        Assert.Equal(("observing", 1), (waits.State, waits.Waiting));
        Assert.Equal(
            [("red", "waiting"), ("blue", "moved"), ("green", "moved"), ("white", "new")],
            waits.Callers.OrderBy(c => c.State == "waiting" ? 0 : 1).ThenBy(c => c.Instance).Select(c => (c.Instance!, c.State))
        );
        Assert.Equal("red", waits.Callers[0].Instance);

        // One that uses the old version after the new one has not moved.
        await scene.CallAsync(issued.ApiKey, "red");
        scene.House.Clock.Advance(TimeSpan.FromSeconds(1));
        await scene.CallAsync(scene.First, "green");
        await scene.BeQuietAsync();
        var back = await scene.GetAsync(issued.Id);
        Assert.Equal("green", Assert.Single(back.Callers, c => c.State == "waiting").Instance);
        await scene.CallAsync(issued.ApiKey, "green");
        await scene.BeQuietAsync();
        Assert.Equal("ready", (await scene.GetAsync(issued.Id)).State);

        // And a new one in the way takes ready back.
        await scene.CallAsync(scene.First, "black");
        await scene.WatchAsync();
        var again = await scene.GetAsync(issued.Id);
        Assert.Equal(("observing", null), (again.State, again.ReadyAt));
        Assert.Equal("black", again.Callers[0].Instance);
    }

    [Theory, BothDatabases]
    public async Task Ready_waits_for_a_quiet_while_and_anew_after_a_restart(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        var issued = await scene.RotateAsync();
        await scene.CallAsync(issued.ApiKey);
        await scene.WatchAsync();
        await scene.WatchAsync(TimeSpan.FromSeconds(9));
        Assert.Equal("observing", (await scene.GetAsync(issued.Id)).State);

        await using (var restarted = scene.House.OpenNode())
        {
            await restarted.StartAsync();
            var watch = restarted.Get<RotationWatch>();
            await watch.StepAsync(Stop);
            scene.House.Clock.Advance(TimeSpan.FromSeconds(9));
            await watch.StepAsync(Stop);
            Assert.Equal("observing", (await scene.GetAsync(issued.Id)).State);
            scene.House.Clock.Advance(TimeSpan.FromSeconds(1));
            await watch.StepAsync(Stop);
        }
        Assert.Equal("ready", (await scene.GetAsync(issued.Id)).State);
    }

    [Theory, BothDatabases]
    public async Task A_caller_that_is_silent_for_long_is_gone_and_one_that_comes_weekly_is_waited_for(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        for (var week = 0; week < 4; week++)
        {
            await scene.CallAsync(scene.First, "weekly");
            scene.House.Clock.Advance(TimeSpan.FromDays(7));
        }
        await scene.CallAsync(scene.First, "once");
        await scene.CallAsync(scene.First, "weekly");
        var issued = await scene.RotateAsync(new CreateRotation { GraceSeconds = 2_592_000 });
        await scene.AcknowledgeAsync(issued);

        Assert.Equal(7 * 86_400, issued.Callers.Single(c => c.Instance == "weekly").UsualGapSeconds);
        Assert.Null(issued.Callers.Single(c => c.Instance == "once").UsualGapSeconds);
        await scene.WatchAsync(TimeSpan.FromHours(24) + TimeSpan.FromSeconds(1));
        var day = await scene.GetAsync(issued.Id);
        Assert.Equal([("once", "gone"), ("weekly", "waiting")], day.Callers.OrderBy(c => c.Instance).Select(c => (c.Instance!, c.State)));
        Assert.Equal(day.Callers.Single(c => c.Instance == "weekly").OldLastUsedAt!.Value.AddDays(21), day.Callers[0].GoneAt);
        await scene.WatchAsync(TimeSpan.FromDays(19));
        Assert.Equal("observing", (await scene.GetAsync(issued.Id)).State);
        await scene.WatchAsync(TimeSpan.FromDays(1));
        await scene.BeQuietAsync();
        Assert.Equal("ready", (await scene.GetAsync(issued.Id)).State);
    }

    [Theory, BothDatabases]
    public async Task A_caller_is_its_instance_or_else_its_user_agent_at_its_address(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        scene.Note(scene.First, "blue", "198.51.100.1");
        scene.Note(scene.First, "blue", "198.51.100.2");
        scene.Note(scene.First, null, "198.51.100.1");
        scene.Note(scene.First, null, "198.51.100.2");
        scene.Note(scene.First, null, "198.51.100.2", "sdk/3");
        scene.Note(scene.First, null, "198.51.100.2", "sdk/3");
        await scene.House.Get<KeyUse>().StepAsync(Stop);
        scene.Note(scene.First, null, "198.51.100.2", "sdk/3");
        await scene.House.Get<KeyUse>().StepAsync(Stop);

        var callers = (await scene.RotateAsync()).Callers;

        Assert.Equal(4, callers.Count);
        Assert.Equal(
            ("198.51.100.2", 2),
            (callers.Single(c => c.Instance == "blue").Address, callers.Single(c => c.Instance == "blue").OldCalls)
        );
        Assert.Equal(3, callers.Single(c => c.UserAgent == "sdk/3").OldCalls);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("blue-7", "blue-7")]
    [InlineData("two words", null)]
    [InlineData("line\nbreak", null)]
    [InlineData("näme", null)]
    public void What_is_no_name_is_not_taken_for_one(string? text, string? expected) => Assert.Equal(expected, KeyUse.ReadInstance(text));

    [Fact]
    public void A_name_is_bounded() =>
        Assert.Equal((120, null), (KeyUse.ReadInstance(new string('a', 120))!.Length, KeyUse.ReadInstance(new string('a', 121))));

    [Theory, BothDatabases]
    public async Task A_flood_of_names_is_bounded_and_locks_the_way_to_ready(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        for (var i = 0; i < KeyCaller.Most + 500; i++)
            scene.Note(scene.First, $"flood-{i}");
        await scene.House.Get<KeyUse>().StepAsync(Stop);
        for (var i = 0; i < 500; i++)
            scene.Note(scene.First, $"more-{i}");
        await scene.House.Get<KeyUse>().StepAsync(Stop);

        await using (var db = await scene.House.Get<ConsoleStore>().ReadAsync(Stop))
        {
            Assert.Equal(KeyCaller.Most, await db.KeyCallers.CountAsync(Stop));
            Assert.Equal(KeyCaller.Most + 1000, (await db.KeyVersions.SingleAsync(Stop)).UseCount);
        }
        var issued = await scene.RotateAsync(new CreateRotation { GraceSeconds = 2_592_000 });
        Assert.True(issued.CallersOverflowed);
        Assert.Equal(100, issued.Callers.Count);
        await scene.AcknowledgeAsync(issued);
        // A known caller moves also when there is no room for further ones.
        await scene.CallAsync(issued.ApiKey, "flood-7");
        scene.House.Clock.Advance(TimeSpan.FromDays(2));
        await scene.BeQuietAsync();
        var locked = await scene.GetAsync(issued.Id);
        Assert.Equal(("observing", 0), (locked.State, locked.Waiting));
        Assert.Equal("moved", locked.Callers.First(c => c.Instance == "flood-7").State);
        var refused = await scene.Rotations.DisableOldAsync(scene.Ines, issued.Id, new DisableOld(), Stop);
        Assert.Contains("more callers than are kept", refused.Problem!.Detail, StringComparison.Ordinal);

        scene.House.Clock.Advance(TimeSpan.FromDays(91));
        await scene.House.Get<KeyUse>().StepAsync(Stop);
        await using var later = await scene.House.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(0, await later.KeyCallers.CountAsync(Stop));
        Assert.Null((await later.AgentKeys.SingleAsync(Stop)).CallersOverflowedAt);
    }

    [Theory, BothDatabases]
    public async Task Calls_are_counted_by_minute_and_version_for_two_days(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        await scene.CallAsync(scene.First);
        await scene.CallAsync(scene.First);
        var issued = await scene.RotateAsync();
        scene.House.Clock.Advance(TimeSpan.FromMinutes(1));
        await scene.CallAsync(scene.First);
        await scene.CallAsync(issued.ApiKey);

        var minutes = (await scene.Lists.MinutesAsync(scene.Ines, issued.Id, Stop)).Value.Minutes;

        Assert.Equal([(2, 0), (1, 1)], minutes.Select(m => ((int)m.Old, (int)m.New)));
        Assert.Equal(TimeSpan.FromMinutes(1), minutes[1].Minute - minutes[0].Minute);
        scene.House.Clock.Advance(TimeSpan.FromHours(49));
        await scene.House.Get<KeyUse>().StepAsync(Stop);
        Assert.Empty((await scene.Lists.MinutesAsync(scene.Ines, issued.Id, Stop)).Value.Minutes);
    }

    [Theory, BothDatabases]
    public async Task Whoever_knocks_with_an_ended_version_is_seen_by_address(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        var issued = await scene.RotateAsync(new CreateRotation { GraceSeconds = 0 });
        var refusals = scene.House.Get<KeyRefusals>();
        var card = scene.House.Get<KeyIndex>().Check(scene.First).Card!;
        scene.House.Clock.Advance(TimeSpan.FromSeconds(70));
        for (var i = 0; i < 3; i++)
            refusals.Note(scene.Check(scene.First), card.OrganizationId, card.VersionId, "198.51.100.4");
        refusals.Note(scene.Check(scene.First), card.OrganizationId, card.VersionId, "198.51.100.5");
        await refusals.StepAsync(Stop);

        var knocks = (await scene.GetAsync(issued.Id)).Knocks;

        Assert.Equal(
            [("198.51.100.4", 1, "key_disabled", 3L), ("198.51.100.5", 1, "key_disabled", 1L)],
            knocks.OrderBy(k => k.Address).Select(k => (k.Address, k.KeyVersion, k.Code, k.Count))
        );
        Assert.Equal(scene.House.Clock.GetUtcNow(), knocks[0].LastAt);
    }

    [Theory, BothDatabases]
    public async Task Callers_are_listed_in_pages(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        for (var i = 0; i < 7; i++)
            await scene.CallAsync(scene.First, $"caller-{i}");
        var issued = await scene.RotateAsync();
        var seen = new List<string?>();
        string? cursor = null;
        do
        {
            var page = (await scene.Lists.CallersAsync(scene.Ines, issued.Id, new Core.Common.PageRequest(3, cursor), Stop)).Value;
            seen.AddRange(page.Items.Select(c => c.Instance));
            cursor = page.NextCursor;
        } while (cursor is not null);
        Assert.Equal(7, seen.Distinct().Count());
    }
}
