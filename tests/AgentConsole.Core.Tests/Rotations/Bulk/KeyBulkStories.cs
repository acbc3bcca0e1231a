using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Rotations.Bulk;
using AgentConsole.Core.Rotations.Schedules;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Rotations.Bulk;

public sealed class KeyBulkStories
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task A_set_of_keys_is_planned_rotated_into_a_sink_cut_over_and_finished(Database database)
    {
        await using var scene = await BulkScene.OpenAsync(database, 3);
        await scene.CallAsync(scene.Agents["mailroom-1"].ApiKey);

        var plan = (await scene.PlanAsync(BulkScene.ToShelf with { TtlDays = 90 })).Value;
        Assert.Equal(("planned", 3, 0), (plan.State, plan.Rows.Change, plan.Rows.Refused));
        var rows = await scene.RowsAsync(plan.Id);
        Assert.Equal(["mailroom-1", "mailroom-2", "mailroom-3"], rows.Select(r => r.Agent));
        Assert.Equal((1, "sink", "change"), (rows[0].Callers, rows[0].Taker, rows[0].Effect));
        Assert.NotNull(rows[0].LastUsedAt);
        Assert.Equal(["1 active"], await scene.VersionsAsync("mailroom-1"));

        Assert.Equal("working", (await scene.ApplyAsync(plan)).Value.State);
        await scene.House.Get<KeyBulkRunner>().StepAsync(Stop);

        var done = await scene.GetAsync(plan.Id);
        Assert.Equal(("finished", 3, 0), (done.State, done.Rows.Done, done.Rows.Pending));
        Assert.Equal(3, done.Rotations!["observing"]);
        Assert.Equal(1, done.Waiting);
        foreach (var (slug, agent) in scene.Agents)
        {
            Assert.Equal(["1 retiring", "2 active"], await scene.VersionsAsync(slug));
            var secret = Assert.Single(scene.Shelf.Came[slug]);
            Assert.Equal((KeyCheck.Ok, KeyCheck.Ok), (scene.Check(agent.ApiKey), scene.Check(secret)));
        }
        Assert.Equal(0, await SealedAsync(scene));

        // Two of the three have nobody in the way; the one that is used waits for its caller.
        foreach (var slug in new[] { "mailroom-2", "mailroom-3" })
            await scene.CallAsync(scene.Shelf.Came[slug][0]);
        await scene.BeQuietAsync();
        var cut = (await scene.Bulks.DisableOldAsync(scene.Ines, plan.Id, new DisableOld(), Stop)).Value;
        Assert.Equal((2, 1, 0), (cut.Done, cut.Left, cut.Refused));
        Assert.Equal(["1 retiring", "2 active"], await scene.VersionsAsync("mailroom-1"));
        Assert.Equal(["1 disabled", "2 active"], await scene.VersionsAsync("mailroom-2"));

        await scene.CallAsync(scene.Shelf.Came["mailroom-1"][0]);
        await scene.BeQuietAsync();
        Assert.Equal(1, (await scene.Bulks.DisableOldAsync(scene.Ines, plan.Id, new DisableOld(), Stop)).Value.Done);
        var ended = (await scene.Bulks.CompleteAsync(scene.Ines, plan.Id, new Reason(), Stop)).Value;
        Assert.Equal((3, 0), (ended.Done, ended.Left));
        Assert.Equal(["1 revoked", "2 active"], await scene.VersionsAsync("mailroom-3"));

        var report = (await scene.Bulks.ReportAsync(scene.Ines, plan.Id, Stop)).Value;
        Assert.All(report.Rows, row => Assert.Equal(("done", "completed"), (row.Outcome, row.RotationState)));
        Assert.Equal(4, KeyBulkSheet.Csv(report).TrimEnd().Split('\n').Length);
        Assert.Equal(["bulk.applied", "bulk.old-disabled", "bulk.old-disabled", "bulk.completed"], await ActionsAsync(scene, "bulk"));
    }

    [Theory, BothDatabases]
    public async Task Each_key_that_cannot_be_rotated_says_why_and_is_left_alone(Database database)
    {
        await using var scene = await BulkScene.OpenAsync(database, 4);
        await scene.AgentAsync("stranger", "research");
        var rotations = scene.House.Get<RotationService>();
        await rotations.CreateAsync(scene.Ines, "mailroom-1", new CreateRotation { PlanOnly = true }, Stop);
        await scene
            .House.Get<KeyService>()
            .DisableAsync(scene.Ines, "mailroom-2", scene.Agents["mailroom-2"].KeyId!, new KeyAction(), Stop);
        await scene
            .House.Get<KeyService>()
            .ChangeAsync(scene.Ines, "mailroom-4", scene.Agents["mailroom-4"].KeyId!, new ChangeKey { SelfRotation = true }, Stop);

        var plan = (
            await scene.PlanAsync(
                new MakeKeyBulk
                {
                    Keys =
                    [
                        .. scene.Agents.Values.Select(a => a.KeyId!),
                        "key_00000000000000000000000000",
                        scene.Agents["mailroom-3"].KeyId!,
                    ],
                }
            )
        ).Value;

        var rows = (await scene.RowsAsync(plan.Id)).ToDictionary(r => r.Agent);
        Assert.Equal(6, rows.Count); // named twice is once
        Assert.Equal("rotation_open", rows["mailroom-1"].Code);
        Assert.Equal("no_active_version", rows["mailroom-2"].Code);
        Assert.Equal("person", rows["mailroom-3"].Taker);
        Assert.Equal("agent", rows["mailroom-4"].Taker);
        // What she may not see is as what does not exist.
        Assert.Equal("key_not_found", rows["key_00000000000000000000000000"].Code);
        Assert.Equal("key_not_found", rows[scene.Agents["stranger"].KeyId!].Code);

        // Without a sink no secret is made: each is planned, to be handed over one by one.
        var done = (await scene.ApplyAsync(plan)).Value;
        Assert.Equal(("finished", 2, 4), (done.State, done.Rows.Done, done.Rows.Refused));
        Assert.Equal(["1 active"], await scene.VersionsAsync("mailroom-3"));
        var row = (await scene.RowsAsync(plan.Id)).Single(r => r.Agent == "mailroom-3");
        Assert.Equal("planned", row.RotationState);
        var issued = await rotations.IssueAsync(scene.Ines, row.Rotation!, new IssueRotation(), Stop);
        Assert.Equal(("issued", "bulk"), (issued.Value.State, issued.Value.Trigger));
    }

    [Theory, BothDatabases]
    public async Task A_plan_is_applied_as_it_was_read_or_not_at_all(Database database)
    {
        await using var scene = await BulkScene.OpenAsync(database, 3);
        var plan = (await scene.PlanAsync(BulkScene.ToShelf)).Value;

        // A call is no change; a rotation, a move and a newcomer are.
        await scene.CallAsync(scene.Agents["mailroom-3"].ApiKey);
        await scene.House.Get<RotationService>().CreateAsync(scene.Ines, "mailroom-1", new CreateRotation(), Stop);
        await scene
            .House.Get<AgentService>()
            .ChangeAsync(
                scene.House.As(scene.House.Cast.Olga),
                "mailroom-2",
                (await scene.House.Get<AgentService>().GetAsync(scene.Ines, "mailroom-2", Stop)).Value.Revision,
                new ChangeAgent { Team = "research" },
                Stop
            );
        await scene.AgentAsync("mailroom-9");

        var refused = await scene.ApplyAsync(plan);
        Assert.Equal("plan_changed", refused.Problem!.Code);
        Assert.Contains("mailroom-1", Assert.Single(refused.Problem.Errors!["changed"]), StringComparison.Ordinal);
        Assert.Contains("mailroom-9", Assert.Single(refused.Problem.Errors["came"]), StringComparison.Ordinal);
        Assert.Contains("mailroom-2", Assert.Single(refused.Problem.Errors["went"]), StringComparison.Ordinal);
        Assert.Empty(scene.Shelf.Came);
        Assert.Equal(["1 active"], await scene.VersionsAsync("mailroom-3"));

        var other = await scene.Bulks.ApplyAsync(scene.Ines, plan.Id, new ApplyKeyBulk { Digest = "0" }, Stop);
        Assert.Equal("plan_digest_differs", other.Problem!.Code);
        var colleague = await scene.ApplyAsync(plan, scene.House.As(scene.House.Cast.Olga));
        Assert.Equal("not_the_maker", colleague.Problem!.Code);
        var again = (await scene.Bulks.MakeAgainAsync(scene.Ines, plan.Id, null, Stop)).Value;
        Assert.Equal((2, 1), (again.Rows.Change, again.Rows.Refused));
        Assert.Equal("bulk_operation_not_found", (await scene.Bulks.GetAsync(scene.Ines, plan.Id, Stop)).Problem!.Code);
        scene.House.Clock.Advance(KeyBulk.Life);
        Assert.Equal("plan_expired", (await scene.ApplyAsync(again)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task A_row_that_fails_is_tried_again_with_the_same_secret_and_the_old_one_goes_on_meanwhile(Database database)
    {
        await using var scene = await BulkScene.OpenAsync(database, 3);
        scene.Shelf.Refuses.Add("mailroom-2");

        var first = await scene.RunAsync(BulkScene.ToShelf);
        Assert.Equal(("finished", 2, 1), (first.State, first.Rows.Done, first.Rows.Failed));
        var row = (await scene.RowsAsync(first.Id)).Single(r => r.Outcome == "failed");
        Assert.Equal(("mailroom-2", "sink_failed"), (row.Agent, row.Code));
        Assert.Equal(["1 active", "2 active"], await scene.VersionsAsync("mailroom-2"));
        Assert.Equal(1, await SealedAsync(scene));

        scene.Shelf.Refuses.Clear();
        var resumed = await scene.Bulks.ResumeAsync(scene.Ines, first.Id, new ResumeKeyBulk { Rows = "failed" }, Stop);
        Assert.Equal("working", resumed.Value.State);
        await scene.House.Get<KeyBulkRunner>().StepAsync(Stop);

        var done = await scene.GetAsync(first.Id);
        Assert.Equal(("finished", 3, 0), (done.State, done.Rows.Done, done.Rows.Failed));
        Assert.Equal(["1 retiring", "2 active"], await scene.VersionsAsync("mailroom-2"));
        Assert.Equal(2, scene.Shelf.Came["mailroom-2"].Count);
        Assert.Single(scene.Shelf.Came["mailroom-2"].Distinct());
        Assert.All(new[] { "mailroom-1", "mailroom-3" }, slug => Assert.Single(scene.Shelf.Came[slug]));
        Assert.Equal("nothing_to_resume", (await scene.Bulks.ResumeAsync(scene.Ines, first.Id, new ResumeKeyBulk(), Stop)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task A_secret_that_was_forgotten_is_revoked_and_another_is_made(Database database)
    {
        await using var scene = await BulkScene.OpenAsync(database, 1);
        scene.Shelf.Refuses.Add("mailroom-1");
        var bulk = await scene.RunAsync(BulkScene.ToShelf);
        scene.House.Clock.Advance(KeyBulk.SecretKept + TimeSpan.FromMinutes(1));
        await scene.House.Get<KeyBulkPurge>().StepAsync(Stop);
        Assert.Equal(0, await SealedAsync(scene));

        scene.Shelf.Refuses.Clear();
        // Her session is over by now, and the rights of a worker are those of the moment: here the console itself goes on.
        var console = scene.Ines with
        {
            Method = AuthMethod.System,
        };
        Assert.Null((await scene.Bulks.ResumeAsync(console, bulk.Id, new ResumeKeyBulk(), Stop)).Problem);
        await scene.House.Get<KeyBulkRunner>().StepAsync(Stop);

        Assert.Equal(1, (await scene.GetAsync(bulk.Id)).Rows.Done);
        Assert.Equal(["1 retiring", "2 revoked", "3 active"], await scene.VersionsAsync("mailroom-1"));
        Assert.Equal(KeyCheck.Ok, scene.Check(scene.Shelf.Came["mailroom-1"][^1]));
    }

    [Theory, BothDatabases]
    public async Task What_a_dead_worker_left_goes_on_with_the_secrets_it_made(Database database)
    {
        await using var scene = await BulkScene.OpenAsync(database, 3);
        var plan = (await scene.PlanAsync(BulkScene.ToShelf)).Value;
        await scene.ApplyAsync(plan);
        await scene.House.Get<KeyBulkRunner>().DieAfterIssueAsync(Stop);
        Assert.Equal(3, (await scene.GetAsync(plan.Id)).Rows.Issued);
        Assert.Empty(scene.Shelf.Came);

        // Where nodes share the store the lease must end first.
        await scene.House.Get<KeyBulkWatch>().StepAsync(Stop);
        scene.House.Clock.Advance(KeyBulk.Lease + TimeSpan.FromSeconds(1));
        await scene.House.Get<KeyBulkWatch>().StepAsync(Stop);
        await scene.House.Get<KeyBulkRunner>().StepAsync(Stop);

        Assert.Equal(("finished", 3), ((await scene.GetAsync(plan.Id)).State, (await scene.GetAsync(plan.Id)).Rows.Done));
        foreach (var slug in scene.Agents.Keys)
        {
            Assert.Equal(["1 retiring", "2 active"], await scene.VersionsAsync(slug));
            Assert.Equal(KeyCheck.Ok, scene.Check(Assert.Single(scene.Shelf.Came[slug])));
        }
    }

    [Theory, BothDatabases]
    public async Task A_worker_that_was_thought_dead_writes_nothing_over_its_successor(Database database)
    {
        await using var scene = await BulkScene.OpenAsync(database, 2);
        var plan = (await scene.PlanAsync(BulkScene.ToShelf)).Value;
        await scene.ApplyAsync(plan);
        var runner = scene.House.Get<KeyBulkRunner>();
        // While its deliveries are on their way, another takes the operation.
        scene.Shelf.BeforeAnswer = async () =>
        {
            scene.Shelf.BeforeAnswer = null;
            await using var write = await scene.House.Get<ConsoleStore>().WriteAsync(Stop);
            var bulk = await write.Db.KeyBulks.SingleAsync(Stop);
            bulk.Take(write.NewId(), write.Now);
            await write.TryCommitAsync(Stop);
            runner.Start(bulk.OrganizationId, bulk.Id, bulk.WorkId!.Value, bulk.Worker());
        };

        await runner.StepAsync(Stop);

        var done = await scene.GetAsync(plan.Id);
        Assert.Equal(("finished", 2, 0), (done.State, done.Rows.Done, done.Rows.Issued));
        foreach (var slug in scene.Agents.Keys)
        {
            Assert.Equal(["1 retiring", "2 active"], await scene.VersionsAsync(slug));
            Assert.Single(scene.Shelf.Came[slug].Distinct());
        }
    }

    [Theory, BothDatabases]
    public async Task A_right_that_is_lost_on_the_way_stops_it_and_cancel_leaves_what_was_not_begun(Database database)
    {
        await using var scene = await BulkScene.OpenAsync(database, 2);
        var plan = (await scene.PlanAsync(BulkScene.ToShelf)).Value;
        await scene.ApplyAsync(plan);
        await scene.House.Get<AccessDirectory>().EndSessionsAsync([scene.Ines.SessionId!.Value]);
        await scene.House.Get<KeyBulkRunner>().StepAsync(Stop);

        var stopped = await scene.GetAsync(plan.Id);
        Assert.Equal("stopped", stopped.State);
        Assert.NotNull(stopped.Stopped);
        Assert.Empty(scene.Shelf.Came);

        var ines = scene.Ines;
        var cancelled = (await scene.Bulks.CancelAsync(ines, plan.Id, Stop)).Value;
        Assert.Equal(("finished", 2), (cancelled.State, cancelled.Rows.Cancelled));
        Assert.Equal(["1 active"], await scene.VersionsAsync("mailroom-1"));
        Assert.Equal("nothing_to_cancel", (await scene.Bulks.CancelAsync(ines, plan.Id, Stop)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task A_secret_does_not_follow_its_agent_to_another_team(Database database)
    {
        await using var scene = await BulkScene.OpenAsync(database, 1);
        scene.Shelf.Refuses.Add("mailroom-1");
        var bulk = await scene.RunAsync(BulkScene.ToShelf);
        var (olga, move) = (scene.House.As(scene.House.Cast.Olga), new ChangeAgent { Team = "research" });
        var agents = scene.House.Get<AgentService>();
        var agent = (await agents.GetAsync(olga, "mailroom-1", Stop)).Value;
        Assert.Null((await agents.ChangeAsync(olga, "mailroom-1", agent.Revision, move, Stop)).Problem);

        scene.Shelf.Refuses.Clear();
        var tried = scene.Shelf.Came["mailroom-1"].Count;
        Assert.Null((await scene.Bulks.ResumeAsync(scene.Ines, bulk.Id, new ResumeKeyBulk(), Stop)).Problem);
        await scene.House.Get<KeyBulkRunner>().StepAsync(Stop);

        Assert.Equal(1, (await scene.GetAsync(bulk.Id)).Rows.Failed);
        Assert.Equal(tried, scene.Shelf.Came["mailroom-1"].Count);
        Assert.Equal(["1 active", "2 active"], await scene.VersionsAsync("mailroom-1"));
        Assert.Equal(KeyCheck.Ok, scene.Check(scene.Agents["mailroom-1"].ApiKey));
    }

    [Theory, BothDatabases]
    public async Task Disabling_agents_keys_leaves_none_that_is_in_its_grace(Database database)
    {
        await using var scene = await BulkScene.OpenAsync(database, 1);
        await scene.House.Get<RotationService>().CreateAsync(scene.Ines, "mailroom-1", new CreateRotation(), Stop);
        Assert.Equal(["1 retiring", "2 active"], await scene.VersionsAsync("mailroom-1"));

        var disabled = await scene.Bulks.DoAsync(scene.Ines, null, new MakeKeyBulk { Action = "disable", Agents = ["mailroom-1"] }, Stop);

        Assert.Equal(2, disabled.Value.Rows.Done);
        Assert.Equal(["1 disabled", "2 disabled"], await scene.VersionsAsync("mailroom-1"));
    }

    [Theory, BothDatabases]
    public async Task Keys_are_disabled_enabled_and_revoked_by_the_set(Database database)
    {
        await using var scene = await BulkScene.OpenAsync(database, 3);
        var keys = new MakeKeyBulk { Action = "disable", Keys = [.. scene.Agents.Values.Select(a => a.KeyId!)] };

        var disabled = await scene.Bulks.DoAsync(scene.Ines, null, keys, Stop);
        Assert.Equal(("finished", 3), (disabled.Value.State, disabled.Value.Rows.Done));
        Assert.All(scene.Agents.Values, agent => Assert.Equal(KeyCheck.Disabled, scene.Check(agent.ApiKey)));

        await scene.Bulks.DoAsync(scene.Ines, null, keys with { Action = "enable" }, Stop);
        Assert.All(scene.Agents.Values, agent => Assert.Equal(KeyCheck.Ok, scene.Check(agent.ApiKey)));

        var plan = (await scene.PlanAsync(keys with { Action = "revoke" }, action: null)).Value;
        Assert.All(scene.Agents.Values, agent => Assert.Equal(KeyCheck.Ok, scene.Check(agent.ApiKey)));
        await scene.ApplyAsync(plan);
        Assert.All(scene.Agents.Values, agent => Assert.Equal(KeyCheck.Revoked, scene.Check(agent.ApiKey)));
        Assert.Equal("not_a_rotation", (await scene.Bulks.CompleteAsync(scene.Ines, plan.Id, new Reason(), Stop)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task Filters_find_what_a_key_owner_looks_for(Database database)
    {
        await using var scene = await BulkScene.OpenAsync(database, 2);
        await scene.CallAsync(scene.Agents["mailroom-1"].ApiKey, address: "203.0.113.9");
        await scene.CallAsync(scene.Agents["mailroom-1"].ApiKey, instance: "green", address: "198.51.100.7");

        async Task<string[]> FindAsync(MakeKeyBulk wish) =>
            (await scene.PlanAsync(wish)).Try(out var plan, out var problem)
                ? [.. (await scene.RowsAsync(plan.Id)).Select(r => r.Agent)]
                : [problem.Code];
        static MakeKeyBulk By(string name, string value) => new() { Filter = new Dictionary<string, string> { [name] = value } };

        Assert.Equal(["mailroom-1"], await FindAsync(By("address", "203.0.113.9"))); // not the last, but one of them
        Assert.Equal(["mailroom-2"], await FindAsync(By("used", "never")));
        Assert.Equal(["invalid"], await FindAsync(By("older", "30d"))); // no key matches
        Assert.Equal(["mailroom-1", "mailroom-2"], await FindAsync(By("expires", "never")));
        Assert.Equal(["mailroom-2"], await FindAsync(new MakeKeyBulk { Agents = ["mailroom-2", "nobody"] }));
        Assert.Equal(
            ["mailroom-1", "mailroom-2"],
            await FindAsync(new MakeKeyBulk { AgentFilter = new Dictionary<string, string> { ["team"] = "payments" } })
        );
        Assert.Equal(["invalid"], await FindAsync(By("teem", "payments")));
        Assert.Equal(["invalid"], await FindAsync(By("team", "research"))); // one she does not see
        Assert.Equal(["invalid"], await FindAsync(new MakeKeyBulk()));
        scene.House.Clock.Advance(TimeSpan.FromDays(91));
        Assert.Equal(2, (await scene.PlanAsync(By("idle", "90d"))).Value.Rows.Change);
    }

    [Theory, BothDatabases]
    public async Task A_version_that_would_outlive_its_policy_is_left_alone(Database database)
    {
        await using var scene = await BulkScene.OpenAsync(database, 1);
        var policy = await scene
            .House.Get<RotationPolicyService>()
            .CreateAsync(scene.House.As(scene.House.Cast.Tara), new SetRotationPolicy { Team = "payments", MaxLifetimeDays = 30 }, Stop);
        Assert.Null(policy.Problem);

        var plan = (await scene.PlanAsync(BulkScene.ToShelf with { TtlDays = 90 })).Value;
        Assert.Equal("lifetime_too_long", Assert.Single(await scene.RowsAsync(plan.Id)).Code);
        Assert.Equal(1, (await scene.PlanAsync(BulkScene.ToShelf with { TtlDays = 30 })).Value.Rows.Change);
    }

    [Theory, BothDatabases]
    public async Task No_secret_stands_in_any_text_of_it(Database database)
    {
        await using var scene = await BulkScene.OpenAsync(database, 1);
        scene.Shelf.Refuses.Add("mailroom-1");
        var bulk = await scene.RunAsync(BulkScene.ToShelf);
        var secret = scene.Shelf.Came["mailroom-1"][0];

        var report = (await scene.Bulks.ReportAsync(scene.Ines, bulk.Id, Stop)).Value;
        Assert.DoesNotContain(secret, System.Text.Json.JsonSerializer.Serialize(report, ConsoleJson.Options), StringComparison.Ordinal);
        await using var db = await scene.House.Get<ConsoleStore>().ReadAsync(Stop);
        var row = await db.KeyBulkRows.SingleAsync(Stop);
        Assert.NotNull(row.Sealed);
        Assert.DoesNotContain(secret, System.Text.Encoding.Latin1.GetString(row.Sealed), StringComparison.Ordinal);
        Assert.DoesNotContain(await db.TrailRecords.ToListAsync(Stop), r => (r.After ?? "").Contains(secret, StringComparison.Ordinal));
        // Victor looks on and may see the team, but nobody's plan but his own.
        Assert.Equal(
            "bulk_operation_not_found",
            (await scene.Bulks.GetAsync(scene.House.As(scene.House.Cast.Victor), bulk.Id, Stop)).Problem!.Code
        );
        Assert.Equal("role_missing", (await scene.PlanAsync(BulkScene.ToShelf, scene.House.As(scene.House.Cast.Victor))).Problem!.Code);
    }

    private static async Task<int> SealedAsync(BulkScene scene)
    {
        await using var db = await scene.House.Get<ConsoleStore>().ReadAsync(Stop);
        return await db.KeyBulkRows.CountAsync(r => r.Sealed != null, Stop);
    }

    private static async Task<List<string>> ActionsAsync(BulkScene scene, string kind)
    {
        await using var db = await scene.House.Get<ConsoleStore>().ReadAsync(Stop);
        return await db.TrailRecords.Where(r => r.TargetKind == kind).OrderBy(r => r.Seq).Select(r => r.Action).ToListAsync(Stop);
    }
}
