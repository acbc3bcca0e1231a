using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Prices;
using AgentConsole.Core.Spend;
using AgentConsole.Core.Tests.Prices;
using AgentConsole.Core.Tests.Runs;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Spend;

/// <summary>Two nodes over one database decide the same thing in the same moment: one of them does.</summary>
public sealed class TwoNodesTests
{
    private static CancellationToken Stop => TestHouse.Stop;

    [Fact]
    public async Task A_price_is_superseded_once()
    {
        await using var house = await RunServiceTests.OpenAsync(Database.PostgreSql);
        await using var node = house.OpenNode();
        await node.StartAsync();
        var olga = house.As(house.Cast.Olga);
        var wrong = (await house.Get<PriceService>().AddAsync(olga, PriceTests.Row("small-1", "2", "0", "2020-01-01"), Stop)).Value;
        SupersedePrice By(string input) =>
            new() { Reason = "wrong", Replacement = PriceTests.Row("small-1", input, "0", $"202{input}-01-01") };

        var both = await AtOnceAsync(
            house,
            $"SELECT 1 FROM prices WHERE id = {IdText.Parse(IdText.Price, wrong.Id)} FOR UPDATE",
            () => house.Get<PriceService>().SupersedeAsync(olga, wrong.Id, By("3"), Stop),
            () => node.Get<PriceService>().SupersedeAsync(olga, wrong.Id, By("4"), Stop)
        );

        Assert.Single(both, o => o.Problem is null);
        Assert.Equal("price_superseded", Assert.Single(both, o => o.Problem is not null).Problem!.Code);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(1, await db.TrailRecords.CountAsync(r => r.Action == "price.superseded", Stop));
        Assert.Equal(1, await db.Prices.CountAsync(p => p.SupersededAt == null, Stop));
    }

    [Fact]
    public async Task A_re_rating_is_applied_once()
    {
        await using var house = await RunServiceTests.OpenAsync(Database.PostgreSql);
        await using var node = house.OpenNode();
        await node.StartAsync();
        var olga = house.As(house.Cast.Olga);
        var agent = await house.AgentAsync("mailroom-1");
        await house.ReportAsync(agent, "u-1", "completed", r => r with { Model = "small-1", InputTokens = 1_000_000 });
        await house.Get<PriceService>().AddAsync(olga, PriceTests.Row("small-1", "2", "0", "2020-01-01"), Stop);
        await node.HearUntilAsync(() => !node.Get<PriceDirectory>().Of(house.Cast.Acme).IsEmpty);
        var plan = (await house.Get<ReratingService>().PlanAsync(olga, new PlanRerating { From = "2026-02-01" }, Stop)).Value;
        var apply = new ApplyRerating { Digest = plan.Digest, Reason = "late" };

        var both = await AtOnceAsync(
            house,
            $"SELECT 1 FROM reratings WHERE id = {IdText.Parse(IdText.Rerating, plan.Id)} FOR UPDATE",
            () => house.Get<ReratingService>().ApplyAsync(olga, plan.Id, apply, Stop),
            () => node.Get<ReratingService>().ApplyAsync(olga, plan.Id, apply, Stop)
        );

        Assert.Single(both, o => o.Problem is null);
        Assert.Equal("changed_meanwhile", Assert.Single(both, o => o.Problem is not null).Problem!.Code);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        Assert.Equal(1, await db.TrailRecords.CountAsync(r => r.Action == "spend.re-rating-applied", Stop));
    }

    // Both have looked before either writes: a third one holds the row until both wait.
    private static async Task<Outcome<T>[]> AtOnceAsync<T>(TestHouse house, FormattableString hold, params Func<Task<Outcome<T>>>[] acts)
        where T : notnull
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(Stop);
        await using var holding = await db.Database.BeginTransactionAsync(Stop);
        await db.Database.ExecuteSqlAsync(hold, Stop);
        var begun = acts.Select(act => Task.Run(act, Stop)).ToArray();
        await using var watch = await house.Get<ConsoleStore>().ReadAsync(Stop);
        while (
            begun.All(b => !b.IsCompleted)
            && await watch
                .Database.SqlQuery<int>(
                    $"SELECT CAST(count(*) AS int) AS \"Value\" FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
                .SingleAsync(Stop) < acts.Length
        )
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Stop);
        await holding.RollbackAsync(Stop);
        return await Task.WhenAll(begun);
    }
}
