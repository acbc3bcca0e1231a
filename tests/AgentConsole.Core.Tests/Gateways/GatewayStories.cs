using System.Net;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.Live;
using AgentConsole.Core.Outgoing;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Tests.Runs;
using AgentConsole.Core.Trail;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentConsole.Core.Tests.Gateways;

/// <summary>Gateways of a team and of the organization, the agents behind them, and whether they answer.</summary>
public sealed class GatewayStories
{
    private const string Loopback = "AgentConsole:Gateways:AllowedAddresses:0";

    private static CancellationToken Stop => TestHouse.Stop;

    private static async Task<GatewayBody> MakeAsync(TestHouse house, Person by, SetGateway gateway) =>
        (await house.Get<GatewayService>().CreateAsync(house.As(by), gateway, Stop)).Value;

    private static async Task<AgentBody> AgentAsync(TestHouse house, string slug, string team = "payments") =>
        (
            await house.Get<AgentService>().RegisterAsync(house.As(house.Cast.Olga), new RegisterAgent { Slug = slug, Team = team }, Stop)
        ).Value;

    private static async Task<IReadOnlyList<TrailRecord>> TrailAsync(TestHouse house, string begins)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        return await db.TrailRecords.Where(r => r.Action.StartsWith(begins)).OrderBy(r => r.Seq).ToListAsync(Stop);
    }

    [Theory, BothDatabases]
    public async Task An_operator_makes_a_gateway_links_agents_and_takes_it_out_with_one_record(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var (gateways, links, otto) = (house.Get<GatewayService>(), house.Get<GatewayLinks>(), house.As(house.Cast.Otto));
        var made = await MakeAsync(
            house,
            house.Cast.Otto,
            new SetGateway
            {
                Team = "payments",
                Name = "gateway-prod-us-east",
                Region = "us-east-1",
                Environment = "production",
                Url = "https://gateway.example/healthz",
            }
        );
        Assert.Equal((true, "unknown", 0, 1L), (made.InRouting, made.Health, made.Agents, made.Revision));
        var shared = await MakeAsync(house, house.Cast.Olga, new SetGateway { Name = "gateway-shared" });
        await AgentAsync(house, "mailroom-1");
        await AgentAsync(house, "mailroom-2");

        Assert.Null((await links.LinkAsync(otto, "mailroom-1", made.Id, Stop)).Problem);
        Assert.Null((await links.LinkAsync(otto, "mailroom-1", "gateway-shared", Stop)).Problem);
        Assert.Null((await links.LinkAsync(otto, "mailroom-2", "gateway-prod-us-east", Stop)).Problem);
        Assert.Null((await links.LinkAsync(otto, "mailroom-2", "gateway-prod-us-east", Stop)).Problem); // again: as it is
        Assert.Equal(
            ["gateway-prod-us-east", "gateway-shared"],
            (await links.OfAgentAsync(otto, "mailroom-1", new PageRequest(), Stop)).Value.Items.Select(l => l.Gateway)
        );
        var first = (await links.OfGatewayAsync(otto, made.Id, new PageRequest(1), Stop)).Value;
        var second = (await links.OfGatewayAsync(otto, made.Id, new PageRequest(1, first.NextCursor), Stop)).Value;
        Assert.Equal(["mailroom-1", "mailroom-2"], first.Items.Concat(second.Items).Select(l => l.Agent));
        Assert.Equal(3, (await TrailAsync(house, "agent.gateway-linked")).Count);

        var left = (await gateways.RouteAsync(otto, made.Id, false, new RouteGateway { Reason = "It drops calls" }, Stop)).Value;
        Assert.Equal((false, "It drops calls", 2, 2L), (left.InRouting, left.RoutingReason, left.Agents, left.Revision));
        Assert.Equal(left.Revision, (await gateways.RouteAsync(otto, made.Id, false, new RouteGateway(), Stop)).Value.Revision);
        var record = Assert.Single(await TrailAsync(house, "gateway.taken-out"));
        Assert.Equal(("gateway-prod-us-east", "It drops calls"), (record.TargetLabel, record.Reason));
        var back = (await gateways.RouteAsync(otto, made.Id, true, new RouteGateway(), Stop)).Value;
        Assert.Equal((true, null), (back.InRouting, back.RoutingReason));

        Assert.Equal("gateway_in_use", (await gateways.DeleteAsync(otto, made.Id, Stop)).Problem?.Code);
        Assert.Null((await links.UnlinkAsync(otto, "mailroom-1", made.Id, Stop)).Problem);
        Assert.Null((await links.UnlinkAsync(otto, "mailroom-1", made.Id, Stop)).Problem); // again: nothing
        Assert.Null((await links.UnlinkAsync(otto, "mailroom-2", made.Id, Stop)).Problem);
        Assert.Null((await gateways.DeleteAsync(otto, made.Id, Stop)).Problem);
        Assert.Equal("gateway_not_found", (await gateways.GetAsync(otto, made.Id, Stop)).Problem?.Code);
        Assert.Equal(
            ["gateway-shared"],
            (await gateways.ListAsync(otto, new GatewayFilter(), new PageRequest(), Stop)).Value.Items.Select(g => g.Name)
        );
        Assert.NotNull(shared.Id);
    }

    [Theory, BothDatabases]
    public async Task A_stranger_sees_nothing_of_it_and_nobody_links_across_teams(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var (gateways, links) = (house.Get<GatewayService>(), house.Get<GatewayLinks>());
        var ours = await MakeAsync(house, house.Cast.Otto, new SetGateway { Team = "payments", Name = "ours" });
        var everyones = await MakeAsync(house, house.Cast.Olga, new SetGateway { Name = "everyones" });
        await AgentAsync(house, "mailroom-1");
        await AgentAsync(house, "reader-1", "research");
        await links.LinkAsync(house.As(house.Cast.Olga), "reader-1", "everyones", Stop);
        await links.LinkAsync(house.As(house.Cast.Olga), "mailroom-1", "everyones", Stop);
        var (sara, otto, victor, gus) = (
            house.As(house.Cast.Sara),
            house.As(house.Cast.Otto),
            house.As(house.Cast.Victor),
            house.As(house.Cast.Gus)
        );

        Assert.Equal("gateway_not_found", (await gateways.GetAsync(sara, ours.Id, Stop)).Problem?.Code);
        Assert.Equal("gateway_not_found", (await gateways.RouteAsync(sara, "ours", false, new RouteGateway(), Stop)).Problem?.Code);
        Assert.Equal("gateway_not_found", (await links.LinkAsync(sara, "reader-1", "ours", Stop)).Problem?.Code);
        Assert.Equal("gateway_not_found", (await gateways.GetAsync(gus, everyones.Id, Stop)).Problem?.Code);
        Assert.Equal(
            "name_taken",
            (await gateways.CreateAsync(sara, new SetGateway { Team = "research", Name = "ours" }, Stop)).Problem?.Code
        );
        Assert.Equal("agent_not_found", (await links.LinkAsync(otto, "reader-1", "everyones", Stop)).Problem?.Code);
        Assert.Equal("gateway_not_for_agent", (await links.LinkAsync(house.As(house.Cast.Olga), "reader-1", "ours", Stop)).Problem?.Code);
        Assert.Equal("role_missing", (await links.LinkAsync(victor, "mailroom-1", "ours", Stop)).Problem?.Code);
        Assert.Equal("role_missing", (await gateways.RouteAsync(victor, "ours", false, new RouteGateway(), Stop)).Problem?.Code);
        Assert.Equal("role_missing", (await gateways.RouteAsync(otto, "everyones", false, new RouteGateway(), Stop)).Problem?.Code);
        Assert.Equal("role_missing", (await gateways.CreateAsync(otto, new SetGateway { Name = "mine" }, Stop)).Problem?.Code);

        // Everybody sees the organization's gateway, and of its agents their own.
        Assert.Equal(1, (await gateways.GetAsync(sara, "everyones", Stop)).Value.Agents);
        Assert.Equal(
            ["reader-1"],
            (await links.OfGatewayAsync(sara, "everyones", new PageRequest(), Stop)).Value.Items.Select(l => l.Agent)
        );
        Assert.Equal(
            ["everyones"],
            await links.ChoicesAsync(sara, IdText.Parse(IdText.Agent, (await AgentAsync(house, "reader-2", "research")).Id), Stop)
        );
        Assert.Equal("gateway_in_use", (await gateways.DeleteAsync(house.As(house.Cast.Olga), "everyones", Stop)).Problem?.Code);
    }

    [Theory, BothDatabases]
    public async Task What_came_through_it_is_known_by_agent_linked_or_not(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.Get<RunIngest>().StartAsync(Stop);
        await MakeAsync(house, house.Cast.Otto, new SetGateway { Team = "payments", Name = "canary" });
        var linked = await house.AgentAsync("mailroom-1");
        var stray = await house.AgentAsync("mailroom-2");
        var otto = house.As(house.Cast.Otto);
        await house.Get<GatewayLinks>().LinkAsync(otto, "mailroom-1", "canary", Stop);
        await house.ReportAsync(linked, null, "completed", run => run with { Gateway = "canary" });
        await house.ReportAsync(linked, null, "failed", run => run with { Gateway = "canary" });
        await house.ReportAsync(linked, null, "completed", run => run with { Gateway = "elsewhere" });
        await house.ReportAsync(stray, null, "completed", run => run with { Gateway = "canary" });

        var traffic = (await house.Get<GatewayService>().TrafficAsync(otto, "canary", Stop)).Value;
        Assert.Equal(
            [("mailroom-1", true, 2L, 1L), ("mailroom-2", false, 1L, 0L)],
            traffic.Agents.Select(a => (a.Agent, a.Linked, a.Runs, a.Failures))
        );
        var gateway = (await house.Get<GatewayService>().GetAsync(otto, "canary", Stop)).Value;
        Assert.Equal((3L, 1L, 1), (gateway.Runs, gateway.Failures, gateway.Agents));
        house.Clock.Advance(TimeSpan.FromHours(25));
        Assert.Equal(0, (await house.Get<GatewayService>().GetAsync(otto, "canary", Stop)).Value.Runs);
    }

    [Fact]
    public async Task An_edit_needs_what_was_read_and_name_and_team_never_change()
    {
        await using var house = await TestHouse.OpenAsync();
        var gateways = house.Get<GatewayService>();
        var otto = house.As(house.Cast.Otto);
        var made = await MakeAsync(
            house,
            house.Cast.Otto,
            new SetGateway
            {
                Team = "payments",
                Name = "edge",
                Region = "eu",
            }
        );
        var change = new SetGateway { Region = "", Description = "Behind the balancer" };
        Assert.Equal("if_match_required", (await gateways.ChangeAsync(otto, "edge", null, change, Stop)).Problem?.Code);
        Assert.Equal("changed_meanwhile", (await gateways.ChangeAsync(otto, "edge", 7, change, Stop)).Problem?.Code);
        var changed = (await gateways.ChangeAsync(otto, "edge", made.Revision, change, Stop)).Value;
        Assert.Equal((null, "Behind the balancer", 2L), (changed.Region, changed.Description, changed.Revision));
        foreach (
            var (field, wrong) in new (string, SetGateway)[]
            {
                ("name", new SetGateway { Name = "other" }),
                ("team", new SetGateway { Team = "research" }),
                ("url", new SetGateway { Url = "ftp://x" }),
                ("url", new SetGateway { Url = "https://me:secret@gateway.example" }),
                ("url", new SetGateway { Url = "https://gateway.example/?token=1" }),
                ("region", new SetGateway { Region = new string('x', 61) }),
                ("probe", new SetGateway { Probe = true }),
                ("url", new SetGateway { Probe = true, Url = "http://10.0.0.1/healthz" }),
            }
        )
        {
            var problem = (await gateways.ChangeAsync(otto, "edge", 2, wrong, Stop)).Problem;
            Assert.True(problem?.Errors?.ContainsKey(field), $"{field}: {problem?.Detail}");
        }
        foreach (var name in new[] { null, "", "Gateway", "gw_1", "a b", new string('a', 101) })
            Assert.Contains(
                "name",
                (await gateways.CreateAsync(otto, new SetGateway { Team = "payments", Name = name }, Stop)).Problem!.Errors!.Keys
            );
        var record = (await TrailAsync(house, "gateway.changed")).Single();
        Assert.Equal("eu", JsonDocument.Parse(record.Before!).RootElement.GetProperty("region").GetString());
    }

    [Theory, BothDatabases]
    public async Task A_probe_says_up_and_after_two_misses_down_and_edits_are_not_disturbed(Database database)
    {
        var status = 204;
        var calls = 0;
        await using var gateway = await StandIn.StartAsync(context =>
        {
            Interlocked.Increment(ref calls);
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        await using var house = await TestHouse.OpenAsync(database, new Dictionary<string, string?> { [Loopback] = "127.0.0.0/8" });
        var probe = house.Get<GatewayProbe>();
        await MakeAsync(
            house,
            house.Cast.Otto,
            new SetGateway
            {
                Team = "payments",
                Name = "edge",
                Url = gateway.Address + "/healthz",
                Probe = true,
            }
        );
        Assert.Equal(("up", null, 1L), await StateAsync(house, probe));
        await probe.StepAsync(Stop); // not due yet
        Assert.Equal(1, calls);

        status = 503;
        house.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(("up", "It answers 503.", 1L), await StateAsync(house, probe));
        house.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(("down", "It answers 503.", 1L), await StateAsync(house, probe));
        status = 401; // it lives, and minds who asks
        house.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(("up", null, 1L), await StateAsync(house, probe));
        Assert.Equal(4, calls);

        await gateway.DisposeAsync();
        house.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Contains("cannot be reached", (await StateAsync(house, probe)).Problem, StringComparison.Ordinal);
        var off = await house
            .Get<GatewayService>()
            .ChangeAsync(house.As(house.Cast.Otto), "edge", 1, new SetGateway { Probe = false }, Stop);
        Assert.Equal(("unknown", null), (off.Value.Health, off.Value.HealthProblem));
    }

    [Fact]
    public async Task Two_nodes_probe_once()
    {
        var calls = 0;
        await using var gateway = await StandIn.StartAsync(_ =>
        {
            Interlocked.Increment(ref calls);
            return Task.CompletedTask;
        });
        await using var house = await TestHouse.OpenAsync(settings: new Dictionary<string, string?> { [Loopback] = "127.0.0.0/8" });
        await MakeAsync(
            house,
            house.Cast.Otto,
            new SetGateway
            {
                Team = "payments",
                Name = "edge",
                Url = gateway.Address,
                Probe = true,
            }
        );
        var probe = house.Get<GatewayProbe>();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => probe.StepAsync(Stop)));
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task A_name_that_leads_inside_is_not_called()
    {
        await using var house = await TestHouse.OpenAsync(change: services => services.AddSingleton<INameResolver>(new Inside()));
        await MakeAsync(
            house,
            house.Cast.Otto,
            new SetGateway
            {
                Team = "payments",
                Name = "edge",
                Url = "https://metadata.example/latest",
                Probe = true,
            }
        );
        Assert.Contains(
            "not on the public internet",
            (await StateAsync(house, house.Get<GatewayProbe>())).Problem,
            StringComparison.Ordinal
        );
    }

    [Theory, BothDatabases]
    public async Task Whoever_deletes_while_somebody_links_is_told_and_nobody_meets_a_fault(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var (gateways, links) = (house.Get<GatewayService>(), house.Get<GatewayLinks>());
        var (otto, tara) = (house.As(house.Cast.Otto), house.As(house.Cast.Tara));
        await AgentAsync(house, "mailroom-1");
        for (var i = 0; i < 12; i++)
        {
            var name = $"edge-{i}";
            await MakeAsync(house, house.Cast.Otto, new SetGateway { Team = "payments", Name = name });

            var link = Task.Run(() => links.LinkAsync(otto, "mailroom-1", name, Stop), Stop);
            var delete = Task.Run(() => gateways.DeleteAsync(tara, name, Stop), Stop);
            var (linked, deleted) = ((await link).Problem?.Code, (await delete).Problem?.Code);

            Assert.Contains((linked, deleted), new (string?, string?)[] { (null, "gateway_in_use"), ("gateway_not_found", null) });
        }
    }

    [Theory, BothDatabases]
    public async Task An_agent_that_moves_leaves_the_gateways_of_its_old_team_and_keeps_those_of_everybody(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var (olga, links) = (house.As(house.Cast.Olga), house.Get<GatewayLinks>());
        var agent = await AgentAsync(house, "mailroom-1");
        await MakeAsync(house, house.Cast.Otto, new SetGateway { Team = "payments", Name = "gateway-payments" });
        await MakeAsync(house, house.Cast.Otto, new SetGateway { Team = "payments", Name = "gateway-spare" });
        await MakeAsync(house, house.Cast.Olga, new SetGateway { Name = "gateway-shared" });
        foreach (var name in new[] { "gateway-payments", "gateway-spare", "gateway-shared" })
            Assert.Null((await links.LinkAsync(olga, "mailroom-1", name, Stop)).Problem);
        var news = new List<LiveEvent>();
        using var hearing = house.Get<ChangeFeed>().Subscribe(house.Cast.Acme, news.Add);

        // What changes nothing of its team changes nothing of its gateways.
        var renamed = (
            await house.Get<AgentService>().ChangeAsync(olga, "mailroom-1", agent.Revision, new ChangeAgent { Description = "Sorts" }, Stop)
        ).Value;
        Assert.Equal(3, (await links.OfAgentAsync(olga, "mailroom-1", new PageRequest(), Stop)).Value.Items.Count);
        var moved = await house
            .Get<AgentService>()
            .ChangeAsync(olga, "mailroom-1", renamed.Revision, new ChangeAgent { Team = "research" }, Stop);

        Assert.Null(moved.Problem);
        Assert.Equal(
            ["gateway-shared"],
            (await links.OfAgentAsync(olga, "mailroom-1", new PageRequest(), Stop)).Value.Items.Select(l => l.Gateway)
        );
        var records = await TrailAsync(house, "agent.gateway-unlinked");
        Assert.Equal(
            ["gateway-payments", "gateway-spare"],
            records.Select(r => JsonElement.Parse(r.Before!).GetProperty("gateway").GetString())
        );
        Assert.All(records, r => Assert.Equal((olga.Id, "The gateway belongs to the team before"), (r.ActorId, r.Reason)));
        Assert.Equal(4, news.Count(n => n.Noun == "gateways"));
        Assert.Null((await house.Get<GatewayService>().DeleteAsync(house.As(house.Cast.Otto), "gateway-payments", Stop)).Problem);
        var check = await house.Get<TrailVerifier>().VerifyAsync(house.Cast.Acme, Stop);
        Assert.True(check.IsGood);
    }

    [Theory, BothDatabases]
    public async Task Gateways_that_do_not_answer_hold_up_only_their_own_organization(Database database)
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (now, most) = (0, 0);
        await using var stand = await StandIn.StartAsync(async context =>
        {
            if (context.Request.Path != "/slow")
            {
                answered.TrySetResult();
                return;
            }
            InterlockedMax(ref most, Interlocked.Increment(ref now));
            await held.Task;
            Interlocked.Decrement(ref now);
        });
        await using var house = await TestHouse.OpenAsync(database, new Dictionary<string, string?> { [Loopback] = "127.0.0.0/8" });
        for (var i = 0; i < 40; i++)
            await MakeAsync(
                house,
                house.Cast.Gus,
                new SetGateway
                {
                    Name = $"slow-{i}",
                    Url = stand.Address + "/slow",
                    Probe = true,
                }
            );
        house.Clock.Advance(TimeSpan.FromSeconds(1)); // theirs are due for longer
        await MakeAsync(
            house,
            house.Cast.Otto,
            new SetGateway
            {
                Team = "payments",
                Name = "edge",
                Url = stand.Address + "/healthz",
                Probe = true,
            }
        );

        var step = house.Get<GatewayProbe>().StepAsync(Stop);
        await answered.Task.WaitAsync(Stop);
        held.SetResult();
        await step;

        Assert.InRange(most, 1, 4);
        Assert.Equal("up", (await house.Get<GatewayService>().GetAsync(house.As(house.Cast.Otto), "edge", Stop)).Value.Health);
        var slow = (
            await house.Get<GatewayService>().ListAsync(house.As(house.Cast.Gus), new GatewayFilter(), new PageRequest(), Stop)
        ).Value;
        Assert.All(slow.Items, gateway => Assert.Equal("up", gateway.Health));
    }

    [Theory, BothDatabases]
    public async Task A_suspended_organization_is_not_probed_until_it_is_back(Database database)
    {
        var calls = 0;
        await using var stand = await StandIn.StartAsync(_ =>
        {
            Interlocked.Increment(ref calls);
            return Task.CompletedTask;
        });
        await using var house = await TestHouse.OpenAsync(database, new Dictionary<string, string?> { [Loopback] = "127.0.0.0/8" });
        await MakeAsync(
            house,
            house.Cast.Otto,
            new SetGateway
            {
                Team = "payments",
                Name = "edge",
                Url = stand.Address,
                Probe = true,
            }
        );
        var probe = house.Get<GatewayProbe>();
        await house.SuspendAsync(house.Cast.Acme, true);
        await probe.StepAsync(Stop);
        Assert.Equal(0, calls);
        await house.SuspendAsync(house.Cast.Acme, false);
        await probe.StepAsync(Stop);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task A_body_that_cannot_be_read_is_said_to_whoever_might_make_one()
    {
        await using var house = await TestHouse.OpenAsync();
        Outcome<SetGateway> unreadable = Problem.Invalid("body", "Is no JSON.");
        async Task<ProblemKind> AskAsync(Person by) =>
            (await house.Get<GatewayService>().CreateAsync(house.As(by), unreadable, Stop)).Problem!.Kind;

        Assert.Equal(ProblemKind.Invalid, await AskAsync(house.Cast.Otto));
        Assert.Equal(ProblemKind.Invalid, await AskAsync(house.Cast.Olga));
        Assert.Equal(ProblemKind.Forbidden, await AskAsync(house.Cast.Kurt));
        Assert.Equal(ProblemKind.Forbidden, await AskAsync(house.Cast.Victor));
    }

    private static void InterlockedMax(ref int most, int value)
    {
        int before;
        while ((before = Volatile.Read(ref most)) < value && Interlocked.CompareExchange(ref most, value, before) != before) { }
    }

    private static async Task<(string Health, string? Problem, long Revision)> StateAsync(TestHouse house, GatewayProbe probe)
    {
        await probe.StepAsync(Stop);
        var gateway = (await house.Get<GatewayService>().GetAsync(house.As(house.Cast.Otto), "edge", Stop)).Value;
        return (gateway.Health, gateway.HealthProblem, gateway.Revision);
    }

    private sealed class Inside : INameResolver
    {
        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
            Task.FromResult<IPAddress[]>([IPAddress.Parse("169.254.169.254")]);
    }

    private sealed class StandIn(WebApplication app) : IAsyncDisposable
    {
        public string Address => app.Urls.Single();

        public static async Task<StandIn> StartAsync(RequestDelegate answer)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            app.Run(answer);
            await app.StartAsync(Stop);
            return new StandIn(app);
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
