using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.RegularExpressions;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>
/// The script of .NET 9 serves a circuit of .NET 10, see <c>build/BlazorScript.targets</c>: whatever the console asks of it works on the real pages,
/// without a complaint in the browser's console. Losing the link and coming back is <see cref="ReconnectJourney"/>.
/// </summary>
public sealed class BlazorScriptJourney(Chromium chromium) : JourneyTest(chromium)
{
    private readonly List<string> _complaints = [];

    private static ILocator Button(IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    private async Task<IPage> OpenLiveAsync(string address)
    {
        var page = await OpenAsync(Console.Cast.Ines);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                _complaints.Add(message.Text);
        };
        page.PageError += (_, error) => _complaints.Add(error);
        await page.GotoAsync(address);
        await Expect(page.GetByTestId("live-badge")).ToHaveTextAsync("Live");
        // Gone as soon as a document is loaded anew: what follows is the circuit's work.
        await page.EvaluateAsync("() => { document.marked = true; }");
        return page;
    }

    private async Task AssertSmoothAsync(IPage page)
    {
        Assert.True(await page.EvaluateAsync<bool>("() => document.marked === true"), "The page was loaded again.");
        Assert.Empty(_complaints);
        Assert.DoesNotContain(Console.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Streams_go_up_from_a_field_and_a_file_and_come_down_as_a_file()
    {
        var page = await OpenLiveAsync("/fleet/bulk");
        // Larger than a message of the circuit may be, which is 32 KiB.
        var list = new StringBuilder("slug,team,description\n");
        for (var i = 0; i < 1_000; i++)
            list.Append(CultureInfo.InvariantCulture, $"clerk-{i:0000},payments,{new string('x', 60)}\n");
        await page.GetByLabel("Paste the list").FillAsync(list.ToString());
        await Button(page, "Check the list").ClickAsync(); // .NET calls the script, and reads the stream that it returns
        await Expect(Button(page, "Register 1,000 agents")).ToBeVisibleAsync();
        await Button(page, "Change the list").ClickAsync();

        await page.WaitForFunctionAsync("() => document.getElementById('bulk-file')?._blazorInputFileNextFileId !== undefined");
        var note = new string('n', 100_000); // a column that means nothing
        await page.GetByLabel("or choose a file") // the script calls .NET, which reads the file
            .SetInputFilesAsync(
                new FilePayload
                {
                    Name = "agents.csv",
                    MimeType = "text/csv",
                    Buffer = Encoding.UTF8.GetBytes($"slug,team,note\nreader-1,payments,{note}\nreader-2,payments,{note}\n"),
                }
            );
        await Button(page, "Register 2 agents").ClickAsync();
        var download = await page.RunAndWaitForDownloadAsync(() => Button(page, "Download the keys").ClickAsync()); // a stream of .NET

        Assert.Equal("agent-keys.csv", download.SuggestedFilename);
        var lines = await File.ReadAllLinesAsync(await download.PathAsync(), Stop);
        Assert.Equal("slug,agent_id,api_key", lines[0]);
        Assert.Equal(["reader-1", "reader-2"], lines.Skip(1).Select(line => line.Split(',')[0]));
        Assert.All(lines.Skip(1), line => Assert.Matches("^ak_live_.{20,}$", line.Split(',')[2]));
        await AssertSmoothAsync(page);
    }

    [Fact]
    public async Task Typing_choosing_keys_and_sending_reach_the_circuit()
    {
        await Console.AgentAsync("mailroom-1");
        await Console.AgentAsync("reader-1");
        var page = await OpenLiveAsync("/fleet");
        var rows = page.GetByTestId("agent-row");
        await Expect(rows).ToHaveCountAsync(2);

        // input: each letter; NavigateTo puts the address right behind, and nothing that was typed is lost to it.
        await page.Keyboard.PressAsync("/");
        await Expect(page.GetByTestId("filter-text")).ToBeFocusedAsync();
        await page.GetByTestId("filter-text").PressSequentiallyAsync("mailroom-1");
        await Expect(page).ToHaveURLAsync(new Regex(@"/fleet\?q=mailroom-1$"));
        await Expect(page.GetByTestId("filter-text")).ToHaveValueAsync("mailroom-1");
        await Expect(rows).ToHaveCountAsync(1);

        // change: a fact counts when it is complete.
        await page.GetByTestId("filter-text").FillAsync("lifecycle:retired");
        await page.GetByTestId("filter-text").PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new Regex("lifecycle=retired"));
        await Expect(rows).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Remove lifecycle: retired" }).ClickAsync();
        await Expect(rows).Not.ToHaveCountAsync(0);

        // keydown: Enter on a row opens it.
        await rows.First.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new Regex("/agents/mailroom-1$"));

        // submit, with change of a field before: NavigateTo shows what was made.
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Fleet", Exact = true }).First.ClickAsync();
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Register agent" }).First.ClickAsync();
        await page.GetByLabel("Slug").FillAsync("clerk-1");
        await page.GetByLabel("Make its first key now").UncheckAsync();
        await page.GetByLabel("Slug").PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new Regex("/agents/clerk-1$"));
        await AssertSmoothAsync(page);
    }

    [Fact]
    public async Task Links_are_followed_without_a_load_the_heading_has_the_focus_and_Back_goes_back()
    {
        var (_, key) = await Console.AgentAsync("mailroom-1");
        using var agent = Console.Client(key);
        using var answer = await agent.PostAsJsonAsync("/api/v1/runs", new { status = "completed", summary = "Invoice 1" }, Stop);
        answer.EnsureSuccessStatusCode();
        var page = await OpenLiveAsync("/fleet");
        foreach (var name in new[] { "Runs", "Keys", "Fleet" })
        {
            await page.GetByRole(AriaRole.Navigation, new PageGetByRoleOptions { Name = "Main", Exact = true })
                .GetByRole(AriaRole.Link, new LocatorGetByRoleOptions { Name = name, Exact = true })
                .ClickAsync();
            await Expect(page).ToHaveURLAsync(new Regex($"/{name.ToLowerInvariant()}$"));
            await Expect(page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = name, Level = 1 })).ToBeFocusedAsync();
            await Expect(page).ToHaveTitleAsync($"{name} · AgentConsole");
        }

        await page.GoBackAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "Keys", Level = 1 })).ToBeVisibleAsync();
        await page.GoBackAsync();
        await Expect(page.GetByTestId("run-row")).ToContainTextAsync("Invoice 1");
        await AssertSmoothAsync(page);
    }

    [Fact]
    public async Task What_our_own_script_asks_of_it_is_there()
    {
        var page = await OpenLiveAsync("/fleet");

        Assert.Equal("function", await page.EvaluateAsync<string>("() => typeof Blazor.reconnect"));
        Assert.Equal("function", await page.EvaluateAsync<string>("() => typeof Blazor.navigateTo"));
        await page.EvaluateAsync("() => Blazor.navigateTo('/runs')");
        await Expect(page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "Runs", Level = 1 })).ToBeVisibleAsync();
        // Not drawn by Blazor but ours: it puts its classes on it.
        await Expect(page.Locator("#components-reconnect-modal")).ToHaveCountAsync(1);
        await AssertSmoothAsync(page);
    }
}
