using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.People;
using AgentConsole.Core.Routes;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Routes;

public sealed class RouteStories
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task What_is_active_has_what_the_canary_leaves(Database database)
    {
        await using var house = await OpenAsync(database);
        Assert.Empty(await ReadAsync(house, house.Cast.Victor));

        var active = await SetAsync(house, "2.1.0", "active");
        Assert.Equal(["2.1.0 active 100"], SplitOf(Assert.Single(await ReadAsync(house, house.Cast.Victor))));

        var canary = await SetAsync(house, "2.2.0-rc1", "canary", 12.5m);
        var route = Assert.Single(await ReadAsync(house, house.Cast.Victor));
        Assert.Equal(("mailroom-1", "payments", "production", false), (route.Agent, route.Team, route.Environment, route.Paused));
        Assert.Equal(["2.1.0 active 87.5", "2.2.0-rc1 canary 12.5"], SplitOf(route));
        Assert.Equal([(active.Id, active.Digest), (canary.Id, canary.Digest)], route.Split.Select(s => (s.Snapshot, s.Digest)));

        await SetAsync(house, "2.2.0-rc2", "canary");
        Assert.Equal(["2.1.0 active 100", "2.2.0-rc2 canary 0"], SplitOf(Assert.Single(await ReadAsync(house, house.Cast.Victor))));

        await SetAsync(house, "2.2.0", "retired");
        Assert.Empty(await ReadAsync(house, house.Cast.Victor));
    }

    [Theory, BothDatabases]
    public async Task Each_environment_has_a_route_and_filters_narrow(Database database)
    {
        await using var house = await OpenAsync(database);
        await RegisterAsync(house, "archive-1");
        await SetAsync(house, "2.1.0", "active");
        await SetAsync(house, "3.0.0", "active", environment: "staging");
        await SetAsync(house, "1.0.0", "active", agent: "archive-1");
        await GatewayAsync(house, "gateway-prod-eu", "archive-1", "mailroom-1");
        var gateway = await GatewayAsync(house, "gateway-prod-us", "mailroom-1");

        Assert.Equal(["archive-1", "mailroom-1", "mailroom-1"], await NamesAsync(house, new RouteFilter()));
        Assert.Equal(["mailroom-1"], await NamesAsync(house, new RouteFilter(Environment: "staging")));
        Assert.Equal(["mailroom-1", "mailroom-1"], await NamesAsync(house, new RouteFilter(Gateway: "gateway-prod-us")));
        Assert.Equal(["mailroom-1", "mailroom-1"], await NamesAsync(house, new RouteFilter(Gateway: gateway.Id)));
        Assert.Equal(["archive-1"], await NamesAsync(house, new RouteFilter("gateway-prod-eu", "archive-1")));
        Assert.Empty(await NamesAsync(house, new RouteFilter(Gateway: "gateway-nowhere")));
        Assert.Empty(await NamesAsync(house, new RouteFilter(Agent: "nobody")));
    }

    [Theory, BothDatabases]
    public async Task Whatever_changes_a_route_is_read_with_the_next_call(Database database)
    {
        await using var house = await OpenAsync(database);
        await SetAsync(house, "2.1.0", "active");
        await GatewayAsync(house, "gateway-prod-eu", "mailroom-1");
        var (olga, gateways, agents) = (house.As(house.Cast.Olga), house.Get<GatewayService>(), house.Get<AgentService>());
        async Task<RouteBody?> NowAsync() => (await ReadAsync(house, house.Cast.Olga)).SingleOrDefault();

        Assert.Equal([("gateway-prod-eu", true)], (await NowAsync())!.Gateways.Select(g => (g.Name, g.InRouting)));
        Assert.Null((await gateways.RouteAsync(olga, "gateway-prod-eu", false, new RouteGateway(), Stop)).Problem);
        Assert.Equal([("gateway-prod-eu", false)], (await NowAsync())!.Gateways.Select(g => (g.Name, g.InRouting)));
        Assert.Null((await house.Get<GatewayLinks>().UnlinkAsync(olga, "mailroom-1", "gateway-prod-eu", Stop)).Problem);
        Assert.Empty((await NowAsync())!.Gateways);
        Assert.Null((await agents.PauseAsync(olga, "mailroom-1", "", Stop)).Problem);
        Assert.True((await NowAsync())!.Paused);
        Assert.Null((await agents.ResumeAsync(olga, "mailroom-1", "", Stop)).Problem);
        Assert.False((await NowAsync())!.Paused);
        await MoveAsync(house, house.Cast.Research);
        Assert.Equal("research", (await NowAsync())!.Team);
        Assert.Empty(await ReadAsync(house, house.Cast.Victor));
        Assert.Single(await ReadAsync(house, house.Cast.Sara));
        Assert.Null((await agents.DeleteAsync(olga, "mailroom-1", "", Stop)).Problem);
        Assert.Null(await NowAsync());
    }

    [Theory, BothDatabases]
    public async Task Everybody_reads_what_they_see_and_an_agent_its_own(Database database)
    {
        await using var house = await OpenAsync(database);
        await RegisterAsync(house, "archive-1");
        await SetAsync(house, "2.1.0", "active");
        await SetAsync(house, "1.0.0", "active", agent: "archive-1");
        foreach (var person in (Person[])[house.Cast.Sara, house.Cast.Gus, house.Cast.Nobody])
            Assert.Empty(await ReadAsync(house, person));
        foreach (var person in (Person[])[house.Cast.Olga, house.Cast.Aude, house.Cast.Kurt, house.Cast.Alma])
            Assert.Equal(2, (await ReadAsync(house, person)).Count);

        var own = house.Get<AgentDirectory>().FindBySlug(house.Cast.Acme, "archive-1")!;
        var agent = Actor.ForSystem(house.Cast.Acme, "archive-1") with { Kind = ActorKind.Agent, Id = own.Id };
        Assert.Equal("archive-1", Assert.Single(await ReadAsync(house, agent, RouteFilter.None)).Agent);
        Assert.Empty(await ReadAsync(house, agent, new RouteFilter(Agent: "mailroom-1")));
    }

    [Theory, BothDatabases]
    public async Task A_gateway_of_the_former_team_does_not_go_with_the_agent(Database database)
    {
        await using var house = await OpenAsync(database);
        await SetAsync(house, "2.1.0", "active");
        await GatewayAsync(house, "gateway-prod-eu", "mailroom-1");
        await MoveAsync(house, house.Cast.Research);

        Assert.Empty(Assert.Single(await ReadAsync(house, house.Cast.Sara)).Gateways);
        Assert.Empty(await ReadAsync(house, house.As(house.Cast.Sara), new RouteFilter(Gateway: "gateway-prod-eu")));
        Assert.Empty(Assert.Single(await ReadAsync(house, house.Cast.Olga)).Gateways);
    }

    [Theory, BothDatabases]
    public async Task The_tag_stays_while_what_one_sees_stays(Database database)
    {
        await using var house = await OpenAsync(database);
        await RegisterAsync(house, "lab-1", "research");
        await SetAsync(house, "2.1.0", "active");
        var (routes, victor) = (house.Get<RouteService>(), house.As(house.Cast.Victor));
        var first = await routes.AnswerAsync(victor, RouteFilter.None, Stop);
        Assert.Same(first, await routes.AnswerAsync(house.As(house.Cast.Otto), RouteFilter.None, Stop)); // who sees the same is answered the same

        await SetAsync(house, "1.0.0", "active", agent: "lab-1");
        var second = await routes.AnswerAsync(victor, RouteFilter.None, Stop);
        Assert.Equal(first.ETag, second.ETag);
        Assert.NotEqual(first.ETag, (await routes.AnswerAsync(house.As(house.Cast.Olga), RouteFilter.None, Stop)).ETag);

        await SetAsync(house, "2.1.0", "active"); // the same again is another snapshot
        Assert.NotEqual(first.ETag, (await routes.AnswerAsync(victor, RouteFilter.None, Stop)).ETag);
    }

    [Theory, BothDatabases]
    public async Task A_call_is_held_until_what_it_sees_changes(Database database)
    {
        await using var house = await OpenAsync(database);
        await RegisterAsync(house, "lab-1", "research");
        await SetAsync(house, "2.1.0", "active");
        var (routes, victor) = (house.Get<RouteService>(), house.As(house.Cast.Victor));
        var known = await routes.AnswerAsync(victor, RouteFilter.None, Stop);
        var held = routes.WaitAsync(victor, RouteFilter.None, known.ETag, 60, () => victor, CancellationToken.None, Stop);

        await SetAsync(house, "1.0.0", "active", agent: "lab-1"); // another team's
        await house.Get<RouteBook>().OfAsync(house.Cast.Acme, Stop);
        Assert.False(held.IsCompleted);
        await SetAsync(house, "2.2.0", "canary", 5);

        Assert.Equal(["2.1.0 active 95", "2.2.0 canary 5"], SplitOf(Assert.Single(Bodies((await held).Value))));
        Assert.Equal(0, house.Get<RoutePolls>().Waiting);
    }

    [Fact]
    public async Task A_call_is_held_no_longer_than_it_asked_for_and_ends_with_its_credential()
    {
        await using var house = await OpenAsync(Database.Sqlite);
        await SetAsync(house, "2.1.0", "active");
        var (routes, victor) = (house.Get<RouteService>(), house.As(house.Cast.Victor));
        var known = await routes.AnswerAsync(victor, RouteFilter.None, Stop);
        var held = routes.WaitAsync(victor, RouteFilter.None, $"\"other\", {known.ETag}", 30, () => victor, CancellationToken.None, Stop);
        for (var i = 0; i < 30; i++)
        {
            Assert.False(held.IsCompleted);
            await AdvanceAsync(house, held);
        }
        Assert.Same(known, (await held).Value);

        Outcome<Actor> still = victor;
        var ends = routes.WaitAsync(victor, RouteFilter.None, known.ETag, 60, () => still, CancellationToken.None, Stop);
        still = ActorSource.SignInRequired;
        for (var i = 0; i < 16; i++)
            await AdvanceAsync(house, ends);
        Assert.Equal(ProblemKind.Unauthenticated, (await ends).Problem!.Kind);

        using var stopping = new CancellationTokenSource();
        var stops = routes.WaitAsync(victor, RouteFilter.None, known.ETag, 60, () => victor, stopping.Token, Stop);
        await stopping.CancelAsync();
        Assert.Equal("stopping", (await stops).Problem!.Code);
    }

    [Fact]
    public async Task An_agent_may_have_a_hundred_calls_held()
    {
        await using var house = await OpenAsync(Database.Sqlite);
        await SetAsync(house, "2.1.0", "active");
        var own = house.Get<AgentDirectory>().FindBySlug(house.Cast.Acme, "mailroom-1")!;
        var agent = Actor.ForSystem(house.Cast.Acme, "mailroom-1") with
        {
            Kind = ActorKind.Agent,
            Id = own.Id,
            CredentialId = Guid.NewGuid(),
        };
        var routes = house.Get<RouteService>();
        var known = await routes.AnswerAsync(agent, RouteFilter.None, Stop);
        using var stopping = new CancellationTokenSource();
        Task<Outcome<RouteAnswer>> HoldAsync() =>
            routes.WaitAsync(agent, RouteFilter.None, known.ETag, 60, () => agent, stopping.Token, Stop);
        var held = Enumerable.Range(0, RoutePolls.MostOfAgent).Select(_ => HoldAsync()).ToArray();

        Assert.Equal("too_many_polls", (await HoldAsync()).Problem!.Code);
        Assert.Equal(RoutePolls.MostOfAgent, house.Get<RoutePolls>().Waiting);
        await stopping.CancelAsync();
        await Task.WhenAll(held);
        Assert.Equal(0, house.Get<RoutePolls>().Waiting);
    }

    [Fact]
    public async Task What_one_node_commits_the_other_reads_with_its_next_step_and_wakes_who_waits_there()
    {
        await using var house = await OpenAsync(Database.PostgreSql);
        await using var second = house.OpenNode();
        await second.StartAsync();
        await SetAsync(house, "2.1.0", "active");
        await second.HearAsync();
        var (routes, victor) = (second.Get<RouteService>(), second.As(house.Cast.Victor));
        var known = await routes.AnswerAsync(victor, RouteFilter.None, Stop);
        Assert.Equal(["2.1.0 active 100"], SplitOf(Assert.Single(Bodies(known))));
        var held = routes.WaitAsync(victor, RouteFilter.None, known.ETag, 60, () => victor, CancellationToken.None, Stop);

        await SetAsync(house, "2.2.0", "canary", 5);
        await second.HearAsync();
        var woken = (await held).Value;
        Assert.Equal(["2.1.0 active 95", "2.2.0 canary 5"], SplitOf(Assert.Single(Bodies(woken))));

        Assert.Null((await house.Get<AgentService>().PauseAsync(house.As(house.Cast.Olga), "mailroom-1", "", Stop)).Problem);
        await second.HearAsync();
        Assert.True(Assert.Single(Bodies(await routes.AnswerAsync(victor, RouteFilter.None, Stop))).Paused);
        await GatewayAsync(house, "gateway-prod-eu", "mailroom-1");
        await second.HearAsync();
        Assert.Single(Assert.Single(Bodies(await routes.AnswerAsync(victor, RouteFilter.None, Stop))).Gateways);
    }

    private static async Task AdvanceAsync(TestHouse house, Task held)
    {
        house.Clock.Advance(TimeSpan.FromSeconds(1));
        // Whoever was woken by the clock looks, and waits anew.
        for (var i = 0; i < 5 && !held.IsCompleted; i++)
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, Stop);
    }

    private static async Task MoveAsync(TestHouse house, Guid team)
    {
        await using var write = await house.Get<ConsoleStore>().WriteAsync(Stop);
        var agent = await write.Db.Agents.AsTracking().SingleAsync(a => a.Slug == "mailroom-1", Stop);
        agent.TeamId = team;
        house.Get<AgentDirectory>().Announce(write, agent);
        Assert.True(await write.TryCommitAsync(Stop));
    }

    private static async Task<TestHouse> OpenAsync(Database database)
    {
        var house = await TestHouse.OpenAsync(database);
        await RegisterAsync(house, "mailroom-1");
        return house;
    }

    private static async Task RegisterAsync(TestHouse house, string slug, string team = "payments")
    {
        var agent = new RegisterAgent
        {
            Slug = slug,
            Team = team,
            Environment = "production",
        };
        Assert.Null((await house.Get<AgentService>().RegisterAsync(house.As(house.Cast.Olga), agent, Stop)).Problem);
    }

    private static async Task<SnapshotBody> SetAsync(
        TestHouse house,
        string version,
        string status,
        decimal? percent = null,
        string agent = "mailroom-1",
        string? environment = null
    )
    {
        var body = new SetSnapshot
        {
            Version = version,
            Status = status,
            TrafficPercent = percent,
            Environment = environment,
        };
        var made = await house.Get<DeploymentService>().SetAsync(house.As(house.Cast.Olga), agent, body, Stop);
        Assert.Null(made.Problem);
        return made.Value;
    }

    private static async Task<GatewayBody> GatewayAsync(TestHouse house, string name, params string[] agents)
    {
        var olga = house.As(house.Cast.Olga);
        var made = await house.Get<GatewayService>().CreateAsync(olga, new SetGateway { Team = "payments", Name = name }, Stop);
        Assert.Null(made.Problem);
        foreach (var agent in agents)
            Assert.Null((await house.Get<GatewayLinks>().LinkAsync(olga, agent, name, Stop)).Problem);
        return made.Value;
    }

    private static Task<IReadOnlyList<RouteBody>> ReadAsync(TestHouse house, Person person) =>
        ReadAsync(house, house.As(person), RouteFilter.None);

    private static async Task<IReadOnlyList<RouteBody>> ReadAsync(TestHouse house, Actor by, RouteFilter filter) =>
        Bodies(await house.Get<RouteService>().AnswerAsync(by, filter, Stop));

    private static async Task<string[]> NamesAsync(TestHouse house, RouteFilter filter) =>
        [.. (await ReadAsync(house, house.As(house.Cast.Victor), filter)).Select(r => r.Agent)];

    private static IReadOnlyList<RouteBody> Bodies(RouteAnswer answer) =>
        JsonSerializer.Deserialize<RoutesBody>(answer.Body.Span, ConsoleJson.Options)!.Routes;

    private static string[] SplitOf(RouteBody route) =>
        [
            .. route.Split.Select(s =>
                string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{s.Version} {s.Status} {s.Percent:0.##}")
            ),
        ];
}
