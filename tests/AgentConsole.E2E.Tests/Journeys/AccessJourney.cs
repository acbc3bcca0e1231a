using System.Net.Http.Json;

namespace AgentConsole.E2E.Tests.Journeys;

/// <summary>For whoever cannot see, does not point, or prints.</summary>
public sealed class AccessJourney(Chromium chromium) : JourneyTest(chromium)
{
    private static readonly string[] Addresses =
    [
        "/",
        "/fleet",
        "/agents/mailroom-1",
        "/agents/mailroom-1/keys",
        "/agents/mailroom-1/settings",
        "/runs",
        "/keys",
        "/trail",
        "/admin/teams",
        "/admin/teams/payments",
        "/admin/users",
        "/admin/tokens",
        "/admin/roles",
    ];

    private async Task<IPage> LiveAsync(Person person, string address)
    {
        var page = await OpenAsync(person);
        await page.GotoAsync(address);
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        return page;
    }

    [Fact]
    public async Task A_screen_reader_meets_landmarks_headings_in_order_named_controls_and_tables_with_captions()
    {
        var (_, key) = await Console.AgentAsync("mailroom-1");
        using (var agent = Console.Client(key))
            await agent.PostAsJsonAsync("/api/v1/runs", new { status = "completed", summary = "One" }, Stop);
        var page = await LiveAsync(Console.Cast.Olga, "/");
        foreach (var address in Addresses)
        {
            await page.GotoAsync(address);
            await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
            var faults = await page.EvaluateAsync<string[]>(
                """
                () => {
                  const faults = [];
                  const shown = (element) => element.checkVisibility();
                  if (document.querySelectorAll("main").length !== 1) faults.push("not one main");
                  const headings = [...document.querySelectorAll("main :is(h1,h2,h3,h4,h5,h6)")].filter(shown);
                  if (headings.filter((heading) => heading.localName === "h1").length !== 1) faults.push("not one h1");
                  let level = 0;
                  for (const heading of headings) {
                    const now = Number(heading.localName[1]);
                    if (now > level + 1) faults.push(`h${level} is followed by h${now}: ${heading.textContent}`);
                    level = now;
                  }
                  for (const nav of [...document.querySelectorAll("nav")].filter(shown))
                    if (!nav.getAttribute("aria-label")) faults.push("a navigation without a name");
                  for (const table of [...document.querySelectorAll("main table")].filter(shown)) {
                    if (table.getAttribute("aria-hidden") === "true") continue;
                    if (!table.caption?.textContent.trim()) faults.push("a table without a caption");
                    if (table.querySelectorAll("thead th:not([scope])").length > 0) faults.push("a head without a scope");
                  }
                  for (const control of [...document.querySelectorAll("button, a[href], input, select, textarea, summary")].filter(shown)) {
                    const name = control.getAttribute("aria-label") || control.textContent.trim() || control.labels?.length || control.title || control.type === "hidden";
                    if (!name) faults.push("no name: " + control.outerHTML.slice(0, 120));
                  }
                  return faults;
                }
                """
            );
            Assert.True(faults.Length == 0, $"{address}: {string.Join(" | ", faults)}");
        }
    }

    [Theory]
    [InlineData("/fleet", "heading \"Fleet\"", "textbox", "table", "row", "link \"mailroom-1\"")]
    [InlineData("/runs", "heading \"Runs\"", "textbox", "table", "row", "link \"One\"")]
    [InlineData("/keys", "heading \"Keys\"", "textbox", "table", "row", "button \"Disable")]
    [InlineData(
        "/agents/mailroom-1",
        "heading \"mailroom-1\"",
        "navigation",
        "link \"Overview",
        "link \"Runs",
        "link \"Keys",
        "link \"Settings"
    )]
    [InlineData(
        "/fleet/register",
        "navigation",
        "heading \"Register an agent\"",
        "textbox \"Slug",
        "textbox \"Name",
        "textbox \"What it does",
        "combobox \"Team",
        "button \"Register\"",
        "link \"Cancel"
    )]
    public async Task A_screen_reader_reads_what_one_can_skip_then_where_one_is_then_the_thing_itself(string address, params string[] thing)
    {
        var (_, key) = await Console.AgentAsync("mailroom-1");
        using (var agent = Console.Client(key))
            await agent.PostAsJsonAsync("/api/v1/runs", new { status = "completed", summary = "One" }, Stop);
        var page = await LiveAsync(Console.Cast.Olga, address);
        var tree = await page.Locator("body").AriaSnapshotAsync();
        var at = -1;
        foreach (
            var part in (string[])
                ["- link \"Skip to content\"", "- navigation \"Main\"", "- banner", "- main", .. thing.Select(p => "- " + p)]
        )
        {
            at = tree.IndexOf(part, at + 1, StringComparison.Ordinal);
            Assert.True(at >= 0, $"{part} does not come after what is read before it:\n{tree}");
        }
    }

