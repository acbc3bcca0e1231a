using AgentConsole.Testing.Crash;

namespace AgentConsole.E2E.Tests.Crash;

public sealed class BulkKillTests
{
    [Fact]
    public async Task A_bulk_rotation_goes_on_by_itself_after_each_crash_and_makes_one_secret_for_each_key()
    {
        var result = await BulkCrashTest.RunAsync(kills: 4, BulkCrashTest.Seed, keys: 800, TestContext.Current.CancellationToken);

        Assert.Empty(result.Faults);
        Assert.True(result.Killed >= 3, $"Only {result.Killed} kills met it at work.");
    }
}
