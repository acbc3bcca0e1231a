using AgentConsole.E2E.Tests;
using Deque.AxeCore.Commons;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace AgentConsole.E2E.Tests;

/// <summary>One Chromium for all journeys: the machine's own, nothing is downloaded.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private const string Shell = "/usr/bin/chromium-headless-shell";
    private IPlaywright? _playwright;

    public IBrowser Browser { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        SetDefaultExpectTimeout(20_000); // journeys run side by side, and dozens of pages come back at once after a restart
        _playwright = await Playwright.CreateAsync();
        Browser = await _playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions
            {
                ExecutablePath =
                    Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } named ? named
                    : File.Exists(Shell) ? Shell
                    : "/usr/bin/chromium",
                Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"],
            }
        );
    }

    public async ValueTask DisposeAsync()
    {
        await Browser.DisposeAsync();
        _playwright?.Dispose();
    }
}

/// <summary>A journey: a console of its own, or one that a class shares; people at pages, agents at the API.</summary>
public abstract class JourneyTest(Chromium chromium) : IAsyncLifetime
{
    private static readonly string Axe = new BundledAxeScriptProvider().GetScript();

    private readonly List<IBrowserContext> _contexts = [];

    protected ConsoleServer Console { get; private set; } = null!;

    /// <summary>Where browsers go.</summary>
    protected virtual Uri Address => Console.Address;

    /// <summary>The console of all journeys of a class that change nothing; null for one of each journey's own.</summary>
    protected virtual ConsoleServer? Shared => null;

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    public virtual async ValueTask InitializeAsync() => Console = Shared ?? await ConsoleServer.StartAsync();

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var context in _contexts)
            await context.DisposeAsync();
        if (Shared is null)
            await Console.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A browser in which this person is signed in; nobody when null.</summary>
    protected async Task<IPage> OpenAsync(
        Person? person,
        int width = 1440,
        int height = 900,
        ColorScheme scheme = ColorScheme.Light,
        string zone = "UTC"
    )
    {
        var context = await chromium.Browser.NewContextAsync(
            new BrowserNewContextOptions
            {
                BaseURL = Address.ToString(),
                ViewportSize = new ViewportSize { Width = width, Height = height },
                ColorScheme = scheme,
                TimezoneId = zone,
            }
        );
        context.SetDefaultTimeout(15_000);
        _contexts.Add(context);
        if (person is not null)
        {
            var (name, value) = Console.Cookie(person);
            await context.AddCookiesAsync([
                new Cookie
                {
                    Name = name,
                    Value = value,
                    Url = Address.ToString(),
                    HttpOnly = true,
                },
            ]);
        }
        return await context.NewPageAsync();
    }

    /// <summary>No finding of axe's WCAG 2.2 A and AA rules on what the page shows now.</summary>
    /// <param name="rules">Only these rules.</param>
    protected static async Task AssertAccessibleAsync(IPage page, params string[] rules)
    {
        // Its script goes into a document once: half a megabyte for each question is most of what a question takes.
        if (!await page.EvaluateAsync<bool>("'axe' in window"))
            await page.EvaluateAsync(Axe);
        var findings = await page.EvaluateAsync<string[]>(
            """
            async ([rules, tags]) => {
              // Colours of what is still coming in are nobody's colours.
              const coming = document.getAnimations().filter(a => a.effect?.getComputedTiming().endTime < 1000);
              await Promise.race([Promise.allSettled(coming.map(a => a.finished)), new Promise(done => setTimeout(done, 1000))]);
              const runOnly = rules.length > 0 ? { type: "rule", values: rules } : { type: "tag", values: tags };
              const { violations } = await axe.run(document, { runOnly, resultTypes: ["violations"] });
              return violations.map(v => `${v.id} (${v.impact}): ${v.help}: ${v.nodes.slice(0, 5).map(node => node.html).join(" | ")}`);
            }
            """,
            new[] { rules, ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }
        );
        Assert.True(findings.Length == 0, string.Join('\n', findings));
    }
}
