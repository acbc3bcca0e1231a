using System.Text;
using System.Text.Json;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Trail;

public sealed class TrailServiceTests
{
    [Theory, BothDatabases]
    public async Task A_team_admin_reads_the_records_of_their_own_team_and_an_auditor_reads_all(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.TenRecordsAsync();
        await house.WriteAsync(house.As(house.Cast.Sara), "agent.paused", new TrailTarget("agent", null, "crawler", house.Cast.Research));
        await house.WriteAsync(house.As(house.Cast.Olga), "user.invited", new TrailTarget("user", null, "new@acme.example"));

        Assert.Equal(10, (await ListAsync(house, house.Cast.Tara)).Items.Count);
        Assert.Equal("crawler", Assert.Single((await ListAsync(house, house.Cast.Sara)).Items).TargetLabel);
        Assert.Equal(12, (await ListAsync(house, house.Cast.Aude)).Items.Count);
        Assert.Empty((await ListAsync(house, house.Cast.Gus)).Items);
        foreach (var person in new[] { house.Cast.Victor, house.Cast.Ines, house.Cast.Nobody })
        {
            var refused = await house.Get<TrailService>().ListAsync(house.As(person), new TrailFilter(), new PageRequest(), TestHouse.Stop);
            Assert.Equal("role_missing", refused.Problem?.Code);
        }
    }

    [Theory, BothDatabases]
    public async Task A_token_limited_to_a_team_reads_the_records_of_that_team_only(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.TenRecordsAsync();
        await house.WriteAsync(house.As(house.Cast.Olga), "user.invited");
        var limited = house.As(house.Cast.Olga) with { TeamLimit = new HashSet<Guid> { house.Cast.Research }.ToFrozen() };

        var seen = await house.Get<TrailService>().ListAsync(limited, new TrailFilter(), new PageRequest(), TestHouse.Stop);

        Assert.Empty(seen.Value.Items);
    }

    [Theory, BothDatabases]
    public async Task Filters_find_what_they_say(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.TenRecordsAsync();
        var agent = house.Get<IdSource>().Next();
        var since = house.Clock.GetUtcNow().AddSeconds(30);
        house.Clock.Advance(TimeSpan.FromMinutes(1));
        await house.WriteAsync(house.As(house.Cast.Olga), "key.minted", new TrailTarget("key", agent, "Backup %_", house.Cast.Research));
        var cases = new (TrailFilter Filter, int Found)[]
        {
            (new TrailFilter { Action = "key." }, 1),
            (new TrailFilter { Action = "key.minted" }, 1),
            (new TrailFilter { Action = "key" }, 0),
            (new TrailFilter { Actor = "ines@acme.example" }, 10),
            (new TrailFilter { Actor = IdText.Format(IdText.User, house.Cast.Olga.Id) }, 1),
            (new TrailFilter { TargetKind = "agent" }, 10),
            (new TrailFilter { Target = IdText.Format(IdText.Key, agent) }, 1),
            (new TrailFilter { Team = "research" }, 1),
            (new TrailFilter { Team = "no-such-team" }, 0),
            (new TrailFilter { Outcome = TrailOutcome.Refused }, 0),
            (new TrailFilter { Since = since }, 1),
            (new TrailFilter { Until = since }, 10),
            (new TrailFilter { Text = "BACKUP %_" }, 1),
            (new TrailFilter { Text = "mailroom-1" }, 2),
            (new TrailFilter { Text = "%" }, 1),
        };
        foreach (var (filter, found) in cases)
            Assert.True(
                (await ListAsync(house, house.Cast.Olga, filter)).Items.Count == found,
                $"{filter} should find {found} of the records"
            );
    }

    [Fact]
    public void A_filter_is_what_its_address_says_and_nonsense_is_named()
    {
        var filter = new TrailFilter
        {
            Actor = "ines@acme.example",
            Action = "key.",
            TargetKind = "key",
            Target = IdText.Format(IdText.Key, Guid.Parse("01890a5d-ac96-774b-bcce-b302099a8057")),
            Record = IdText.Format(IdText.Trail, Guid.Parse("01890a5d-ac96-774b-bcce-b302099a8058")),
            Team = "payments",
            Outcome = TrailOutcome.Refused,
            Since = DateTimeOffset.UnixEpoch,
            Until = DateTimeOffset.UnixEpoch.AddTicks(10),
            Text = "x",
        };
        var errors = new FieldErrors();

        Assert.Equal(filter, TrailFilter.Parse(filter.ToQuery().ToDictionary(p => p.Key, p => p.Value).GetValueOrDefault, errors));
        Assert.False(errors.Any);
        TrailFilter.Parse(name => name is "q" or "actor" or "action" or "team" ? null : "nonsense‮", errors);
        Assert.Equal(
            ["correlation_id", "outcome", "record", "since", "target", "target_kind", "until"],
            errors.ToDictionary().Keys.Order(StringComparer.Ordinal)
        );
    }

