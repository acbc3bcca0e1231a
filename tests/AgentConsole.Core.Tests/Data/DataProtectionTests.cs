using AgentConsole.Core.Data;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Data;

public sealed class DataProtectionTests
{
    [Theory, BothDatabases]
    public async Task What_one_node_protects_another_one_opens_and_the_store_alone_does_not_know_the_key(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var text = house.Get<IDataProtectionProvider>().CreateProtector("a test").Protect("who I am");

        await using var second = house.OpenNode();
        var opened = second.Get<IDataProtectionProvider>().CreateProtector("a test").Unprotect(text);

        Assert.Equal("who I am", opened);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var key = Assert.Single(await db.DataProtectionKeys.ToListAsync(TestHouse.Stop));
        Assert.Contains("sealedByMasterKey", key.Xml, StringComparison.Ordinal);
        Assert.DoesNotContain("masterKey", key.Xml, StringComparison.Ordinal);
    }
}
