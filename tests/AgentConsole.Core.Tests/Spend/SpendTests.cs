using System.Globalization;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Prices;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Spend;
using AgentConsole.Core.Tests.Prices;
using AgentConsole.Core.Tests.Runs;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Spend;

/// <summary>Spend equals the runs, in every zone, however it is split and whatever was folded.</summary>
public sealed class SpendTests
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Theory, BothDatabases]
    public async Task The_sum_of_local_days_is_the_total_and_the_sum_of_the_runs_in_every_zone(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var olga = house.As(house.Cast.Olga);
        await house.Get<PriceService>().AddAsync(olga, PriceTests.Row("small-1", "0.0375", "0.15", "2020-01-01"), Stop);
        Actor[] agents =
        [
            await house.AgentAsync("mailroom-1"),
            await house.AgentAsync("mailroom-2"),
            await house.AgentAsync("reader-1", a => a.TeamId = house.Cast.Research),
        ];
        var random = new Random(7);
        // Through the night in which New York puts its clocks forward, and three weeks on, where Berlin and Lord Howe change theirs.
        var began = house.Clock.GetUtcNow();
        for (var i = 0; i < 160; i++)
        {
            house.Clock.Advance(TimeSpan.FromMinutes(random.Next(1, 600)));
            await house.ReportAsync(
                agents[random.Next(3)],
                null,
                random.Next(5) == 0 ? "failed" : "completed",
                r =>
                    r with
                    {
                        Model = random.Next(3) switch
                        {
                            0 => "small-1",
                            1 => "big-1",
                            _ => null,
                        },
                        Version = $"{random.Next(2)}",
                        InputTokens = random.Next(100_000),
                        OutputTokens = random.Next(5000),
                        Cost = random.Next(3) == 0 ? JsonElement.Parse($"\"0.{random.Next(1_000_000):000000}\"") : null,
                    }
            );
        }
        await house.Get<RollupFold>().StepAsync(Stop);
        var spend = house.Get<SpendService>();
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        var runs = await db.Runs.ToListAsync(Stop);
        Assert.Contains(runs, r => r.CostSource == CostSource.Computed);
        Assert.Contains(await db.RunRollups.ToListAsync(Stop), r => r.BucketSeconds == 900);

        foreach (var id in SpendCalendarTests.HardZones)
        {
            var zone = Zones.Of(id);
            for (var round = 0; round < 6; round++)
            {
                var first = SpendCalendar.DayOf(began, zone).AddDays(random.Next(25));
                var last = first.AddDays(random.Next(12));
                var query = new SpendQuery
                {
                    By = (SpendBy)random.Next(5),
                    Zone = id,
                    Bucket = (SpendStep)random.Next(3),
                    From = first.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                    To = last.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                    Limit = random.Next(1, 4),
                };
                var body = (await spend.ReadAsync(olga, query, Stop)).Value;
                var inside = runs.Where(r => SpendCalendar.DayOf(r.FinishedAt!.Value, zone) is var day && day >= first && day <= last)
                    .ToList();
                var micros = inside.Sum(r => r.CostMicros ?? 0);

                Assert.Equal(Money.Format(micros), body.Total.Cost);
                Assert.Equal(inside.Count, body.Total.Runs);
                Assert.Equal(inside.Count(r => r.CostSource == CostSource.Unpriced), body.Total.Unpriced);
                Assert.Equal(micros, body.Series.Sum(s => Micros(s.Cost)));
                Assert.Equal(micros, body.Rows.Append(body.Other).OfType<SpendRow>().Sum(r => Micros(r.Figures.Cost)));
                Assert.Equal(body.Total.Unpriced, body.Unpriced.Sum(m => m.Runs));
                if (query.Bucket == SpendStep.Day)
                {
                    foreach (var slot in body.Series)
                        Assert.Equal(
                            Money.Format(
                                inside
                                    .Where(r =>
                                        SpendCalendar.DayOf(r.FinishedAt!.Value, zone).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
                                        == slot.Label
                                    )
                                    .Sum(r => r.CostMicros ?? 0)
                            ),
                            slot.Cost
                        );
                }
                var csv = (await spend.ExportAsync(olga, query, series: true, Stop)).Value.Csv.Split("\r\n");
                Assert.Equal(body.Total.Cost, csv[^2].Split(',')[4]);
                Assert.Equal(micros, csv[1..^2].Sum(line => Micros(line.Split(',')[4])));
            }
        }
    }

    [Theory, BothDatabases]
    public async Task A_team_sees_its_own_spend_in_its_own_zone(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var (victor, sara, olga) = (house.As(house.Cast.Victor), house.As(house.Cast.Sara), house.As(house.Cast.Olga));
        var mine = await house.AgentAsync("mailroom-1");
        var theirs = await house.AgentAsync("reader-1", a => a.TeamId = house.Cast.Research);
        Func<ReportRun, ReportRun> Costs(string usd) => r => r with { Cost = JsonElement.Parse($"\"{usd}\"") };
        await house.ReportAsync(mine, "a", "completed", Costs("1"));
        await house.ReportAsync(theirs, "b", "completed", Costs("2"));
        var tara = house.As(house.Cast.Tara);
        var team = (await house.Get<TeamService>().GetAsync(tara, "payments", Stop)).Value;
        await house.Get<TeamService>().ChangeAsync(tara, "payments", team.Revision, new ChangeTeam { TimeZone = "Asia/Kathmandu" }, Stop);
        var spend = house.Get<SpendService>();

        var seen = (await spend.ReadAsync(victor, new SpendQuery { Team = "payments" }, Stop)).Value;
        Assert.Equal(("Asia/Kathmandu", "1", "mailroom-1"), (seen.Zone, seen.Total.Cost, seen.Rows.Single().Agent));
        Assert.Equal("1", (await spend.ReadAsync(victor, new SpendQuery { By = SpendBy.Organization }, Stop)).Value.Total.Cost);
        Assert.Equal("3", (await spend.ReadAsync(olga, new SpendQuery { By = SpendBy.Organization }, Stop)).Value.Total.Cost);
        Assert.Equal(ProblemKind.NotFound, (await spend.ReadAsync(sara, new SpendQuery { Team = "payments" }, Stop)).Problem!.Kind);
        Assert.Equal(ProblemKind.NotFound, (await spend.ReadAsync(sara, new SpendQuery { Agent = "mailroom-1" }, Stop)).Problem!.Kind);
        Assert.Equal(
            ProblemKind.NotFound,
            (await spend.ReadAsync(house.As(house.Cast.Gus), new SpendQuery { Agent = "mailroom-1" }, Stop)).Problem!.Kind
        );
        Assert.DoesNotContain(
            "mailroom",
            (await spend.ExportAsync(sara, new SpendQuery(), series: false, Stop)).Value.Csv,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_version_that_is_a_formula_is_text_in_the_file_and_odd_ranges_are_refused()
    {
        await using var house = await RunServiceTests.OpenAsync(Database.Sqlite);
        var olga = house.As(house.Cast.Olga);
        var agent = await house.AgentAsync("mailroom-1");
        await house.ReportAsync(agent, "a", "completed", r => r with { Version = "=1+1", Cost = JsonElement.Parse("1") });
        var spend = house.Get<SpendService>();
        var csv = (await spend.ExportAsync(olga, new SpendQuery { By = SpendBy.Version }, series: false, Stop)).Value.Csv;
        Assert.Contains("\"'=1+1\"", csv, StringComparison.Ordinal);

        foreach (
            var odd in (SpendQuery[])
                [
                    new() { From = "2026-03-02T10:07:00Z" },
                    new() { From = "2026-02-30" },
                    new() { From = "2026-03-05", To = "2026-03-01" },
                    new() { From = "2020-01-01", To = "2026-01-01" },
                    new()
                    {
                        From = "2026-01-01",
                        To = "2026-03-01",
                        Bucket = SpendStep.Hour,
                    },
                ]
        )
            Assert.Equal(ProblemKind.Invalid, (await spend.ReadAsync(olga, odd, Stop)).Problem!.Kind);
    }

    private static long Micros(string usd) => (long)(decimal.Parse(usd, CultureInfo.InvariantCulture) * 1_000_000m);

    [Theory, BothDatabases]
    public async Task Tokens_without_a_price_are_those_of_unpriced_runs_alone(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var olga = house.As(house.Cast.Olga);
        var agent = await house.AgentAsync("mailroom-1");
        await house.ReportAsync(agent, "u-1", "completed", r => r with { Model = "small-1", InputTokens = 1000, OutputTokens = 10 });
        await house.Get<PriceService>().AddAsync(olga, PriceTests.Row("small-1", "2", "0", "2020-01-01"), Stop);
        await house.ReportAsync(agent, "p-1", "completed", r => r with { Model = "small-1", InputTokens = 500, OutputTokens = 5 });

        var unpriced = Assert.Single((await house.Get<SpendService>().ReadAsync(olga, new SpendQuery(), Stop)).Value.Unpriced);

        Assert.Equal(("small-1", 1L, 1000L, 10L), (unpriced.Model, unpriced.Runs, unpriced.InputTokens, unpriced.OutputTokens));
        house.Clock.Advance(TimeSpan.FromHours(60));
        await house.Get<RollupFold>().StepAsync(Stop);
        Assert.Equal(unpriced, Assert.Single((await house.Get<SpendService>().ReadAsync(olga, new SpendQuery(), Stop)).Value.Unpriced));
        Assert.True((await house.Get<RollupRebuild>().RunAsync(write: false, Stop)).Equal);
    }

    [Theory, BothDatabases]
    public async Task An_agent_that_moved_away_keeps_its_spend_and_its_new_team_is_not_named(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        await house.ReportAsync(agent, "u-1", "completed", r => r with { Cost = JsonElement.Parse("1") });
        var agents = house.Get<AgentService>();
        var olga = house.As(house.Cast.Olga);
        var revision = (await agents.GetAsync(olga, "mailroom-1", Stop)).Value.Revision;
        Assert.Null((await agents.ChangeAsync(olga, "mailroom-1", revision, new ChangeAgent { Team = "research" }, Stop)).Problem);

        foreach (var by in new[] { SpendBy.Agent, SpendBy.Version })
        {
            var query = new SpendQuery { By = by };
            var theirs = Assert.Single((await house.Get<SpendService>().ReadAsync(house.As(house.Cast.Victor), query, Stop)).Value.Rows);
            Assert.Equal(("1", null), (theirs.Figures.Cost, theirs.Team));
            Assert.Equal("research", Assert.Single((await house.Get<SpendService>().ReadAsync(olga, query, Stop)).Value.Rows).Team);
        }
    }
}
