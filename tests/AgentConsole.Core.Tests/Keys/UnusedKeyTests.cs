using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Keys;

/// <summary>Keys that nobody seems to need: never used, idle, or of an agent that nobody answers for.</summary>
public sealed class UnusedKeyTests
{
    [Theory, BothDatabases]
    public async Task Never_used_idle_and_ownerless_keys_are_found_and_counted(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var (tara, sara) = (house.As(house.Cast.Tara), house.As(house.Cast.Sara));
        await RegisterAsync(house, "old-and-used", house.Cast.Ines);
        await RegisterAsync(house, "old-and-never-used", house.Cast.Ines);
        await UseAsync(house, "old-and-used");
        house.Clock.Advance(TimeSpan.FromDays(31));
        await RegisterAsync(house, "young-and-never-used", house.Cast.Tara);
        await RegisterAsync(house, "in-use", house.Cast.Tara);
        await UseAsync(house, "in-use");
        await DisableAsync(house, house.Cast.Ines);

        Assert.Equal(["old-and-never-used", "young-and-never-used"], await FindAsync(house, KeyFilter.NeverUsedNow));
        Assert.Equal(["old-and-never-used", "old-and-used"], await FindAsync(house, KeyFilter.IdleNow));
        Assert.Equal(["old-and-never-used", "old-and-used"], await FindAsync(house, KeyFilter.OwnerlessNow));
        Assert.Empty(await FindAsync(house, KeyFilter.IdleNow with { IdleDays = 32 }));
        Assert.Equal(["old-and-never-used"], await FindAsync(house, KeyFilter.IdleNow with { NeverUsed = true }));
        var lists = house.Get<KeyLists>();
        Assert.Equal(new KeyCounts(2, 2, 2), await lists.CountsAsync(tara, TestHouse.Stop));
        Assert.Equal(new KeyCounts(0, 0, 0), await lists.CountsAsync(sara, TestHouse.Stop));
    }

    [Theory, BothDatabases]
    public async Task Old_endless_and_several_keys_are_found(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await RegisterAsync(house, "old", house.Cast.Ines);
        house.Clock.Advance(TimeSpan.FromDays(90));
        await RegisterAsync(house, "young", house.Cast.Ines);
        await RegisterAsync(house, "two", house.Cast.Ines);
        var second = await house
            .Get<KeyService>()
            .MintAsync(Olga(house), "two", new MintKey { Name = "second", TtlDays = 30 }, TestHouse.Stop);
        Assert.Null(second.Problem);

        Assert.Equal(["old"], await FindAsync(house, new KeyFilter { OlderDays = 90 }));
        Assert.Empty(await FindAsync(house, new KeyFilter { OlderDays = 91 }));
        Assert.Equal(["old", "two", "young"], await FindAsync(house, KeyFilter.NoExpiryNow));
        Assert.Equal(["two", "two"], await FindAsync(house, KeyFilter.SeveralNow));
        // One that is disabled is one fewer.
        var off = new KeyAction { KeyVersion = 1 };
        Assert.Null((await house.Get<KeyService>().DisableAsync(Olga(house), "two", second.Value.Id, off, TestHouse.Stop)).Problem);
        Assert.Empty(await FindAsync(house, KeyFilter.SeveralNow));
    }

    [Theory]
    [InlineData("used", "always", "used")]
    [InlineData("idle", "0d", "idle")]
    [InlineData("idle", "30 days", "idle")]
    [InlineData("idle", "99999999999d", "idle")]
    [InlineData("idle", "-3", "idle")]
    [InlineData("ownerless", "maybe", "ownerless")]
    [InlineData("older", "0d", "older")]
    [InlineData("expires", "soon", "expires")]
    [InlineData("several", "2", "several")]
    public void Nonsense_is_left_out_and_named(string name, string value, string field)
    {
        var errors = new FieldErrors();

        Assert.Equal(new KeyFilter(), KeyFilter.Parse(asked => asked == name ? value : null, errors));
        Assert.Equal([field], errors.ToDictionary().Keys);
    }

    [Fact]
    public void A_filter_comes_back_from_its_address()
    {
        var filter = KeyFilter.IdleNow with
        {
            NeverUsed = true,
            Ownerless = true,
            IdleDays = 7,
            OlderDays = 90,
            NoExpiry = true,
            Several = true,
        };
        var query = filter.ToQuery().ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);

