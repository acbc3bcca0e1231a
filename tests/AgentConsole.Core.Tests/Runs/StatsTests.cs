using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Runs;

public sealed class StatsTests
{
    [Theory, BothDatabases]
    public async Task Figures_of_an_agent_count_what_ended_within_the_period(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        await house.ReportAsync(agent, "old", "failed");
        house.Clock.Advance(TimeSpan.FromHours(2));
        foreach (var (name, took) in ((string, long)[])[("a", 100), ("b", 200), ("c", 10_000)])
            await house.ReportAsync(
                agent,
                name,
                "completed",
                r => r with { DurationMs = took, InputTokens = 10, OutputTokens = 5, Cost = Json("0.1") }
            );
        await house.ReportAsync(agent, "d", "failed", r => r with { DurationMs = 300, InputTokens = 7 });
        await house.ReportAsync(agent, "e", "running");
        await house
            .Get<RunIngest>()
            .AddEventsAsync(
                agent,
                null,
                "e",
                (ReportEvent[])
                    [
                        new() { Kind = "decision", Decision = "blocked" },
                        new() { Kind = "decision", Decision = "allowed" },
                        new() { Kind = "decision", Decision = "escalated" },
                        new() { Kind = "log" },
                    ],
                100
            );

        var hour = (
            await house.Get<StatsService>().AgentAsync(house.As(house.Cast.Victor), "mailroom-1", Read("1h"), TestHouse.Stop)
        ).Value;
        var day = (await house.Get<StatsService>().AgentAsync(agent, "mailroom-1", Read(null), TestHouse.Stop)).Value;

        Assert.Equal((4, 3, 1), (hour.Runs["total"], hour.Runs["completed"], hour.Runs["failed"]));
        Assert.Equal(
            (1, 1, 1, 0),
            (hour.Decisions["blocked"], hour.Decisions["allowed"], hour.Decisions["escalated"], hour.Decisions["redacted"])
        );
        Assert.Equal(new TokensBody(37, 15), hour.Tokens);
        Assert.Equal("0.3", hour.Cost);
        Assert.Equal(1, hour.Runs["unpriced"]);
        Assert.Equal(0.25, hour.ErrorRate);
        Assert.Equal(1 / 3d, hour.BlockRate!.Value, 6);
        Assert.InRange(hour.P50DurationMs!.Value, 200, 220);
        Assert.InRange(hour.P95DurationMs!.Value, 10_000, 11_000);
        Assert.Equal(("24h", 5L), (day.Period, day.Runs["total"]));
    }

    [Theory, BothDatabases]
    public async Task Figures_of_teams_stay_within_them(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var other = await house.AgentAsync("digger", a => a.TeamId = house.Cast.Research);
        for (var i = 0; i < 6; i++)
            await house.ReportAsync(agent, $"{i}", i < 2 ? "failed" : "completed");
        await house.ReportAsync(other, "x", "completed");
        var stats = house.Get<StatsService>();

        Assert.Equal(7, (await FleetAsync(house.Cast.Olga)).Runs["total"]);
        Assert.Equal(6, (await FleetAsync(house.Cast.Victor)).Runs["total"]);
        Assert.Equal(1, (await FleetAsync(house.Cast.Sara)).Runs["total"]);
        Assert.Equal(0, (await FleetAsync(house.Cast.Nobody)).Runs["total"]);
        Assert.Equal(0, (await FleetAsync(house.Cast.Gus)).Runs["total"]);
        Assert.Equal(1, (await FleetAsync(house.Cast.Olga, "research")).Runs["total"]);
        var unhealthy = Assert.Single((await FleetAsync(house.Cast.Olga)).Unhealthy!);
        Assert.Equal(("mailroom-1", "failing", "payments", 6L), (unhealthy.Slug, unhealthy.Health, unhealthy.Team, unhealthy.Runs));
        Assert.Equal("Error rate 33.3\u00A0%, limit 10\u00A0%", unhealthy.Reason);
        Assert.Equal(
            "team_not_found",
            (await stats.FleetAsync(house.As(house.Cast.Victor), "research", Read(null), TestHouse.Stop)).Problem!.Code
        );
        Assert.Equal(
            "agent_not_found",
            (await stats.AgentAsync(house.As(house.Cast.Victor), "digger", Read("1w"), TestHouse.Stop)).Problem!.Code
        );
        Assert.True(
            (await stats.AgentAsync(house.As(house.Cast.Victor), "mailroom-1", Read("1w"), TestHouse.Stop)).Problem!.Errors!.ContainsKey(
                "period"
            )
        );
        Assert.Equal("agent_not_found", (await stats.AgentAsync(other, "mailroom-1", Read(null), TestHouse.Stop)).Problem!.Code);

        async Task<StatsBody> FleetAsync(Person person, string? team = null) =>
            (await stats.FleetAsync(house.As(person), team, Read("24h"), TestHouse.Stop)).Value;
    }

