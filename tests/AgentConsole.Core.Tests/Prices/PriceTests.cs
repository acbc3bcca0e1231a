using System.Text;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Prices;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Tests.Runs;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Prices;

/// <summary>The price table, and runs that are priced by it while they are written.</summary>
public sealed class PriceTests
{
    private static CancellationToken Stop => TestHouse.Stop;

    internal static AddPrice Row(string model, string input, string output, string from, string? until = null) =>
        new()
        {
            Model = model,
            InputPerMillion = JsonSerializer.SerializeToElement(input),
            OutputPerMillion = JsonSerializer.SerializeToElement(output),
            EffectiveFrom = from,
            EffectiveUntil = until,
            Source = "price page of 2 March",
        };

    [Fact]
    public void The_longest_name_wins_and_of_one_name_the_last_begin()
    {
        var at = new DateTimeOffset(2026, 3, 10, 0, 0, 0, TimeSpan.Zero);
        Price Of(string model, decimal input, DateTimeOffset from, DateTimeOffset? until = null) =>
            new()
            {
                Id = Guid.NewGuid(),
                Model = model,
                InputPerMillion = input,
                EffectiveFrom = from,
                EffectiveUntil = until,
                Source = "s",
                CreatedBy = "o",
            };
        var list = new PriceList([
            Of("*", 1, at.AddDays(-9)),
            Of("gpt-4o*", 2, at.AddDays(-9)),
            Of("gpt-4o-mini*", 3, at.AddDays(-9)),
            Of("gpt-4o-mini", 4, at.AddDays(-9)),
            Of("gpt-4o-mini", 5, at),
            Of("gpt-4o-mini", 6, at.AddDays(1)),
            Of("o3", 7, at.AddDays(-9), at),
        ]);

        Assert.Equal(3, list.Find("gpt-4o-mini-2026", at)!.InputPerMillion);
        Assert.Equal(2, list.Find("gpt-4o", at)!.InputPerMillion);
        Assert.Equal(4, list.Find("gpt-4o-mini", at.AddTicks(-1))!.InputPerMillion);
        Assert.Equal(5, list.Find("gpt-4o-mini", at)!.InputPerMillion);
        Assert.Equal(1, list.Find("o3", at)!.InputPerMillion); // its own price has ended
        Assert.Equal(7, list.Find("o3", at.AddTicks(-1))!.InputPerMillion);
        Assert.Null(list.Find("o3", at.AddDays(-10)));
        Assert.Null(list.Find(null, at));
    }

    [Fact]
    public void A_cost_is_exact_and_rounded_half_even_once()
    {
        var list = new PriceList([
            new Price
            {
                Model = "m",
                InputPerMillion = 0.0375m,
                OutputPerMillion = 0.15m,
                Source = "s",
                CreatedBy = "o",
            },
        ]);
        long? Cost(long? input, long? output) => list.CostOf("m", input, output, DateTimeOffset.UnixEpoch.AddYears(40));

        Assert.Equal(0, Cost(13, 0)); // 0.4875
        Assert.Equal(1, Cost(14, 0)); // 0.525
        Assert.Equal(2, Cost(40, 0)); // 1.5 to the even side
        Assert.Equal(3, Cost(60, 2)); // 2.25 + 0.3 is 2.55: rounding the parts would give 2 + 0
        Assert.Null(list.CostOf("m", long.MaxValue, null, DateTimeOffset.UnixEpoch.AddYears(40))); // beyond what a run may cost: unknown, not cut
    }

