using AgentConsole.Core.Deployments.Verdicts;

namespace AgentConsole.Core.Tests.Deployments.Verdicts;

public sealed class ProportionsTests
{
    private const double Z = 1.959963984540054;

    [Theory] // Newcombe, Statistics in Medicine 17 (1998), table II, method 10, 95 %
    [InlineData(56, 70, 48, 80, 0.0524, 0.3339)]
    [InlineData(9, 10, 3, 10, 0.1705, 0.8090)]
    [InlineData(6, 7, 2, 7, 0.0582, 0.8062)]
    [InlineData(5, 56, 0, 29, -0.0381, 0.1926)]
    [InlineData(0, 10, 0, 20, -0.1611, 0.2775)]
    [InlineData(0, 10, 0, 10, -0.2775, 0.2775)]
    [InlineData(10, 10, 0, 20, 0.6791, 1.0000)]
    [InlineData(10, 10, 0, 10, 0.6075, 1.0000)]
    public void The_interval_of_a_difference_is_the_published_one(long a, long m, long b, long n, double lower, double upper)
    {
        var interval = Proportions.Contrast(new Tally(a, m), new Tally(b, n), 1, Z, Z);
        Assert.Equal(lower, interval.Lower!.Value, 0.00005);
        Assert.Equal(upper, interval.Upper!.Value, 0.00005);
    }

    [Fact]
    public void Each_side_has_its_own_level()
    {
        var (canary, stable) = (new Tally(56, 70), new Tally(48, 80));
        var both = Proportions.Contrast(canary, stable, 1, Z, 3);
        Assert.Equal(Proportions.Contrast(canary, stable, 1, Z, Z).Lower, both.Lower);
        Assert.Equal(Proportions.Contrast(canary, stable, 1, 3, 3).Upper, both.Upper);
    }

    [Fact]
    public void A_contrast_covers_its_true_value_as_often_as_it_says()
    {
        // 12 % in 300 runs less 1.2 times 8 % in 2,700: 2.4 points.
        var noise = new Noise(1);
        var covered = 0;
        const int Times = 4000;
        for (var i = 0; i < Times; i++)
        {
            var canary = new Tally(noise.Hits(300, 0.12), 300);
            var stable = new Tally(noise.Hits(2700, 0.08), 2700);
            var interval = Proportions.Contrast(canary, stable, 1.2, Z, Z);
            if (interval.Lower <= 0.024 && 0.024 <= interval.Upper)
                covered++;
        }
        Assert.InRange(covered / (double)Times, 0.94, 0.965);
    }
}
