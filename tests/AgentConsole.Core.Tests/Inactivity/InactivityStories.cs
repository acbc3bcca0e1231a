using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Inactivity;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
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
        Assert.Equal("role_missing", (await service.ConfirmAsync(story.Otto, policy.Id, "", TestHouse.Stop)).Problem!.Code);

        Assert.Null((await service.ConfirmAsync(story.Tara, policy.Id, "They are all retired", TestHouse.Stop)).Problem);
        await story.WatchAsync();

        Assert.Equal(0, await story.LivingAsync());
        Assert.Equal("not_braked", (await service.ConfirmAsync(story.Tara, policy.Id, "", TestHouse.Stop)).Problem!.Code);
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
