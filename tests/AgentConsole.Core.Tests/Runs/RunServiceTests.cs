using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;

namespace AgentConsole.Core.Tests.Runs;

public sealed class RunServiceTests
{
    [Theory, BothDatabases]
    public async Task A_run_is_found_by_its_id_and_by_the_external_id_of_its_agent(Database database)
    {
        await using var house = await OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var twin = await house.AgentAsync("mailroom-2");
        var run = (await house.ReportAsync(agent, "job-7", "running")).Run;
        await house.ReportAsync(twin, "job-7", "failed");
        var victor = house.As(house.Cast.Victor);

        Assert.Equal(run.Id, (await GetAsync(house, victor, run.Id)).Value.Id);
        Assert.Equal(run.Id, (await GetAsync(house, victor, "job-7", "mailroom-1")).Value.Id);
        Assert.Equal(run.Id, (await GetAsync(house, agent, "job-7")).Value.Id);
        Assert.Equal("failed", (await GetAsync(house, twin, "job-7")).Value.Status);
        var unnamed = await GetAsync(house, victor, "job-7");
        Assert.Equal((ProblemKind.Invalid, true), (unnamed.Problem!.Kind, unnamed.Problem.Errors!.ContainsKey("agent")));
        Assert.Equal("run_not_found", (await GetAsync(house, victor, "job-8", "mailroom-1")).Problem!.Code);
        Assert.Equal("run_not_found", (await GetAsync(house, victor, "job-7", "nobody-knows")).Problem!.Code);
        Assert.Equal("run_not_found", (await GetAsync(house, victor, "job\0", "mailroom-1")).Problem!.Code);
    }

    [Theory, BothDatabases]
    public async Task What_one_may_not_see_does_not_exist(Database database)
    {
        await using var house = await OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var other = await house.AgentAsync("mailroom-2");
        var run = (await house.ReportAsync(agent, "job-7", "running")).Run;
        Actor[] strangers = [house.As(house.Cast.Sara), house.As(house.Cast.Nobody), house.As(house.Cast.Gus), other];

        foreach (var stranger in strangers)
        {
            Assert.Equal("run_not_found", (await GetAsync(house, stranger, run.Id)).Problem!.Code);
            Assert.Empty((await ListAsync(house, stranger, new RunFilter())).Items);
            Assert.Empty((await ListAsync(house, stranger, new RunFilter { Text = "job-7" })).Items);
            Assert.Empty((await ListAsync(house, stranger, new RunFilter { Text = run.Id })).Items);
            Assert.Empty((await ListAsync(house, stranger, new RunFilter { Agent = "mailroom-1" })).Items);
            Assert.Empty((await ListAsync(house, stranger, new RunFilter { Team = "payments" })).Items);
            var row = IdText.TryParse(IdText.Run, run.Id, out var id) ? id : throw new InvalidOperationException();
            Assert.Null(await house.Get<RunService>().RowAsync(stranger, row, TestHouse.Stop));
            Assert.Empty(await house.Get<RunService>().RowsAsync(stranger, new RunFilter(), [row], TestHouse.Stop));
            var steps = await house.Get<RunService>().EventsAsync(stranger, run.Id, null, new PageRequest(), TestHouse.Stop);
            Assert.Equal("run_not_found", steps.Problem!.Code);
            Assert.Equal("run_not_found", (await house.Get<RunService>().ViewAsync(stranger, run.Id, null, TestHouse.Stop)).Problem!.Code);
        }
        Person[] readers = [house.Cast.Victor, house.Cast.Alma, house.Cast.Kurt, house.Cast.Olga, house.Cast.Aude];
        foreach (var reader in readers)
            Assert.Single((await ListAsync(house, house.As(reader), new RunFilter())).Items);
    }

