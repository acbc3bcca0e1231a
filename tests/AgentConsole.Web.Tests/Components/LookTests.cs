using System.Net;
using AgentConsole.Web.Components;

namespace AgentConsole.Web.Tests.Components;

public sealed class LookTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("dark")]
    [InlineData("neon.loud.tiny")]
    public void What_makes_no_sense_in_the_cookie_counts_as_not_chosen(string? cookie)
    {
        Assert.Equal(Look.Default, Look.Parse(cookie));
    }

    [Fact]
    public void A_look_is_read_back_as_it_was_written()
    {
        var look = Look
            .Default.With("theme", "dark")
            .With("density", "compact")
            .With("contrast", "neon")
            .With("keys", "off")
            .With("times", "utc");

        Assert.Equal(new Look("dark", "system", "compact", "off", "utc"), look);
        Assert.Equal(look, Look.Parse(look.ToString()));
        Assert.Equal(look with { Keys = "on", Times = "local" }, Look.Parse("dark.system.compact")); // as an older console wrote it
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("https://evil.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData(null)]
    public void An_address_of_another_host_is_never_gone_to(string? address)
    {
        Assert.Equal("/", ConsoleUrls.Local(address));
    }

    [Fact]
    public async Task The_look_is_chosen_without_a_script_and_stands_in_the_next_page()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var browser = console.Browser(console.Cast.Ines);

        var chosen = await browser.PostAsync(
            "/preferences",
            new FormUrlEncodedContent([new("theme", "dark"), new("return", "/fleet?q=mail")]),
            TestContext.Current.CancellationToken
        );
        var cookie = chosen.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("agentconsole-look=", StringComparison.Ordinal));
        browser.DefaultRequestHeaders.Add("Cookie", cookie.Split(';')[0]);
        var page = await browser.GetStringAsync("/", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Found, chosen.StatusCode);
        Assert.Equal("/fleet?q=mail", chosen.Headers.Location!.ToString());
        Assert.Contains("data-theme=\"dark\"", page, StringComparison.Ordinal);
    }
}
