using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Data;

public sealed class StoreTests
{
    [Theory, BothDatabases]
    public async Task Order_by_id_is_order_of_creation(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var ids = house.Get<IdSource>();
        var made = new List<Guid>();
        await using (var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop))
        {
            for (var i = 0; i < 300; i++)
            {
                if (i % 50 == 0)
                    house.Clock.Advance(TimeSpan.FromMilliseconds(i - 60)); // also backwards
                made.Add(ids.Next());
                write.Db.Add(
                    new ServiceAccount
                    {
                        Id = made[^1],
                        OrganizationId = house.Cast.Acme,
                        Name = $"bot-{299 - i}",
                        CreatedAt = write.Now,
                    }
                );
            }
            Assert.True(await write.TryCommitAsync(TestHouse.Stop));
        }

        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var read = await db.ServiceAccounts.OrderBy(a => a.Id).Select(a => a.Id).ToListAsync(TestHouse.Stop);

        Assert.Equal(made, read);
    }
}
