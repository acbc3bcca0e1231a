using AgentConsole.Core.Deployments.Verdicts;

namespace AgentConsole.Core.Tests.Deployments.Verdicts;

public sealed class StableMathTests
{
    [Theory]
    [InlineData(0.25, 0.6744897501960817)] // the three check values of Wichura's paper
    [InlineData(0.001, 3.090232306167813)]
    [InlineData(1e-20, 9.262340089798408)]
    [InlineData(0.5, 0)]
    [InlineData(0.025, 1.959963984540054)]
    [InlineData(0.005, 2.575829303548901)]
    [InlineData(0.975, -1.959963984540054)]
    public void The_normal_quantile_has_its_published_values(double probability, double z) =>
        Assert.Equal(z, StableMath.UpperQuantile(probability), 1e-14);

    [Fact]
    public void The_logarithm_is_that_of_the_platform_to_the_last_place_or_two()
    {
        foreach (
            var x in new[] { 1e-300, 1e-20, 3.7e-5, 0.1, 0.5, 0.7071, 0.999999, 1, 1.0000001, 1.4142, 1.4143, 2, 10, 12345.678, 1e300 }
        )
            Assert.Equal(Math.Log(x), StableMath.Log(x), Math.Max(1e-16, Math.Abs(Math.Log(x)) * 5e-16));
    }

    [Fact]
    public void What_has_no_quantile_or_logarithm_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => StableMath.UpperQuantile(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => StableMath.UpperQuantile(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => StableMath.UpperQuantile(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => StableMath.Log(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => StableMath.Log(-1));
    }
}
