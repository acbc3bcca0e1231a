using System.Diagnostics;
using AgentConsole.Web.Components;

namespace AgentConsole.Web.Tests.Components;

public sealed class SnippetsTests
{
    public static TheoryData<string> Nasty =>
        [
            "http://localhost/api/v1/agents?q=mail",
            "it's $HOME and `id` and \"quotes\" and \\backslash\\",
            "two\nlines\tand !history",
            "$(touch /tmp/never); rm -rf x & echo 'y' | cat",
            "ünïcödé ✓",
        ];

    [Theory, MemberData(nameof(Nasty))]
    public async Task A_shell_reads_back_the_very_text(string text)
    {
        using var shell = Process.Start(
            new ProcessStartInfo("/bin/sh", ["-c", $"printf %s {Snippets.Shell(text)}"])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
            }
        )!;

        var read = await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);

        Assert.Equal(text, read);
    }

    [Theory, MemberData(nameof(Nasty))]
    public void A_literal_reads_back_as_the_very_text(string text)
    {
        Assert.Equal(text, System.Text.Json.JsonSerializer.Deserialize<string>(Snippets.Quoted(text)));
    }

    [Fact]
    public void No_text_holds_a_credential()
    {
        string[] all = [Snippets.Curl("u"), Snippets.DotNet("u"), Snippets.TypeScript("u"), Snippets.Python("u")];

        Assert.All(all, text => Assert.Contains("AGENTCONSOLE_TOKEN", text, StringComparison.Ordinal));
        Assert.Equal("curl --fail-with-body -H \"Authorization: Bearer $AGENTCONSOLE_TOKEN\" 'u'", all[0]);
    }
}
