using AgentConsole.Testing.Crash;

namespace AgentConsole.E2E.Tests.Crash;

public sealed class KillTests
{
    [Fact]
    public async Task Nothing_acknowledged_is_lost_doubled_or_half_applied_in_ten_kills_under_load()
    {
        var result = await CrashTest.RunAsync(kills: 10, seed: 20_261, progress: null, TestContext.Current.CancellationToken);

        Assert.Empty(result.Faults);
        Assert.Equal(10, result.Kills);
        Assert.True(result.Acknowledged > 10 * 40, $"Only {result.Acknowledged} calls were acknowledged: too little was under way.");
    }
}
