using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Inactivity;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Tests.Data;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentConsole.Core.Tests.Inactivity;

/// <summary>Agents that do nothing: warned of, kept, acted on, and never too many at once.</summary>
public sealed class InactivityStories
{
    [Theory, BothDatabases]
    public async Task An_idle_agent_is_warned_of_and_paused_when_its_grace_is_over_and_a_working_one_is_not(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var story = await StoryAsync(house, "idle-1", "busy-1", "busy-2", "busy-3", "busy-4");
        await story.PolicyAsync(action: "pause");
        house.Clock.Advance(TimeSpan.FromDays(31));
        await story.HearAsync("busy-1", "busy-2", "busy-3", "busy-4");

        await story.WatchAsync();
        var notice = (await story.NoticeAsync("idle-1"))!;
        Assert.Equal(
            ("Payments", InactivityAction.Pause, house.Clock.GetUtcNow().AddDays(7)),
            (notice.Policy, notice.Action, notice.DueAt)
        );
        Assert.Null(await story.NoticeAsync("busy-1"));
        Assert.Equal(Lifecycle.Registered, house.Get<AgentDirectory>().Find(story.Id("idle-1"))!.Lifecycle);
        Assert.Equal(1, (await house.Get<InactivityOutlooks>().OutlookAsync(story.Tara, TestHouse.Stop)).Warned);
        Assert.Equal(0, (await house.Get<InactivityOutlooks>().OutlookAsync(story.Sara, TestHouse.Stop)).Warned);

        house.Clock.Advance(TimeSpan.FromDays(7));
        await story.HearAsync("busy-1", "busy-2", "busy-3", "busy-4");
        await story.WatchAsync();
        await story.WatchAsync(); // a second node, or a second look: nothing is done twice

        Assert.Equal(Lifecycle.Paused, house.Get<AgentDirectory>().Find(story.Id("idle-1"))!.Lifecycle);
        var record = Assert.Single(await story.TrailAsync("agent.paused"));
        Assert.Equal((ActorKind.System, "inactivity policy of Payments"), (record.ActorKind, record.ActorLabel));
        Assert.Contains("policy_version", record.After, StringComparison.Ordinal);
        Assert.NotNull((await story.NoticeAsync("idle-1"))!.ActedAt);

        // A person takes it back: the agent gets its whole grace again.
        Assert.Null((await house.Get<AgentService>().ResumeAsync(story.Tara, "idle-1", "", TestHouse.Stop)).Problem);
        await story.WatchAsync();
        await story.WatchAsync();
        Assert.Null((await story.NoticeAsync("idle-1"))!.ActedAt);
    }

    [Theory, BothDatabases]
    public async Task A_sign_an_exemption_or_keeping_it_takes_the_warning_away(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var story = await StoryAsync(house, "heard-again", "kept", "exempted", "tagged");
        var policy = await story.PolicyAsync(action: "pause");
        house.Clock.Advance(TimeSpan.FromDays(31));
        await story.WatchAsync();
        var service = house.Get<InactivityService>();

        await story.HearAsync("heard-again");
        Assert.Null((await house.Get<ExemptionService>().KeepAsync(story.Otto, "kept", 30, TestHouse.Stop)).Problem);
        Assert.Null(
            (
                await house
                    .Get<ExemptionService>()
                    .ExemptAsync(
                        story.Tara,
                        policy.Id,
                        new ExemptFromInactivity { Agent = "exempted", Reason = "Year's end only" },
                        TestHouse.Stop
                    )
            ).Problem
        );
        Assert.Null(
            (
                await house
                    .Get<ExemptionService>()
                    .ExemptAsync(story.Tara, policy.Id, new ExemptFromInactivity { Tag = "night", Reason = "Sleeps" }, TestHouse.Stop)
            ).Problem
        );
        await story.TagAsync("tagged", "night");
        await story.WatchAsync();

        foreach (var slug in new[] { "heard-again", "kept", "exempted", "tagged" })
            Assert.Null(await story.NoticeAsync(slug));
        Assert.Equal(
            "role_missing",
            (await house.Get<ExemptionService>().KeepAsync(story.Victor, "kept", 30, TestHouse.Stop)).Problem!.Code
        );
        Assert.Equal(
            "agent_not_found",
            (await house.Get<ExemptionService>().KeepAsync(story.Sara, "kept", 30, TestHouse.Stop)).Problem!.Code
        );
        Assert.Equal(
            "role_missing",
            (
                await house
                    .Get<ExemptionService>()
                    .ExemptAsync(story.Otto, policy.Id, new ExemptFromInactivity { Agent = "kept", Reason = "x" }, TestHouse.Stop)
            )
                .Problem!
                .Code
        );
        Assert.Contains(
            "reason",
            (
                await house
                    .Get<ExemptionService>()
                    .ExemptAsync(story.Tara, policy.Id, new ExemptFromInactivity { Agent = "kept" }, TestHouse.Stop)
            )
                .Problem!
                .Errors!
                .Keys
        );
        // What was kept for 30 days is warned of again after them.
        house.Clock.Advance(TimeSpan.FromDays(30));
        await story.WatchAsync();
        Assert.NotNull(await story.NoticeAsync("kept"));
        Assert.Null(await story.NoticeAsync("exempted"));
    }

