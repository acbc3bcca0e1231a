using AgentConsole.Core.People;

namespace AgentConsole.Core.Tests.People;

public sealed class PasswordRulesTests
{
    [Theory]
    [InlineData("elevenchars")]
    [InlineData("passwordpassword")]
    [InlineData("Password2026!!")]
    [InlineData("  password1234567 ")]
    [InlineData("aaaaaaaaaaaaaa")]
    [InlineData("abcabcabcabcab")]
    [InlineData("123456789012")]
    [InlineData("210987654321")]
    [InlineData("qwertyuiopas")]
    [InlineData("qwertyuiop1234")]
    [InlineData("LetMeIn!LetMeIn!")]
    [InlineData("Agentconsole1!")]
    [InlineData("tessa.winter2026")]
    [InlineData("tessa.winter@acme.example")]
    [InlineData("has a control\u0007character")]
    public void What_an_attacker_tries_first_is_refused(string password)
    {
        var fault = PasswordRules.Fault(password, "Tessa.Winter@acme.example");

        Assert.NotNull(fault);
        Assert.DoesNotContain(password, fault, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("correct horse battery")]
    [InlineData("mein Hund mag Käse")]
    [InlineData("xk92nd#qwerty")]
    [InlineData("鳩は平和の象徴である今日も")]
    [InlineData("tessa likes her winter")]
    public void Words_that_do_not_belong_together_are_accepted(string password) =>
        Assert.Null(PasswordRules.Fault(password, "tessa.winter@acme.example"));

    [Fact]
    public void Length_is_counted_in_characters_from_12_to_128()
    {
        Assert.Null(PasswordRules.Fault("kite moss oak", null));
        Assert.NotNull(PasswordRules.Fault("kite moss o", null));
        Assert.Null(PasswordRules.Fault(string.Concat(Enumerable.Range(100, 42).Select(i => $"{i}x"))[..128], null));
        Assert.NotNull(PasswordRules.Fault(string.Concat(Enumerable.Range(100, 50).Select(i => $"{i}x"))[..129], null));
    }

    [Fact]
    public void At_least_ten_thousand_common_passwords_are_known() => Assert.True(PasswordRules.CommonCount >= 10_000);
}
