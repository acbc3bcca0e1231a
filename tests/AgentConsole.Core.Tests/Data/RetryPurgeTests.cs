using System.Text;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Data;

public sealed class RetryPurgeTests
{
    private static readonly byte[] Scope = Encoding.ASCII.GetBytes("0123456789abcdef0123456789abcdef");

    [Theory, BothDatabases]
    public async Task An_answer_is_kept_for_its_time_and_not_longer(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await AnswerAsync(house, "first answer");
        house.Clock.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        await house.Get<RetryPurge>().StepAsync(TestHouse.Stop);
        Assert.Equal(1, await CountAsync(house));

        house.Clock.Advance(TimeSpan.FromSeconds(1));
        await house.Get<RetryPurge>().StepAsync(TestHouse.Stop);

        Assert.Equal(0, await CountAsync(house));
    }

    [Theory, BothDatabases]
    public async Task A_key_used_again_after_its_time_is_a_new_write_also_before_the_purge(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        Assert.True(await AnswerAsync(house, "first answer"));
        Assert.False(await AnswerAsync(house, "second answer"));

        house.Clock.Advance(TimeSpan.FromHours(24));

        Assert.True(await AnswerAsync(house, "third answer"));
    }

    [Fact]
    public async Task Nothing_of_a_purged_answer_stays_in_the_file()
    {
        await using var house = await TestHouse.OpenAsync();
        await AnswerAsync(house, "a very secret answer");
        house.Clock.Advance(TimeSpan.FromHours(25));
        await house.Get<RetryPurge>().StepAsync(TestHouse.Stop);
        await using (var connection = await house.Engine.OpenAsync(TestHouse.Stop))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
            await command.ExecuteNonQueryAsync(TestHouse.Stop);
        }

        var file = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(Path.Combine(house.Folder, "console.db"), TestHouse.Stop));
        Assert.DoesNotContain("a very secret answer", file, StringComparison.Ordinal);
    }

    private static async Task<bool> AnswerAsync(TestHouse house, string answer)
    {
        await using var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop);
        var by = Actor.ForSystem(house.Cast.Acme, "a test") with
        {
            Retry = new RetryTicket
            {
                Scope = Scope,
                BodyHash = new byte[32],
                ExpiresAt = write.Now.AddHours(24),
                Shape = result => new StoredAnswer(200, null, null, Encoding.UTF8.GetBytes((string)result), Sealed: false),
            },
        };
        return (await write.CommitAsync(by, answer, TestHouse.Stop)).Problem is null;
    }

    private static async Task<int> CountAsync(TestHouse house)
    {
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        return await db.StoredRetries.CountAsync(TestHouse.Stop);
    }
}
