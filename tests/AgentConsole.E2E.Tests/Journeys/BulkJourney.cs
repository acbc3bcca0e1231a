namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>A list of agents comes in by paste and by file, is checked row by row, and is applied whole.</summary>
public sealed class BulkJourney(Chromium chromium) : JourneyTest(chromium)
{
    private static FilePayload File(string name, string type, string text) =>
        new()
        {
            Name = name,
            MimeType = type,
            Buffer = System.Text.Encoding.UTF8.GetBytes(text),
        };

    private static ILocator Button(IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    private async Task<IPage> OpenListAsync(Person person)
    {
        var page = await OpenAsync(person);
        await page.GotoAsync("/fleet/bulk");
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        return page;
    }

    // The field hears of a choice once its script has taken hold of it; a person is never faster, a test is.
    private static async Task ChooseAsync(IPage page, FilePayload file)
    {
        await page.WaitForFunctionAsync("() => document.getElementById('bulk-file')?._blazorInputFileNextFileId !== undefined");
        await page.GetByLabel("or choose a file").SetInputFilesAsync(file);
    }

    [Fact]
    public async Task A_pasted_list_says_line_by_line_what_it_would_do()
    {
        var page = await OpenListAsync(Console.Cast.Ines);
        await page.GetByLabel("Paste the list")
            .FillAsync("slug,team,colour\nmailroom-1,payments,red\nMail Room,payments,red\nmailroom-2,research,red\n");
        await Button(page, "Check the list").ClickAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Level = 1 })).ToHaveTextAsync("What the list would do");
        await Expect(page.Locator("[data-testid=bulk-row][data-outcome=failed] td:first-child")).ToHaveTextAsync(["3", "4"]);
        await Expect(page.Locator("[data-testid=bulk-row][data-outcome=created] td:first-child")).ToHaveTextAsync(["2"]);
        await Expect(page.GetByText("Columns or members that mean nothing here are passed over")).ToContainTextAsync("colour");
        await Expect(Button(page, "Register 1 agent")).ToHaveAttributeAsync("aria-disabled", "true");
        await AssertAccessibleAsync(page);

        await Button(page, "Change the list").ClickAsync();
        await Expect(page.GetByLabel("Paste the list")).ToHaveValueAsync(new System.Text.RegularExpressions.Regex("^slug,team"));
    }

    [Theory]
    [InlineData("agents.csv", "text/csv", "slug,team\nmailroom-1,payments\nmailroom-2,payments\n")]
    [InlineData("agents.json", "application/json", """[{"slug":"mailroom-1","team":"payments"},{"slug":"mailroom-2","team":"payments"}]""")]
    public async Task A_file_is_applied_its_keys_are_handed_over_once_and_the_same_file_changes_nothing(
        string name,
        string type,
        string text
    )
    {
        var page = await OpenListAsync(Console.Cast.Ines);
        await ChooseAsync(page, File(name, type, text));
        await Button(page, "Register 2 agents").ClickAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Level = 1 })).ToHaveTextAsync("The list is applied");
        await AssertAccessibleAsync(page);
        var download = await page.RunAndWaitForDownloadAsync(() => Button(page, "Download the keys").ClickAsync());
        var lines = await System.IO.File.ReadAllLinesAsync(await download.PathAsync(), Stop);
        Assert.Equal(3, lines.Length);
        var key = lines[1].Split(',')[2];
        using var agent = Console.Client(key);
        using var beat = await agent.PostAsync(new Uri("/api/v1/heartbeat", UriKind.Relative), null, Stop);
        Assert.True(beat.IsSuccessStatusCode, $"the key of the download was answered {(int)beat.StatusCode}");
        await Button(page, "I stored them").ClickAsync();
        await Expect(Button(page, "Download the keys")).ToHaveCountAsync(0);

        var again = await OpenListAsync(Console.Cast.Ines);
        await ChooseAsync(again, File(name, type, text));
        await Expect(again.GetByText("2 as they stand already.")).ToBeVisibleAsync();
        await Expect(again.GetByText("there is nothing to do", new PageGetByTextOptions { Exact = false })).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task A_list_of_thousands_says_how_far_it_is()
    {
        const int Rows = 3_000;
        var page = await OpenListAsync(Console.Cast.Ines);
        // The bar may be gone before a test looks for it: the page keeps what it said.
        await page.EvaluateAsync(
            """
            () => {
              document.said = [];
              const look = () => {
                const bar = document.getElementById("bulk-progress");
                if (bar) document.said.push(`${document.querySelector("label[for=bulk-progress]").textContent.trim()} | ${bar.value} of ${bar.max}`);
              };
              new MutationObserver(look).observe(document.body, { childList: true, subtree: true, attributes: true, characterData: true });
            }
            """
        );
        var list = "slug,team,key\n" + string.Concat(Enumerable.Range(1, Rows).Select(i => $"clerk-{i:00000},payments,false\n"));
        await ChooseAsync(page, File("agents.csv", "text/csv", list));
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Register 3,000 agents", Exact = true })
            .ClickAsync(new LocatorClickOptions { Timeout = 30_000 });
        await Expect(page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Level = 1 }))
            .ToHaveTextAsync("The list is applied", new LocatorAssertionsToHaveTextOptions { Timeout = 60_000 });

        var said = await page.EvaluateAsync<string[]>("() => document.said");
        Assert.Contains(said, line => line.StartsWith("Checked", StringComparison.Ordinal));
        Assert.Contains(
            said,
            line => System.Text.RegularExpressions.Regex.IsMatch(line, @"^Written .+ of 3,000 \| (500|[12][05]00) of 3000$")
        );
        await page.GotoAsync("/fleet");
        await Expect(page.Locator("table.fleet caption")).ToContainTextAsync("3,000");
    }

    [Fact]
    public async Task Who_may_not_register_is_told_which_role_is_missing()
    {
        var page = await OpenListAsync(Console.Cast.Victor);

        await Expect(page.GetByText("You may not register agents")).ToBeVisibleAsync();
        await AssertAccessibleAsync(page);
    }
}
