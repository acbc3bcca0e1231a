using System.Text;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Agents;

public sealed class BulkStories
{
    private const string File = """
        slug,display_name,team,tags,metadata,color
        mailroom-1,"Mail, room","payments","a;b","{""cost"":1}",red
        mailroom-2,"Two
        lines are no name",payments,,,
        mailroom-3,Three,payments,,,
        """;

    [Theory, BothDatabases]
    public async Task A_dry_run_names_the_line_and_the_field_and_writes_nothing(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var plan = (await PlanAsync(house, house.Cast.Ines, File)).Value;

        Assert.Equal((2, 1, true), (plan.Created, plan.Failed, plan.DryRun));
        Assert.Equal([2, 3, 5], plan.Results.Select(r => r.Line));
        Assert.Equal(["created", "failed", "created"], plan.Results.Select(r => r.Outcome));
        Assert.Equal("display_name", Assert.Single(plan.Results[1].Errors!).Key);
        Assert.Equal(["color"], plan.IgnoredColumns);
        Assert.All(plan.Results, r => Assert.Null(r.ApiKey));
        Assert.Equal(0, house.Get<AgentDirectory>().Count);
    }

    [Theory, BothDatabases]
    public async Task One_bad_row_and_nothing_is_written(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var refused = await ApplyAsync(house, house.Cast.Ines, File);

        Assert.Equal("rows_failed", refused.Problem!.Code);
        Assert.Equal(["line 3: display_name"], refused.Problem.Errors!.Keys);
        Assert.Equal(0, house.Get<AgentDirectory>().Count);
    }

    [Theory, BothDatabases]
    public async Task The_same_file_again_changes_nothing_and_says_so(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var file = File.Replace("\nlines are no name", "", StringComparison.Ordinal);

        var first = (await ApplyAsync(house, house.Cast.Ines, file)).Value;
        var records = await TrailCountAsync(house);
        var second = (await ApplyAsync(house, house.Cast.Ines, file)).Value;
        var third = (await ApplyAsync(house, house.Cast.Ines, file.Replace("Three", "3", StringComparison.Ordinal))).Value;

        Assert.Equal((3, 0, 0), (first.Created, first.Changed, first.Unchanged));
        Assert.All(first.Results, r => Assert.Equal(KeyCheck.Ok, house.Get<KeyIndex>().Check(r.ApiKey).Code));
        Assert.Equal((0, 0, 3), (second.Created, second.Changed, second.Unchanged));
        Assert.All(second.Results, r => Assert.Null(r.ApiKey));
        Assert.Equal((1, 2), (third.Changed, third.Unchanged));
        Assert.Equal(["display_name"], third.Results[2].Changes);
        Assert.Equal(records + 1, await TrailCountAsync(house));
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        Assert.Equal(["a", "b"], (await db.Agents.SingleAsync(a => a.Slug == "mailroom-1", TestHouse.Stop)).Tags);
    }

    [Theory, BothDatabases]
    public async Task Rows_are_held_against_the_rights_of_their_team(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await ApplyAsync(house, house.Cast.Sara, """[{"slug":"probe","team":"research"}]""");

        var plan = (
            await PlanAsync(
                house,
                house.Cast.Otto,
                """[{"slug":"ok","team":"payments"},{"slug":"key","team":"payments","key":true},{"slug":"far","team":"research"},{"slug":"probe","team":"payments"},{"slug":"ok","team":"payments"},{"slug":7},null]"""
            )
        ).Value;

        Assert.Equal(["created", "failed", "failed", "failed", "failed", "failed", "failed"], plan.Results.Select(r => r.Outcome));
        Assert.Equal(["key", "team", "slug", "slug", "slug", "row"], plan.Results.Skip(1).Select(r => Assert.Single(r.Errors!).Key));
        var applied = (await ApplyAsync(house, house.Cast.Otto, """[{"slug":"ok","team":"payments"}]""")).Value;
        Assert.Null(Assert.Single(applied.Results).ApiKey); // Otto may not mint keys
        Assert.Equal("role_missing", (await ApplyAsync(house, house.Cast.Victor, "nonsense")).Problem!.Code);
        Assert.Equal("role_missing", (await ApplyAsync(house, house.Cast.Aude, "nonsense")).Problem!.Code);
    }

    [Theory]
    [InlineData("", "body")]
    [InlineData("  \n ", "body")]
    [InlineData("name,team\nx,y", "header")]
    [InlineData("slug,slug\nx,y", "header")]
    [InlineData("{\"slug\":\"x\"}", "body")]
    [InlineData("[{\"slug\":", "body")]
    public void A_file_that_is_none_is_refused_as_a_whole(string text, string field) =>
        Assert.Equal(field, Assert.Single(BulkFile.Read(Encoding.UTF8.GetBytes(text)).Problem!.Errors!).Key);

