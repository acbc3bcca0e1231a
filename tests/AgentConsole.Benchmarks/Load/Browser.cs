using Microsoft.Playwright;

namespace AgentConsole.Benchmarks.Load;

/// <summary>The Chromium of the machine, and pages that note for themselves when something appeared.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    public static async Task<Browser> OpenAsync()
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions
            {
                ExecutablePath = Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } named ? named : "/usr/bin/chromium",
                Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"],
            }
        );
        return new Browser(playwright, browser);
    }

    /// <param name="script">Runs in every page before anything else of it.</param>
    public async Task<IPage> PageAsync(Uri address, (string Name, string Value)? cookie, string script)
    {
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = address.ToString() });
        await context.AddInitScriptAsync(script);
        if (cookie is (var name, var value))
            await context.AddCookiesAsync([
                new Cookie
                {
                    Name = name,
                    Value = value,
                    Url = address.ToString(),
                    HttpOnly = true,
                },
            ]);
        return await context.NewPageAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