    [Theory, BothDatabases]
    public async Task Many_at_once_wait_for_a_person_and_the_brake_is_on_record(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var story = await StoryAsync(house, [.. Enumerable.Range(1, 10).Select(i => $"agent-{i}")]);
        var policy = await story.PolicyAsync(action: "pause");
        house.Clock.Advance(TimeSpan.FromDays(31));
        await story.WatchAsync();
        house.Clock.Advance(TimeSpan.FromDays(7));
        await story.WatchAsync();
        await story.WatchAsync();

        Assert.Equal(10, await story.LivingAsync());
        var service = house.Get<InactivityService>();
        var braked = (await service.GetAsync(story.Tara, policy.Id, TestHouse.Stop)).Value.Braked!;
        Assert.Equal((10, 10), (braked.Agents, braked.Fleet));
        Assert.Single(await story.TrailAsync("inactivity.braked"));
        Assert.NotNull((await house.Get<InactivityOutlooks>().OutlookAsync(story.Tara, TestHouse.Stop)).Braked);
        Assert.Equal(
            "role_missing",
            (await service.ConfirmAsync(story.Otto, policy.Id, new ConfirmInactivity(), TestHouse.Stop)).Problem!.Code
        );

        Assert.Null(
            (
                await service.ConfirmAsync(story.Tara, policy.Id, new ConfirmInactivity { Reason = "They are all retired" }, TestHouse.Stop)
            ).Problem
        );
        await story.WatchAsync();

        Assert.Equal(0, await story.LivingAsync());
        Assert.Equal(
            "not_braked",
            (await service.ConfirmAsync(story.Tara, policy.Id, new ConfirmInactivity(), TestHouse.Stop)).Problem!.Code
        );
    }

    [Theory, BothDatabases]
    public async Task After_a_time_without_any_console_nothing_is_done_for_some_days_and_the_dry_run_says_why(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var story = await StoryAsync(house, "idle-1", "busy-1", "busy-2");
        var policy = await story.PolicyAsync(action: "pause");
        house.Clock.Advance(TimeSpan.FromDays(31));
        await story.HearAsync("busy-1", "busy-2");
        await story.WatchAsync();
        await house.Get<AliveMark>().StepAsync(TestHouse.Stop);
        house.Clock.Advance(TimeSpan.FromDays(7));

        var restarted = new AliveMark(house.Get<ConsoleStore>(), house.Clock, NullLogger<AliveMark>.Instance);
        await using (var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop))
            await restarted.LoadAsync(db, TestHouse.Stop);
        await story.HearAsync("busy-1", "busy-2");
        await story.WatchAsync(restarted);
        await story.WatchAsync(restarted); // a second node that came back as well

        Assert.Equal(3, await story.LivingAsync());
        var dry = (await house.Get<InactivityService>().DryRunAsync(story.Tara, policy.Id, new PageRequest(), TestHouse.Stop)).Value;
        Assert.Equal(house.Clock.GetUtcNow().AddDays(3), dry.HeldUntil);
        var hit = Assert.Single(dry.Data);
        Assert.Equal(("idle-1", house.Clock.GetUtcNow().AddDays(3)), (hit.Agent, hit.DueAt));
        Assert.Contains("The console itself was down for 7 days", string.Join(' ', hit.Doubts), StringComparison.Ordinal);