    [Theory, BothDatabases]
    public async Task Prices_are_entered_and_superseded_and_never_edited(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var prices = house.Get<PriceService>();
        var (olga, victor) = (house.As(house.Cast.Olga), house.As(house.Cast.Victor));

        var added = (await prices.AddAsync(olga, Row("small-1", "0.15", "0.6", "2026-01-01"), Stop)).Value;
        var twice = await prices.AddAsync(olga, Row("small-1", "0.2", "0.6", "2026-01-01T00:00:00Z"), Stop);
        var byVictor = await prices.AddAsync(victor, Row("small-2", "1", "1", "2026-01-01"), Stop);
        var odd = await prices.AddAsync(olga, Row("a*b", "-1", "0.00000000001", "tomorrow", "2025-01-01"), Stop);
        Assert.Equal(("0.15", "0.6", "active"), (added.InputPerMillion, added.OutputPerMillion, added.State));
        Assert.Equal("price_exists", twice.Problem!.Code);
        Assert.Equal(ProblemKind.Forbidden, byVictor.Problem!.Kind);
        Assert.Equal(["effective_from", "input_per_million", "model", "output_per_million"], odd.Problem!.Errors!.Keys.Order());

        var right = await prices.SupersedeAsync(
            olga,
            added.Id,
            new SupersedePrice { Reason = "Wrong column", Replacement = Row("small-1", "0.15", "0.9", "2026-01-01") },
            Stop
        );
        var again = await prices.SupersedeAsync(olga, added.Id, new SupersedePrice { Reason = "Once more" }, Stop);
        var withdrawn = await prices.SupersedeAsync(olga, right.Value.Id, new SupersedePrice { Reason = "Not ours" }, Stop);
        Assert.Equal("price_superseded", again.Problem!.Code);
        Assert.Equal("withdrawn", withdrawn.Value.State);

        var all = (await prices.ListAsync(victor, new PriceFilter(All: true), new PageRequest(1), Stop)).Value;
        var next = (await prices.ListAsync(victor, new PriceFilter(All: true), new PageRequest(1, all.NextCursor), Stop)).Value;
        Assert.Equal(["superseded", "withdrawn"], all.Items.Concat(next.Items).Select(p => p.State).Order());
        Assert.Null(next.NextCursor);
        Assert.Empty((await prices.ListAsync(victor, new PriceFilter(), new PageRequest(), Stop)).Value.Items);
        Assert.Empty((await prices.ListAsync(house.As(house.Cast.Gus), new PriceFilter(All: true), new PageRequest(), Stop)).Value.Items);
        Assert.Equal(ProblemKind.NotFound, (await prices.GetAsync(house.As(house.Cast.Gus), added.Id, Stop)).Problem!.Kind);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(
            ["price.added", "price.superseded", "price.withdrawn"],
            await db.TrailRecords.OrderBy(r => r.Seq).Where(r => r.TargetKind == "price").Select(r => r.Action).ToListAsync(Stop)
        );
    }

    [Theory, BothDatabases]
    public async Task A_file_is_entered_whole_or_not_at_all_and_again_without_effect(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var prices = house.Get<PriceService>();
        var olga = house.As(house.Cast.Olga);
        Outcome<PriceFile> File(string text) => PriceFile.Read(Encoding.UTF8.GetBytes(text));
        const string Csv =
            "model,input_per_million,output_per_million,effective_from,source\r\nsmall-1*,0.15,0.6,2026-01-01,page\r\nbig-1,2.5,10,2026-01-01,page\r\n";

        var plan = (await prices.ImportAsync(olga, File(Csv), dryRun: true, Stop)).Value;
        Assert.Equal((true, 2, 0), (plan.DryRun, plan.Created, plan.Failed));
        Assert.True(house.Get<PriceDirectory>().Of(house.Cast.Acme).IsEmpty);
        var done = (await prices.ImportAsync(olga, File(Csv), dryRun: false, Stop)).Value;
        Assert.Equal(2, done.Created);
        Assert.Equal(2.5m, house.Get<PriceDirectory>().Of(house.Cast.Acme).Find("big-1", house.Clock.GetUtcNow())!.InputPerMillion);
        var again = (await prices.ImportAsync(olga, File(Csv), dryRun: false, Stop)).Value;
        Assert.Equal((0, 2), (again.Created, again.Unchanged));

        var contradicts = await prices.ImportAsync(
            olga,
            File(Csv.Replace("2.5,10", "3,10", StringComparison.Ordinal) + "x,1,1,2026-01-01,page\r\n"),
            false,
            Stop
        );
        Assert.Equal("rows_failed", contradicts.Problem!.Code);
        Assert.Equal(["line 3"], contradicts.Problem.Errors!.Keys);
        Assert.Null(house.Get<PriceDirectory>().Of(house.Cast.Acme).Find("x", house.Clock.GetUtcNow()));
        Assert.Equal("header", File("model,price\r\n").Problem!.Errors!.Keys.Single());
        Assert.Single(File("""[{"model":"a"}]""").Value.Rows);
    }

