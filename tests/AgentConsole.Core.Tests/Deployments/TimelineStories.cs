using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Timeline;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Deployments;

public sealed class TimelineStories
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task A_canary_goes_on_is_promoted_and_the_lane_says_so(Database database)
    {
        await using var scene = await OpenAsync(database, "mailroom-1");
        var start = scene.Now;
        await scene.SetAsync("mailroom-1", "2.1.0", "active", after: TimeSpan.FromMinutes(10));
        await scene.SetAsync("mailroom-1", "2.2.0", "canary", 5, after: TimeSpan.FromMinutes(60));
        await scene.SetAsync("mailroom-1", "2.2.0", "canary", 25, after: TimeSpan.FromMinutes(60));
        await scene.SetAsync("mailroom-1", "2.2.0", "active", after: TimeSpan.FromMinutes(60));
        await scene.SetAsync("mailroom-1", "2.3.0", "canary", 1, after: TimeSpan.FromMinutes(60));
        await scene.SetAsync("mailroom-1", "2.2.0", "retired", after: TimeSpan.FromMinutes(60));

        var lane = Assert.Single((await scene.ReadAsync(start, start.AddHours(8))).Data);

        Assert.Equal(("mailroom-1", "payments", "production"), (lane.Agent, lane.Team, lane.Environment));
        Assert.Equal(["deployed", "canary", "canary-step", "promoted", "canary", "retired"], lane.Marks.Select(m => m.Kind));
        Assert.Equal([10, 70, 130, 190, 250, 310], lane.Marks.Select(m => (int)(m.At - start).TotalMinutes));
        Assert.Equal(
            [
                ("2.1.0", "active", null, 10, 190),
                ("2.2.0", "canary", 5.0, 70, 130),
                ("2.2.0", "canary", 25.0, 130, 190),
                ("2.2.0", "active", null, 190, 310),
                ("2.3.0", "canary", 1.0, 250, 310),
            ],
            lane.Spans.Select(s => (s.Version, s.Status, s.TrafficPercent, Minutes(s.StartedAt), Minutes(s.EndedAt!.Value)))
        );
        int Minutes(DateTimeOffset at) => (int)(at - start).TotalMinutes;
    }

    [Theory, BothDatabases]
    public async Task What_was_there_when_the_window_begins_is_shown_and_what_had_ended_is_not(Database database)
    {
        await using var scene = await OpenAsync(database, "mailroom-1");
        await scene.SetAsync("mailroom-1", "1.0", "active");
        await scene.SetAsync("mailroom-1", "1.1", "canary", 5, after: TimeSpan.FromHours(1));
        await scene.SetAsync("mailroom-1", "1.1", "active", after: TimeSpan.FromHours(1));
        await scene.SetAsync("mailroom-1", "1.2", "canary", 10, after: TimeSpan.FromHours(1));
        var from = scene.Now.AddHours(1);
        await scene.SetAsync("mailroom-1", "2.0", "active", after: TimeSpan.FromHours(3));

        var lane = Assert.Single((await scene.ReadAsync(from, from.AddHours(1))).Data);
        Assert.Equal([("1.1", "active"), ("1.2", "canary")], lane.Spans.Select(s => (s.Version, s.Status)));
        Assert.Empty(lane.Marks);

        lane = Assert.Single((await scene.ReadAsync(from, from.AddHours(4))).Data);
        Assert.Equal(["1.1", "1.2", "2.0"], lane.Spans.Select(s => s.Version));
        Assert.Equal(["deployed"], lane.Marks.Select(m => m.Kind));
        Assert.Null(lane.Spans[^1].EndedAt);
    }

    [Theory, BothDatabases]
    public async Task What_crowds_is_one_mark_that_says_how_many(Database database)
    {
        await using var scene = await OpenAsync(database, "mailroom-1");
        var from = scene.Now;
        for (var i = 0; i < 60; i++)
            await scene.SetAsync("mailroom-1", $"1.{i}", i % 3 == 0 ? "canary" : "active", after: TimeSpan.FromMinutes(4));

        var lane = Assert.Single((await scene.ReadAsync(from, from.AddDays(1))).Data);

        Assert.Equal(60, lane.Marks.Sum(m => m.Count));
        Assert.InRange(lane.Marks.Count, 2, TimelineWindow.Parts);
        Assert.InRange(lane.Spans.Count, 2, TimelineWindow.Parts * 3);
        var crowd = lane.Marks[0];
        Assert.Equal("several", crowd.Kind);
        Assert.Equal(crowd.Count, crowd.Kinds.Values.Sum());
        Assert.True(crowd.Until > crowd.At);
        for (var i = 1; i < lane.Marks.Count; i++)
            Assert.True(lane.Marks[i].At - lane.Marks[i - 1].At >= TimeSpan.FromDays(1) / TimelineWindow.Parts);
        Assert.Equal("1.59", lane.Spans[^1].Version);

        lane = Assert.Single((await scene.ReadAsync(from.AddMinutes(2), from.AddMinutes(62))).Data);
        Assert.All(lane.Marks, m => Assert.Equal(1, m.Count));
        Assert.Equal(15, lane.Marks.Count);
    }

    [Theory, BothDatabases]
    public async Task Everybody_sees_the_lanes_of_their_teams_and_a_moved_agent_takes_what_is_deployed_along(Database database)
    {
        await using var scene = await OpenAsync(database, "mailroom-1", "mailroom-2");
        var cast = scene.House.Cast;
        var from = scene.Now.AddMinutes(-1);
        await scene.SetAsync("mailroom-1", "1.0", "active");
        await scene.SetAsync("mailroom-1", "1.1", "active", after: TimeSpan.FromHours(1));
        await scene.SetAsync("mailroom-2", "7.0", "active");
        var to = scene.Now.AddHours(1);
        async Task<string> LanesAsync(Person who) =>
            string.Join(
                "; ",
                (await scene.ReadAsync(from, to, by: who)).Data.Select(l =>
                    $"{l.Team} {l.Agent}: {string.Join(" ", l.Spans.Select(s => s.Version))}"
                )
            );
        Assert.Equal("payments mailroom-1: 1.0 1.1; payments mailroom-2: 7.0", await LanesAsync(cast.Victor));
        Assert.Equal("", await LanesAsync(cast.Sara));
        Assert.Equal("", await LanesAsync(cast.Gus));

        var moved = await scene
            .House.Get<AgentService>()
            .ChangeAsync(scene.House.As(cast.Olga), "mailroom-1", 3, new ChangeAgent { Team = "research" }, Stop);
        Assert.Null(moved.Problem);

        Assert.Equal("payments mailroom-2: 7.0", await LanesAsync(cast.Victor));
        Assert.Equal("research mailroom-1: 1.1", await LanesAsync(cast.Sara));
        Assert.Equal("payments mailroom-2: 7.0; research mailroom-1: 1.0 1.1", await LanesAsync(cast.Olga));

        // What is deployed by the new team ends what the old one had set; that one then is of its time again.
        await scene.SetAsync("mailroom-1", "1.2", "active", after: TimeSpan.FromMinutes(5));
        Assert.Equal("research mailroom-1: 1.2", await LanesAsync(cast.Sara));
        await using var db = await scene.House.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(
            [("1.0", cast.Payments), ("1.1", cast.Payments), ("1.2", cast.Research)],
            (await db.Snapshots.Where(s => s.AgentSlug == "mailroom-1").OrderBy(s => s.Id).ToListAsync(Stop)).Select(s =>
                (s.Version, s.VisibleTeamId)
            )
        );
    }

    [Theory, BothDatabases]
    public async Task Lanes_are_paged_by_team_agent_and_environment(Database database)
    {
        await using var scene = await OpenAsync(database, "zeta", "alpha", "beta");
        var moved = await scene
            .House.Get<AgentService>()
            .ChangeAsync(scene.House.As(scene.House.Cast.Olga), "alpha", 1, new ChangeAgent { Team = "research" }, Stop);
        Assert.Null(moved.Problem);
        foreach (var slug in (string[])["zeta", "alpha", "beta"])
            await scene.SetAsync(slug, "1.0", "active");
        await scene.SetAsync("beta", "2.0", "active", environment: "staging");
        await scene.SetAsync("beta", "2.1", "canary", environment: "staging");

        var (seen, cursor) = (new List<string>(), (string?)null);
        do
        {
            var page = await scene.ReadAsync(scene.Now.AddDays(-1), scene.Now.AddHours(1), page: new PageRequest(2, cursor));
            seen.AddRange(page.Data.Select(l => $"{l.Team}/{l.Agent}/{l.Environment}"));
            cursor = page.NextCursor;
            Assert.Equal(page.HasMore, cursor is not null);
        } while (cursor is not null);

        Assert.Equal(["payments/beta/production", "payments/beta/staging", "payments/zeta/production", "research/alpha/production"], seen);
        var timeline = scene.House.Get<TimelineService>();
        var window = new TimelineWindow(scene.Now.AddDays(-1), scene.Now);
        Assert.Equal(
            "invalid",
            (await timeline.ReadAsync(scene.Olga, SnapshotFilter.None, window, new PageRequest(2, "nonsense"), Stop)).Problem!.Code
        );
        foreach (var length in (TimeSpan[])[TimeSpan.Zero, TimeSpan.FromSeconds(-5), TimeSpan.FromDays(401)])
            Assert.Contains(
                "to",
                (
                    await timeline.ReadAsync(
                        scene.Olga,
                        SnapshotFilter.None,
                        new TimelineWindow(scene.Now, scene.Now + length),
                        new PageRequest(),
                        Stop
                    )
                )
                    .Problem!
                    .Errors!
                    .Keys
            );
    }

    [Theory, BothDatabases]
    public async Task A_filter_leaves_lanes_and_marks_away_and_keeps_what_ran_around_them(Database database)
    {
        await using var scene = await OpenAsync(database, "mailroom-1", "mailroom-2");
        var from = scene.Now.AddMinutes(-1);
        await scene.SetAsync("mailroom-1", "1.0", "active");
        await scene.SetAsync("mailroom-1", "1.1", "active", after: TimeSpan.FromHours(1));
        await scene.SetAsync("mailroom-2", "1.0", "active", environment: "staging");
        var to = scene.Now.AddHours(1);
        async Task<string> OfAsync(SnapshotFilter filter) =>
            string.Join(
                "; ",
                (await scene.ReadAsync(from, to, filter)).Data.Select(l =>
                    $"{l.Agent}: {string.Join(" ", l.Spans.Select(s => s.Picked ? s.Version : $"({s.Version})"))} | {l.Marks.Sum(m => m.Count)}"
                )
            );

        Assert.Equal("mailroom-1: (1.0) 1.1 | 1", await OfAsync(new SnapshotFilter { Version = "1.1" }));
        Assert.Equal("mailroom-1: 1.0 (1.1) | 1", await OfAsync(new SnapshotFilter { Outcome = SnapshotOutcome.Superseded }));
        Assert.Equal("mailroom-2: 1.0 | 1", await OfAsync(new SnapshotFilter { Environment = "staging" }));
        Assert.Equal("mailroom-1: 1.0 1.1 | 2", await OfAsync(new SnapshotFilter { Agent = "mailroom-1" }));
        Assert.Equal("mailroom-1: 1.0 1.1 | 2; mailroom-2: 1.0 | 1", await OfAsync(new SnapshotFilter { Team = "payments" }));
        foreach (
            var nothing in (SnapshotFilter[])
                [
                    new() { Agent = "nobody" },
                    new() { Team = "research" },
                    new() { Team = "nowhere" },
                    new() { Version = "9" },
                    new() { Trigger = SnapshotTrigger.Rollback },
                ]
        )
            Assert.Equal("", await OfAsync(nothing));
        // Before the window begins a version counts as long as it ran in it.
        from = from.AddMinutes(30);
        Assert.Equal("mailroom-1: 1.0 (1.1) | 0; mailroom-2: 1.0 | 1", await OfAsync(new SnapshotFilter { Version = "1.0" }));
    }

    [Theory, BothDatabases]
    public async Task Freezes_lie_over_the_lanes_that_they_hold(Database database)
    {
        await using var scene = await OpenAsync(database, "mailroom-1");
        await scene.SetAsync("mailroom-1", "1.0", "active");
        await scene.SetAsync("mailroom-1", "1.0", "active", environment: "staging");
        var from = scene.Now;
        var freezes = scene.House.Get<FreezeService>();
        foreach (
            var body in (SetFreeze[])
                [
                    new()
                    {
                        Name = "Release night",
                        Team = "payments",
                        Environment = "production",
                        StartsAt = from.AddHours(3),
                        EndsAt = from.AddHours(5),
                        Reason = "Night",
                    },
                    new()
                    {
                        Name = "Other team",
                        Team = "research",
                        StartsAt = from,
                        EndsAt = from.AddHours(5),
                        Reason = "Theirs",
                    },
                    new()
                    {
                        Name = "Hourly",
                        Environment = "staging",
                        Cron = "0 * * * *",
                        DurationMinutes = 50,
                        Reason = "Quota",
                    },
                ]
        )
            Assert.Null((await freezes.CreateAsync(scene.Olga, body, Stop)).Problem);

        var lanes = (await scene.ReadAsync(from, from.AddDays(1))).Data;

        var freeze = Assert.Single(lanes[0].Freezes);
        Assert.Equal(("Release night", 1, from.AddHours(3)), (freeze.Name, freeze.Count, freeze.StartsAt));
        Assert.InRange(Assert.Single(lanes[1].Freezes).Count, 24, 26); // with ten minutes between, a day shows one
        Assert.True((await scene.ReadAsync(from, from.AddHours(3))).Data[1].Freezes.Count > 2);
    }

    [Theory, BothDatabases]
    public async Task A_deleted_agents_lane_is_gone_unless_it_is_asked_for_by_its_id(Database database)
    {
        await using var scene = await OpenAsync(database, "mailroom-1");
        var made = await scene.SetAsync("mailroom-1", "1.0", "active");
        var agents = scene.House.Get<AgentService>();
        Assert.Null((await agents.DeleteAsync(scene.Olga, "mailroom-1", "No longer needed", Stop)).Problem);

        Assert.Empty((await scene.ReadAsync(scene.Now.AddDays(-1), scene.Now.AddHours(1))).Data);
        Assert.Single(
            (await scene.ReadAsync(scene.Now.AddDays(-1), scene.Now.AddHours(1), new SnapshotFilter { Agent = made.AgentId })).Data
        );
    }

    private static async Task<Scene> OpenAsync(Database database, params string[] slugs)
    {
        var house = await TestHouse.OpenAsync(database);
        foreach (var slug in slugs)
        {
            var agent = new RegisterAgent
            {
                Slug = slug,
                Team = "payments",
                Environment = "production",
            };
            Assert.Null((await house.Get<AgentService>().RegisterAsync(house.As(house.Cast.Olga), agent, Stop)).Problem);
        }
        return new Scene(house, house.As(house.Cast.Olga));
    }

    private sealed record Scene(TestHouse House, Actor Olga) : IAsyncDisposable
    {
        public DateTimeOffset Now => House.Clock.GetUtcNow();

        public async Task<SnapshotBody> SetAsync(
            string agent,
            string version,
            string status,
            decimal? share = null,
            string? environment = null,
            TimeSpan? after = null
        )
        {
            House.Clock.Advance(after ?? TimeSpan.FromSeconds(1));
            var body = new SetSnapshot
            {
                Version = version,
                Status = status,
                TrafficPercent = share,
                Environment = environment,
            };
            var made = await House.Get<DeploymentService>().SetAsync(Olga, agent, body, Stop);
            Assert.Null(made.Problem);
            return made.Value;
        }

        public async Task<DeploymentTimeline> ReadAsync(
            DateTimeOffset from,
            DateTimeOffset to,
            SnapshotFilter? filter = null,
            PageRequest? page = null,
            Person? by = null
        )
        {
            var read = await House
                .Get<TimelineService>()
                .ReadAsync(
                    by is null ? Olga : House.As(by),
                    filter ?? SnapshotFilter.None,
                    new TimelineWindow(from, to),
                    page ?? new PageRequest(),
                    Stop
                );
            Assert.Null(read.Problem);
            return read.Value;
        }

        public ValueTask DisposeAsync() => House.DisposeAsync();
    }
}
