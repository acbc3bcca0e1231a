using System.Text;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Agents.Plans;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Agents.Plans;

public sealed class PlanStories
{
    [Theory, BothDatabases]
    public async Task A_plan_says_what_it_would_do_with_each_agent_and_does_nothing(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await SeedAsync(house, house.Cast.Olga, "payments", "a-1", "a-2", "a-3");
        await SeedAsync(house, house.Cast.Sara, "research", "r-1");
        await Agents(house).PauseAsync(house.As(house.Cast.Otto), "a-2", "", TestHouse.Stop);
        var asked = new MakePlan { Action = "pause", Agents = ["a-1", "a-2", "r-1", "nobody-knows", "a-1", await IdAsync(house, "a-3")] };

        var plan = await MadeAsync(house, house.Cast.Otto, asked);
        var rows = await RowsAsync(house, house.Cast.Otto, plan.Id);

        Assert.Equal(("planned", 5, 2, 1, 2), (plan.State, plan.Rows.Total, plan.Rows.Change, plan.Rows.NoChange, plan.Rows.Refused));
        Assert.Equal(["a-1", "a-2", "r-1", "nobody-knows", "a-3"], rows.Select(r => r.Agent));
        Assert.Equal(["change", "no-change", "refused", "refused", "change"], rows.Select(r => r.Effect));
        Assert.Equal(("registered", "paused"), Change(rows[0], "lifecycle"));
        Assert.All(rows.Where(r => r.Effect == "refused"), r => Assert.Equal("agent_not_found", r.Code)); // what one may not see does not exist
        Assert.Equal(plan.Digest, (await MadeAsync(house, house.Cast.Otto, asked)).Digest);
        Assert.Equal(Lifecycle.Registered, (await AgentAsync(house, "a-1")).Lifecycle);
        // Aude sees everything and changes nothing; Olga sees of research what Otto does not.
        Assert.Equal("role_missing", (await Plans(house).MakeAsync(house.As(house.Cast.Aude), asked, TestHouse.Stop)).Problem!.Code);
        Assert.Equal(
            ["change", "no-change", "change", "refused", "change"],
            (await RowsAsync(house, house.Cast.Olga, (await MadeAsync(house, house.Cast.Olga, asked)).Id)).Select(r => r.Effect)
        );
    }

