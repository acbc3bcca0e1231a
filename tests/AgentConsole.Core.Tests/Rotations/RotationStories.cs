using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Sinks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Tests.Rotations;

public sealed class RotationStories
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task A_key_moves_to_its_new_secret_and_the_old_one_ends(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        await scene.CallAsync(scene.First);

        var issued = await scene.RotateAsync(new CreateRotation { TtlDays = 90, Reason = "Yearly" });
        Assert.Equal(("issued", 1, 2), (issued.State, issued.FromVersion, issued.ToVersion));
        Assert.Equal(scene.House.Clock.GetUtcNow().AddDays(1), issued.OldKeyExpiresAt);
        Assert.Equal(scene.House.Clock.GetUtcNow().AddDays(90), issued.ExpiresAt);
        Assert.Equal(scene.Agent.KeyId, issued.KeyId);
        Assert.Equal((KeyCheck.Ok, KeyCheck.Ok), (scene.Check(scene.First), scene.Check(issued.ApiKey)));
        Assert.Equal("waiting", Assert.Single(issued.Callers).State);

        await scene.AcknowledgeAsync(issued);
        await scene.BeQuietAsync();
        Assert.Equal(("observing", 1), ((await scene.GetAsync(issued.Id)).State, (await scene.GetAsync(issued.Id)).Waiting));
        var locked = await scene.Rotations.DisableOldAsync(scene.Ines, issued.Id, new DisableOld(), Stop);
        Assert.Equal("rotation_not_ready", locked.Problem!.Code);
        Assert.Contains("blue", locked.Problem.Detail, StringComparison.Ordinal);

        await scene.CallAsync(issued.ApiKey);
        await scene.BeQuietAsync();
        Assert.Equal("ready", (await scene.GetAsync(issued.Id)).State);

        var cut = await scene.Rotations.DisableOldAsync(scene.Ines, issued.Id, new DisableOld(), Stop);
        Assert.Equal("old-disabled", cut.Value.State);
        Assert.Equal(scene.House.Clock.GetUtcNow().AddDays(7), cut.Value.OldDisabledUntil);
        Assert.Equal((KeyCheck.Disabled, KeyCheck.Ok), (scene.Check(scene.First), scene.Check(issued.ApiKey)));

        var done = await scene.Rotations.CompleteAsync(scene.Ines, issued.Id, new Reason(), Stop);
        Assert.Equal("completed", done.Value.State);
        Assert.NotNull(done.Value.CompletedAt);
        Assert.Equal((KeyCheck.Revoked, KeyCheck.Ok), (scene.Check(scene.First), scene.Check(issued.ApiKey)));
        Assert.Equal(
            ["rotation.issued", "rotation.acknowledged", "rotation.ready", "rotation.old-disabled", "rotation.completed"],
            await scene.ActionsAsync()
        );
        foreach (var act in Acts(scene, issued.Id))
            Assert.Equal("rotation_state", (await act()).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task A_grace_that_ends_too_early_can_be_taken_back_and_ends_in_completed_only_once_the_new_version_was_used(
        Database database
    )
    {
        await using var scene = await RotationScene.OpenAsync(database);
        await scene.CallAsync(scene.First);
        var issued = await scene.RotateAsync(new CreateRotation { GraceSeconds = 3600 });

        await scene.WatchAsync(TimeSpan.FromSeconds(3599));
        Assert.Equal("issued", (await scene.GetAsync(issued.Id)).State);
        scene.House.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(KeyCheck.Disabled, scene.Check(scene.First)); // refused from the instant itself
        await scene.WatchAsync();
        Assert.Equal("old-disabled", (await scene.GetAsync(issued.Id)).State);

        var back = await scene.Rotations.EnableOldAsync(scene.Ines, issued.Id, new GraceOfRotation { GraceSeconds = 7200 }, Stop);
        Assert.Equal(("observing", scene.House.Clock.GetUtcNow().AddHours(2)), (back.Value.State, back.Value.OldKeyExpiresAt));
        Assert.Equal(KeyCheck.Ok, scene.Check(scene.First));

        await scene.WatchAsync(TimeSpan.FromHours(2));
        await scene.WatchAsync(TimeSpan.FromDays(7));
        var stuck = await scene.GetAsync(issued.Id);
        Assert.Equal("old-disabled", stuck.State);
        Assert.Contains("never used", stuck.Failure, StringComparison.Ordinal);
        Assert.Equal("rotation_not_ready", (await scene.Rotations.CompleteAsync(scene.Ines, issued.Id, new Reason(), Stop)).Problem!.Code);

        await scene.CallAsync(issued.ApiKey);
        await scene.WatchAsync();
        var over = await scene.GetAsync(issued.Id);
        Assert.Equal(("completed", null), (over.State, over.Failure));
        Assert.Equal(["revoked", "active"], await scene.StatesAsync());
    }

    [Theory, BothDatabases]
    public async Task A_grace_is_extended_and_ended_by_people_within_bounds(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        await scene.CallAsync(scene.First);
        var issued = await scene.RotateAsync();

        Task<Outcome<RotationBody>> Extend(int? seconds) =>
            scene.Rotations.ExtendAsync(scene.Ines, issued.Id, new GraceOfRotation { GraceSeconds = seconds }, Stop);

        foreach (var wrong in new int?[] { null, -1, 0, 59, 2_592_001 })
            Assert.Contains("grace_seconds", (await Extend(wrong)).Problem!.Errors!.Keys);
        Assert.Equal(scene.House.Clock.GetUtcNow().AddDays(30), (await Extend(2_592_000)).Value.OldKeyExpiresAt);
        var silent = await scene.Rotations.EndGraceAsync(scene.Ines, issued.Id, new Reason(), Stop);
        Assert.Contains("reason", silent.Problem!.Errors!.Keys);
        var ended = await scene.Rotations.EndGraceAsync(scene.Ines, issued.Id, new Reason { Text = "The host is gone" }, Stop);
        Assert.Equal("old-disabled", ended.Value.State);
        Assert.Equal("rotation_state", (await Extend(3600)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task A_grace_lengthens_by_itself_while_the_old_version_is_used_and_no_longer_than_30_days(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        await scene.CallAsync(scene.First);
        var issued = await scene.RotateAsync(new CreateRotation { GraceSeconds = 86_400, AutoExtend = true });
        var until = issued.IssuedAt!.Value.AddDays(30);

        for (var hours = 0; hours < 29 * 24; hours++)
        {
            await scene.CallAsync(scene.First);
            await scene.WatchAsync(TimeSpan.FromHours(1));
            Assert.Equal(KeyCheck.Ok, scene.Check(scene.First));
        }
        var late = await scene.GetAsync(issued.Id);
        Assert.True(late.OldKeyExpiresAt <= until);
        while (scene.House.Clock.GetUtcNow() < until.AddHours(1))
            await scene.WatchAsync(TimeSpan.FromMinutes(30));
        Assert.Equal("old-disabled", (await scene.GetAsync(issued.Id)).State);
        Assert.Contains("rotation.extended", await scene.ActionsAsync());
    }

    [Theory, BothDatabases]
    public async Task Grace_now_cuts_off_reversibly_and_revoking_at_once_does_not(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        var now = scene.House.Clock.GetUtcNow();

        var cut = await scene.RotateAsync(new CreateRotation { GraceSeconds = 0 });
        Assert.Equal(("old-disabled", (DateTimeOffset?)now), (cut.State, cut.OldKeyExpiresAt));
        Assert.Equal(KeyCheck.Disabled, scene.Check(scene.First));
        Assert.Null((await scene.Rotations.EnableOldAsync(scene.Ines, cut.Id, new GraceOfRotation(), Stop)).Problem);
        Assert.Equal(KeyCheck.Ok, scene.Check(scene.First));

        var dead = await scene.RotateAsync(new CreateRotation { RevokeImmediately = true });
        Assert.Equal(("issued", (DateTimeOffset?)now), (dead.State, dead.OldKeyExpiresAt));
        Assert.Equal((KeyCheck.Revoked, KeyCheck.Revoked), (scene.Check(scene.First), scene.Check(cut.ApiKey)));
        var abort = await scene.Rotations.AbortAsync(scene.Ines, dead.Id, new Reason(), Stop);
        Assert.Contains("without a secret", abort.Problem!.Detail, StringComparison.Ordinal);
        await scene.CallAsync(dead.ApiKey);
        await scene.WatchAsync();
        Assert.Equal("completed", (await scene.GetAsync(dead.Id)).State);
    }

    [Theory, BothDatabases]
    public async Task A_second_rotation_takes_the_place_of_the_first_and_a_key_has_at_most_one_old_version(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        var first = await scene.RotateAsync();
        var second = await scene.RotateAsync(new CreateRotation { GraceSeconds = 60 });

        var gone = await scene.GetAsync(first.Id);
        Assert.Equal(("aborted", second.Id), (gone.State, gone.SupersededBy));
        Assert.Equal((2, 3), (second.FromVersion, second.ToVersion));
        Assert.Equal(["revoked", "retiring", "active"], await scene.StatesAsync());
        Assert.Equal(KeyCheck.Ok, scene.Check(first.ApiKey));
        await scene.WatchAsync(TimeSpan.FromSeconds(61));
        Assert.Equal((KeyCheck.Disabled, KeyCheck.Ok), (scene.Check(first.ApiKey), scene.Check(second.ApiKey)));
        await using var db = await scene.House.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Single(await db.Rotations.Where(r => r.ClosedAt == null).ToListAsync(Stop));
    }

    [Theory, BothDatabases]
    public async Task An_aborted_rotation_leaves_everything_as_it_was(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        var issued = await scene.RotateAsync(new CreateRotation { GraceSeconds = 60 });

        var aborted = await scene.Rotations.AbortAsync(scene.Kurt, issued.Id, new Reason { Text = "Wrong agent" }, Stop);

        Assert.Equal(("aborted", "kurt@acme.example"), (aborted.Value.State, aborted.Value.HeldBy));
        Assert.Equal(["active", "revoked"], await scene.StatesAsync());
        scene.House.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal((KeyCheck.Ok, KeyCheck.Revoked), (scene.Check(scene.First), scene.Check(issued.ApiKey)));
    }

    [Theory, BothDatabases]
    public async Task An_override_needs_a_reason_and_stays_when_somebody_still_calls(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        await scene.CallAsync(scene.First);
        var issued = await scene.RotateAsync();

        var silent = await scene.Rotations.OverrideAsync(scene.Ines, issued.Id, new Reason(), Stop);
        Assert.Contains("reason", silent.Problem!.Errors!.Keys);
        var ready = await scene.Rotations.OverrideAsync(scene.Ines, issued.Id, new Reason { Text = "blue was switched off" }, Stop);
        Assert.Equal(
            ("ready", "blue was switched off", "ines@acme.example"),
            (ready.Value.State, ready.Value.OverrideReason, ready.Value.OverriddenBy)
        );
        await scene.CallAsync(scene.First);
        await scene.BeQuietAsync();
        Assert.Equal("ready", (await scene.GetAsync(issued.Id)).State);
        Assert.Equal("completed", (await scene.Rotations.CompleteAsync(scene.Ines, issued.Id, new Reason(), Stop)).Value.State);
    }

    [Theory, BothDatabases]
    public async Task Only_the_issuer_says_that_it_is_stored_and_who_takes_over_issues_again(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        var issued = await scene.RotateAsync();

        async Task<Problem?> Acknowledge(Actor by, string? last) =>
            (await scene.Rotations.AcknowledgeAsync(by, issued.Id, new AcknowledgeRotation { LastFour = last }, Stop)).Problem;

        Assert.Equal("issuer_only", (await Acknowledge(scene.Kurt, issued.ApiKey![^4..]))!.Code);
        Assert.Contains("last_four", (await Acknowledge(scene.Ines, "nope"))!.Errors!.Keys);
        Assert.Contains("last_four", (await Acknowledge(scene.Ines, null))!.Errors!.Keys);

        var again = await scene.Rotations.ReissueAsync(scene.Kurt, issued.Id, new IssueRotation(), Stop);
        Assert.Equal(
            (issued.Id, 1, 3, "kurt@acme.example"),
            (again.Value.Id, again.Value.FromVersion, again.Value.ToVersion, again.Value.IssuedBy)
        );
        Assert.Equal(
            (KeyCheck.Ok, KeyCheck.Revoked, KeyCheck.Ok),
            (scene.Check(scene.First), scene.Check(issued.ApiKey), scene.Check(again.Value.ApiKey))
        );
        Assert.Equal("issuer_only", (await Acknowledge(scene.Ines, again.Value.ApiKey![^4..]))!.Code);
        Assert.Null(await Acknowledge(scene.Kurt, again.Value.ApiKey[^4..]));

        await scene.CallAsync(again.Value.ApiKey);
        var late = await scene.Rotations.ReissueAsync(scene.Ines, issued.Id, new IssueRotation(), Stop);
        Assert.Contains("in use", late.Problem!.Detail, StringComparison.Ordinal);
    }

    [Theory, BothDatabases]
    public async Task Bad_wishes_are_refused_field_by_field_and_nothing_is_issued(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);

        async Task<Problem> Create(CreateRotation wish) =>
            (await scene.Rotations.CreateAsync(scene.Ines, "mailroom-1", wish, Stop)).Problem!;

        Assert.Contains("grace_seconds", (await Create(new CreateRotation { GraceSeconds = -1 })).Errors!.Keys);
        Assert.Contains("grace_seconds", (await Create(new CreateRotation { GraceSeconds = 2_592_001 })).Errors!.Keys);
        Assert.Contains("ttl_days", (await Create(new CreateRotation { TtlDays = 0 })).Errors!.Keys);
        Assert.Contains("sink", (await Create(new CreateRotation { Sink = "vault" })).Errors!.Keys);
        Assert.Contains("key_id", (await Create(new CreateRotation { KeyId = "key_nonsense" })).Errors!.Keys);
        var other = await scene.House.Get<KeyService>().MintAsync(scene.Ines, "mailroom-1", new MintKey(), Stop);
        Assert.Contains("several active keys", (await Create(new CreateRotation())).Detail, StringComparison.Ordinal);
        Assert.Equal(["active", "active"], await scene.StatesAsync());
        Assert.Equal(other.Value.Id, (await scene.RotateAsync(new CreateRotation { KeyId = other.Value.Id })).KeyId);
    }

    [Theory, BothDatabases]
    public async Task Roles_and_teams_decide_who_rotates_and_who_learns_of_callers(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        await scene.CallAsync(scene.First);
        var issued = await scene.RotateAsync();
        var cast = scene.House.Cast;
        foreach (var person in new[] { cast.Otto, cast.Victor, cast.Alma, cast.Aude })
        {
            var by = scene.House.As(person);
            Assert.Equal("role_missing", (await scene.Rotations.CreateAsync(by, "mailroom-1", new CreateRotation(), Stop)).Problem!.Code);
            Assert.Null((await scene.Lists.GetAsync(by, issued.Id, Stop)).Problem);
            foreach (var act in Acts(scene, issued.Id, by))
                Assert.Equal("role_missing", (await act()).Problem!.Code);
        }
        foreach (var person in new[] { cast.Sara, cast.Gus, cast.Nobody })
        {
            var by = scene.House.As(person);
            Assert.Equal(
                "agent_not_found",
                (await scene.Rotations.CreateAsync(by, "mailroom-1", new CreateRotation(), Stop)).Problem!.Code
            );
            Assert.Equal("rotation_not_found", (await scene.Lists.CallersAsync(by, issued.Id, new PageRequest(), Stop)).Problem!.Code);
            Assert.Empty((await scene.Lists.ListAsync(by, new RotationFilter(), new PageRequest(), Stop)).Value.Items);
            foreach (var act in Acts(scene, issued.Id, by))
                Assert.Equal("rotation_not_found", (await act()).Problem!.Code);
        }
        Assert.Equal(["retiring", "active"], await scene.StatesAsync());
    }

    [Theory, BothDatabases]
    public async Task An_open_rotation_goes_with_its_agent_to_another_team(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        var cast = scene.House.Cast;
        var closed = await scene.RotateAsync();
        var open = await scene.RotateAsync();
        var agents = scene.House.Get<Core.Agents.AgentService>();
        await agents.ChangeAsync(
            scene.House.As(cast.Olga),
            "mailroom-1",
            (await agents.GetAsync(scene.House.As(cast.Olga), "mailroom-1", Stop)).Value.Revision,
            new ChangeAgent { Team = "research" },
            Stop
        );

        Assert.Equal("rotation_not_found", (await scene.Lists.GetAsync(scene.Ines, open.Id, Stop)).Problem!.Code);
        Assert.Equal("research", (await scene.Lists.GetAsync(scene.House.As(cast.Sara), open.Id, Stop)).Value.Team);
        Assert.Equal("payments", (await scene.Lists.GetAsync(scene.Ines, closed.Id, Stop)).Value.Team);
        Assert.Equal("rotation_not_found", (await scene.Lists.GetAsync(scene.House.As(cast.Sara), closed.Id, Stop)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task What_people_do_to_the_versions_beside_the_rotation_is_followed(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        var keys = scene.House.Get<KeyService>();
        var issued = await scene.RotateAsync();

        Task<Outcome<KeyBody>> Disable(int version) =>
            keys.DisableAsync(scene.Ines, "mailroom-1", issued.KeyId, new KeyAction { KeyVersion = version }, Stop);
        Task<Outcome<KeyBody>> Enable(int version) =>
            keys.EnableAsync(scene.Ines, "mailroom-1", issued.KeyId, new KeyAction { KeyVersion = version }, Stop);

        await Disable(2);
        await scene.WatchAsync(TimeSpan.FromHours(23) + TimeSpan.FromMinutes(30));
        // With the new version disabled the old one must not end.
        await scene.WatchAsync();
        await scene.WatchAsync(TimeSpan.FromHours(1));
        Assert.Equal(KeyCheck.Ok, scene.Check(scene.First));
        Assert.Contains("is disabled", (await scene.GetAsync(issued.Id)).Failure, StringComparison.Ordinal);
        await Enable(2);

        await Disable(1);
        await scene.WatchAsync();
        Assert.Equal("old-disabled", (await scene.GetAsync(issued.Id)).State);
        await Enable(1);
        await scene.WatchAsync();
        Assert.Equal("observing", (await scene.GetAsync(issued.Id)).State);

        await keys.RevokeAsync(scene.Ines, "mailroom-1", issued.KeyId, new KeyAction { KeyVersion = 2 }, Stop);
        await scene.WatchAsync();
        Assert.Equal("aborted", (await scene.GetAsync(issued.Id)).State);
        Assert.Equal(["active", "revoked"], await scene.StatesAsync());
    }

    [Theory, BothDatabases]
    public async Task A_rotation_ends_with_its_agent_once_the_key_cannot_come_back(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        await scene.CallAsync(scene.First);
        var issued = await scene.RotateAsync();
        var (agents, keys) = (scene.House.Get<AgentService>(), scene.House.Get<KeyService>());
        await agents.DeleteAsync(scene.House.As(scene.House.Cast.Olga), "mailroom-1", "Not needed any more", Stop);
        await scene.WatchAsync(TimeSpan.FromSeconds(5));
        Assert.Equal("issued", await StateAsync()); // the agent could be restored, with its key

        foreach (var version in new[] { 1, 2 })
        {
            var act = new KeyAction { KeyVersion = version };
            Assert.Null((await keys.RevokeAsync(scene.Kurt, issued.AgentId, issued.KeyId, act, Stop)).Problem);
        }
        await scene.WatchAsync(TimeSpan.FromSeconds(5));

        Assert.Equal("aborted", await StateAsync());
        Assert.Equal("rotation.aborted", (await scene.ActionsAsync())[^1]);

        async Task<string> StateAsync()
        {
            await using var db = await scene.House.Get<ConsoleStore>().ReadAsync(Stop);
            return KebabCase.Of((await db.Rotations.SingleAsync(Stop)).State);
        }
    }

    [Theory, BothDatabases]
    public async Task Nobody_cuts_over_to_a_version_that_is_not_accepted(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        var issued = await scene.RotateAsync();
        await scene.CallAsync(issued.ApiKey);
        await scene.House.Get<KeyService>().DisableAsync(scene.Ines, "mailroom-1", issued.KeyId, new KeyAction { KeyVersion = 2 }, Stop);
        var why = new Reason { Text = "night" };
        Assert.Null((await scene.Rotations.OverrideAsync(scene.Ines, issued.Id, why, Stop)).Problem);

        Assert.Contains(
            "not accepted",
            (await scene.Rotations.DisableOldAsync(scene.Ines, issued.Id, new DisableOld(), Stop)).Problem!.Detail,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "not accepted",
            (await scene.Rotations.EndGraceAsync(scene.Ines, issued.Id, why, Stop)).Problem!.Detail,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "not accepted",
            (await scene.Rotations.CompleteAsync(scene.Ines, issued.Id, why, Stop)).Problem!.Detail,
            StringComparison.Ordinal
        );
        Assert.Equal(KeyCheck.Ok, scene.Check(scene.First));
    }

    [Theory, BothDatabases]
    public async Task A_list_of_rotations_is_filtered_and_paged(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        for (var i = 0; i < 5; i++)
            await scene.RotateAsync();

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await scene.Lists.ListAsync(scene.Ines, new RotationFilter(), new PageRequest(2, cursor), Stop)).Value;
            seen.AddRange(page.Items.Select(r => r.Id));
            cursor = page.NextCursor;
        } while (cursor is not null);

        Assert.Equal(5, seen.Distinct().Count());
        Assert.Equal(seen.OrderDescending(StringComparer.Ordinal), seen);
        async Task<int> Count(RotationFilter filter) =>
            (await scene.Lists.ListAsync(scene.Ines, filter, new PageRequest(), Stop)).Value.Items.Count;
        Assert.Equal(
            1,
            await Count(
                new RotationFilter
                {
                    Open = true,
                    Agent = "mailroom-1",
                    Team = "payments",
                }
            )
        );
        Assert.Equal(4, await Count(new RotationFilter { State = RotationState.Aborted, Key = scene.Agent.KeyId }));
        Assert.Equal(0, await Count(new RotationFilter { Trigger = RotationTrigger.Leak }));
    }

    [Theory, BothDatabases]
    public async Task Two_nodes_move_a_rotation_once(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        await using var other = scene.House.OpenNode();
        await other.StartAsync();
        var issued = await scene.RotateAsync(new CreateRotation { GraceSeconds = 60 });
        if (database == Database.PostgreSql)
            await other.HearUntilAsync(() => other.Get<KeyIndex>().Check(issued.ApiKey).Code == KeyCheck.Ok);
        scene.House.Clock.Advance(TimeSpan.FromSeconds(61));

        await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .SelectMany(_ => new[] { scene.House.Get<RotationWatch>(), other.Get<RotationWatch>() })
                .Distinct()
                .Select(watch => Task.Run(() => watch.StepAsync(Stop)))
        );
        await scene.WatchAsync();

        Assert.Equal("old-disabled", (await scene.GetAsync(issued.Id)).State);
        Assert.Single(await scene.ActionsAsync(), "rotation.old-disabled");
    }

    [Theory, BothDatabases]
    public async Task Two_people_who_rotate_at_once_leave_one_open_rotation_and_one_newest_secret(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        var both = await Task.WhenAll(
            Enumerable
                .Range(0, 6)
                .Select(_ => Task.Run(() => scene.Rotations.CreateAsync(scene.Ines, "mailroom-1", new CreateRotation(), Stop)))
        );

        Assert.All(both.Where(r => r.Problem is not null), r => Assert.Equal("changed_meanwhile", r.Problem!.Code));
        await using var db = await scene.House.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Single(await db.Rotations.Where(r => r.ClosedAt == null).ToListAsync(Stop));
        var versions = await db.KeyVersions.ToListAsync(Stop);
        Assert.Equal(1, versions.Count(v => v.State == KeyState.Active));
        Assert.InRange(versions.Count(v => v.State == KeyState.Retiring), 1, 1);
        Assert.Equal(both.Count(r => r.Problem is null), versions.Count - 1);
    }

    [Theory, BothDatabases]
    public async Task A_sink_that_fails_leaves_the_old_version_as_it_is_and_one_that_answers_begins_the_grace(Database database)
    {
        var sinks = new OneSink();
        await using var scene = await RotationScene.OpenAsync(database, services => services.AddSingleton<ISecretSinks>(sinks));

        var failed = await scene.RotateAsync(new CreateRotation { Sink = "vault" });
        Assert.Null(failed.ApiKey);
        Assert.Equal("issued", failed.State);
        Assert.Contains("sealed", failed.Failure, StringComparison.Ordinal);
        Assert.Equal(["active", "active"], await scene.StatesAsync());
        await scene.WatchAsync(TimeSpan.FromDays(2));
        Assert.Equal(KeyCheck.Ok, scene.Check(scene.First));

        sinks.Works = true;
        var again = (await scene.Rotations.ReissueAsync(scene.Ines, failed.Id, new IssueRotation(), Stop)).Value;
        Assert.Equal(("observing", null, null), (again.State, again.ApiKey, again.Failure));
        Assert.Equal(scene.House.Clock.GetUtcNow().AddDays(1), again.OldKeyExpiresAt);
        Assert.Equal(KeyCheck.Ok, scene.Check(sinks.Secret));
        Assert.Equal(["retiring", "revoked", "active"], await scene.StatesAsync());
    }

    [Theory, BothDatabases]
    public async Task Issued_again_into_a_sink_that_fails_the_old_version_stays_without_a_grace_that_runs(Database database)
    {
        var sinks = new OneSink { Works = true };
        await using var scene = await RotationScene.OpenAsync(database, services => services.AddSingleton<ISecretSinks>(sinks));
        var delivered = await scene.RotateAsync(new CreateRotation { Sink = "vault" });
        Assert.Equal(["retiring", "active"], await scene.StatesAsync());

        sinks.Works = false;
        var again = (await scene.Rotations.ReissueAsync(scene.Ines, delivered.Id, new IssueRotation(), Stop)).Value;

        Assert.NotNull(again.Failure);
        Assert.Equal(["active", "revoked", "active"], await scene.StatesAsync());
        await scene.WatchAsync(TimeSpan.FromDays(3));
        Assert.Equal(KeyCheck.Ok, scene.Check(scene.First));
        sinks.Works = true;
        var arrived = (await scene.Rotations.ReissueAsync(scene.Ines, delivered.Id, new IssueRotation(), Stop)).Value;
        Assert.Equal(scene.House.Clock.GetUtcNow().AddDays(1), arrived.OldKeyExpiresAt);
    }

    [Theory, BothDatabases]
    public async Task A_file_sink_takes_the_new_secret_and_nobody_is_shown_it(Database database)
    {
        var root = Directory.CreateTempSubdirectory("agentconsole-test-").FullName;
        await using var scene = await RotationScene.OpenAsync(
            database,
            settings: new Dictionary<string, string?> { ["AgentConsole:Sinks:FileRoots:0"] = root }
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
        Assert.Equal(
            "invalid",
            (await scene.Rotations.CreateAsync(scene.Ines, "mailroom-1", new CreateRotation { Sink = "Vault" }, Stop)).Problem!.Code
        );

        var delivered = await scene.RotateAsync(new CreateRotation { Sink = "Files" });
        Assert.Equal(("observing", null, null), (delivered.State, delivered.ApiKey, delivered.Failure));
        Assert.NotNull(delivered.DeliveredAt);
        var secret = (await File.ReadAllTextAsync(Path.Combine(root, "mailroom-1.key"), Stop)).Trim();
        Assert.Equal((KeyCheck.Ok, KeyCheck.Ok), (scene.Check(scene.First), scene.Check(secret)));

        // The place is gone: the old version stays as it is, and the sink's words say why.
        Directory.Delete(root, recursive: true);
        var failed = await scene.RotateAsync(new CreateRotation { Sink = "Files" });
        Assert.Contains("not delivered to Files", failed.Failure, StringComparison.Ordinal);
        await scene.WatchAsync(TimeSpan.FromDays(2));
        Assert.Equal(KeyCheck.Ok, scene.Check(secret));
    }

    [Theory, BothDatabases]
    public async Task Who_uses_a_key_is_told_before_it_is_rotated_and_a_plan_makes_nothing_yet(Database database)
    {
        await using var scene = await RotationScene.OpenAsync(database);
        await scene.CallAsync(scene.First, "blue");
        await scene.CallAsync(scene.First, "green");
        var uses = scene.House.Get<KeyUses>();
        var use = (await uses.GetAsync(scene.Ines, "mailroom-1", scene.Agent.KeyId!, Stop)).Value;
        Assert.Equal((1, true, "payments", null), (use.KeyVersion, use.Accepted, use.Team, use.Rotation));
        Assert.Equal((2L, 2), (use.LastDay.Calls, use.LastDay.Callers.Count));
        Assert.Equal(["blue", "green"], use.LastDay.Callers.Select(c => c.Instance).Order());

        var planned = await scene.RotateAsync(new CreateRotation { PlanOnly = true, GraceSeconds = 3600 });
        Assert.Equal(("planned", null, null), (planned.State, planned.ToVersion, planned.ApiKey));
        Assert.Equal(["active"], await scene.StatesAsync());
        Assert.Equal(planned.Id, (await uses.GetAsync(scene.Ines, "mailroom-1", scene.Agent.KeyId!, Stop)).Value.Rotation);
        var changed = await scene.RotateAsync(new CreateRotation { PlanOnly = true, GraceSeconds = 7200 });
        Assert.Equal((planned.Id, 7200), (changed.Id, changed.GraceSeconds));

        var issued = (await scene.Rotations.IssueAsync(scene.Ines, planned.Id, new IssueRotation(), Stop)).Value;
        Assert.Equal(scene.House.Clock.GetUtcNow().AddHours(2), issued.OldKeyExpiresAt);
        Assert.Equal(["retiring", "active"], await scene.StatesAsync());
        // A plan does not take the place of what is under way.
        var refused = await scene.Rotations.CreateAsync(scene.Ines, "mailroom-1", new CreateRotation { PlanOnly = true }, Stop);
        Assert.Equal("rotation_open", refused.Problem!.Code);
        Assert.Equal("issued", (await scene.GetAsync(planned.Id)).State);
    }

    private sealed class OneSink : ISecretSinks
    {
        public bool Works { get; set; }
        public string? Secret { get; private set; }

        public Task<Problem?> RefusalAsync(
            ConsoleDbContext db,
            Guid organizationId,
            Guid teamId,
            string sink,
            CancellationToken cancellationToken
        ) => Task.FromResult<Problem?>(null);

        public Task<Outcome<DeliveryReceipt>> DeliverAsync(SecretDelivery delivery, CancellationToken cancellationToken)
        {
            if (!Works)
                return Task.FromResult<Outcome<DeliveryReceipt>>(Problem.Unavailable("sink_failed", "The vault is sealed."));
            Secret = delivery.Secret;
            return Task.FromResult<Outcome<DeliveryReceipt>>(new DeliveryReceipt(delivery.Sink, "kv/mailroom", DateTimeOffset.UnixEpoch));
        }

        public Task<SentDeliveries> DeliverAsync(
            IReadOnlyList<SecretDelivery> deliveries,
            int atOnce,
            CancellationToken cancellationToken
        ) => throw new NotSupportedException();
    }

    private static IEnumerable<Func<Task<Outcome<RotationBody>>>> Acts(RotationScene scene, string id, Actor? actor = null)
    {
        var by = actor ?? scene.Ines;
        var rotations = scene.Rotations;
        var why = new Reason { Text = "test" };
        yield return () => rotations.IssueAsync(by, id, new IssueRotation(), Stop);
        yield return () => rotations.ReissueAsync(by, id, new IssueRotation(), Stop);
        yield return () => rotations.AcknowledgeAsync(by, id, new AcknowledgeRotation { LastFour = "xxxx" }, Stop);
        yield return () => rotations.ExtendAsync(by, id, new GraceOfRotation { GraceSeconds = 3600 }, Stop);
        yield return () => rotations.EndGraceAsync(by, id, why, Stop);
        yield return () => rotations.OverrideAsync(by, id, why, Stop);
        yield return () => rotations.DisableOldAsync(by, id, new DisableOld(), Stop);
        yield return () => rotations.EnableOldAsync(by, id, new GraceOfRotation(), Stop);
        yield return () => rotations.CompleteAsync(by, id, why, Stop);
        yield return () => rotations.AbortAsync(by, id, why, Stop);
    }
}
