using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>What is on the screen, copied as a call, is what the call answers.</summary>
public sealed class CopyAsJourney(Chromium chromium) : JourneyTest(chromium)
{
    [Fact]
    public async Task A_filtered_list_is_copied_as_curl_and_the_call_answers_the_rows_that_are_shown()
    {
        foreach (var slug in (string[])["mailroom-1", "mailroom-2", "reader-1"])
            await Console.AgentAsync(slug);
        var token = await Console.TokenAsync(Console.Cast.Otto);
        var page = await LiveAsync("/fleet?q=mail&sort=slug");
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(2);
        var shown = await page.GetByTestId("agent-row").Locator("a.nm").AllInnerTextsAsync();

        var answer = await RunAsync(await CopyAsync(page), token);

        Assert.Equal(shown, answer.GetProperty("data").EnumerateArray().Select(agent => agent.GetProperty("slug").GetString()));
        Assert.DoesNotContain(token, await page.ContentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tab_of_an_agent_is_copied_as_what_it_shows()
    {
        var (_, key) = await Console.AgentAsync("mailroom-1");
        var (_, other) = await Console.AgentAsync("reader-1");
        foreach (var secret in (string[])[key, other])
        {
            using var agent = Console.Client(secret);
            await agent.PostAsJsonAsync("/api/v1/runs", new { status = "running", summary = "Invoice of " + secret[^4..] }, Stop);
        }
        var token = await Console.TokenAsync(Console.Cast.Otto);
        var page = await LiveAsync("/agents/mailroom-1/runs");
        await Expect(page.GetByTestId("run-row")).ToContainTextAsync("Invoice of " + key[^4..]);

        var answer = await RunAsync(await CopyAsync(page), token);

        Assert.Equal("Invoice of " + key[^4..], answer.GetProperty("data").EnumerateArray().Single().GetProperty("summary").GetString());
    }

    private async Task<IPage> LiveAsync(string address)
    {
        var page = await OpenAsync(Console.Cast.Otto);
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await page.GotoAsync(address);
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        return page;
    }

    private static async Task<string> CopyAsync(IPage page)
    {
        await page.Locator(".copy-as > summary").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "curl", Exact = true }).ClickAsync();
        await Expect(page.Locator("[data-copies=curl][data-copied]")).ToHaveCountAsync(1);
        return await page.EvaluateAsync<string>("navigator.clipboard.readText()");
    }

    // In a shell, as whoever copied it would.
    private static async Task<JsonElement> RunAsync(string command, string token)
    {
        Assert.SkipUnless(File.Exists("/bin/sh") && File.Exists("/usr/bin/curl"), "curl is not installed here");
        var start = new ProcessStartInfo("/bin/sh")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(command);
        start.Environment["AGENTCONSOLE_TOKEN"] = token;
        using var shell = Process.Start(start)!;
        var errors = shell.StandardError.ReadToEndAsync(Stop);
        var output = await shell.StandardOutput.ReadToEndAsync(Stop);
        await shell.WaitForExitAsync(Stop);
        Assert.True(shell.ExitCode == 0, $"{command}: {output} {await errors}");
        return JsonElement.Parse(output);
    }
}
