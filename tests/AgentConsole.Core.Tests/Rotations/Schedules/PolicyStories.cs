using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Rotations.Schedules;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Rotations.Schedules;

public sealed class PolicyStories
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Fact]
    public async Task A_body_that_cannot_be_read_is_said_to_whoever_might_make_one()
    {
        await using var house = await TestHouse.OpenAsync();
        Outcome<SetRotationPolicy> unreadable = Problem.Invalid("body", "Is no JSON.");
        async Task<ProblemKind> AskAsync(Person by) =>
            (await house.Get<RotationPolicyService>().CreateAsync(house.As(by), unreadable, Stop)).Problem!.Kind;

        Assert.Equal(ProblemKind.Invalid, await AskAsync(house.Cast.Kurt));
        Assert.Equal(ProblemKind.Invalid, await AskAsync(house.Cast.Olga));
        Assert.Equal(ProblemKind.Forbidden, await AskAsync(house.Cast.Otto));
        Assert.Equal(ProblemKind.Forbidden, await AskAsync(house.Cast.Aude));
    }

    [Theory, BothDatabases]
    public async Task Each_field_but_the_longest_lifetime_comes_from_the_most_specific_level_that_says_it(Database database)
    {
        await using var scene = await ScheduleScene.OpenAsync(database);
        await scene.PolicyAsync(
            new SetRotationPolicy
            {
                CadenceDays = 365,
                MaxLifetimeDays = 400,
                GraceSeconds = 3600,
            }
        );
        await scene.PolicyAsync(
            new SetRotationPolicy
            {
                Environment = "production",
                CadenceDays = 180,
                LeadDays = 3,
            }
        );
        await scene.PolicyAsync(new SetRotationPolicy { Team = "payments", CadenceDays = 90 });
        await scene.PolicyAsync(
            new SetRotationPolicy
            {
                Team = "payments",
                Environment = "production",
                CadenceDays = 30,
                Sink = "Files",
            }
        );
        var agent = await scene.AgentAsync("cashier-1", environment: "production");
        await scene.PolicyAsync(new SetRotationPolicy { Agent = "cashier-1", Automatic = true });

        var holds = (await scene.Due.PolicyOfAsync(scene.Ines, "cashier-1", agent.KeyId!, Stop)).Value;
        Assert.Equal(new RuledNumber(30, "team-environment"), holds.CadenceDays);
        Assert.Equal(new RuledNumber(400, "organization"), holds.MaxLifetimeDays);
        Assert.Equal(new RuledNumber(3, "environment"), holds.LeadDays);
        Assert.Equal(new RuledNumber(3600, "organization"), holds.GraceSeconds);
        Assert.Equal(new RuledFlag(true, "agent"), holds.Automatic);
        Assert.Equal(new RuledFlag(true, "default"), holds.AutoExtend);
        Assert.Equal("team-environment", holds.Sink.From);
        Assert.Equal(scene.Now.AddDays(30), holds.Due!.DueAt);

        // An agent without an environment has the team's.
        Assert.Equal(scene.Now.AddDays(90), (await scene.KeyAsync()).DueAt);
        // And one of another team the organization's.
        await scene.AgentAsync("reader-1", "research");
        var reader = Assert.Single(await scene.ListAsync(new DueFilter { Agent = "reader-1" }, scene.Olga));
        Assert.Equal(scene.Now.AddDays(365), reader.DueAt);

        // A cadence of none stops the fall.
        await scene.PolicyAsync(new SetRotationPolicy { Agent = "mailroom-1", CadenceDays = 0 });
        var never = await scene.KeyAsync();
        Assert.Equal((null, "no-policy"), (never.DueAt, never.State));
    }

    [Theory, BothDatabases]
    public async Task The_longest_lifetime_is_a_ceiling_that_a_level_below_tightens_and_never_lifts(Database database)
    {
        await using var scene = await ScheduleScene.OpenAsync(database);
        var keys = scene.House.Get<KeyService>();
        async Task<RuledNumber> HoldsAsync() =>
            (await scene.Due.PolicyOfAsync(scene.Ines, "mailroom-1", scene.KeyId, Stop)).Value.MaxLifetimeDays;
        async Task<string?> MintAsync(int days) =>
            (await keys.MintAsync(scene.Ines, "mailroom-1", new MintKey { TtlDays = days }, Stop)).Problem?.Code;
        Assert.Equal(new RuledNumber(null, "default"), await HoldsAsync());
        await scene.PolicyAsync(new SetRotationPolicy { MaxLifetimeDays = 90 });

        // A key-admin, and one agent's own policy, ask for more in vain.
        var team = await scene.PolicyAsync(new SetRotationPolicy { Team = "payments", MaxLifetimeDays = 3650 });
        await scene.PolicyAsync(new SetRotationPolicy { Agent = "mailroom-1", MaxLifetimeDays = 365 });
        Assert.Equal(new RuledNumber(90, "organization"), await HoldsAsync());
        Assert.Equal("lifetime_too_long", await MintAsync(91));
        var most = (await keys.MintAsync(scene.Ines, "mailroom-1", new MintKey(), Stop)).Value;
        Assert.Equal(scene.Now.AddDays(90), most.Versions[0].ExpiresAt);

        team = await scene.ChangeAsync(team, new SetRotationPolicy { MaxLifetimeDays = 30 });
        Assert.Equal(new RuledNumber(30, "team"), await HoldsAsync());
        Assert.Equal("lifetime_too_long", await MintAsync(31));
        Assert.Null(await MintAsync(30));

        // Of two that say the same the wider one is named: it holds without the other, too.
        await scene.ChangeAsync(team, new SetRotationPolicy { MaxLifetimeDays = 90 });
        Assert.Equal(new RuledNumber(90, "organization"), await HoldsAsync());
    }

    [Theory, BothDatabases]
    public async Task A_policy_belongs_to_whoever_manages_its_keys_and_edits_do_not_overwrite_each_other(Database database)
    {
        await using var scene = await ScheduleScene.OpenAsync(database);
        var house = scene.House;
        var ofAll = new SetRotationPolicy { CadenceDays = 365 };
        Assert.Equal("role_missing", (await scene.Policies.CreateAsync(scene.Ines, ofAll, Stop)).Problem!.Code);
        Assert.Equal("role_missing", (await scene.Policies.CreateAsync(house.As(house.Cast.Aude), ofAll, Stop)).Problem!.Code);
        var organization = await scene.PolicyAsync(ofAll);
        Assert.Equal("policy_exists", (await scene.Policies.CreateAsync(scene.Olga, ofAll, Stop)).Problem!.Code);

        var ofTeam = new SetRotationPolicy { Team = "payments", CadenceDays = 90 };
        Assert.Equal("role_missing", (await scene.Policies.CreateAsync(house.As(house.Cast.Otto), ofTeam, Stop)).Problem!.Code);
        Assert.Equal("team_not_found", (await scene.Policies.CreateAsync(scene.Sara, ofTeam, Stop)).Problem!.Code);
        Assert.Equal(
            "agent_not_found",
            (await scene.Policies.CreateAsync(scene.Sara, new SetRotationPolicy { Agent = "mailroom-1" }, Stop)).Problem!.Code
        );
        var team = await scene.PolicyAsync(ofTeam);
        var agent = await scene.PolicyAsync(new SetRotationPolicy { Agent = "mailroom-1", LeadDays = 2 });
        Assert.Equal("rotation_policy_not_found", (await scene.Policies.GetAsync(scene.Sara, team.Id, Stop)).Problem!.Code);
        Assert.Equal("rotation_policy_not_found", (await scene.Policies.GetAsync(scene.Sara, agent.Id, Stop)).Problem!.Code);
        Assert.Equal(
            "rotation_policy_not_found",
            (await scene.Policies.GetAsync(house.As(house.Cast.Gus), organization.Id, Stop)).Problem!.Code
        );
        var seen = (await scene.Policies.ListAsync(scene.Sara, new PageRequest(), Stop)).Value.Items;
        Assert.Equal(["organization"], seen.Select(p => p.Level));
        Assert.Equal(3, (await scene.Policies.ListAsync(scene.Ines, new PageRequest(), Stop)).Value.Items.Count);

        var shorter = new SetRotationPolicy { CadenceDays = 60 };
        Assert.Equal("role_missing", (await scene.Policies.ChangeAsync(scene.Ines, organization.Id, 1, shorter, Stop)).Problem!.Code);
        Assert.Equal("if_match_required", (await scene.Policies.ChangeAsync(scene.Ines, team.Id, null, shorter, Stop)).Problem!.Code);
        var changed = (await scene.Policies.ChangeAsync(scene.Ines, team.Id, team.Revision, shorter, Stop)).Value;
        Assert.Equal((60, 2L), (changed.CadenceDays, changed.Revision));
        Assert.Equal(scene.Now.AddDays(60), (await scene.KeyAsync()).DueAt);
        Assert.Equal(
            "changed_meanwhile",
            (await scene.Policies.ChangeAsync(scene.Ines, team.Id, team.Revision, shorter, Stop)).Problem!.Code
        );

        Assert.Null((await scene.Policies.DeleteAsync(scene.Ines, team.Id, Stop)).Problem);
        Assert.Equal(scene.Now.AddDays(365), (await scene.KeyAsync()).DueAt);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(
            ["created", "created", "created", "changed", "deleted"],
            await db
                .TrailRecords.Where(r => r.TargetKind == "rotation-policy" && r.Action != "rotation-policy.refused")
                .OrderBy(r => r.Seq)
                .Select(r => r.Action.Substring("rotation-policy.".Length))
                .ToListAsync(Stop)
        );
    }

    [Fact]
    public async Task Nonsense_is_refused_by_field_and_a_sink_must_serve_everybody_the_policy_is_for()
    {
        await using var scene = await ScheduleScene.OpenAsync();
        async Task<IEnumerable<string>> FieldsAsync(SetRotationPolicy policy) =>
            (await scene.Policies.CreateAsync(scene.Olga, policy, Stop)).Problem!.Errors!.Keys;
        Assert.Equal(
            ["cadence_days", "grace_seconds", "lead_days", "max_lifetime_days"],
            (
                await FieldsAsync(
                    new SetRotationPolicy
                    {
                        CadenceDays = -1,
                        MaxLifetimeDays = 0,
                        LeadDays = 366,
                        GraceSeconds = 59,
                    }
                )
            ).Order()
        );
        Assert.Equal(["lead_days"], await FieldsAsync(new SetRotationPolicy { CadenceDays = 7, LeadDays = 7 }));
        Assert.Equal(["agent"], await FieldsAsync(new SetRotationPolicy { Agent = "mailroom-1", Environment = "production" }));
        // The sink of payments serves neither the organization nor research.
        Assert.Equal(["sink"], await FieldsAsync(new SetRotationPolicy { Sink = "Files" }));
        Assert.Equal(["sink"], await FieldsAsync(new SetRotationPolicy { Team = "research", Sink = "Files" }));
        Assert.Equal(["sink"], await FieldsAsync(new SetRotationPolicy { Team = "payments", Sink = "Vault" }));
    }

    [Theory, BothDatabases]
    public async Task No_version_lives_longer_than_the_policy_allows_by_whatever_door_it_is_made(Database database)
    {
        await using var scene = await ScheduleScene.OpenAsync(database);
        var keys = scene.House.Get<KeyService>();
        await scene.PolicyAsync(new SetRotationPolicy { Team = "payments", MaxLifetimeDays = 90 });

        var tooLong = await keys.MintAsync(scene.Ines, "mailroom-1", new MintKey { TtlDays = 91 }, Stop);
        Assert.Equal(("lifetime_too_long", "ttl_days"), (tooLong.Problem!.Code, tooLong.Problem.Errors!.Keys.Single()));
        var minted = (await keys.MintAsync(scene.Ines, "mailroom-1", new MintKey(), Stop)).Value;
        Assert.Equal(scene.Now.AddDays(90), minted.Versions[0].ExpiresAt);
        var shorter = (await keys.MintAsync(scene.Ines, "mailroom-1", new MintKey { TtlDays = 30 }, Stop)).Value;
        Assert.Equal(scene.Now.AddDays(30), shorter.Versions[0].ExpiresAt);

        // With the registration, too.
        var fresh = await scene.AgentAsync("cashier-1");
        var first = (await keys.GetAsync(scene.Ines, "cashier-1", fresh.KeyId!, Stop)).Value;
        Assert.Equal(scene.Now.AddDays(90), first.Versions[0].ExpiresAt);

        // A rotation that wishes for more is refused, one without a wish takes the most.
        var wish = new CreateRotation { KeyId = scene.KeyId, TtlDays = 365 };
        Assert.Equal("lifetime_too_long", (await scene.Mailroom.Rotations.CreateAsync(scene.Ines, "mailroom-1", wish, Stop)).Problem!.Code);
        var planned = await scene.Mailroom.RotateAsync(new CreateRotation { KeyId = scene.KeyId, PlanOnly = true });
        var issue = new IssueRotation { TtlDays = 91 };
        Assert.Equal("lifetime_too_long", (await scene.Mailroom.Rotations.IssueAsync(scene.Ines, planned.Id, issue, Stop)).Problem!.Code);
        var rotated = (await scene.Mailroom.Rotations.IssueAsync(scene.Ines, planned.Id, new IssueRotation(), Stop)).Value;
        Assert.Equal(scene.Now.AddDays(90), rotated.ExpiresAt);

        // An expiry that was set may come nearer and not go further.
        var later = new SetKeyExpiry { KeyVersion = 2, ExpiresAt = scene.Now.AddDays(91) };
        Assert.Equal("lifetime_too_long", (await keys.SetExpiryAsync(scene.Ines, "mailroom-1", scene.KeyId, later, Stop)).Problem!.Code);
        var never = later with { ExpiresAt = null };
        Assert.Equal("lifetime_too_long", (await keys.SetExpiryAsync(scene.Ines, "mailroom-1", scene.KeyId, never, Stop)).Problem!.Code);
        var sooner = later with { ExpiresAt = scene.Now.AddDays(10) };
        Assert.Null((await keys.SetExpiryAsync(scene.Ines, "mailroom-1", scene.KeyId, sooner, Stop)).Problem);
        Assert.Equal((scene.Now.AddDays(10), "expiry"), ((await scene.KeyAsync()).DueAt, (await scene.KeyAsync()).Reason));
    }

    [Fact]
    public async Task Another_node_knows_the_policy_before_it_makes_a_key()
    {
        await using var scene = await ScheduleScene.OpenAsync(Database.PostgreSql);
        await using var node = scene.House.OpenNode();
        await node.StartAsync();
        await scene.PolicyAsync(new SetRotationPolicy { Team = "payments", MaxLifetimeDays = 90 });
        var agent = scene.House.Get<AgentDirectory>().FindBySlug(scene.House.Cast.Acme, "mailroom-1")!;

        await node.HearUntilAsync(() => node.Get<IKeyLifetimes>().LongestDays(agent.OrganizationId, agent.Id, agent.TeamId, null) == 90);

        Assert.Equal(90, node.Get<IKeyLifetimes>().LongestDays(agent.OrganizationId, agent.Id, agent.TeamId, null));
    }

    [Theory, BothDatabases]
    public async Task A_change_reaches_every_key_in_bounded_parts_and_goes_on_after_a_restart(Database database)
    {
        await using var scene = await ScheduleScene.OpenAsync(database);
        var service = scene.House.Get<AgentService>();
        for (var i = 0; i < SchedulePasses.AtOnce; i++)
            await service.RegisterAsync(
                scene.Olga,
                new RegisterAgent
                {
                    Slug = $"fleet-{i}",
                    Team = "payments",
                    Key = true,
                },
                Stop
            );

        await scene.PolicyAsync(new SetRotationPolicy { Team = "payments", CadenceDays = 10 });

        // One part was done with the change; the console that knew of the rest is gone.
        async Task<int> WithoutAsync() => (await scene.Due.CountsAsync(scene.Olga, Stop)).NoPolicy;
        Assert.Equal(1, await WithoutAsync());
        await using var node = scene.House.OpenNode();
        await node.StartAsync();
        await node.Get<ScheduleWatch>().StepAsync(Stop);
        Assert.Equal(0, await WithoutAsync());

        // Once more a minute later, for what was written beside it; then there is nothing left to do.
        await scene.WatchAsync(TimeSpan.FromMinutes(2));
        await using var db = await scene.House.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Empty(await db.SchedulePasses.ToListAsync(Stop));
    }
}