    [Theory, BothDatabases]
    public async Task Pages_follow_each_other_without_a_gap_or_a_repetition(Database database)
    {
        await using var house = await OpenAsync(database);
        var names = new List<string>();
        foreach (var slug in (string[])["mailroom-1", "ledger-2"])
        {
            var agent = await house.AgentAsync(slug);
            for (var i = 0; i < 12; i++)
            {
                names.Add($"{slug}/{i}");
                await house.ReportAsync(
                    agent,
                    names[^1],
                    (i % 3) switch
                    {
                        0 => "failed",
                        1 => "completed",
                        _ => "running",
                    }
                );
                house.Clock.Advance(TimeSpan.FromSeconds(1));
            }
        }
        names.Reverse();
        Actor[] readers = [house.As(house.Cast.Olga), house.As(house.Cast.Victor)];
        foreach (var reader in readers)
        {
            Assert.Equal(names, await AllAsync(house, reader, new RunFilter()));
            var open = new RunFilter { Statuses = [RunStatus.Running, RunStatus.Failed] };
            Assert.Equal(names.Where(n => Number(n) % 3 != 1), await AllAsync(house, reader, open));
            var done = new RunFilter { Statuses = [RunStatus.Completed], Agent = "ledger-2" };
            Assert.Equal(
                names.Where(n => n.StartsWith("ledger", StringComparison.Ordinal) && Number(n) % 3 == 1),
                await AllAsync(house, reader, done)
            );
            Assert.Equal(names.Take(12), await AllAsync(house, reader, new RunFilter { Text = "LEDGER" }));
        }

        static int Number(string name) =>
            int.Parse(name.AsSpan(name.IndexOf('/', StringComparison.Ordinal) + 1), System.Globalization.CultureInfo.InvariantCulture);
    }

    [Theory, BothDatabases]
    public async Task A_list_is_narrowed_by_everything_the_filter_knows(Database database)
    {
        await using var house = await OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        await house.ReportAsync(agent, "slow", "completed", r => r with { DurationMs = 9_000, Version = "1" });
        house.Clock.Advance(TimeSpan.FromHours(2));
        await house.ReportAsync(agent, "dear", "completed", r => r with { DurationMs = 10, Cost = JsonText("\"2.5\""), Version = "2" });
        house.Clock.Advance(TimeSpan.FromHours(2));
        await house.ReportAsync(agent, "broken", "failed", r => r with { ErrorCode = "no_route", Version = "2" });
        var victor = house.As(house.Cast.Victor);
        var start = house.Clock.GetUtcNow().AddHours(-4);

        Assert.Equal(["slow"], await AllAsync(house, victor, new RunFilter { MinDurationMs = 9_000 }));
        Assert.Equal(["dear"], await AllAsync(house, victor, new RunFilter { MinCostMicros = 2_500_000 }));
        Assert.Equal(["broken", "dear"], await AllAsync(house, victor, new RunFilter { Version = "2" }));
        Assert.Equal(["broken"], await AllAsync(house, victor, new RunFilter { Version = "2", Statuses = [RunStatus.Failed] }));
        Assert.Equal(["broken"], await AllAsync(house, victor, new RunFilter { Text = "no_route" }));
        Assert.Equal(["dear"], await AllAsync(house, victor, new RunFilter { Text = "dear" }));
        Assert.Empty(await AllAsync(house, victor, new RunFilter { Text = "no_" }));
        Assert.Equal(["broken", "dear"], await AllAsync(house, victor, Parse($"since={start.AddHours(2):yyyy-MM-ddTHH:mm:ssZ}")));
        Assert.Equal(["slow"], await AllAsync(house, victor, Parse($"until={start.AddHours(2):yyyy-MM-ddTHH:mm:ssZ}")));
        Assert.Equal(["broken", "dear"], await AllAsync(house, victor, Parse("since=3h")));
        Assert.Equal(["broken", "dear", "slow"], await AllAsync(house, victor, new RunFilter { Team = "payments" }));
        Assert.Empty(await AllAsync(house, house.As(house.Cast.Olga), new RunFilter { Team = "research" }));
        Assert.Empty(await AllAsync(house, victor, new RunFilter { Team = "no-such-team" }));
    }