    [Theory, BothDatabases]
    public async Task Bars_of_the_last_day_stand_in_their_hours(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var other = await house.AgentAsync("digger", a => a.TeamId = house.Cast.Research);
        var (victor, olga) = (house.As(house.Cast.Victor), house.As(house.Cast.Olga)); // their sessions end before the day does
        await house.ReportAsync(agent, "too old", "completed");
        house.Clock.Advance(TimeSpan.FromHours(2));
        await house.ReportAsync(agent, "first", "failed");
        house.Clock.Advance(TimeSpan.FromHours(23));
        await house.ReportAsync(agent, "last", "completed");
        await house.ReportAsync(other, "x", "completed");
        var stats = house.Get<StatsService>();
        Guid[] both = [agent.Id!.Value, other.Id!.Value];

        var seen = await stats.SeriesAsync(victor, both, TestHouse.Stop);
        var all = await stats.SeriesAsync(olga, both, TestHouse.Stop);
        var fleet = await stats.FleetSeriesAsync(olga, null, TestHouse.Stop);

        var bars = Assert.Single(seen);
        Assert.Equal(agent.Id, bars.Key);
        Assert.Equal((1, 1, 2), (bars.Value.Failed[0], bars.Value.Ok[23], bars.Value.Total));
        Assert.Equal(StatsService.Hours, bars.Value.Ok.Count);
        Assert.Equal(2, all.Count);
        Assert.Equal((1, 2, 3), (fleet.Failed[0], fleet.Ok[23], fleet.Total));
        Assert.Equal(1, (await stats.FleetSeriesAsync(olga, house.Cast.Research, TestHouse.Stop)).Total);
        Assert.Equal(0, (await stats.FleetSeriesAsync(victor, house.Cast.Research, TestHouse.Stop)).Total);
        Assert.Equal(1, (await stats.FleetSeriesAsync(other, null, TestHouse.Stop)).Total);
    }

    [Theory, BothDatabases]
    public async Task Folding_minutes_to_quarters_changes_no_figure(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        for (var i = 0; i < 10; i++)
        {
            await house.ReportAsync(
                agent,
                $"{i}",
                i % 4 == 0 ? "failed" : "completed",
                r => r with { DurationMs = 50 * (i + 1), Version = i < 5 ? "1" : "2" }
            );
            house.Clock.Advance(TimeSpan.FromMinutes(11));
        }
        house.Clock.Advance(TimeSpan.FromHours(60));
        var before = await FiguresAsync();

        await house.Get<RollupFold>().StepAsync(TestHouse.Stop);

        await using (var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop))
        {
            var rows = await db.RunRollups.ToListAsync(TestHouse.Stop);
            Assert.All(rows, r => Assert.Equal((900, 0), (r.BucketSeconds, r.Bucket.Minute % 15)));
            Assert.True(rows.Count < 10);
        }
        Assert.Equal(before, await FiguresAsync());
        Assert.True((await house.Get<RollupRebuild>().RunAsync(write: false, TestHouse.Stop)).Equal);