    [Theory, BothDatabases]
    public async Task Pages_follow_each_other_without_gap_or_repeat_while_new_records_arrive(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.TenRecordsAsync();
        var seen = new List<long>();
        string? cursor = null;
        do
        {
            var page = await house
                .Get<TrailService>()
                .ListAsync(house.As(house.Cast.Olga), new TrailFilter(), new PageRequest(3, cursor), TestHouse.Stop);
            seen.AddRange(page.Value.Items.Select(r => r.Seq));
            cursor = page.Value.NextCursor;
            await house.WriteAsync(house.As(house.Cast.Olga), "team.edited");
        } while (cursor is not null);

        Assert.Equal(Enumerable.Range(1, 10).Reverse().Select(i => (long)i), seen);
    }

    [Theory, BothDatabases]
    public async Task An_export_holds_the_records_before_it_and_is_itself_on_the_trail(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.TenRecordsAsync();
        var export = await house
            .Get<TrailService>()
            .ExportAsync(house.As(house.Cast.Aude), new TrailFilter { Action = "agent." }, TrailFormat.Ndjson, TestHouse.Stop);
        using var output = new MemoryStream();

        await export.Value.WriteToAsync(output, TestHouse.Stop);

        var lines = Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(10, lines.Length);
        Assert.Equal(1, JsonElement.Parse(lines[0]).GetProperty("seq").GetInt64());
        var told = (await ListAsync(house, house.Cast.Olga, new TrailFilter { Action = "trail.exported" })).Items.Single();
        Assert.Equal("agent.", told.After!.Value.GetProperty("filter").GetProperty("action").GetString());
        Assert.Equal(10, told.After.Value.GetProperty("up_to_seq").GetInt64());
    }

    [Fact]
    public async Task A_name_that_is_a_formula_is_text_in_the_exported_table()
    {
        await using var house = await TestHouse.OpenAsync();
        await house.WriteAsync(
            house.As(house.Cast.Olga),
            "agent.edited",
            new TrailTarget("agent", null, "=HYPERLINK(\"http://evil.example\",\"a, b\")")
        );
        var export = await house
            .Get<TrailService>()
            .ExportAsync(house.As(house.Cast.Olga), new TrailFilter(), TrailFormat.Csv, TestHouse.Stop);
        using var output = new MemoryStream();

        await export.Value.WriteToAsync(output, TestHouse.Stop);

        var text = Encoding.UTF8.GetString(output.ToArray());
        Assert.StartsWith("seq,id,at,actor_kind,", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains(",\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"a, b\"\")\",", text, StringComparison.Ordinal);
    }

    [Theory, BothDatabases]
    public async Task Only_an_org_admin_erases_and_only_what_exists(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.TenRecordsAsync();
        var trail = house.Get<TrailService>();
        var id = (await ListAsync(house, house.Cast.Olga)).Items[0].Id;

        async Task<string?> CodeAsync(Person person, string record, params string[] members) =>
            (await trail.EraseAsync(house.As(person), record, members, "asked", TestHouse.Stop)).Problem?.Code;

        Assert.Equal("trail_record_not_found", await CodeAsync(house.Cast.Gus, id, "reason"));
        Assert.Equal("trail_record_not_found", await CodeAsync(house.Cast.Sara, id, "reason"));
        Assert.Equal("role_missing", await CodeAsync(house.Cast.Aude, id, "reason"));
        Assert.Equal("invalid", await CodeAsync(house.Cast.Olga, id, "hash"));
        Assert.Null(await CodeAsync(house.Cast.Olga, id, "reason", "before"));
        Assert.Equal("invalid", await CodeAsync(house.Cast.Olga, (await ListAsync(house, house.Cast.Olga)).Items[0].Id, "after"));
    }

    private static async Task<Paged<Contracts.TrailBody>> ListAsync(TestHouse house, Person person, TrailFilter? filter = null) =>
        (await house.Get<TrailService>().ListAsync(house.As(person), filter ?? new TrailFilter(), new PageRequest(), TestHouse.Stop)).Value;
}

internal static class Sets
{
    public static System.Collections.Frozen.FrozenSet<Guid> ToFrozen(this HashSet<Guid> set) =>
        System.Collections.Frozen.FrozenSet.ToFrozenSet(set);
}
