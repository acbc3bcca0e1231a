using System.Text;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Trail;

public sealed class ListExportTests
{
    private sealed record Row(int Number, string Text);

    private static readonly ListSheet<Row> Sheet = new("rows", [("number", r => $"{r.Number}"), ("text", r => r.Text)]);

    private static readonly DateTimeOffset At = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    private static ListExport<Row> Of(
        ListFormat format,
        IEnumerable<Row> rows,
        Action<int>? asked = null,
        IReadOnlyDictionary<string, string>? filter = null
    )
    {
        var pages = rows.Chunk(500).GetEnumerator();
        var ahead = pages.MoveNext();
        var page = 0;
        return new ListExport<Row>(
            Sheet,
            filter ?? new Dictionary<string, string>(),
            format,
            "ines@acme.example",
            At,
            (_, _) =>
            {
                asked?.Invoke(page++);
                var now = ahead ? pages.Current : [];
                ahead = pages.MoveNext();
                return Task.FromResult<Outcome<Paged<Row>>>(new Paged<Row>(now, ahead ? "more" : null));
            }
        );
    }

    private static async Task<string> TextAsync(ListExport<Row> export)
    {
        using var stream = new MemoryStream();
        await export.WriteToAsync(stream, TestHouse.Stop);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    [Theory]
    [InlineData("=cmd|' /C calc'!A0")]
    [InlineData("+1+1")]
    [InlineData("-1")]
    [InlineData("@SUM(A1)")]
    [InlineData("\t=1+1")]
    [InlineData("\r=1+1")]
    [InlineData("＝1+1")]
    public async Task What_a_spreadsheet_would_run_is_text_in_the_file(string evil)
    {
        var csv = await TextAsync(Of(ListFormat.Csv, [new Row(1, evil)]));

        var records = CsvText.Read(csv).ToList();
        Assert.All(records, r => Assert.Null(r.Fault));
        Assert.Equal("'" + evil, records[1].Fields[1]);
    }

    [Fact]
    public async Task Quotes_commas_and_line_breaks_come_back_as_they_were_and_each_row_says_what_the_file_is()
    {
        string[] texts = ["a \"b\" c", "x,y", "two\r\nlines", "", "Ünïcode 🙂", "plain"];
        var filter = new Dictionary<string, string> { ["health"] = "failing", ["q"] = "a,b" };

        var csv = await TextAsync(Of(ListFormat.Csv, texts.Select((t, i) => new Row(i, t)), filter: filter));

        var records = CsvText.Read(csv).ToList();
        Assert.Equal(["number", "text", "exported_at", "export_filter"], records[0].Fields);
        Assert.Equal(texts, records.Skip(1).Select(r => r.Fields[1]));
        Assert.All(records.Skip(1), r => Assert.Equal(["2026-03-02T09:00:00.000Z", "health=failing&q=a,b"], r.Fields.Skip(2)));
        Assert.EndsWith("\r\n", csv, StringComparison.Ordinal);
        Assert.DoesNotContain("\n\n", csv.Replace("\r", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_json_says_who_when_and_by_which_filter_and_ends_with_the_count()
    {
        var export = Of(
            ListFormat.Json,
            Enumerable.Range(0, 1203).Select(i => new Row(i, $"row {i}")),
            filter: new Dictionary<string, string> { ["q"] = "x" }
        );

        using var json = JsonDocument.Parse(await TextAsync(export));

        var root = json.RootElement;
        Assert.Equal("rows", root.GetProperty("list").GetString());
        Assert.Equal("2026-03-02T09:00:00.000Z", root.GetProperty("made_at").GetString());
        Assert.Equal("ines@acme.example", root.GetProperty("made_by").GetString());
        Assert.Equal("x", root.GetProperty("filter").GetProperty("q").GetString());
        Assert.Equal(1203, root.GetProperty("count").GetInt32());
        Assert.Equal(Enumerable.Range(0, 1203), root.GetProperty("data").EnumerateArray().Select(r => r.GetProperty("number").GetInt32()));
        Assert.Equal("rows-20260302-090000Z.json", export.FileName);
        using var empty = JsonDocument.Parse(await TextAsync(Of(ListFormat.Json, [])));
        Assert.Equal(0, empty.RootElement.GetProperty("count").GetInt32());
    }

    [Theory]
    [InlineData(ListFormat.Csv)]
    [InlineData(ListFormat.Json)]
    public async Task Each_page_is_on_the_wire_before_the_next_is_read_and_memory_stays_flat(ListFormat format)
    {
        const int Many = 100_000;
        using var wire = new CountingStream();
        // Of this export alone: what the whole process holds depends on what else is tested meanwhile.
        var pages = new List<WeakReference>();
        var most = 0;
        Row Of(int i)
        {
            var row = new Row(i, $"row {i} with some text to fill it");
            if (i % 500 == 0)
                pages.Add(new WeakReference(row));
            return row;
        }
        var export = ListExportTests.Of(
            format,
            Enumerable.Range(0, Many).Select(Of),
            page =>
            {
                if (page > 1)
                    Assert.True(wire.Written >= (page - 1) * 500L * 20, $"page {page} is read while {wire.Written} bytes are out");
                if (page % 50 != 0)
                    return;
                GC.Collect();
                most = Math.Max(most, pages.Count(p => p.IsAlive));
            }
        );

        await export.WriteToAsync(wire, TestHouse.Stop);

        Assert.True(wire.Written > Many * 30L);
        Assert.Equal(Many / 500, pages.Count);
        Assert.InRange(most, 1, 4);
    }

    [Theory, BothDatabases]
    public async Task A_granted_export_is_on_the_trail_with_its_filter(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);

        var granted = await house
            .Get<Core.Agents.AgentExports>()
            .ExportAsync(
                house.As(house.Cast.Victor),
                new Core.Agents.AgentFilter { Health = Core.Agents.Health.Failing },
                ListFormat.Csv,
                TestHouse.Stop
            );

        Assert.Null(granted.Problem);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var record = await db.TrailRecords.SingleAsync(r => r.Action == "agents.exported", TestHouse.Stop);
        Assert.Equal(house.Cast.Victor.Email, record.ActorLabel);
        Assert.Contains("failing", record.After, StringComparison.Ordinal);
    }

    private static async Task<(Actor Actor, string Id)> TokenAsync(TestHouse house, Person owner)
    {
        var made = await house
            .Get<TokenService>()
            .CreateAsync(house.As(owner), new CreateToken { Name = "exports", Scopes = ["agents:read", "trail:read"] }, TestHouse.Stop);
        return (house.Get<ActorSource>().ForToken(made.Value.Token!, CallOrigin.Unknown()).Value, made.Value.Id);
    }

    // A list without an end; what happens before each page is read.
    private static async Task<ListExport<Row>> EndlessAsync(TestHouse house, Actor by, ListFormat format, Func<int, Task> before)
    {
        var page = 0;
        var granted = await house
            .Get<ListExports>()
            .GrantAsync(
                by,
                Sheet,
                [],
                format,
                async (me, _, _) =>
                {
                    Assert.Equal(by.Id, me.Id);
                    await before(++page);
                    return new Paged<Row>([new Row(page, "row")], "more");
                },
                TestHouse.Stop
            );
        return granted.Value;
    }

    [Theory, BothDatabases]
    public async Task A_token_that_is_revoked_in_the_middle_of_an_export_gets_no_further_row(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        foreach (var format in Enum.GetValues<ListFormat>())
        {
            var (by, token) = await TokenAsync(house, house.Cast.Olga);
            var export = await EndlessAsync(
                house,
                by,
                format,
                async page =>
                {
                    if (page == 3)
                        await house.Get<TokenService>().RevokeAsync(house.As(house.Cast.Olga), token, TestHouse.Stop);
                }
            );
            using var file = new MemoryStream();

            var ended = await Assert.ThrowsAsync<ExportEndedException>(() => export.WriteToAsync(file, TestHouse.Stop));

            Assert.Equal(("token_revoked", by.Id), (ended.Problem.Code, ended.By.Id));
            var text = Encoding.UTF8.GetString(file.ToArray());
            Assert.DoesNotContain("4", text.Split("row", StringSplitOptions.None)[^1], StringComparison.Ordinal);
            Assert.DoesNotContain("\"count\"", text, StringComparison.Ordinal);
        }
    }

    [Theory, BothDatabases]
    public async Task Whoever_sees_less_than_when_it_was_granted_gets_no_file_that_looks_whole(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var victor = house.As(house.Cast.Victor);
        var export = await EndlessAsync(
            house,
            victor,
            ListFormat.Csv,
            async page =>
            {
                if (page == 2)
                    Assert.Null(
                        (
                            await house
                                .Get<TeamService>()
                                .RemoveMemberAsync(
                                    house.As(house.Cast.Olga),
                                    "payments",
                                    IdText.Format(IdText.User, house.Cast.Victor.Id),
                                    TestHouse.Stop
                                )
                        ).Problem
                    );
            }
        );

        var ended = await Assert.ThrowsAsync<ExportEndedException>(() => export.WriteToAsync(Stream.Null, TestHouse.Stop));

        Assert.Equal("export_ended", ended.Problem.Code);
    }

    [Theory, BothDatabases]
    public async Task Files_of_the_fleet_and_of_the_trail_end_with_their_credential_too(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var (by, token) = await TokenAsync(house, house.Cast.Olga);
        var fleet = await house
            .Get<Core.Agents.FleetExports>()
            .ExportAsync(by, new Core.Agents.AgentFilter(), Core.Agents.FleetFormat.Yaml, TestHouse.Stop);
        var trail = await house.Get<TrailService>().ExportAsync(by, new TrailFilter(), TrailFormat.Csv, TestHouse.Stop);
        await house.Get<TokenService>().RevokeAsync(house.As(house.Cast.Olga), token, TestHouse.Stop);

        var first = await Assert.ThrowsAsync<ExportEndedException>(() => fleet.Value.WriteToAsync(Stream.Null, TestHouse.Stop));
        var second = await Assert.ThrowsAsync<ExportEndedException>(() => trail.Value.WriteToAsync(Stream.Null, TestHouse.Stop));

        Assert.Equal(("token_revoked", "token_revoked"), (first.Problem.Code, second.Problem.Code));
    }

    private sealed class CountingStream : Stream
    {
        public long Written { get; private set; }
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => Written;
        public override long Position
        {
            get => Written;
            set => throw new NotSupportedException();
        }

        public override void Flush() => throw new InvalidOperationException("The wire is written asynchronously.");

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Written += buffer.Length;
            return ValueTask.CompletedTask;
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) =>
            throw new InvalidOperationException("The wire is written asynchronously.");
    }
}