    [Theory, BothDatabases]
    public async Task A_run_that_reports_no_cost_gets_the_cost_of_its_tokens(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var olga = house.As(house.Cast.Olga);
        var agent = await house.AgentAsync("mailroom-1");
        await house.Get<PriceService>().AddAsync(olga, Row("small-1*", "0.15", "0.6", "2020-01-01"), Stop);
        Func<ReportRun, ReportRun> Tokens(string? model) => r => r with { Model = model, InputTokens = 10_000, OutputTokens = 1000 };

        var open = (await house.ReportAsync(agent, "a", "running", Tokens("small-1-mini"))).Run;
        var computed = (await house.ReportAsync(agent, "a", "completed")).Run;
        var unpriced = (await house.ReportAsync(agent, "b", "failed", Tokens("big-1"))).Run;
        var reported = (
            await house.ReportAsync(agent, "c", "completed", r => Tokens("small-1")(r) with { Cost = JsonElement.Parse("\"0.5\"") })
        ).Run;
        var nothing = (await house.ReportAsync(agent, "d", "completed", r => r with { Model = "big-1" })).Run;

        Assert.Equal((null, null), (open.Cost, open.CostSource));
        Assert.Equal(("0.0021", "computed"), (computed.Cost, computed.CostSource));
        Assert.Equal((null, "unpriced"), (unpriced.Cost, unpriced.CostSource));
        Assert.Equal(("0.5", "reported"), (reported.Cost, reported.CostSource));
        Assert.Equal((null, null), (nothing.Cost, nothing.CostSource));
        var day = (await house.Get<StatsService>().FleetAsync(olga, null, Period.Day, Stop)).Value;
        Assert.Equal(("0.5021", 1L), (day.Cost, day.Runs["unpriced"]));

        // A new price does not touch what was rated; what the agent corrects is rated anew, and a cost it says itself stands.
        house.Clock.Advance(TimeSpan.FromMinutes(1));
        await house.Get<PriceService>().AddAsync(olga, Row("small-1-mini", "100", "100", "2020-01-01"), Stop);
        Assert.Equal("0.0021", (await house.ReportAsync(agent, "a", "completed", r => r with { Summary = "late" })).Run.Cost);
        Assert.Equal("1.2", (await house.ReportAsync(agent, "a", "completed", r => r with { OutputTokens = 2000 })).Run.Cost);
        var said = (await house.ReportAsync(agent, "a", "completed", r => r with { Cost = JsonElement.Parse("0") })).Run;
        Assert.Equal(("0", "reported"), (said.Cost, said.CostSource));
        Assert.True((await house.Get<RollupRebuild>().RunAsync(write: false, Stop)).Equal);
    }

    [Theory, BothDatabases]
    public async Task A_lost_run_is_priced_and_one_that_comes_back_is_not(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        await house.Get<PriceService>().AddAsync(house.As(house.Cast.Olga), Row("small-1", "1", "1", "2020-01-01"), Stop);
        await house.ReportAsync(agent, "a", "running", r => r with { Model = "small-1", InputTokens = 1000 });
        house.Clock.Advance(TimeSpan.FromMinutes(31));
        await house.Get<LostWatch>().StepAsync(Stop);
        await using (var db = await house.Get<ConsoleStore>().ReadAsync(Stop))
            Assert.Equal(
                (1000L, CostSource.Computed),
                await db.Runs.Select(r => new ValueTuple<long, CostSource>(r.CostMicros!.Value, r.CostSource!.Value)).SingleAsync(Stop)
            );

        Assert.Null((await house.ReportAsync(agent, "a", "running")).Run.CostSource);
        Assert.True((await house.Get<RollupRebuild>().RunAsync(write: false, Stop)).Equal);
    }

    [Fact]
    public async Task Another_node_prices_by_the_row_that_this_one_entered()
    {
        await using var house = await TestHouse.OpenAsync(Database.PostgreSql);
        await using var node = house.OpenNode();
        await node.StartAsync();
        await house.Get<PriceService>().AddAsync(house.As(house.Cast.Olga), Row("small-1", "1", "1", "2020-01-01"), Stop);
        await node.HearUntilAsync(() => !node.Get<PriceDirectory>().Of(house.Cast.Acme).IsEmpty);
        Assert.NotNull(node.Get<PriceDirectory>().Of(house.Cast.Acme).Find("small-1", house.Clock.GetUtcNow()));
    }

    [Theory, BothDatabases]
    public async Task A_list_by_model_minds_case_and_takes_every_letter_as_it_is(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var olga = house.As(house.Cast.Olga);
        var prices = house.Get<PriceService>();
        foreach (var model in new[] { "Big-1", "big-1*", "big_2", "bigx2", "🙂big" })
            await prices.AddAsync(olga, Row(model, "1", "1", "2026-01-01"), Stop);
        async Task<List<string>> ModelsAsync(string model) =>
            [
                .. (await prices.ListAsync(olga, new PriceFilter(model), new PageRequest(50), Stop))
                    .Value.Items.Select(p => p.Model)
                    .Order(StringComparer.Ordinal),
            ];

        Assert.Equal(["big-1*", "big_2", "bigx2"], await ModelsAsync("big"));
        Assert.Equal(["Big-1"], await ModelsAsync("Big"));
        Assert.Equal(["big_2"], await ModelsAsync("big_"));
        Assert.Equal(["🙂big"], await ModelsAsync("🙂b"));
        Assert.Empty(await ModelsAsync("%"));
    }
}
