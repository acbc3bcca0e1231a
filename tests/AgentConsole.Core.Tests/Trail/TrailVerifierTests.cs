using System.Data.Common;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Trail;

public sealed class TrailVerifierTests
{
    private static readonly string[] Columns =
    [
        "organization_id",
        "seq",
        "id",
        "format",
        "at",
        "actor_kind",
        "actor_id",
        "actor_label",
        "auth_method",
        "credential_id",
        "address",
        "action",
        "target_kind",
        "target_id",
        "target_label",
        "team_id",
        "before",
        "after",
        "reason",
        "correlation_id",
        "outcome",
        "salt",
        "erased",
        "commitments",
        "prev_hash",
        "hash",
    ];

    [Theory, BothDatabases]
    public async Task A_chain_that_nobody_touched_is_good_and_witnessed(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.TenRecordsAsync();

        var verdict = await house.VerifyAsync();

        Assert.Null(verdict.Fault);
        Assert.Equal(10, verdict.Records);
        Assert.Equal(10, verdict.WitnessedUpTo);
    }

    [Theory, BothDatabases]
    public async Task Every_column_counts(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);

        var mapped = db.Model.FindEntityType(typeof(TrailRecord))!.GetProperties().Select(p => p.GetColumnName());

        Assert.Equal(mapped.Order(StringComparer.Ordinal), Columns.Order(StringComparer.Ordinal));
    }

    [Theory, BothDatabases]
    public async Task Whatever_bit_of_whatever_member_is_flipped_that_record_is_named(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.TenRecordsAsync();
        var random = new Random(20260302);
        var flips = 0;
        foreach (var column in Columns)
        {
            for (var round = 0; round < 4; round++)
            {
                var seq = random.Next(1, 11);
                var where = $"organization_id = @p1 AND seq = @p2";
                object[] key = [house.Stored(house.Cast.Acme), (long)seq];
                var value = (await house.ScalarAsync($"SELECT \"{column}\" FROM trail_records WHERE {where}", [0, .. key]))!;
                if (Flip(value, random) is not { } flipped)
                    continue;
                var id = await IdAsync(house, seq);
                try
                {
                    await house.SqlAsync($"UPDATE trail_records SET \"{column}\" = @p0 WHERE {where}", [flipped, .. key]);
                }
                catch (DbException)
                {
                    continue; // the database itself refuses: an id that exists, a byte that is no text
                }
                flips++;

                var fault = (await house.VerifyAsync()).Fault;

                Assert.True(fault is not null, $"{column} of record {seq}: {value} became {flipped}, and nothing was noticed");
                Assert.True(fault.Seq == seq || fault.RecordId == id, $"{column} of record {seq}: {fault}");

                object[] changed = column switch
                {
                    "seq" => [value, key[0], flipped],
                    "organization_id" => [value, flipped, key[1]],
                    _ => [value, .. key],
                };
                Assert.Equal(1, await house.SqlAsync($"UPDATE trail_records SET \"{column}\" = @p0 WHERE {where}", changed));
                Assert.Null((await house.VerifyAsync()).Fault);
            }
        }
        Assert.True(flips > 60, $"only {flips} flips");
    }

    [Theory, BothDatabases]
    public async Task A_record_that_is_taken_out_is_named(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.TenRecordsAsync();

        await house.SqlAsync("DELETE FROM trail_records WHERE organization_id = @p0 AND seq = 4", house.Stored(house.Cast.Acme));

        var fault = (await house.VerifyAsync()).Fault;
        Assert.Equal(4, fault?.Seq);
        Assert.Contains("missing", fault!.What, StringComparison.Ordinal);
    }

    [Theory, BothDatabases]
    public async Task Records_that_change_places_are_named(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.TenRecordsAsync();
        var acme = house.Stored(house.Cast.Acme);

        await house.SqlAsync("UPDATE trail_records SET seq = 1000 WHERE organization_id = @p0 AND seq = 6", acme);
        await house.SqlAsync("UPDATE trail_records SET seq = 6 WHERE organization_id = @p0 AND seq = 5", acme);
        await house.SqlAsync("UPDATE trail_records SET seq = 5 WHERE organization_id = @p0 AND seq = 1000", acme);

        Assert.Equal(5, (await house.VerifyAsync()).Fault?.Seq);
    }

    [Theory, BothDatabases]
    public async Task A_chain_that_was_cut_is_noticed_by_its_head_row_and_with_that_mended_by_the_witness(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.TenRecordsAsync();
        var acme = house.Stored(house.Cast.Acme);

        await house.SqlAsync("DELETE FROM trail_records WHERE organization_id = @p0 AND seq > 7", acme);
        Assert.Equal(8, (await house.VerifyAsync()).Fault?.Seq);

        await house.SqlAsync(
            "UPDATE trail_heads SET seq = 7, hash = (SELECT r.hash FROM trail_records r WHERE r.organization_id = @p0 AND r.seq = 7) WHERE organization_id = @p0",
            acme
        );
        var fault = (await house.VerifyAsync()).Fault;
        Assert.Equal(8, fault?.Seq);
        Assert.Contains("witness", fault!.What, StringComparison.Ordinal);
    }

    [Theory, BothDatabases]
    public async Task A_chain_that_was_written_anew_from_a_record_on_is_noticed_by_the_witness(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.TenRecordsAsync();
        var acme = house.Cast.Acme;

        // Somebody who knows the format makes a second chain that is right in itself.
        await using (var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop))
        {
            var records = await write
                .Db.TrailRecords.Where(r => r.OrganizationId == acme && r.Seq >= 9)
                .OrderBy(r => r.Seq)
                .ToListAsync(TestHouse.Stop);
            records[0].Reason = "it was somebody else";
            var previous = records[0].PrevHash;
            foreach (var record in records)
            {
                record.Link(record.Seq, previous);
                previous = record.Hash;
            }
            (await write.Db.TrailHeads.SingleAsync(h => h.OrganizationId == acme, TestHouse.Stop)).Hash = previous;
            await write.Db.SaveChangesAsync(TestHouse.Stop);
            await write.Db.Database.CommitTransactionAsync(TestHouse.Stop); // past TryCommitAsync, which would tell the witness
        }

        var fault = (await house.VerifyAsync()).Fault;
        Assert.Equal(10, fault?.Seq);
        Assert.Contains("witness", fault!.What, StringComparison.Ordinal);
    }

    [Theory, BothDatabases]
    public async Task An_erased_value_is_gone_for_good_and_the_chain_stays_good(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.TenRecordsAsync();
        var olga = house.As(house.Cast.Olga);
        var id = IdText.Format(IdText.Trail, await IdAsync(house, 3));

        var erased = await house
            .Get<TrailService>()
            .EraseAsync(olga, id, ["actor_label", "address"], "asked by the person", TestHouse.Stop);

        Assert.Null(erased.Value.ActorLabel);
        Assert.Equal(["actor_label", "address"], erased.Value.Erased);
        var verdict = await house.VerifyAsync();
        Assert.Null(verdict.Fault);
        Assert.Equal(1, verdict.Erased);
        Assert.Equal(11, verdict.Records); // the erasure itself is on the trail
    }

    [Theory, BothDatabases]
    public async Task A_value_that_was_taken_away_without_a_record_of_it_is_not_erased_but_missing(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await house.TenRecordsAsync();
        var acme = house.Stored(house.Cast.Acme);

        await house.SqlAsync("UPDATE trail_records SET reason = NULL WHERE organization_id = @p0 AND seq = 3", acme);
        Assert.Equal(3, (await house.VerifyAsync()).Fault?.Seq);

        var salt = (byte[])(await house.ScalarAsync("SELECT salt FROM trail_records WHERE organization_id = @p0 AND seq = 3", acme))!;
        salt.AsSpan(5 * TrailRecord.SaltSize).Clear();
        await house.SqlAsync("UPDATE trail_records SET erased = 32, salt = @p1 WHERE organization_id = @p0 AND seq = 3", acme, salt);
        var fault = (await house.VerifyAsync()).Fault;
        Assert.Equal(3, fault?.Seq);
        Assert.Contains("no record says", fault!.What, StringComparison.Ordinal);
    }

    private static async Task<Guid> IdAsync(TestHouse house, long seq)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var acme = house.Cast.Acme;
        return await db.TrailRecords.Where(r => r.OrganizationId == acme && r.Seq == seq).Select(r => r.Id).SingleAsync(TestHouse.Stop);
    }

    private static object? Flip(object value, Random random)
    {
        switch (value)
        {
            case byte[] bytes:
                var copy = bytes.ToArray();
                copy[random.Next(copy.Length)] ^= (byte)(1 << random.Next(8));
                return copy;
            case Guid id:
                var parts = id.ToByteArray(true);
                parts[random.Next(16)] ^= (byte)(1 << random.Next(8));
                return new Guid(parts, true);
            case long number:
                return number ^ (1L << random.Next(20));
            case int number:
                return number ^ (1 << random.Next(20));
            case string { Length: > 0 } text:
                var characters = text.ToCharArray();
                characters[random.Next(characters.Length)] ^= (char)(1 << random.Next(5));
                return new string(characters);
            default:
                return null;
        }
    }
}