    [Theory, BothDatabases]
    public async Task A_search_that_meets_many_agents_looks_at_them_together(Database database)
    {
        await using var house = await OpenAsync(database);
        var wanted = new List<string>();
        for (var i = 0; i < 60; i++)
        {
            var agent = await house.AgentAsync($"mailroom-{i}");
            if (i % 20 != 0)
                continue;
            wanted.Insert(0, $"job-{i}");
            await house.ReportAsync(agent, wanted[0], "completed");
        }
        var ledger = await house.AgentAsync("ledger");
        await house.ReportAsync(ledger, "other", "completed");

        Assert.Equal(wanted, await AllAsync(house, house.As(house.Cast.Victor), new RunFilter { Text = "mailroom" }));
    }

    [Theory, BothDatabases]
    public async Task A_page_that_heard_of_changes_asks_for_the_lines_that_match(Database database)
    {
        await using var house = await OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var failed = (await house.ReportAsync(agent, "a", "failed")).Run.Id;
        var done = (await house.ReportAsync(agent, "b", "completed")).Run.Id;
        Guid[] heard = [Id(failed), Id(done), Guid.NewGuid()];

        var rows = await house
            .Get<RunService>()
            .RowsAsync(house.As(house.Cast.Victor), new RunFilter { Statuses = [RunStatus.Failed, RunStatus.Lost] }, heard, TestHouse.Stop);

        var row = Assert.Single(rows);
        Assert.Equal((Id(failed), "mailroom-1", "Payments"), (row.Id, row.AgentSlug, row.TeamName));
        Assert.Equal("b", (await house.Get<RunService>().RowAsync(agent, Id(done), TestHouse.Stop))!.ExternalId);
    }

    [Theory, BothDatabases]
    public async Task Steps_come_in_order_and_in_pages(Database database)
    {
        await using var house = await OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var run = (await house.ReportAsync(agent, "job-7", "running")).Run;
        var steps = Enumerable
            .Range(0, 7)
            .Select(i => new ReportEvent
            {
                Kind = "log",
                ExternalId = $"s{i}",
                Name = $"step {i}",
            });
        await house.Get<RunIngest>().AddEventsAsync(agent, null, "job-7", (ReportEvent[])[.. steps], 100);
        var runs = house.Get<RunService>();
        var victor = house.As(house.Cast.Victor);

        var first = (await runs.EventsAsync(victor, run.Id, null, new PageRequest(5), TestHouse.Stop)).Value;
        var second = (await runs.EventsAsync(victor, run.Id, null, new PageRequest(5, first.NextCursor), TestHouse.Stop)).Value;

        Assert.Equal(["s0", "s1", "s2", "s3", "s4", "s5", "s6"], first.Items.Concat(second.Items).Select(e => e.ExternalId));
        Assert.Null(second.NextCursor);
        var bad = await runs.EventsAsync(victor, run.Id, null, new PageRequest(5, "nonsense"), TestHouse.Stop);
        Assert.True(bad.Problem!.Errors!.ContainsKey("cursor"));
        var badList = await runs.ListAsync(victor, new RunFilter(), new PageRequest(5, first.NextCursor), TestHouse.Stop);
        Assert.True(badList.Problem!.Errors!.ContainsKey("cursor")); // a cursor of another list
    }