    [Fact]
    public async Task From_sign_in_to_sign_out_with_the_keyboard_alone()
    {
        await Console.AgentAsync("mailroom-1");
        await Console.AgentAsync("reader-1");
        var page = await OpenAsync(null);
        await page.GotoAsync("/");
        await page.Locator("#email").FocusAsync(); // where the page puts it
        await page.Keyboard.TypeAsync(Console.As(Console.Cast.Olga).Label);
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync(Person.Password);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");

        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("f");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Fleet" })).ToBeFocusedAsync();
        await Expect(page.GetByTestId("agent-row")).ToHaveCountAsync(2);
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync("**/agents/mailroom-1");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "mailroom-1" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync("pause mailroom");
        await Expect(page.Locator("[role=option][aria-selected=true]")).ToContainTextAsync("Pause mailroom-1");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByText("Paused mailroom-1")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("z");
        await Expect(page.GetByText("Resumed mailroom-1")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync("sign out");
        await Expect(page.Locator("[role=option][aria-selected=true]")).ToContainTextAsync("Sign out");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync("**/account/sign-in*");
    }

    [Fact]
    public async Task A_list_prints_on_white_paper_with_its_filter_and_without_the_console_around_it()
    {
        for (var i = 1; i <= 60; i++)
            await Console.AgentAsync($"mailroom-{i:00}");
        var page = await LiveAsync(Console.Cast.Olga, "/fleet?q=mail&sort=slug");
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print, ColorScheme = ColorScheme.Dark });