        // A lost run of the folded past that is corrected now does not disturb what was folded.
        await house.Get<RollupFold>().StepAsync(TestHouse.Stop);
        Assert.Equal(before, await FiguresAsync());

        async Task<(long, long, long?, long?)> FiguresAsync()
        {
            var stats = (await house.Get<StatsService>().AgentAsync(agent, "mailroom-1", Read("7d"), TestHouse.Stop)).Value;
            return (stats.Runs["completed"], stats.Runs["failed"], stats.P50DurationMs, stats.P95DurationMs);
        }
    }

    [Theory, BothDatabases]
    public async Task An_agent_that_fails_too_often_is_named_with_value_limit_and_time_and_recovers(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var heard = new List<LiveEvent>();
        using var listening = house.Get<ChangeFeed>().Subscribe(house.Cast.Acme, heard.Add);
        for (var i = 0; i < 7; i++)
            await house.ReportAsync(agent, $"{i}", i == 0 ? "failed" : "completed");

        heard.Clear();
        await StepAsync();
        Assert.Equal((Health.Degraded, "Error rate 14.3\u00A0%, limit 10\u00A0%, since 09:00 UTC"), await HealthAsync());
        Assert.Contains(heard, e => e.Noun == "agent" && e.AgentId == agent.Id);

        heard.Clear();
        await StepAsync();
        Assert.Empty(heard); // nothing new, nothing told

        house.Clock.Advance(TimeSpan.FromMinutes(10));
        await house.ReportAsync(agent, "7", "timed-out");
        await StepAsync();
        Assert.Equal((Health.Failing, "Error rate 25\u00A0%, limit 10\u00A0%, since 09:00 UTC"), await HealthAsync());

        house.Clock.Advance(TimeSpan.FromMinutes(90));
        await StepAsync();
        Assert.Equal((Health.Ok, null), await HealthAsync());

        Task StepAsync() => house.Get<HealthWatch>().StepAsync(TestHouse.Stop);
        async Task<(Health, string?)> HealthAsync()
        {
            await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
            var row = await db.Agents.SingleAsync(a => a.Slug == "mailroom-1", TestHouse.Stop);
            return (row.Health, row.HealthReason);
        }
    }

    [Theory, BothDatabases]
    public async Task Too_few_runs_judge_nobody_and_blocked_decisions_count_too(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(
            database,
            new Dictionary<string, string?> { ["AgentConsole:Runs:HealthMinimum"] = "4", ["AgentConsole:Runs:BlockRateLimit"] = "60" }
        );
        var agent = await house.AgentAsync("mailroom-1");
        for (var i = 0; i < 3; i++)
            await house.ReportAsync(agent, $"{i}", "failed");
        await house.Get<HealthWatch>().StepAsync(TestHouse.Stop);
        Assert.Equal(Health.Ok, await HealthAsync());

        await house.ReportAsync(agent, "3", "running");
        ReportEvent[] steps =
        [
            .. Enumerable.Range(0, 4).Select(i => new ReportEvent { Kind = "decision", Decision = i == 0 ? "allowed" : "blocked" }),
        ];
        await house.Get<RunIngest>().AddEventsAsync(agent, null, "3", steps, 100);
        await house.Get<HealthWatch>().StepAsync(TestHouse.Stop);
        Assert.Equal(Health.Degraded, await HealthAsync());

        async Task<Health> HealthAsync()
        {
            await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
            return (await db.Agents.SingleAsync(a => a.Slug == "mailroom-1", TestHouse.Stop)).Health;
        }
    }

    private static Common.Outcome<Period> Read(string? text) => Period.Read(text);

    private static JsonElement Json(string text) => JsonElement.Parse(text);
}