    [Theory, BothDatabases]
    public async Task The_page_of_a_run_shows_its_steps_in_time_and_the_runs_around_it(Database database)
    {
        await using var house = await OpenAsync(database);
        var agent = await house.AgentAsync("mailroom-1");
        var start = house.Clock.GetUtcNow();
        var parent = (await house.ReportAsync(agent, "day", "running")).Run;
        await house.ReportAsync(agent, "job-7", "running", r => r with { ParentRun = "day" });
        await house.ReportAsync(agent, "inner", "completed", r => r with { ParentRun = "job-7", DurationMs = 5 });
        ReportEvent[] steps =
        [
            new()
            {
                Kind = "iteration",
                ExternalId = "i1",
                At = start.AddSeconds(1),
                DurationMs = 6_000,
            },
            new()
            {
                Kind = "tool-call",
                ExternalId = "t1",
                Parent = "i1",
                Name = "search",
                At = start.AddSeconds(4),
                DurationMs = 2_000,
                Status = "error",
            },
            new()
            {
                Kind = "message",
                ExternalId = "m1",
                Parent = "i1",
                Model = "large",
                At = start.AddSeconds(1),
                DurationMs = 3_000,
            },
            new()
            {
                Kind = "log",
                Parent = "never-reported",
                At = start.AddSeconds(8),
            },
            new()
            {
                Kind = "log",
                ExternalId = "x",
                Parent = "y",
                At = start.AddSeconds(9),
            },
            new()
            {
                Kind = "log",
                ExternalId = "y",
                Parent = "x",
                At = start.AddSeconds(9),
            },
        ];
        Assert.Null((await house.Get<RunIngest>().AddEventsAsync(agent, null, "job-7", steps, 100)).Problem);
        house.Clock.Advance(TimeSpan.FromSeconds(10));
        await house.ReportAsync(agent, "job-7", "completed");

        var view = (await house.Get<RunService>().ViewAsync(house.As(house.Cast.Victor), "job-7", "mailroom-1", TestHouse.Stop)).Value;

        var picture = view.Waterfall;
        Assert.Equal(10_000, picture.TotalMs);
        Assert.Equal(
            [("i1", 0, 1_000L), ("m1", 1, 1_000L), ("t1", 1, 4_000L)],
            picture.Steps.Take(3).Select(s => (s.Event.ExternalId!, s.Depth, s.OffsetMs))
        );
        Assert.All(picture.Steps.Skip(3), s => Assert.Equal(0, s.Depth));
        Assert.Equal(6, picture.Steps.Count);
        Assert.Equal("t1", Assert.Single(picture.Steps, s => s.Failed).Event.ExternalId);
        Assert.Equal(
            [(TimeKind.Gap, 5_000L), (TimeKind.Model, 3_000L), (TimeKind.Tool, 2_000L)],
            picture.Parts.Select(p => (p.Kind, p.Milliseconds))
        );
        Assert.Equal(1, picture.Parts.Sum(p => p.Share), 6);
        Assert.Equal("inner", Assert.Single(view.Children).ExternalId);
        Assert.Equal(parent.Id, IdText.Format(IdText.Run, view.Parent!.Id));
        Assert.False(picture.Truncated);
    }

    internal static async Task<TestHouse> OpenAsync(Database database, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var house = await TestHouse.OpenAsync(database, settings);
        await house.Get<RunIngest>().StartAsync(TestHouse.Stop);
        return house;
    }

    internal static Guid Id(string text) => IdText.TryParse(IdText.Run, text, out var id) ? id : throw new FormatException(text);

    private static System.Text.Json.JsonElement JsonText(string text) => System.Text.Json.JsonElement.Parse(text);

    private static RunFilter Parse(string member)
    {
        var (name, value) = (
            member[..member.IndexOf('=', StringComparison.Ordinal)],
            member[(member.IndexOf('=', StringComparison.Ordinal) + 1)..]
        );
        return RunFilter.Parse(asked => asked == name ? value : null, new FieldErrors());
    }

    private static Task<Outcome<RunBody>> GetAsync(TestHouse house, Actor by, string run, string? agent = null) =>
        house.Get<RunService>().GetAsync(by, run, agent, TestHouse.Stop);

    private static async Task<Paged<RunBody>> ListAsync(TestHouse house, Actor by, RunFilter filter) =>
        (await house.Get<RunService>().ListAsync(by, filter, new PageRequest(), TestHouse.Stop)).Value;

    // Small pages on purpose: every border between two is walked over.
    private static async Task<List<string>> AllAsync(TestHouse house, Actor by, RunFilter filter)
    {
        var names = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await house.Get<RunService>().RowsAsync(by, filter, new PageRequest(2, cursor), TestHouse.Stop)).Value;
            names.AddRange(page.Items.Select(r => r.ExternalId!));
            cursor = page.NextCursor;
        } while (cursor is not null);
        return names;
    }
}
