using AgentConsole.Contracts;
using AgentConsole.Core.Runs;

namespace AgentConsole.Core.Tests.Runs;

public sealed class RunComparisonTests
{
    private static WaterfallStep Step(string name, long? ms = 100, bool failed = false, int depth = 0) =>
        new(
            new EventBody
            {
                Id = "evt_x",
                Run = "run_x",
                Kind = "tool-call",
                Name = name,
                At = default,
                DurationMs = ms,
            },
            depth,
            0,
            ms ?? 0,
            false,
            failed,
            TimeKind.Tool,
            null
        );

    private static string Align(string a, string b) =>
        string.Join(
            ' ',
            RunComparison
                .Align([.. a.Select(c => Step(c.ToString()))], [.. b.Select(c => Step(c.ToString()))])
                .Select(row => (row.A?.Event.Name ?? "-") + (row.B?.Event.Name ?? "-"))
        );

    [Theory]
    [InlineData("abc", "abc", "aa bb cc")]
    [InlineData("abc", "ac", "aa b- cc")]
    [InlineData("ac", "abc", "aa -b cc")]
    [InlineData("abab", "ab", "aa bb a- b-")]
    [InlineData("ab", "cd", "a- b- -c -d")]
    [InlineData("", "ab", "-a -b")]
    [InlineData("", "", "")]
    public void Steps_are_aligned_by_name_and_order(string a, string b, string rows) => Assert.Equal(rows, Align(a, b));

    [Fact]
    public void Nothing_is_lost_and_nothing_changes_its_order()
    {
        var random = new Random(7);
        for (var round = 0; round < 300; round++)
        {
            string Any() => string.Concat(Enumerable.Range(0, random.Next(0, 12)).Select(_ => (char)('a' + random.Next(4))));
            var (a, b) = (Any(), Any());

            var rows = RunComparison.Align([.. a.Select(c => Step(c.ToString()))], [.. b.Select(c => Step(c.ToString()))]);

            Assert.Equal(a, string.Concat(rows.Select(r => r.A?.Event.Name)));
            Assert.Equal(b, string.Concat(rows.Select(r => r.B?.Event.Name)));
            Assert.All(rows, r => Assert.True(r.A is null || r.B is null || r.A.Event.Name == r.B.Event.Name));
        }
    }

    [Fact]
    public void A_step_within_another_is_not_the_same_as_one_beside_it() =>
        Assert.Equal(2, RunComparison.Align([Step("a", depth: 1)], [Step("a")]).Count);

    [Fact]
    public void A_difference_has_a_sign_and_an_end_that_differs_is_told()
    {
        var row = Assert.Single(RunComparison.Align([Step("a", 400)], [Step("a", 150, failed: true)]));
        Assert.Equal((-250L, true), (row.DifferenceMs, row.EndsDiffer));
        Assert.Null(Assert.Single(RunComparison.Align([Step("a", null)], [Step("a")])).DifferenceMs);
    }

    [Theory, BothDatabases]
    public async Task Two_runs_are_laid_side_by_side_and_the_run_before_is_found(Database database)
    {
        await using var house = await RunServiceTests.OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var other = await house.AgentAsync("mailroom-2");
        var good = (await house.ReportAsync(agent, "good", "completed", r => r with { DurationMs = 1_000 })).Run;
        await house.ReportAsync(other, "not-its-own", "completed");
        var bad = (await house.ReportAsync(agent, "bad", "failed", r => r with { DurationMs = 3_000 })).Run;
        var last = (await house.ReportAsync(agent, "last", "completed")).Run;
        var runs = house.Get<RunService>();
        var victor = house.As(house.Cast.Victor);

        var both = (await runs.CompareAsync(victor, good.Id, bad.Id, TestHouse.Stop)).Value;
        Assert.Equal(("good", "bad"), (both.A.Run.ExternalId, both.B.Run.ExternalId));
        Assert.Equal([(TimeKind.Gap, 1_000L, 3_000L)], both.Parts.Select(p => (p.Kind, p.A, p.B)));
        Assert.Equal(bad.Id, (await runs.BeforeAsync(victor, last.Id, good: false, TestHouse.Stop)).Value.Run);
        Assert.Equal(good.Id, (await runs.BeforeAsync(victor, last.Id, good: true, TestHouse.Stop)).Value.Run);
        Assert.Null((await runs.BeforeAsync(victor, good.Id, good: false, TestHouse.Stop)).Value.Run);

        var sara = house.As(house.Cast.Sara);
        Assert.Equal("run_not_found", (await runs.CompareAsync(sara, good.Id, bad.Id, TestHouse.Stop)).Problem!.Code);
        Assert.Equal("run_not_found", (await runs.BeforeAsync(sara, last.Id, good: false, TestHouse.Stop)).Problem!.Code);
        Assert.Equal("run_not_found", (await runs.ExplainAsync(sara, good.Id, null, TestHouse.Stop)).Problem!.Code);
        Assert.Equal(1_000, (await runs.ExplainAsync(victor, good.Id, null, TestHouse.Stop)).Value.Parts.Sum(p => p.Ms));
    }
}