    [Theory, BothDatabases]
    public async Task A_row_in_a_team_without_the_role_is_refused_with_the_role(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await SeedAsync(house, house.Cast.Olga, "payments", "a-1");
        await SeedAsync(house, house.Cast.Olga, "research", "r-1");
        // Sara reads payments from now on, and changes nothing there.
        await house
            .Get<TeamService>()
            .SetMemberAsync(
                house.As(house.Cast.Olga),
                "payments",
                IdText.Format(IdText.User, house.Cast.Sara.Id),
                new SetMember { Roles = ["viewer"] },
                TestHouse.Stop
            );

        var plan = await MadeAsync(house, house.Cast.Sara, new MakePlan { Action = "delete", Filter = All });
        var rows = await RowsAsync(house, house.Cast.Sara, plan.Id);
        await AppliedAsync(house, house.Cast.Sara, plan);

        Assert.Equal("role_missing", Assert.Single(rows, r => r.Effect == "refused").Code);
        Assert.Contains("Payments", rows.Single(r => r.Effect == "refused").Detail, StringComparison.Ordinal);
        Assert.Equal(Lifecycle.Registered, (await AgentAsync(house, "a-1")).Lifecycle);
        Assert.Equal(Lifecycle.Deleted, (await AgentAsync(house, "r-1")).Lifecycle);
        // Nor may she move an agent where she may not edit.
        var move = new MakePlan
        {
            Action = "move",
            Team = "payments",
            Filter = All,
        };
        Assert.Equal("role_missing", (await Plans(house).MakeAsync(house.As(house.Cast.Sara), move, TestHouse.Stop)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task Applying_does_exactly_the_plan_and_each_change_has_its_record(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await SeedAsync(house, house.Cast.Olga, "payments", "a-1", "a-2", "b-1");
        var plan = await MadeAsync(
            house,
            house.Cast.Otto,
            new MakePlan
            {
                Action = "tag",
                AddTags = ["eu", "night"],
                RemoveTags = ["seed"],
                Filter = Filter("q", "a-"),
                Reason = "Night shift",
            }
        );

        var done = await AppliedAsync(house, house.Cast.Otto, plan);

        Assert.Equal(("applied", 2, 0, 0), (done.State, done.Rows.Done, done.Rows.Pending, done.Rows.Failed));
        Assert.Equal(["eu", "night"], (await AgentAsync(house, "a-2")).Tags);
        Assert.Equal(["seed"], (await AgentAsync(house, "b-1")).Tags);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        Assert.Equal(2, await db.AgentTags.CountAsync(t => t.Tag == "eu", TestHouse.Stop));
        var records = await db.TrailRecords.Where(r => r.CorrelationId == plan.Id).ToListAsync(TestHouse.Stop);
        Assert.Equal(["agent.changed", "agent.changed"], records.Select(r => r.Action));
        Assert.All(records, r => Assert.Equal("Night shift", r.Reason));
        Assert.Equal("plan", (await db.TrailRecords.SingleAsync(r => r.Action == "plan.applied", TestHouse.Stop)).TargetKind);
        Assert.Equal("plan_applied", (await ApplyAsync(house, house.Cast.Otto, plan)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task A_fleet_that_moved_on_refuses_the_plan_and_names_the_difference(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await SeedAsync(house, house.Cast.Olga, "payments", "a-1", "a-2", "a-3", "a-4");
        var plan = await MadeAsync(house, house.Cast.Otto, new MakePlan { Action = "pause", Filter = Filter("tag", "seed") });

        await ChangeAsync(house, "a-1", new ChangeAgent { DisplayName = "Another" });
        await ChangeAsync(house, "a-2", new ChangeAgent { Tags = [] });
        await SeedAsync(house, house.Cast.Olga, "payments", "a-5");
        var refused = (await ApplyAsync(house, house.Cast.Otto, plan)).Problem!;

        Assert.Equal("plan_changed", refused.Code);
        Assert.Equal(["a-1"], refused.Errors!["changed"]);
        Assert.Equal(["a-5"], refused.Errors["came"]);
        Assert.Equal(["a-2"], refused.Errors["went"]);
        Assert.Equal(Lifecycle.Registered, (await AgentAsync(house, "a-3")).Lifecycle);
        Assert.Equal(0, await CountAsync(house, "plan.applied"));
        // Telemetry is no change: an agent that reports is the same agent.
        var again = await MadeAsync(house, house.Cast.Otto, new MakePlan { Action = "pause", Agents = ["a-3"] });
        Assert.Equal("applied", (await AppliedAsync(house, house.Cast.Otto, again)).State);
    }

    [Theory, BothDatabases]
    public async Task To_delete_a_session_must_have_proven_its_person_lately(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await SeedAsync(house, house.Cast.Olga, "payments", "a-1", "a-2");
        var delete = await MadeAsync(house, house.Cast.Otto, new MakePlan { Action = "delete", Agents = ["a-1"] });
        var pause = await MadeAsync(house, house.Cast.Otto, new MakePlan { Action = "pause", Agents = ["a-2"] });

        house.Clock.Advance(TimeSpan.FromMinutes(11));

        Assert.Equal("step_up_required", (await ApplyAsync(house, house.Cast.Otto, delete)).Problem!.Code);
        Assert.Null((await AgentAsync(house, "a-1")).DeletedAt);
        Assert.Equal("applied", (await AppliedAsync(house, house.Cast.Otto, pause)).State);
    }

    [Theory, BothDatabases]
    public async Task A_plan_is_its_makers_alone_and_not_for_ever(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await SeedAsync(house, house.Cast.Olga, "payments", "a-1");
        var plan = await MadeAsync(house, house.Cast.Otto, new MakePlan { Action = "pause", Agents = ["a-1"] });

        foreach (var stranger in new[] { house.Cast.Ines, house.Cast.Tara, house.Cast.Sara, house.Cast.Gus })
        {
            Assert.Equal("plan_not_found", (await ApplyAsync(house, stranger, plan)).Problem!.Code);
            Assert.Equal("plan_not_found", (await Plans(house).GetAsync(house.As(stranger), plan.Id, TestHouse.Stop)).Problem!.Code);
        }
        Assert.Equal("not_the_maker", (await ApplyAsync(house, house.Cast.Olga, plan)).Problem!.Code);
        Assert.Equal("plan_digest_differs", (await ApplyAsync(house, house.Cast.Otto, plan with { Digest = "00" })).Problem!.Code);
        Assert.Equal("invalid", (await ApplyAsync(house, house.Cast.Otto, plan with { Digest = "" })).Problem!.Code);
        house.Clock.Advance(BulkPlan.Life);
        Assert.Equal("plan_expired", (await ApplyAsync(house, house.Cast.Otto, plan)).Problem!.Code);
        Assert.Equal("expired", (await GetAsync(house, house.Cast.Otto, plan.Id)).State);
        Assert.Equal(Lifecycle.Registered, (await AgentAsync(house, "a-1")).Lifecycle);
    }

    public static TheoryData<Database, string> Reversible()
    {
        var data = new TheoryData<Database, string>();
        foreach (var database in Enum.GetValues<Database>())
        {
            foreach (var action in new[] { "pause", "resume", "tag", "assign", "move", "delete", "restore" })
                data.Add(database, action);
        }
        return data;
    }

    [Theory, MemberData(nameof(Reversible))]
    public async Task Undo_puts_every_agent_back_as_it_was_to_the_byte(Database database, string action)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await SeedAsync(house, house.Cast.Olga, "payments", "a-1", "a-2", "a-3");
        var olga = house.As(house.Cast.Olga);
        await ChangeAsync(house, "a-2", new ChangeAgent { Owner = house.Cast.Ines.Email, Tags = ["seed", "z"] });
        await Agents(house).PauseAsync(olga, "a-3", "", TestHouse.Stop);
        if (action == "restore")
        {
            foreach (var slug in new[] { "a-1", "a-2", "a-3" })
                await Agents(house).DeleteAsync(olga, slug, "", TestHouse.Stop);
        }
        var before = await ConfigurationAsync(house);
        var plan = await MadeAsync(
            house,
            house.Cast.Olga,
            new MakePlan
            {
                Action = action,
                Filter = Filter("deleted", action == "restore" ? "true" : "false"),
                AddTags = action == "tag" ? ["b"] : null,
                RemoveTags = action == "tag" ? ["z"] : null,
                Owner = action == "assign" ? house.Cast.Otto.Email : null,
                Team = action == "move" ? "research" : null,
            }
        );
        house.Clock.Advance(TimeSpan.FromSeconds(5));
        var done = await AppliedAsync(house, house.Cast.Olga, plan);
        Assert.NotEqual(before, await ConfigurationAsync(house));

        house.Clock.Advance(TimeSpan.FromSeconds(5));
        var undone = (await Plans(house).UndoAsync(olga, plan.Id, TestHouse.Stop)).Value;

        Assert.Equal(before, await ConfigurationAsync(house));
        Assert.Equal(("undone", done.Rows.Done, 0), (undone.State, undone.Rows.Undone, undone.Rows.UndoFailed));
        Assert.Equal("plan_undone", (await Plans(house).UndoAsync(olga, plan.Id, TestHouse.Stop)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task Undo_leaves_alone_what_somebody_changed_since_and_names_it(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await SeedAsync(house, house.Cast.Olga, "payments", "a-1", "a-2", "a-3");
        var plan = await MadeAsync(house, house.Cast.Otto, new MakePlan { Action = "delete", Agents = ["a-1", "a-2", "a-3"] });
        await AppliedAsync(house, house.Cast.Otto, plan);
        await SeedAsync(house, house.Cast.Olga, "payments", "a-2"); // the slug is another's now
        var a3 = (await RowsAsync(house, house.Cast.Otto, plan.Id))[2].AgentId!;
        await Agents(house).RestoreAsync(house.As(house.Cast.Tara), a3, "", TestHouse.Stop);
        await ChangeAsync(house, a3, new ChangeAgent { DisplayName = "Kept" });

        var undone = (await Plans(house).UndoAsync(house.As(house.Cast.Otto), plan.Id, TestHouse.Stop)).Value;
        var left = await RowsAsync(house, house.Cast.Otto, plan.Id, RowOutcome.UndoFailed);

        Assert.Equal(("undone", 1, 2), (undone.State, undone.Rows.Undone, undone.Rows.UndoFailed));
        Assert.Equal([("a-2", "slug_taken"), ("a-3", "changed_meanwhile")], left.Select(r => (r.Agent, r.Code!)));
        Assert.Equal("Kept", (await AgentAsync(house, "a-3")).DisplayName);
        Assert.Equal("undo_too_late", await TooLateAsync(house));
    }

    private static async Task<string> TooLateAsync(TestHouse house)
    {
        var plan = await MadeAsync(house, house.Cast.Otto, new MakePlan { Action = "pause", Agents = ["a-1"] });
        await AppliedAsync(house, house.Cast.Otto, plan);
        house.Clock.Advance(BulkPlan.UndoLife);
        return (await Plans(house).UndoAsync(house.As(house.Cast.Otto), plan.Id, TestHouse.Stop)).Problem!.Code;
    }

    [Theory, BothDatabases]
    public async Task A_fault_between_two_parts_leaves_a_plan_that_goes_on_and_does_nothing_twice(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var plan = await ManyAsync(house);
        var started = await AppliedAsync(house, house.Cast.Otto, plan);
        using (var fault = FailOnce(house))
            await house.Get<BulkPlanRunner>().StepAsync(TestHouse.Stop);
        var stopped = await GetAsync(house, house.Cast.Otto, plan.Id);

        var resumed = await Plans(house).ResumeAsync(house.As(house.Cast.Otto), plan.Id, TestHouse.Stop);
        Assert.Equal("plan_running", (await Plans(house).ResumeAsync(house.As(house.Cast.Otto), plan.Id, TestHouse.Stop)).Problem!.Code);
        await house.Get<BulkPlanRunner>().StepAsync(TestHouse.Stop);
        var done = await GetAsync(house, house.Cast.Otto, plan.Id);

        Assert.Equal(("applying", 600), (started.State, started.Rows.Pending));
        Assert.Equal(("interrupted", PlanWork.Part), (stopped.State, stopped.Rows.Done));
        Assert.Contains("resume", stopped.Stopped, StringComparison.Ordinal);
        Assert.Equal("applying", resumed.Value.State);
        Assert.Equal(("applied", 600, 0), (done.State, done.Rows.Done, done.Rows.Pending));
        Assert.Equal(600, await CountAsync(house, "agent.paused"));
        Assert.Equal(
            "plan_not_interrupted",
            (await Plans(house).ResumeAsync(house.As(house.Cast.Otto), plan.Id, TestHouse.Stop)).Problem!.Code
        );
        // The way back is as long, and as durable.
        var undoing = (await Plans(house).UndoAsync(house.As(house.Cast.Otto), plan.Id, TestHouse.Stop)).Value;
        await house.Get<BulkPlanRunner>().StepAsync(TestHouse.Stop);
        Assert.Equal("undoing", undoing.State);
        Assert.Equal(600, (await GetAsync(house, house.Cast.Otto, plan.Id)).Rows.Undone);
    }

    [Theory, BothDatabases]
    public async Task After_a_crash_another_node_goes_on_once_the_lease_is_over_and_the_dead_one_writes_nothing_more(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var plan = await ManyAsync(house);
        await AppliedAsync(house, house.Cast.Otto, plan);
        var runner = house.Get<BulkPlanRunner>();
        await runner.StepOnceAsync(TestHouse.Stop); // one part, then the process is gone

        Assert.Equal("plan_running", (await Plans(house).ResumeAsync(house.As(house.Cast.Otto), plan.Id, TestHouse.Stop)).Problem!.Code);
        house.Clock.Advance(BulkPlan.Lease);
        Assert.Equal("interrupted", (await GetAsync(house, house.Cast.Otto, plan.Id)).State);
        await ChangeAsync(house, "many-599", new ChangeAgent { DisplayName = "Changed meanwhile" });
        await Plans(house).ResumeAsync(house.As(house.Cast.Otto), plan.Id, TestHouse.Stop);
        // The first worker wakes after all, and finds that the plan is another's: both jobs are in the queue.
        await runner.StepAsync(TestHouse.Stop);
        var done = await GetAsync(house, house.Cast.Otto, plan.Id);

        Assert.Equal(("applied", 599, 1), (done.State, done.Rows.Done, done.Rows.Failed));
        Assert.Equal("many-599", Assert.Single(await RowsAsync(house, house.Cast.Otto, plan.Id, RowOutcome.Failed)).Agent);
        Assert.Equal(599, await CountAsync(house, "agent.paused"));
    }

    [Theory, BothDatabases]
    public async Task A_right_that_is_lost_on_the_way_stops_the_plan(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var plan = await ManyAsync(house);
        await AppliedAsync(house, house.Cast.Otto, plan);
        await house
            .Get<UserService>()
            .DisableAsync(house.As(house.Cast.Olga), IdText.Format(IdText.User, house.Cast.Otto.Id), TestHouse.Stop);

        await house.Get<BulkPlanRunner>().StepAsync(TestHouse.Stop);

        var stopped = await GetAsync(house, house.Cast.Olga, plan.Id);
        Assert.Equal(("interrupted", 0), (stopped.State, stopped.Rows.Done));
        Assert.Equal(0, await CountAsync(house, "agent.paused"));
    }

    [Theory, BothDatabases]
    public async Task Of_two_who_apply_at_once_one_does_it(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await SeedAsync(house, house.Cast.Olga, "payments", [.. Enumerable.Range(0, 20).Select(i => $"a-{i}")]);
        var plan = await MadeAsync(house, house.Cast.Otto, new MakePlan { Action = "pause", Filter = All });

        var both = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => Task.Run(() => ApplyAsync(house, house.Cast.Otto, plan), TestHouse.Stop))
        );

        Assert.Single(both, o => o.Problem is null);
        Assert.All(both.Where(o => o.Problem is not null), o => Assert.Equal("plan_applied", o.Problem!.Code));
        Assert.Equal(20, await CountAsync(house, "agent.paused"));
        Assert.Equal(1, await CountAsync(house, "plan.applied"));
    }

    [Theory, BothDatabases]
    public async Task Slugs_that_are_taken_or_asked_for_twice_are_not_restored(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var olga = house.As(house.Cast.Olga);
        foreach (var slug in new[] { "twice", "twice", "taken", "free" })
        {
            await SeedAsync(house, house.Cast.Olga, "payments", slug);
            await Agents(house).DeleteAsync(olga, slug, "", TestHouse.Stop);
        }
        await SeedAsync(house, house.Cast.Olga, "payments", "taken");

        var plan = await MadeAsync(house, house.Cast.Olga, new MakePlan { Action = "restore", Filter = Filter("deleted", "true") });
        var done = await AppliedAsync(house, house.Cast.Olga, plan);

        Assert.Equal((2, 2), (plan.Rows.Change, plan.Rows.Refused));
        Assert.Equal(2, done.Rows.Done);
        Assert.Equal(
            ["slug_taken", "slug_taken"],
            (await RowsAsync(house, house.Cast.Olga, plan.Id)).Where(r => r.Effect == "refused").Select(r => r.Code)
        );
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused_and_hits_nobody()
    {
        await using var house = await TestHouse.OpenAsync();
        await SeedAsync(house, house.Cast.Olga, "payments", "a-1");
        async Task<Problem> RefusedAsync(MakePlan body) =>
            (await Plans(house).MakeAsync(house.As(house.Cast.Otto), body, TestHouse.Stop)).Problem!;

        // A misspelt member of the filter would widen it to the whole fleet.
        Assert.Contains(
            "filter.helth",
            (await RefusedAsync(new MakePlan { Action = "delete", Filter = Filter("helth", "failing") })).Errors!.Keys
        );
        Assert.Contains(
            "filter.health",
            (await RefusedAsync(new MakePlan { Action = "delete", Filter = Filter("health", "bad") })).Errors!.Keys
        );
        Assert.Contains("agents", (await RefusedAsync(new MakePlan { Action = "pause" })).Errors!.Keys);
        Assert.Contains("agents", (
                await RefusedAsync(
                    new MakePlan
                    {
                        Action = "pause",
                        Agents = ["a-1"],
                        Filter = All,
                    }
                )
            ).Errors!.Keys);
        Assert.Contains("action", (await RefusedAsync(new MakePlan { Action = "explode", Filter = All })).Errors!.Keys);
        Assert.Contains("team", (
                await RefusedAsync(
                    new MakePlan
                    {
                        Action = "pause",
                        Team = "payments",
                        Filter = All,
                    }
                )
            ).Errors!.Keys);
        Assert.Contains("owner", (await RefusedAsync(new MakePlan { Action = "assign", Filter = All })).Errors!.Keys);
        Assert.Contains("owner", (
                await RefusedAsync(
                    new MakePlan
                    {
                        Action = "assign",
                        Owner = house.Cast.Gus.Email,
                        Filter = All,
                    }
                )
            ).Errors!.Keys);
        Assert.Contains("add_tags", (await RefusedAsync(new MakePlan { Action = "tag", Filter = All })).Errors!.Keys);
        Assert.Equal(
            "team_not_found",
            (
                await RefusedAsync(
                    new MakePlan
                    {
                        Action = "move",
                        Team = "research",
                        Filter = All,
                    }
                )
            ).Code
        );
        // A token without the scope deletes nothing by way of a plan either.
        var narrow = house.As(house.Cast.Otto) with
        {
            Scopes = System.Collections.Frozen.FrozenSet.Create(TokenScopes.AgentsWrite),
        };
        Assert.Equal(
            "scope_missing",
            (await Plans(house).MakeAsync(narrow, new MakePlan { Action = "delete", Filter = All }, TestHouse.Stop)).Problem!.Code
        );
    }

    [Theory, BothDatabases]
    public async Task Plans_go_when_they_have_been_kept_long_enough(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await SeedAsync(house, house.Cast.Olga, "payments", "a-1");
        var unused = await MadeAsync(house, house.Cast.Otto, new MakePlan { Action = "pause", Filter = All });
        var used = await MadeAsync(house, house.Cast.Otto, new MakePlan { Action = "pause", Filter = All });
        await AppliedAsync(house, house.Cast.Otto, used);

        house.Clock.Advance(TimeSpan.FromDays(2));
        await house.Get<BulkPlanPurge>().StepAsync(TestHouse.Stop);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        Assert.Equal(used.Id, IdText.Format(IdText.Plan, (await db.BulkPlans.SingleAsync(TestHouse.Stop)).Id));
        Assert.Equal(1, await db.BulkPlanRows.CountAsync(TestHouse.Stop));
        Assert.NotEqual(used.Id, unused.Id);

        house.Clock.Advance(BulkPlanPurge.Kept);
        await house.Get<BulkPlanPurge>().StepAsync(TestHouse.Stop);
        Assert.Equal(0, await db.BulkPlanRows.CountAsync(TestHouse.Stop));
    }

    [Theory, BothDatabases]
    public async Task Plans_that_wait_are_bounded_for_their_maker_and_their_rows_for_the_organization(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await SeedAsync(house, house.Cast.Olga, "payments", "a-1");
        var pause = new MakePlan { Action = "pause", Agents = ["a-1"] };
        for (var i = 0; i < BulkPlan.MostOpen; i++)
            await MadeAsync(house, house.Cast.Otto, pause);
        house.Clock.Advance(TimeSpan.FromMinutes(20));

        var refused = (await Plans(house).MakeAsync(house.As(house.Cast.Otto), pause, TestHouse.Stop)).Problem!;

        Assert.Equal(("too_many_plans", ProblemKind.TooMany, 40 * 60), (refused.Code, refused.Kind, refused.RetryAfterSeconds));
        // Another maker is not held up, and one that is applied waits no more.
        var taras = await MadeAsync(house, house.Cast.Tara, pause);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var first = await db.BulkPlans.OrderBy(p => p.CreatedAt).FirstAsync(TestHouse.Stop);
        await AppliedAsync(house, house.Cast.Otto, await GetAsync(house, house.Cast.Otto, IdText.Format(IdText.Plan, first.Id)));
        await MadeAsync(house, house.Cast.Otto, pause);

        await db
            .BulkPlans.Where(p => p.MakerLabel == taras.Maker)
            .ExecuteUpdateAsync(set => set.SetProperty(p => p.Total, BulkPlan.MostWaitingRows), TestHouse.Stop);
        Assert.Equal("too_many_plan_rows", (await Plans(house).MakeAsync(house.As(house.Cast.Olga), pause, TestHouse.Stop)).Problem!.Code);
        // One that ran out holds nobody up, and can itself be made anew.
        house.Clock.Advance(BulkPlan.Life);
        Assert.Null((await Plans(house).MakeAsync(house.As(house.Cast.Olga), pause, TestHouse.Stop)).Problem);
    }

    [Theory, BothDatabases]
    public async Task A_plan_that_is_discarded_or_made_anew_is_gone_and_leaves_room_for_another(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await SeedAsync(house, house.Cast.Olga, "payments", "a-1");
        var pause = new MakePlan { Action = "pause", Agents = ["a-1"] };
        var plans = new List<PlanBody>();
        for (var i = 0; i < BulkPlan.MostOpen; i++)
            plans.Add(await MadeAsync(house, house.Cast.Otto, pause));
        var otto = house.As(house.Cast.Otto);

        // The maker has no room for one more, and the new one takes the place of the old one.
        var anew = (await Plans(house).MakeAgainAsync(otto, plans[0].Id, TestHouse.Stop)).Value;
        Assert.Equal("plan_not_found", (await Plans(house).GetAsync(otto, plans[0].Id, TestHouse.Stop)).Problem!.Code);
        Assert.Equal("too_many_plans", (await Plans(house).MakeAsync(otto, pause, TestHouse.Stop)).Problem!.Code);

        Assert.Equal("not_the_maker", (await Plans(house).DiscardAsync(house.As(house.Cast.Olga), anew.Id, TestHouse.Stop)).Problem!.Code);
        Assert.Equal("plan_not_found", (await Plans(house).DiscardAsync(house.As(house.Cast.Sara), anew.Id, TestHouse.Stop)).Problem!.Code);
        var was = (await Plans(house).DiscardAsync(otto, anew.Id, TestHouse.Stop)).Value;
        Assert.Equal((anew.Id, "planned"), (was.Id, was.State));
        Assert.Equal("plan_not_found", (await ApplyAsync(house, house.Cast.Otto, anew)).Problem!.Code);
        Assert.Equal("plan_not_found", (await Plans(house).DiscardAsync(otto, anew.Id, TestHouse.Stop)).Problem!.Code);
        Assert.Equal(Lifecycle.Registered, (await AgentAsync(house, "a-1")).Lifecycle);
        var another = await MadeAsync(house, house.Cast.Otto, pause);

        // What was applied has a history, and keeps it.
        await AppliedAsync(house, house.Cast.Otto, another);
        Assert.Equal("plan_applied", (await Plans(house).DiscardAsync(otto, another.Id, TestHouse.Stop)).Problem!.Code);
        await Plans(house).MakeAgainAsync(otto, another.Id, TestHouse.Stop);
        Assert.Equal("applied", (await GetAsync(house, house.Cast.Otto, another.Id)).State);
        house.Clock.Advance(TimeSpan.FromHours(3));
        await house.Get<BulkPlanPurge>().StepAsync(TestHouse.Stop);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        Assert.Equal(another.Id, IdText.Format(IdText.Plan, (await db.BulkPlans.SingleAsync(TestHouse.Stop)).Id));
    }

    [Theory, BothDatabases]
    public async Task An_exclusion_that_excludes_nobody_is_refused(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await SeedAsync(house, house.Cast.Olga, "payments", "a-1");
        foreach (
            var (field, value) in new[]
            {
                ("team", "-paymnts"),
                ("team", "-research"), // which Otto does not see
                ("team", "payments,paymnts"),
                ("owner", "-ottto@acme.example"),
                ("owner", "-ottto"),
                ("owner", string.Join(',', Everybody(house).Append("ottto").Select(name => "-" + name))),
            }
        )
        {
            var refused = await Plans(house)
                .MakeAsync(house.As(house.Cast.Otto), new MakePlan { Action = "delete", Filter = Filter(field, value) }, TestHouse.Stop);
            Assert.Contains("filter." + field, refused.Problem!.Errors!.Keys);
        }
        var fine = new MakePlan
        {
            Action = "pause",
            Filter = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["team"] = "-payments",
                ["owner"] = $"-none,-{house.Cast.Otto.Email}",
            },
        };
        Assert.Equal(0, (await MadeAsync(house, house.Cast.Otto, fine)).Rows.Total);
    }

    [Theory, BothDatabases]
    public async Task Names_that_can_be_none_are_refused_and_hit_no_limit_of_the_store(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var beginning = new string('x', 100);
        foreach (var names in new List<string>[] { [beginning + "a", beginning + "b"], ["a\0b"], ["\ud800"] })
        {
            var refused = await Plans(house)
                .MakeAsync(house.As(house.Cast.Otto), new MakePlan { Action = "pause", Agents = names }, TestHouse.Stop);
            Assert.Contains("agents", refused.Problem!.Errors!.Keys);
        }
        var plan = await MadeAsync(house, house.Cast.Otto, new MakePlan { Action = "pause", Agents = [beginning] });
        Assert.Equal("applied", (await AppliedAsync(house, house.Cast.Otto, plan)).State);
    }

    [Theory, BothDatabases]
    public async Task A_small_plan_whose_filter_matches_a_fleet_by_now_is_not_compared_with_all_of_it(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await SeedAsync(house, house.Cast.Olga, "payments", "a-1");
        var plan = await MadeAsync(house, house.Cast.Otto, new MakePlan { Action = "pause", Filter = All });
        await ManyAsync(house);

        var refused = (await ApplyAsync(house, house.Cast.Otto, plan)).Problem!;

        Assert.Equal("plan_changed", refused.Code);
        Assert.Contains($"more than {PlanWork.Part} agents came", refused.Detail, StringComparison.Ordinal);
        Assert.Equal($"and {PlanWork.Part + 1 - 50} more", refused.Errors!["came"][^1]);
        Assert.False(refused.Errors.ContainsKey("went"));
    }

    [Fact]
    public async Task A_worker_gives_up_after_races_lost_in_a_row_and_not_after_as_many_in_all()
    {
        await using var house = await TestHouse.OpenAsync(Database.PostgreSql);
        var plan = await ManyAsync(house);
        await AppliedAsync(house, house.Cast.Otto, plan);
        var runner = house.Get<BulkPlanRunner>();
        // Before each part somebody is four times faster with an agent of it.
        int[] hits = [0, 1, 2, 3, -1, 250, 251, 252, 253, -1, -1];
        var at = 0;
        runner.BeforeCommit = async () =>
        {
            if (hits[at++] is >= 0 and var hit)
                await ChangeAsync(house, $"many-{hit}", new ChangeAgent { DisplayName = "Changed" });
        };

        await runner.StepAsync(TestHouse.Stop);

        var done = await GetAsync(house, house.Cast.Otto, plan.Id);
        Assert.Equal(("applied", 592, 8), (done.State, done.Rows.Done, done.Rows.Failed));
    }

    [Theory, BothDatabases]
    public async Task The_purge_takes_all_that_is_over_at_once(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await SeedAsync(house, house.Cast.Olga, "payments", "a-1");
        foreach (var maker in new[] { house.Cast.Otto, house.Cast.Tara, house.Cast.Olga })
        {
            for (var i = 0; i < BulkPlan.MostOpen; i++)
                await MadeAsync(house, maker, new MakePlan { Action = "pause", Filter = All });
        }

        house.Clock.Advance(TimeSpan.FromDays(2));
        await house.Get<BulkPlanPurge>().StepAsync(TestHouse.Stop);

        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        Assert.Equal((0, 0), (await db.BulkPlans.CountAsync(TestHouse.Stop), await db.BulkPlanRows.CountAsync(TestHouse.Stop)));
    }

    private static IEnumerable<string> Everybody(TestHouse house) =>
        new[]
        {
            house.Cast.Olga,
            house.Cast.Otto,
            house.Cast.Ines,
            house.Cast.Tara,
            house.Cast.Victor,
            house.Cast.Sara,
            house.Cast.Kurt,
        }.SelectMany(p => new[] { p.Email, p.Email.Split('@')[0], IdText.Format(IdText.User, p.Id) });

    private static readonly Dictionary<string, string> All = [];

    private static Dictionary<string, string> Filter(string name, string value) => new(StringComparer.Ordinal) { [name] = value };

    private static BulkPlanService Plans(TestHouse house) => house.Get<BulkPlanService>();

    private static AgentService Agents(TestHouse house) => house.Get<AgentService>();

    private static async Task<PlanBody> MadeAsync(TestHouse house, Person person, MakePlan body) =>
        (await Plans(house).MakeAsync(house.As(person), body, TestHouse.Stop)).Value;

    private static Task<Outcome<PlanBody>> ApplyAsync(TestHouse house, Person person, PlanBody plan) =>
        Plans(house).ApplyAsync(house.As(person), plan.Id, new ApplyPlan { Digest = plan.Digest }, TestHouse.Stop);

    private static async Task<PlanBody> AppliedAsync(TestHouse house, Person person, PlanBody plan) =>
        (await ApplyAsync(house, person, plan)).Value;

    private static async Task<PlanBody> GetAsync(TestHouse house, Person person, string id) =>
        (await Plans(house).GetAsync(house.As(person), id, TestHouse.Stop)).Value;

    private static async Task<IReadOnlyList<PlanRowBody>> RowsAsync(
        TestHouse house,
        Person person,
        string id,
        RowOutcome? outcome = null
    ) => (await Plans(house).RowsAsync(house.As(person), id, null, outcome, new PageRequest(500), TestHouse.Stop)).Value.Items;

    private static (string From, string To) Change(PlanRowBody row, string member) =>
        (row.Changes![member].From!.Value.GetString()!, row.Changes[member].To!.Value.GetString()!);

    private static async Task SeedAsync(TestHouse house, Person person, string team, params string[] slugs)
    {
        foreach (var slug in slugs)
            Assert.Null(
                (
                    await Agents(house)
                        .RegisterAsync(
                            house.As(person),
                            new RegisterAgent
                            {
                                Slug = slug,
                                Team = team,
                                Tags = ["seed"],
                            },
                            TestHouse.Stop
                        )
                ).Problem
            );
    }

    private static async Task<PlanBody> ManyAsync(TestHouse house)
    {
        var file = "slug,team,key\n" + string.Join('\n', Enumerable.Range(0, 600).Select(i => $"many-{i},payments,false"));
        var made = await house
            .Get<BulkRegistration>()
            .ApplyAsync(house.As(house.Cast.Olga), BulkFile.Read(Encoding.UTF8.GetBytes(file)), null, TestHouse.Stop);
        Assert.Equal(600, made.Value.Created);
        return await MadeAsync(house, house.Cast.Otto, new MakePlan { Action = "pause", Filter = All });
    }

    // Whoever hears of the first part fails, and the worker with it: after the commit of one part, before the next.
    private static IDisposable FailOnce(TestHouse house)
    {
        var fell = false;
        return house
            .Get<ChangeFeed>()
            .Subscribe(
                house.Cast.Acme,
                change =>
                {
                    if (change.Noun != "plan" || fell)
                        return;
                    fell = true;
                    throw new InvalidOperationException("A fault between two parts.");
                }
            );
    }

    private static async Task ChangeAsync(TestHouse house, string slug, ChangeAgent body)
    {
        var olga = house.As(house.Cast.Olga);
        var now = (await Agents(house).GetAsync(olga, slug, TestHouse.Stop)).Value;
        Assert.Null((await Agents(house).ChangeAsync(olga, slug, now.Revision, body, TestHouse.Stop)).Problem);
    }

    private static async Task<string> IdAsync(TestHouse house, string slug) =>
        IdText.Format(IdText.Agent, (await AgentAsync(house, slug)).Id);

    private static async Task<Agent> AgentAsync(TestHouse house, string slug)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        return await db.Agents.OrderByDescending(a => a.Id).FirstAsync(a => a.Slug == slug, TestHouse.Stop);
    }

    // Every agent with its tags as the store has them, but for what counts edits.
    private static async Task<string> ConfigurationAsync(TestHouse house)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var agents = await db.Agents.OrderBy(a => a.Id).ToListAsync(TestHouse.Stop);
        foreach (var agent in agents)
            (agent.Revision, agent.UpdatedAt) = (0, default);
        var tags = await db.AgentTags.OrderBy(t => t.AgentId).ThenBy(t => t.Tag).ToListAsync(TestHouse.Stop);
        return JsonSerializer.Serialize(agents) + JsonSerializer.Serialize(tags);
    }

    private static async Task<int> CountAsync(TestHouse house, string action)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        return await db.TrailRecords.CountAsync(r => r.Action == action, TestHouse.Stop);
    }
}
