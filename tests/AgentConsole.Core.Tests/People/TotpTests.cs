using System.Text;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Tests.People;

public sealed class TotpTests
{
    /// <summary>Appendix B of RFC 6238, its eight digits cut to six.</summary>
    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1111111111, "050471")]
    [InlineData(1234567890, "005924")]
    [InlineData(2000000000, "279037")]
    [InlineData(20000000000, "353130")]
    public void Codes_are_those_of_the_standard(long seconds, string code) =>
        Assert.Equal(
            code,
            Totp.CodeAt(Encoding.ASCII.GetBytes("12345678901234567890"), Totp.StepAt(DateTimeOffset.FromUnixTimeSeconds(seconds)))
        );

    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void Secrets_are_written_in_base32(string plain, string text) => Assert.Equal(text, Totp.Base32(Encoding.ASCII.GetBytes(plain)));

    [Fact]
    public void A_code_is_good_for_its_own_step_and_its_neighbours_and_only_once()
    {
        var secret = Totp.NewSecret();
        var now = new DateTimeOffset(2026, 3, 2, 9, 0, 10, TimeSpan.Zero);
        var step = Totp.StepAt(now);

        Assert.Equal(step, Totp.Match(secret, Totp.CodeAt(secret, step), now, 0));
        Assert.Equal(step - 1, Totp.Match(secret, Totp.CodeAt(secret, step - 1), now, 0));
        Assert.Equal(step + 1, Totp.Match(secret, Totp.CodeAt(secret, step + 1), now, 0));
        Assert.Null(Totp.Match(secret, Totp.CodeAt(secret, step - 2), now, 0));
        Assert.Null(Totp.Match(secret, Totp.CodeAt(secret, step), now, lastStep: step));
        Assert.Null(Totp.Match(secret, "12345", now, 0));
        Assert.Null(Totp.Match(secret, "１２３４５６", now, 0));
    }
}