        house.Clock.Advance(TimeSpan.FromDays(3) + TimeSpan.FromMinutes(1));
        await story.HearAsync("busy-1", "busy-2");
        await story.WatchAsync();
        Assert.Equal(2, await story.LivingAsync());
    }

    [Theory, BothDatabases]
    public async Task A_dry_run_names_who_is_hit_page_by_page_with_its_doubts_and_changes_nothing(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var story = await StoryAsync(house, "beats", "idle-1", "idle-2");
        house.Clock.Advance(TimeSpan.FromDays(31));
        await story.HearAsync("beats");
        await story.RunAsync("beats", house.Clock.GetUtcNow().AddDays(-40));
        var service = house.Get<InactivityService>();
        var body = new SetInactivityPolicy
        {
            Team = "payments",
            Sign = "run",
            Days = 30,
            Action = "pause",
        };

        var first = (await service.DryRunAsync(story.Tara, body, new PageRequest(2), TestHouse.Stop)).Value;
        var rest = (await service.DryRunAsync(story.Tara, body, new PageRequest(2, first.NextCursor), TestHouse.Stop)).Value;

        Assert.Equal(["beats", "idle-1", "idle-2"], first.Data.Concat(rest.Data).Select(h => h.Agent));
        Assert.Equal((3, 3, 1, true), (first.Hits, first.Fleet, first.Allowed, first.NeedsConfirmation));
        Assert.Contains("sends heartbeats", string.Join(' ', first.Data[0].Doubts), StringComparison.Ordinal);
        Assert.Equal("role_missing", (await service.DryRunAsync(story.Otto, body, new PageRequest(), TestHouse.Stop)).Problem!.Code);
        Assert.Equal("team_not_found", (await service.DryRunAsync(story.Sara, body, new PageRequest(), TestHouse.Stop)).Problem!.Code);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        Assert.Equal(0, await db.InactivityWarnings.CountAsync(TestHouse.Stop));
        Assert.Equal(0, await db.InactivityPolicies.CountAsync(TestHouse.Stop));
    }

    [Theory, BothDatabases]
    public async Task A_team_that_fell_silent_as_a_whole_is_called_a_broken_way(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var story = await StoryAsync(house, "idle-1", "idle-2");
        await story.RegisterAsync("reader-1", "research");
        var policy = await story.PolicyAsync(action: "flag");
        house.Clock.Advance(TimeSpan.FromDays(31));
        await story.HearAsync("reader-1");

        var dry = (await house.Get<InactivityService>().DryRunAsync(story.Tara, policy.Id, new PageRequest(), TestHouse.Stop)).Value;

        Assert.All(
            dry.Data,
            hit => Assert.Contains("No agent of Payments was heard", string.Join(' ', hit.Doubts), StringComparison.Ordinal)
        );
    }

    [Theory, BothDatabases]
    public async Task A_dry_run_of_the_organizations_policy_shows_nobody_another_teams_agents(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var story = await StoryAsync(house, "idle-1", "idle-2");
        var service = house.Get<InactivityService>();
        await story.RegisterAsync("reader-1", "research");
        var policy = (await service.CreateAsync(story.Olga, new SetInactivityPolicy { Enabled = true, Days = 30 }, TestHouse.Stop)).Value;
        house.Clock.Advance(TimeSpan.FromDays(31));

        var whole = (await service.DryRunAsync(story.Olga, policy.Id, new PageRequest(), TestHouse.Stop)).Value;
        var research = (await service.DryRunAsync(story.Sara, policy.Id, new PageRequest(), TestHouse.Stop)).Value;

        Assert.Equal(["idle-1", "idle-2", "reader-1"], whole.Data.Select(h => h.Agent));
        Assert.Equal(["reader-1"], research.Data.Select(h => h.Agent));
        Assert.Equal((1, 1, false), (research.Hits, research.Fleet, research.NeedsConfirmation));
        Assert.All(research.Data, hit => Assert.Empty(hit.Doubts));
    }

    [Theory, BothDatabases]
    public async Task Keys_are_disabled_and_the_teams_policy_stands_before_the_organizations(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var story = await StoryAsync(house, "idle-1");
        var service = house.Get<InactivityService>();
        await story.RegisterAsync("reader-1", "research", key: true);
        Assert.Equal(
            "role_missing",
            (await service.CreateAsync(story.Tara, new SetInactivityPolicy { Enabled = true }, TestHouse.Stop)).Problem!.Code
        );
        var all = new SetInactivityPolicy
        {
            Enabled = true,
            Days = 30,
            GraceDays = 1,
            Action = "disable-keys",
        };
        Assert.Null((await service.CreateAsync(story.Olga, all, TestHouse.Stop)).Problem);
        Assert.Equal("policy_exists", (await service.CreateAsync(story.Olga, all, TestHouse.Stop)).Problem!.Code);
        await story.PolicyAsync(action: "flag", enabled: false);
        house.Clock.Advance(TimeSpan.FromDays(31));
        await story.WatchAsync();
        house.Clock.Advance(TimeSpan.FromDays(1));
        await story.WatchAsync();

        Assert.Null(await story.NoticeAsync("idle-1")); // its team's policy is off
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        Assert.Equal(
            [KeyState.Disabled],
            await db.KeyVersions.Where(v => v.AgentId == story.Id("reader-1")).Select(v => v.State).ToListAsync(TestHouse.Stop)
        );
        Assert.Single(await story.TrailAsync("key.disabled"));
    }

    [Theory, BothDatabases]
    public async Task A_policy_is_edited_by_who_may_within_its_bounds_and_turned_off_takes_its_warnings_away(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var story = await StoryAsync(house, "idle-1");
        var policy = await story.PolicyAsync(action: "pause");
        house.Clock.Advance(TimeSpan.FromDays(31));
        await story.WatchAsync();
        var service = house.Get<InactivityService>();
        Task<Outcome<InactivityPolicyBody>> Change(Actor by, SetInactivityPolicy body, long? revision = 1) =>
            service.ChangeAsync(by, policy.Id, revision, body, TestHouse.Stop);

        Assert.Equal("inactivity_policy_not_found", (await Change(story.Sara, new SetInactivityPolicy())).Problem!.Code);
        Assert.Equal("inactivity_policy_not_found", (await Change(story.Gus, new SetInactivityPolicy())).Problem!.Code);
        Assert.Equal("role_missing", (await Change(story.Victor, new SetInactivityPolicy())).Problem!.Code);
        var wrong = await Change(
            story.Tara,
            new SetInactivityPolicy
            {
                Days = 0,
                GraceDays = 999,
                MaxSharePercent = 101,
                Action = "explode",
                Lifecycles = ["deleted"],
            }
        );
        Assert.Equal(
            ["action", "days", "grace_days", "lifecycles", "max_share_percent"],
            wrong.Problem!.Errors!.Keys.Order(StringComparer.Ordinal)
        );
        Assert.Equal(ProblemKind.MatchRequired, (await Change(story.Tara, new SetInactivityPolicy(), null)).Problem!.Kind);
        Assert.Equal(ProblemKind.Changed, (await Change(story.Tara, new SetInactivityPolicy(), 7)).Problem!.Kind);

        var off = await Change(story.Tara, new SetInactivityPolicy { Enabled = false });

        Assert.Equal((false, 2), (off.Value.Enabled, off.Value.Revision));
        Assert.Null(await story.NoticeAsync("idle-1"));
        Assert.Null((await service.DeleteAsync(story.Tara, policy.Id, TestHouse.Stop)).Problem);
        Assert.Empty((await service.ListAsync(story.Tara, new PageRequest(), TestHouse.Stop)).Value.Items);
    }

    [Theory, BothDatabases]
    public async Task What_was_only_flagged_is_warned_of_again_and_paused_when_the_policy_says_so(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var story = await StoryAsync(house, "idle-1", "busy-1");
        var policy = await story.PolicyAsync(action: "flag");
        house.Clock.Advance(TimeSpan.FromDays(31));
        await story.WatchAsync();
        house.Clock.Advance(TimeSpan.FromDays(7));
        await story.WatchAsync();
        Assert.NotNull((await story.NoticeAsync("idle-1"))!.ActedAt);
        await story.HearAsync("busy-1");

        var pause = new SetInactivityPolicy { Action = "pause" };
        Assert.Null((await house.Get<InactivityService>().ChangeAsync(story.Tara, policy.Id, 1, pause, TestHouse.Stop)).Problem);
        await story.WatchAsync();
        var anew = (await story.NoticeAsync("idle-1"))!;
        Assert.Equal((InactivityAction.Pause, null, house.Clock.Now().AddDays(7)), (anew.Action, anew.ActedAt, anew.DueAt));
        house.Clock.Advance(TimeSpan.FromDays(7));
        await story.WatchAsync();

        Assert.Equal(Lifecycle.Paused, house.Get<AgentDirectory>().Find(story.Id("idle-1"))!.Lifecycle);
    }

    [Theory, BothDatabases]
    public async Task Keys_that_are_accepted_again_are_warned_of_again(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var story = await StoryAsync(house);
        await story.RegisterAsync("idle-1", "payments", key: true);
        await story.PolicyAsync(action: "disable-keys");
        house.Clock.Advance(TimeSpan.FromDays(31));
        await story.WatchAsync();
        house.Clock.Advance(TimeSpan.FromDays(7));
        await story.WatchAsync();
        await story.WatchAsync();
        Assert.NotNull((await story.NoticeAsync("idle-1"))!.ActedAt);

        await using (var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop))
        {
            (await write.Db.KeyVersions.SingleAsync(TestHouse.Stop)).State = KeyState.Active;
            Assert.True(await write.TryCommitAsync(TestHouse.Stop));
        }
        await story.WatchAsync();
        var anew = (await story.NoticeAsync("idle-1"))!;
        Assert.Equal((null, house.Clock.Now().AddDays(7)), (anew.ActedAt, anew.DueAt));
        house.Clock.Advance(TimeSpan.FromDays(7));
        await story.WatchAsync();

        Assert.Equal(2, (await story.TrailAsync("key.disabled")).Count);
    }

    [Theory, BothDatabases]
    public async Task A_new_silence_gets_its_own_warning_though_nobody_looked_when_the_old_one_ended(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var story = await StoryAsync(house, "idle-1");
        await story.PolicyAsync(action: "pause");
        house.Clock.Advance(TimeSpan.FromDays(31));
        await story.WatchAsync();
        await story.HearAsync("idle-1");
        var heard = house.Clock.Now();
        house.Clock.Advance(TimeSpan.FromDays(40));

        await story.WatchAsync();

        var notice = (await story.NoticeAsync("idle-1"))!;
        Assert.Equal((heard, null, house.Clock.Now().AddDays(7)), (notice.IdleSince, notice.ActedAt, notice.DueAt));
        Assert.Equal(Lifecycle.Registered, house.Get<AgentDirectory>().Find(story.Id("idle-1"))!.Lifecycle);
    }

    [Theory, BothDatabases]
    public async Task A_teams_new_policy_takes_over_the_warnings_of_the_organizations_and_its_exemptions_are_its_own(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var story = await StoryAsync(house, "idle-1", "idle-2");
        var service = house.Get<InactivityService>();
        var exemptions = house.Get<ExemptionService>();
        var all = (await service.CreateAsync(story.Olga, new SetInactivityPolicy { Enabled = true, Days = 30 }, TestHouse.Stop)).Value;
        house.Clock.Advance(TimeSpan.FromDays(31));
        await story.WatchAsync();
        Assert.Equal("Acme", (await story.NoticeAsync("idle-1"))!.Policy);

        var own = await story.PolicyAsync(action: "pause");
        house.Clock.Advance(TimeSpan.FromDays(1));
        // Before the next look already: what is kept is kept from the policy that stands.
        Assert.Null((await exemptions.KeepAsync(story.Otto, "idle-2", 30, TestHouse.Stop)).Problem);
        await story.WatchAsync();

        var notice = (await story.NoticeAsync("idle-1"))!;
        Assert.Equal(("Payments", house.Clock.Now().AddDays(7)), (notice.Policy, notice.DueAt));
        Assert.Null(await story.NoticeAsync("idle-2"));
        Assert.Single((await exemptions.ListAsync(story.Tara, own.Id, new PageRequest(), TestHouse.Stop)).Value.Items);
        var refused = await exemptions.ExemptAsync(
            story.Olga,
            all.Id,
            new ExemptFromInactivity { Agent = "idle-1", Reason = "Year's end only" },
            TestHouse.Stop
        );
        Assert.Contains("Payments, has a policy of its own", Assert.Single(refused.Problem!.Errors!["agent"]), StringComparison.Ordinal);
        var outlook = await house.Get<InactivityOutlooks>().OutlookAsync(story.Tara, TestHouse.Stop);
        Assert.Equal((1, "payments"), (outlook.Warned, outlook.FirstTeam));
    }

    [Theory, BothDatabases]
    public async Task A_retired_agent_is_never_paused(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var story = await StoryAsync(house, "old-1", "idle-1");
        var policy = await story.PolicyAsync(action: "flag");
        await story.RetireAsync("old-1");
        house.Clock.Advance(TimeSpan.FromDays(31));
        Task<Outcome<InactivityPolicyBody>> Change(long revision, string action) =>
            house
                .Get<InactivityService>()
                .ChangeAsync(
                    story.Tara,
                    policy.Id,
                    revision,
                    new SetInactivityPolicy { Action = action, Lifecycles = ["registered", "active", "retired"] },
                    TestHouse.Stop
                );

        Assert.Null((await Change(1, "flag")).Problem);
        await story.WatchAsync();
        Assert.NotNull(await story.NoticeAsync("old-1"));
        Assert.Null((await Change(2, "pause")).Problem);
        await story.WatchAsync();

        Assert.Null(await story.NoticeAsync("old-1"));
        house.Clock.Advance(TimeSpan.FromDays(8));
        await story.WatchAsync();
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        Assert.Equal(Lifecycle.Retired, (await db.Agents.SingleAsync(a => a.Slug == "old-1", TestHouse.Stop)).Lifecycle);
    }

    [Theory, BothDatabases]
    public async Task A_warning_is_withdrawn_however_many_agents_are_paused(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var story = await StoryAsync(house, "heard-again");
        var policy = await story.PolicyAsync(action: "pause");
        await story.PausedAsync(IdText.Parse(IdText.InactivityPolicy, policy.Id), 501);
        house.Clock.Advance(TimeSpan.FromDays(31));
        await story.WatchAsync();
        Assert.NotNull(await story.NoticeAsync("heard-again"));

        await story.HearAsync("heard-again");
        await story.WatchAsync();

        Assert.Null(await story.NoticeAsync("heard-again"));
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        Assert.Equal(501, await db.InactivityWarnings.CountAsync(TestHouse.Stop));
    }

    [Theory, BothDatabases]
    public async Task A_brake_counts_for_each_reader_the_agents_that_they_see_and_is_let_go_for_no_more_than_were_shown(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var story = await StoryAsync(house, "idle-1", "idle-2", "idle-3");
        await story.RegisterAsync("reader-1", "research");
        var service = house.Get<InactivityService>();
        var body = new SetInactivityPolicy
        {
            Enabled = true,
            Days = 30,
            Action = "pause",
        };
        var policy = (await service.CreateAsync(story.Olga, body, TestHouse.Stop)).Value;
        house.Clock.Advance(TimeSpan.FromDays(31));
        await story.WatchAsync();
        house.Clock.Advance(TimeSpan.FromDays(7));
        await story.WatchAsync();

        foreach (var (by, expected) in ((Actor, (int, int))[])[(story.Olga, (4, 4)), (story.Victor, (3, 3)), (story.Sara, (1, 1))])
        {
            var braked = (await service.GetAsync(by, policy.Id, TestHouse.Stop)).Value.Braked!;
            Assert.Equal(expected, (braked.Agents, braked.Fleet));
            var outlook = (await house.Get<InactivityOutlooks>().OutlookAsync(by, TestHouse.Stop)).Braked!;
            Assert.Equal((expected.Item1, null), (outlook.Agents, outlook.Team));
        }
        await story.HearAsync("reader-1");
        await story.WatchAsync();
        Assert.Null((await service.GetAsync(story.Sara, policy.Id, TestHouse.Stop)).Value.Braked);

        var fewer = await service.ConfirmAsync(story.Olga, policy.Id, new ConfirmInactivity { Agents = 2 }, TestHouse.Stop);
        Assert.Equal("brake_changed", fewer.Problem!.Code);
        Assert.Null((await service.ConfirmAsync(story.Olga, policy.Id, new ConfirmInactivity { Agents = 3 }, TestHouse.Stop)).Problem);
    }

    [Theory, BothDatabases]
    public async Task Policies_are_listed_with_as_many_questions_for_three_as_for_one(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database, change: Overheard.AddTo);
        var story = await StoryAsync(house, "idle-1");
        var service = house.Get<InactivityService>();
        var overheard = house.Get<Overheard>();
        async Task<int> QuestionsAsync(int policies)
        {
            overheard.Statements.Clear();
            Assert.Equal(policies, (await service.ListAsync(story.Olga, new PageRequest(), TestHouse.Stop)).Value.Items.Count);
            return overheard.Statements.Count;
        }
        await story.PolicyAsync(action: "flag");
        var one = await QuestionsAsync(1);
        foreach (var team in new[] { null, "research" })
            Assert.Null((await service.CreateAsync(story.Olga, new SetInactivityPolicy { Team = team }, TestHouse.Stop)).Problem);

        Assert.Equal(one, await QuestionsAsync(3));
    }

    [Theory, BothDatabases]
    public async Task A_writer_is_not_held_up_while_the_idle_are_searched_for_and_many_keys_need_two_questions(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database, change: Overheard.AddTo);
        var story = await StoryAsync(house);
        var overheard = house.Get<Overheard>();
        for (var i = 0; i < 5; i++)
            await story.RegisterAsync($"idle-{i}", "payments", key: true);
        var policy = await story.PolicyAsync(action: "disable-keys");
        Assert.Null(
            (
                await house
                    .Get<InactivityService>()
                    .ChangeAsync(story.Tara, policy.Id, 1, new SetInactivityPolicy { MaxSharePercent = 100 }, TestHouse.Stop)
            ).Problem
        );
        house.Clock.Advance(TimeSpan.FromDays(31));
        var written = false;
        overheard.Before = (
            "FROM agents",
            async () =>
            {
                await story.TagAsync("idle-0", "night").WaitAsync(TimeSpan.FromSeconds(30), TestHouse.Stop);
                written = true;
            }
        );
        await story.WatchAsync();
        Assert.True(written);
        house.Clock.Advance(TimeSpan.FromDays(7));
        overheard.Statements.Clear();

        await story.WatchAsync();

        Assert.Equal(5, (await story.TrailAsync("key.disabled")).Count);
        var inside = overheard.Statements.Where(s => s.InWrite).Select(s => s.Sql).ToList();
        // For all keys together: one question of the policy, and one of what is due, which follows from what changed.
        var versions = inside.Count(sql =>
            sql.Contains("FROM key_versions", StringComparison.Ordinal)
            && sql.StartsWith("SELECT", StringComparison.Ordinal)
            && !sql.Contains("FROM inactivity_warnings", StringComparison.Ordinal)
            && !sql.Contains("FROM agents", StringComparison.Ordinal)
        );
        Assert.Equal(2, versions);
        Assert.Single(inside, sql => sql.Contains("FROM agent_keys", StringComparison.Ordinal));
    }

    [Theory, BothDatabases]
    public async Task What_another_node_did_after_the_look_is_counted_once(Database database)
    {
        const int Fleet = 600; // more than one part
        await using var house = await TestHouse.OpenAsync(database, change: Overheard.AddTo);
        var story = await StoryAsync(house);
        var file = "slug,team,key\n" + string.Join('\n', Enumerable.Range(0, Fleet).Select(i => $"idle-{i},payments,false"));
        var made = await house
            .Get<BulkRegistration>()
            .ApplyAsync(story.Olga, BulkFile.Read(System.Text.Encoding.UTF8.GetBytes(file)), null, TestHouse.Stop);
        Assert.Equal(Fleet, made.Value.Created);
        var policy = await story.PolicyAsync(action: "pause");
        var all = new SetInactivityPolicy { MaxSharePercent = 100 };
        Assert.Null((await house.Get<InactivityService>().ChangeAsync(story.Tara, policy.Id, 1, all, TestHouse.Stop)).Problem);
        house.Clock.Advance(TimeSpan.FromDays(31));
        await story.WatchAsync();
        house.Clock.Advance(TimeSpan.FromDays(7));
        // The last ones in the order of the acts; when they were read they had not been acted on.
        house.Get<Overheard>().Before = (
            "FROM key_versions",
            async () =>
            {
                await using var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop);
                var warnings = await write.Db.InactivityWarnings.ToListAsync(TestHouse.Stop);
                foreach (var warning in warnings.OrderBy(w => w.DueAt).ThenBy(w => w.AgentId).Skip(500))
                    warning.ActedAt = write.Now;
                Assert.True(await write.TryCommitAsync(TestHouse.Stop));
            }
        );

        await story.WatchAsync();

        Assert.Empty(await story.TrailAsync("inactivity.braked"));
        Assert.Equal(500, (await story.TrailAsync("agent.paused")).Count);
    }

    private static async Task<Story> StoryAsync(TestHouse house, params string[] slugs)
    {
        var story = new Story(house);
        foreach (var slug in slugs)
            await story.RegisterAsync(slug, "payments");
        return story;
    }

    /// <summary>The cast as they were when the story began: their sessions end long before it does.</summary>
    private sealed class Story(TestHouse house)
    {
        public Actor Olga { get; } = house.As(house.Cast.Olga);
        public Actor Tara { get; } = house.As(house.Cast.Tara);
        public Actor Otto { get; } = house.As(house.Cast.Otto);
        public Actor Victor { get; } = house.As(house.Cast.Victor);
        public Actor Sara { get; } = house.As(house.Cast.Sara);
        public Actor Gus { get; } = house.As(house.Cast.Gus);

        public Guid Id(string slug) => house.Get<AgentDirectory>().FindBySlug(house.Cast.Acme, slug)!.Id;

        public async Task RegisterAsync(string slug, string team, bool key = false)
        {
            var body = new RegisterAgent
            {
                Slug = slug,
                Team = team,
                Key = key,
            };
            Assert.Null((await house.Get<AgentService>().RegisterAsync(Olga, body, TestHouse.Stop)).Problem);
        }

        public async Task<InactivityPolicyBody> PolicyAsync(string action, bool enabled = true)
        {
            var body = new SetInactivityPolicy
            {
                Team = "payments",
                Enabled = enabled,
                Days = 30,
                GraceDays = 7,
                Action = action,
            };
            var made = await house.Get<InactivityService>().CreateAsync(Tara, body, TestHouse.Stop);
            Assert.Null(made.Problem);
            return made.Value;
        }

        public Task WatchAsync(AliveMark? alive = null) =>
            new InactivityWatch(
                house.Get<ConsoleStore>(),
                house.Get<AccessDirectory>(),
                house.Get<AgentDirectory>(),
                house.Get<KeyIndex>(),
                alive ?? house.Get<AliveMark>(),
                house.Clock,
                NullLogger<InactivityWatch>.Instance
            ).StepAsync(TestHouse.Stop);

        public Task<InactivityNotice?> NoticeAsync(string slug) =>
            house.Get<InactivityOutlooks>().OfAgentAsync(Olga, Id(slug), TestHouse.Stop);

        public async Task HearAsync(params string[] slugs)
        {
            foreach (var slug in slugs)
                await ChangeAsync(
                    slug,
                    a => (a.LastSeenAt, a.LastRunAt, a.LastHeartbeatAt) = (house.Clock.Now(), house.Clock.Now(), house.Clock.Now())
                );
        }

        public Task RunAsync(string slug, DateTimeOffset at) => ChangeAsync(slug, a => a.LastRunAt = Utc.FromMicros(Utc.ToMicros(at)));

        public async Task TagAsync(string slug, string tag)
        {
            await using var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop);
            write.Db.Add(
                new AgentTag
                {
                    OrganizationId = house.Cast.Acme,
                    AgentId = Id(slug),
                    Tag = tag,
                }
            );
            Assert.True(await write.TryCommitAsync(TestHouse.Stop));
        }

        public Task RetireAsync(string slug) => ChangeAsync(slug, a => a.Lifecycle = Lifecycle.Retired);

        /// <summary>Agents that the policy paused long ago.</summary>
        public async Task PausedAsync(Guid policy, int count)
        {
            await using var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop);
            for (var i = 0; i < count; i++)
            {
                var agent = new Agent
                {
                    Id = write.NewId(),
                    OrganizationId = house.Cast.Acme,
                    TeamId = house.Cast.Payments,
                    Slug = $"paused-{i}",
                    DisplayName = $"paused-{i}",
                    CreatedAt = write.Now,
                    CreatedBy = "test",
                    UpdatedAt = write.Now,
                    Lifecycle = Lifecycle.Paused,
                };
                write.Db.Add(agent);
                house.Get<AgentDirectory>().Announce(write, agent);
                write.Db.Add(
                    new InactivityWarning
                    {
                        OrganizationId = house.Cast.Acme,
                        AgentId = agent.Id,
                        TeamId = agent.TeamId,
                        PolicyId = policy,
                        Action = InactivityAction.Pause,
                        IdleSince = write.Now,
                        WarnedAt = write.Now,
                        DueAt = write.Now,
                        ActedAt = write.Now,
                    }
                );
            }
            Assert.True(await write.TryCommitAsync(TestHouse.Stop));
        }

        public async Task<int> LivingAsync()
        {
            await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
            return await db.Agents.CountAsync(a => a.Lifecycle != Lifecycle.Paused, TestHouse.Stop);
        }

        public async Task<List<TrailRecord>> TrailAsync(string action)
        {
            await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
            return await db.TrailRecords.Where(r => r.Action == action).ToListAsync(TestHouse.Stop);
        }

        private async Task ChangeAsync(string slug, Action<Agent> change)
        {
            await using var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop);
            change(await write.Db.Agents.SingleAsync(a => a.Slug == slug, TestHouse.Stop));
            Assert.True(await write.TryCommitAsync(TestHouse.Stop));
        }
    }
}
