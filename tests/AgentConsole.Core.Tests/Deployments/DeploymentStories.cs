using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Deployments;

public sealed class DeploymentStories
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task A_canary_is_promoted_and_what_was_there_is_superseded(Database database)
    {
        await using var house = await OpenAsync(database);
        var first = await SetAsync(house, "2.1.0", "active");
        var canary = await SetAsync(house, "2.2.0-rc1", "canary", body => body with { TrafficPercent = 5 });

        Assert.Equal(["current", "current"], await OutcomesAsync(house));
        Assert.Equal("2.1.0", await DeclaredAsync(house)); // a canary is not what the agent is said to run

        var promoted = await SetAsync(house, "2.2.0", "active");

        Assert.Equal(["superseded", "superseded", "current"], await OutcomesAsync(house));
        Assert.Equal("2.2.0", await DeclaredAsync(house));
        var lists = house.Get<SnapshotLists>();
        var before = (await lists.GetAsync(house.As(house.Cast.Victor), first.Id, Stop)).Value;
        Assert.Equal((promoted.Id, promoted.DeployedAt), (before.EndedBy, before.EndedAt));
        Assert.Equal(first.Digest, before.Digest);
        Assert.NotEqual(first.Digest, canary.Digest);
        Assert.Equal(["2.2.0"], await VersionsAsync(house, new SnapshotFilter { Outcome = SnapshotOutcome.Current }));
        Assert.Equal(["2.2.0-rc1"], await VersionsAsync(house, new SnapshotFilter { Status = SnapshotStatus.Canary }));
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(
            ["snapshot.activated", "snapshot.canary", "snapshot.activated"],
            await db.TrailRecords.Where(r => r.TargetKind == "snapshot").OrderBy(r => r.Seq).Select(r => r.Action).ToListAsync(Stop)
        );
    }

    [Theory, BothDatabases]
    public async Task Setting_the_same_again_appends_and_each_environment_has_its_own(Database database)
    {
        await using var house = await OpenAsync(database);
        await SetAsync(house, "2.1.0", "active");
        await SetAsync(house, "2.1.0", "active");
        await SetAsync(house, "3.0.0", "active", body => body with { Environment = "staging" });
        await SetAsync(house, "2.1.0", "retired");

        Assert.Equal(["superseded", "superseded", "current", "current"], await OutcomesAsync(house));
        Assert.Equal("2.1.0", await DeclaredAsync(house)); // what runs in staging is not what is declared
        Assert.Equal(["3.0.0"], await VersionsAsync(house, new SnapshotFilter { Environment = "staging" }));
    }

    [Theory, BothDatabases]
    public async Task Two_people_who_deploy_at_once_leave_one_current(Database database)
    {
        await using var house = await OpenAsync(database);

        var both = await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(i =>
                    house
                        .Get<DeploymentService>()
                        .SetAsync(
                            house.As(house.Cast.Otto),
                            "mailroom-1",
                            new SetSnapshot { Version = $"2.{i}.0", Status = "active" },
                            Stop
                        )
                )
        );

        Assert.All(both, o => Assert.Null(o.Problem));
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        var current = await db.Snapshots.SingleAsync(s => s.Outcome == SnapshotOutcome.Current, Stop);
        Assert.Equal(current.Version, await DeclaredAsync(house));
        Assert.Equal(current.Id, await db.Snapshots.OrderByDescending(s => s.Id).Select(s => s.Id).FirstAsync(Stop));
        Assert.Equal(both.Length, await db.Snapshots.CountAsync(Stop));
    }

    [Theory, BothDatabases]
    public async Task A_freeze_holds_whom_it_does_not_let_through(Database database)
    {
        await using var house = await OpenAsync(database);
        var now = house.Clock.GetUtcNow();
        var freeze = new SetFreeze
        {
            Name = "Year's end",
            Team = "payments",
            Environment = "production",
            StartsAt = now,
            EndsAt = now.AddDays(3),
            Reason = "The books are closed",
        };
        Assert.Null((await house.Get<FreezeService>().CreateAsync(house.As(house.Cast.Olga), freeze, Stop)).Problem);
        var (otto, tara) = (house.As(house.Cast.Otto), house.As(house.Cast.Tara)); // their sessions end within these days
        Task<Outcome<SnapshotBody>> TryAsync(Actor by, string? reason, string? environment = null) =>
            house
                .Get<DeploymentService>()
                .SetAsync(
                    by,
                    "mailroom-1",
                    new SetSnapshot
                    {
                        Version = "2.2.0",
                        Status = "canary",
                        Environment = environment,
                        Reason = reason,
                    },
                    Stop
                );

        Assert.Equal("frozen", (await TryAsync(otto, "It is small")).Problem!.Code);
        Assert.Equal("freeze_reason_required", (await TryAsync(tara, null)).Problem!.Code);
        Assert.Empty(await OutcomesAsync(house));
        Assert.Null((await TryAsync(otto, null, "staging")).Problem);
        Assert.Null((await TryAsync(tara, "Wrong tax rates are sent")).Problem);
        house.Clock.Advance(TimeSpan.FromDays(3));
        Assert.Null((await TryAsync(otto, null)).Problem);
    }

    [Theory, BothDatabases]
    public async Task Only_who_may_deploys_and_only_who_sees_the_agent_reads(Database database)
    {
        await using var house = await OpenAsync(database);
        var made = await SetAsync(house, "2.1.0", "active");
        var (service, lists, body) = (house.Get<DeploymentService>(), house.Get<SnapshotLists>(), new SetSnapshot());
        foreach (var person in (Person[])[house.Cast.Victor, house.Cast.Kurt, house.Cast.Alma, house.Cast.Aude])
            Assert.Equal(ProblemKind.Forbidden, (await service.SetAsync(house.As(person), "mailroom-1", body, Stop)).Problem!.Kind);
        foreach (var stranger in (Person[])[house.Cast.Sara, house.Cast.Gus, house.Cast.Nobody])
        {
            Assert.Equal("agent_not_found", (await service.SetAsync(house.As(stranger), "mailroom-1", body, Stop)).Problem!.Code);
            Assert.Equal("snapshot_not_found", (await lists.GetAsync(house.As(stranger), made.Id, Stop)).Problem!.Code);
            Assert.Equal("snapshot_not_found", (await lists.DiffAsync(house.As(stranger), made.Id, made.Id, Stop)).Problem!.Code);
            Assert.Empty((await lists.ListAsync(house.As(stranger), SnapshotFilter.None, new PageRequest(), Stop)).Value.Items);
        }

        // The agent moves: what is deployed now goes with it, what was stays with the team of its time.
        var second = await SetAsync(house, "2.2.0", "active");
        await house
            .Get<AgentService>()
            .ChangeAsync(house.As(house.Cast.Olga), "mailroom-1", 3, new ChangeAgent { Team = "research" }, Stop);
        Assert.Null((await lists.GetAsync(house.As(house.Cast.Sara), second.Id, Stop)).Problem);
        Assert.Equal("snapshot_not_found", (await lists.GetAsync(house.As(house.Cast.Sara), made.Id, Stop)).Problem!.Code);
        Assert.Null((await lists.GetAsync(house.As(house.Cast.Victor), made.Id, Stop)).Problem);
        Assert.Equal("snapshot_not_found", (await lists.GetAsync(house.As(house.Cast.Victor), second.Id, Stop)).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task Gateways_are_those_that_the_agent_is_linked_to_unless_others_are_named(Database database)
    {
        await using var house = await OpenAsync(database);
        var (gateways, olga) = (house.Get<GatewayService>(), house.As(house.Cast.Olga));
        foreach (var name in (string[])["gateway-prod-eu", "gateway-canary", "gateway-prod-us"])
            Assert.Null((await gateways.CreateAsync(olga, new SetGateway { Team = "payments", Name = name }, Stop)).Problem);
        foreach (var name in (string[])["gateway-prod-eu", "gateway-prod-us"])
            Assert.Null((await house.Get<GatewayLinks>().LinkAsync(olga, "mailroom-1", name, Stop)).Problem);
        Assert.Null((await gateways.CreateAsync(olga, new SetGateway { Team = "research", Name = "gateway-lab" }, Stop)).Problem);

        var linked = await SetAsync(house, "2.1.0", "active");
        var named = await SetAsync(house, "2.2.0", "canary", body => body with { Gateways = ["gateway-canary"] });
        var unseen = await house
            .Get<DeploymentService>()
            .SetAsync(
                house.As(house.Cast.Otto),
                "mailroom-1",
                new SetSnapshot
                {
                    Version = "2.2.0",
                    Status = "canary",
                    Gateways = ["gateway-lab"],
                },
                Stop
            );

        Assert.Equal("""{"gateways":["gateway-prod-eu","gateway-prod-us"]}""", linked.Content.GetRawText());
        Assert.Equal("""{"gateways":["gateway-canary"]}""", named.Content.GetRawText());
        Assert.Contains("gateway-lab", unseen.Problem!.Errors!["gateways"][0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("version", null, "active")]
    [InlineData("version", "", "active")]
    [InlineData("version", "12345678901234567890123456789012345678901234567890123456789012345", "active")]
    [InlineData("status", "2.1.0", null)]
    [InlineData("status", "2.1.0", "live")]
    public async Task A_snapshot_has_a_version_and_a_status(string field, string? version, string? status)
    {
        await using var house = await OpenAsync(Database.Sqlite);

        var refused = await house
            .Get<DeploymentService>()
            .SetAsync(house.As(house.Cast.Otto), "mailroom-1", new SetSnapshot { Version = version, Status = status }, Stop);

        Assert.Equal(field, Assert.Single(refused.Problem!.Errors!.Keys));
    }

    [Theory, BothDatabases]
    public async Task A_list_is_paged_by_key_newest_first(Database database)
    {
        await using var house = await OpenAsync(database);
        for (var i = 0; i < 5; i++)
            await SetAsync(house, $"1.{i}", "active");
        var lists = house.Get<SnapshotLists>();
        var (seen, cursor) = (new List<string>(), (string?)null);
        do
        {
            var page = (
                await lists.OfAgentAsync(house.As(house.Cast.Victor), "mailroom-1", SnapshotFilter.None, new PageRequest(2, cursor), Stop)
            ).Value;
            seen.AddRange(page.Items.Select(s => s.Version));
            cursor = page.NextCursor;
        } while (cursor is not null);
        Assert.Equal(["1.4", "1.3", "1.2", "1.1", "1.0"], seen);
        Assert.Equal(
            "invalid",
            (await lists.ListAsync(house.As(house.Cast.Victor), SnapshotFilter.None, new PageRequest(2, "nonsense"), Stop)).Problem!.Code
        );
    }

    private static async Task<TestHouse> OpenAsync(Database database)
    {
        var house = await TestHouse.OpenAsync(database);
        var agent = new RegisterAgent
        {
            Slug = "mailroom-1",
            Team = "payments",
            Environment = "production",
        };
        Assert.Null((await house.Get<AgentService>().RegisterAsync(house.As(house.Cast.Olga), agent, Stop)).Problem);
        return house;
    }

    private static async Task<SnapshotBody> SetAsync(
        TestHouse house,
        string version,
        string status,
        Func<SetSnapshot, SetSnapshot>? more = null
    )
    {
        var body = new SetSnapshot { Version = version, Status = status };
        var made = await house.Get<DeploymentService>().SetAsync(house.As(house.Cast.Otto), "mailroom-1", more?.Invoke(body) ?? body, Stop);
        Assert.Null(made.Problem);
        return made.Value;
    }

    private static async Task<string[]> OutcomesAsync(TestHouse house)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        return [.. (await db.Snapshots.OrderBy(s => s.Id).ToListAsync(Stop)).Select(s => KebabCase.Of(s.Outcome))];
    }

    private static async Task<string[]> VersionsAsync(TestHouse house, SnapshotFilter filter) =>
        [
            .. (await house.Get<SnapshotLists>().ListAsync(house.As(house.Cast.Olga), filter, new PageRequest(), Stop)).Value.Items.Select(
                s => s.Version
            ),
        ];

    private static async Task<string?> DeclaredAsync(TestHouse house)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        return (await db.Agents.SingleAsync(a => a.Slug == "mailroom-1", Stop)).Version;
    }
}