    [Fact]
    public void Bytes_that_are_no_text_and_rows_without_number_are_refused()
    {
        Assert.NotNull(BulkFile.Read(new byte[] { (byte)'s', 0xC3, 0x28 }).Problem);
        var many = "slug\n" + string.Join('\n', Enumerable.Range(0, BulkFile.MostRows + 1).Select(i => $"a{i}"));
        Assert.Contains("5000", BulkFile.Read(Encoding.UTF8.GetBytes(many)).Problem!.Detail, StringComparison.Ordinal);
        var deep = "[" + new string('[', 40) + new string(']', 40) + "]";
        Assert.Contains("32 levels", BulkFile.Read(Encoding.UTF8.GetBytes(deep)).Problem!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Faults_of_quoting_belong_to_their_row()
    {
        var rows = BulkFile.Read("slug,display_name\na,\"x\"y\nb,ok\nc,\"open\nd,lost"u8.ToArray()).Value.Rows;
        Assert.Equal([2, 3, 4], rows.Select(r => r.Line));
        Assert.Equal([false, true, false], rows.Select(r => r.Body.Problem is null));
    }

    [Fact]
    public void Any_text_survives_csv_and_is_found_on_its_line()
    {
        Prop.ForAll<string[][]>(table =>
            {
                var rows = (table ?? [])
                    .Where(r => r is { Length: > 0 })
                    .Select(r =>
                        r.Select(f => (f ?? "").Replace('=', 'e').TrimStart('+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'))
                            .ToArray()
                    )
                    .Where(r => r is not [""])
                    .ToList();
                var text = string.Concat(rows.Select(r => CsvText.Line(r)));
                var read = CsvText.Read(text).ToList();
                var line = 1;
                var same = read.Count == rows.Count;
                for (var i = 0; same && i < rows.Count; i++)
                {
                    same = read[i].Fault is null && read[i].Fields.SequenceEqual(rows[i]) && read[i].Line == line;
                    line += Lines(CsvText.Line(rows[i]));
                }
                return same;
            })
            .QuickCheckThrowOnFailure();

        static int Lines(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal).Count(c => c is '\n' or '\r');
    }

    [Theory, BothDatabases]
    public async Task Five_thousand_rows_go_in_at_once_and_progress_is_told(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var text = "slug,team,tags\n" + string.Join('\n', Enumerable.Range(0, 5000).Select(i => $"agent-{i},payments,bulk"));
        var progress = new Heard();

        var done = (
            await house
                .Get<BulkRegistration>()
                .ApplyAsync(house.As(house.Cast.Ines), BulkFile.Read(Encoding.UTF8.GetBytes(text)), progress, TestHouse.Stop)
        ).Value;

        Assert.Equal(5000, done.Created);
        Assert.Equal(5000, progress.Steps[^1]);
        Assert.True(progress.Steps.Count > 5);
        Assert.Equal(5000, house.Get<AgentDirectory>().CountLiving(house.Cast.Acme, TeamScope.Everything));
        Assert.Equal(KeyCheck.Ok, house.Get<KeyIndex>().Check(done.Results[4999].ApiKey).Code);
        var last = await house
            .Get<AgentLists>()
            .WindowAsync(house.As(house.Cast.Victor), new AgentFilter { Tag = "bulk" }, 4990, 50, TestHouse.Stop);
        Assert.Equal((10, 5000), (last.Rows.Count, last.Total));
    }

    private static Task<Outcome<BulkAgentsResult>> PlanAsync(TestHouse house, Person person, string text) =>
        house.Get<BulkRegistration>().PlanAsync(house.As(person), BulkFile.Read(Encoding.UTF8.GetBytes(text)), null, TestHouse.Stop);

    private static Task<Outcome<BulkAgentsResult>> ApplyAsync(TestHouse house, Person person, string text) =>
        house.Get<BulkRegistration>().ApplyAsync(house.As(person), BulkFile.Read(Encoding.UTF8.GetBytes(text)), null, TestHouse.Stop);

    private static async Task<int> TrailCountAsync(TestHouse house)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        return await db.TrailRecords.CountAsync(TestHouse.Stop);
    }

    private sealed class Heard : IProgress<int>
    {
        public List<int> Steps { get; } = [];

        public void Report(int value) => Steps.Add(value);
    }
}