        Assert.Equal(filter, KeyFilter.Parse(query.GetValueOrDefault, new FieldErrors()));
        Assert.Equal("7d", query["idle"]);
    }

    [Theory, BothDatabases]
    public async Task Unused_keys_are_served_by_an_index_in_their_order(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await RegisterAsync(house, "mailroom-1", house.Cast.Ines);
        await FillAsync(house, 4_000);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var olga = house.As(house.Cast.Olga);
        foreach (var filter in new[] { KeyFilter.NeverUsedNow with { Order = KeyOrder.LongestUnused }, KeyFilter.IdleNow })
        {
            var plan = await PlanAsync(db, house.Get<KeyLists>().Page(db, olga, filter, 50));
            if (house.Engine.HasSingleWriter)
                Assert.Contains("ix_key_versions_unused", plan, StringComparison.Ordinal); // the other may find another index cheaper for few rows
            Assert.DoesNotContain("TEMP B-TREE", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("Seq Scan on key_versions", plan, StringComparison.Ordinal); // it may sort the few that it found
        }
    }

    private static async Task FillAsync(TestHouse house, int count)
    {
        await using var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop);
        var first = await write.Db.KeyVersions.AsNoTracking().SingleAsync(TestHouse.Stop);
        for (var i = 0; i < count; i++)
        {
            write.Db.Add(
                new KeyVersion
                {
                    Id = write.NewId(),
                    OrganizationId = first.OrganizationId,
                    KeyId = first.KeyId,
                    AgentId = first.AgentId,
                    Number = i + 2,
                    Hash = Guid.NewGuid().ToByteArray(),
                    PepperId = first.PepperId,
                    Prefix = first.Prefix,
                    Last4 = first.Last4,
                    CreatedAt = write.Now.AddDays(-90),
                    LastUsedAt = i % 40 == 0 ? null : write.Now.AddMinutes(-i * 30),
                    State = i % 10 == 0 ? KeyState.Revoked : KeyState.Active,
                }
            );
        }
        Assert.True(await write.TryCommitAsync(TestHouse.Stop));
        if (house.Engine.HasSingleWriter)
            return;
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        await db.Database.ExecuteSqlRawAsync("ANALYZE key_versions", TestHouse.Stop);
    }

    private static async Task<string> PlanAsync(ConsoleDbContext db, IQueryable<KeyVersion> query)
    {
        await using var command = query.CreateDbCommand();
#pragma warning disable CA2100 // EF's own text
        command.CommandText = (db.Engine.HasSingleWriter ? "EXPLAIN QUERY PLAN " : "EXPLAIN ") + command.CommandText;
#pragma warning restore CA2100
        await db.Database.OpenConnectionAsync(TestHouse.Stop);
        var lines = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(TestHouse.Stop);
        while (await reader.ReadAsync(TestHouse.Stop))
            lines.Add(reader.GetString(db.Engine.HasSingleWriter ? 3 : 0));
        return string.Join('\n', lines);
    }

    private static async Task<string[]> FindAsync(TestHouse house, KeyFilter filter)
    {
        var found = await house.Get<KeyLists>().ListAsync(Olga(house), filter, new PageRequest(), TestHouse.Stop);
        return [.. found.Value.Items.Select(row => row.AgentSlug).Order(StringComparer.Ordinal)];
    }

    private static async Task RegisterAsync(TestHouse house, string slug, Person owner)
    {
        var body = new RegisterAgent
        {
            Slug = slug,
            Team = "payments",
            Key = true,
            Owner = owner.Email,
        };
        Assert.Null((await house.Get<AgentService>().RegisterAsync(Olga(house), body, TestHouse.Stop)).Problem);
    }

    // By hand: her session ends after 12 hours, and these stories last for weeks.
    private static Actor Olga(TestHouse house) => Actor.ForSystem(house.Cast.Acme, "Olga");

    private static async Task UseAsync(TestHouse house, string slug)
    {
        await using (var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop))
        {
            var agent = house.Get<AgentDirectory>().FindBySlug(house.Cast.Acme, slug)!.Id;
            var version = await db.KeyVersions.SingleAsync(v => v.AgentId == agent, TestHouse.Stop);
            house.Get<KeyUse>().Note(KeyIndex.CardOf(version), "192.0.2.7", "tests", "/api/v1/runs");
        }
        await house.Get<KeyUse>().StepAsync(TestHouse.Stop);
    }

    private static async Task DisableAsync(TestHouse house, Person person)
    {
        var disabled = await house.Get<UserService>().DisableAsync(Olga(house), IdText.Format(IdText.User, person.Id), TestHouse.Stop);
        Assert.Null(disabled.Problem);
    }
}
