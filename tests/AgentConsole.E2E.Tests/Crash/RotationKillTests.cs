using AgentConsole.Testing.Crash;

namespace AgentConsole.E2E.Tests.Crash;

public sealed class RotationKillTests
{
    // A tenth of what the benchmark "rotation-kills" does, by the same seed.
    [Fact]
    public async Task A_rotation_goes_on_after_a_crash_on_either_side_of_a_commit_with_one_secret_for_each_press()
    {
        var result = await RotationCrashTest.RunAsync(kills: 5, RotationCrashTest.Seed, TestContext.Current.CancellationToken);

        Assert.Empty(result.Faults);
        Assert.True(result.Killed >= 2, $"Only {result.Killed} of {result.Kills} ended at a fault point.");
    }
}