        await Expect(page.Locator(".paper")).ToContainTextAsync("q: mail");
        await Expect(page.Locator(".paper")).ToContainTextAsync("printed at");
        await Expect(page.Locator("nav.nav")).ToBeHiddenAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "light");
        var pdf = await page.PdfAsync(
            new PagePdfOptions
            {
                Format = "A4",
                PreferCSSPageSize = true,
                PrintBackground = true,
            }
        );
        if (Environment.GetEnvironmentVariable("SHOTS") is { Length: > 0 } folder)
            await File.WriteAllBytesAsync(Path.Combine(folder, "fleet.pdf"), pdf, Stop);
        // The heads stand on every page, and where a link leads stands beside it.
        Assert.Equal(
            "table-header-group",
            await page.EvaluateAsync<string>("getComputedStyle(document.querySelector('table.t thead')).display")
        );
        var leads = await page.EvaluateAsync<string>("getComputedStyle(document.querySelector('main td a.nm'), '::after').content");
        Assert.Contains("/agents/mailroom-01", leads, StringComparison.Ordinal);
        // The foot has the hash of what is above it, so that two prints can be told apart.
        async Task<(string Said, string Text)> HashAsync()
        {
            await page.EvaluateAsync("dispatchEvent(new Event('beforeprint'))");
            return (await page.Locator("[data-print-hash]").InnerTextAsync(), await page.EvaluateAsync<string>("agentConsole.printed()"));
        }
        var (hash, text) = await HashAsync();
        Assert.Equal(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text))),
            hash
        );
        Assert.Contains("mailroom-01", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Register agent", text, StringComparison.Ordinal);
        Assert.Equal(hash, (await HashAsync()).Said);
        await page.EvaluateAsync("document.querySelector('main td a.nm').firstChild.data = 'mailroom-O1'");
        Assert.NotEqual(hash, (await HashAsync()).Said);
        await AssertHashedIsPrintedAsync(page);
        // Rows that are not drawn take no paper.
        var pages = System.Text.RegularExpressions.Regex.Count(System.Text.Encoding.Latin1.GetString(pdf), @"/Type\s*/Page\b");
        Assert.InRange(pages, 1, 6);
    }

    [Fact]
    public async Task What_is_hashed_is_what_is_printed_on_every_kind_of_page()
    {
        await Console.AgentAsync("mailroom-1");
        foreach (
            var address in (string[])
                ["/", "/agents/mailroom-1", "/agents/mailroom-1/keys", "/agents/mailroom-1/keys?act=mint", "/rotations", "/spend", "/keys"]
        )
        {
            var page = await LiveAsync(Console.Cast.Olga, address);
            await page.EvaluateAsync(
                "document.getElementById('main').insertAdjacentHTML('beforeend', '<p class=\"no-print\">a</p><p class=\"steps\">b</p><p class=\"note banner\">c</p><p class=\"bulkbar\">d</p><details><summary>e</summary>folded-1<p>folded-2</p></details>')"
            );
            await AssertHashedIsPrintedAsync(page);
            await page.CloseAsync();
        }
    }

    private static string Ageless(string text) => System.Text.RegularExpressions.Regex.Replace(text, "[0-9]+", "0");

    // The hash is made while the page is still drawn for the screen; what is on paper is known when it is drawn for paper.
    private static async Task AssertHashedIsPrintedAsync(IPage page)
    {
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Screen });
        var hashed = await page.EvaluateAsync<string>("agentConsole.printed()");
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });
        var printed = await page.EvaluateAsync<string>(
            """
            () => {
              const lines = [];
              const walker = document.createTreeWalker(document.getElementById("main"), NodeFilter.SHOW_TEXT);
              while (walker.nextNode()) {
                const part = walker.currentNode.parentElement;
                const text = walker.currentNode.data.replace(/\s+/g, " ").trim();
                if (text && !text.startsWith("folded") && part.checkVisibility() && !part.closest(".paper, .paper-foot, .vh:not(caption)")) lines.push(text);
              }
              return lines.join("\n");
            }
            """
        );
        Assert.Equal(Ageless(printed), Ageless(hashed)); // ages go on meanwhile
    }

    [Theory]
    [InlineData(ColorScheme.Dark, null)]
    [InlineData(ColorScheme.Light, "dark")]
    public async Task The_first_paint_of_whoever_wants_it_dark_is_dark(ColorScheme system, string? chosen)
    {
        await Console.AgentAsync("mailroom-1");
        var page = await OpenAsync(Console.Cast.Otto, scheme: system);
        if (chosen is not null)
        {
            await page.GotoAsync("/fleet");
            await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
            await page.EvaluateAsync("theme => agentConsole.look('theme', theme)", chosen);
            await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", chosen);
        }
        // Every frame from the first one on that has something to paint.
        await page.AddInitScriptAsync(
            """
            window.frames_ = [];
            const look = () => {
              const back = document.body && [document.body, document.documentElement].map((e) => getComputedStyle(e).backgroundColor).find((c) => c !== "rgba(0, 0, 0, 0)");
              if (document.body) window.frames_.push(`${document.documentElement.dataset.theme} ${back}`);
              if (window.frames_.length < 60) requestAnimationFrame(look);
            };
            requestAnimationFrame(look);
            """
        );

        foreach (var address in (string[])["/fleet", "/account/sign-in"])
        {
            await page.GotoAsync(address);
            await page.EvaluateAsync(
                "new Promise((done) => { const wait = () => (frames_.length >= 20 ? done() : requestAnimationFrame(wait)); wait(); })"
            );
            var frames = (await page.EvaluateAsync<string[]>("[...new Set(frames_)]")).ToList();
            var only = Assert.Single(frames);
            Assert.StartsWith("dark rgb(", only, StringComparison.Ordinal);
            var light = System
                .Text.RegularExpressions.Regex.Matches(only, @"\d+")
                .Select(m => int.Parse(m.Value, System.Globalization.CultureInfo.InvariantCulture))
                .Max();
            Assert.InRange(light, 0, 60);
        }
    }

    [Fact]
    public async Task The_grammar_of_the_filter_is_shown_and_said_while_one_types_and_moves_nothing()
    {
        await Console.AgentAsync("mailroom-1");
        var page = await LiveAsync(Console.Cast.Otto, "/fleet?health=ok");
        var help = page.Locator("#fleet-grammar");
        await Expect(help).ToBeHiddenAsync();
        var row = page.GetByTestId("agent-row");
        var before = (await row.BoundingBoxAsync())!.Y;

        await page.Keyboard.PressAsync("/");

        await Expect(page.GetByTestId("filter-text")).ToBeFocusedAsync();
        await Expect(help).ToBeVisibleAsync();
        await Expect(page.GetByTestId("filter-text"))
            .ToHaveAccessibleDescriptionAsync(new System.Text.RegularExpressions.Regex("health: .*failing"));
        Assert.Equal(before, (await row.BoundingBoxAsync())!.Y);
        await AssertAccessibleAsync(page);
        await page.Keyboard.PressAsync("Escape");
        await Expect(help).ToBeHiddenAsync();
    }
}
