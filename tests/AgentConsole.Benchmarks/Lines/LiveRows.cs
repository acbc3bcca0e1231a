using System.Globalization;
using AgentConsole.Benchmarks.Load;
using AgentConsole.Testing.Processes;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>From sending a report to its mark in a browser's page.</summary>
internal sealed class LiveRows : ILine
{
    // Both clocks are the machine's own: the page's is read as milliseconds since 1970, like the sender's.
    private const string NoteRuns =
        "window.seen = {}; const note = () => { for (const row of document.querySelectorAll('[data-last-run]')) "
        + "window.seen[row.dataset.lastRun] ??= performance.timeOrigin + performance.now(); }; "
        + "new MutationObserver(note).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ['data-last-run'] });";

    public string Name => "live";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        await using var folder = await ConsoleFolder.CreateAsync();
        IReadOnlyList<(Guid Id, string Secret)> agents;
        await using (var services = folder.Open())
            agents = await folder.AgentsAsync(services, 20);
        ConsoleFolder.LetGo();
        var cookie = await folder.CookieAsync(folder.Cast.Olga);
        await using var console = await ConsoleProcess.StartAsync(folder.Settings, cancellationToken);
        await using var browser = await Browser.OpenAsync();
        var page = await browser.PageAsync(console.Address, cookie, NoteRuns);
        await page.GotoAsync("/fleet");
        await page.Locator("[data-testid=live-badge][data-state=live]").WaitForAsync();
        using var connection = new RawConnection();
        await connection.OpenAsync(console.Address, cancellationToken);
        var times = new List<double>();
        var warm = pace.Quick ? 20 : 60;
        for (var i = 0; i < warm + (pace.Quick ? 60 : 300); i++)
        {
            var request = RawConnection.Request("POST", "/api/v1/runs", agents[i % agents.Count].Secret, Reports.Body(Reports.Run(i)));
            var sent = (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalMilliseconds;
            await connection.CallAsync(request);
            var id = System.Text.Json.JsonElement.Parse(connection.Body).GetProperty("id").GetString();
            await page.WaitForFunctionAsync("id => window.seen[id]", id);
            var seen = await page.EvaluateAsync<double>("id => window.seen[id]", id);
            if (i >= warm)
                times.Add(seen - sent);
        }
        times.Sort();
        return
        [
            new Figure(
                "POST → DOM in a browser, p95",
                times[(int)(times.Count * 0.95)],
                " ms",
                80,
                AtLeast: false,
                Detail: string.Create(CultureInfo.InvariantCulture, $"median {times[times.Count / 2]:0.0} ms of {times.Count} reports")
            ),
        ];
    }
}
