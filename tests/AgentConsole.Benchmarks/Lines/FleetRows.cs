using AgentConsole.Benchmarks.Baselines;
using AgentConsole.Benchmarks.Load;
using AgentConsole.Testing.Processes;
using Microsoft.Playwright;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>When the first row of the fleet stands in a browser, with many agents, with few, and against a static page of 30 rows.</summary>
internal sealed class FleetRows : ILine
{
    private const string NoteFirstRow =
        "new MutationObserver(() => { if (!window.firstRow && document.querySelector('tbody tr')) window.firstRow = performance.now(); })"
        + ".observe(document, { childList: true, subtree: true });";

    public string Name => "fleet";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        var many = pace.Quick ? 20_000 : 100_000;
        await using var few = await ConsoleFolder.CreateAsync();
        await using var full = await ConsoleFolder.CreateAsync();
        await AgentSeed.FillAsync(few, 100);
        await AgentSeed.FillAsync(full, many);
        var fewCookie = await few.CookieAsync(few.Cast.Olga);
        var fullCookie = await full.CookieAsync(full.Cast.Olga);
        await using var small = await ConsoleProcess.StartAsync(few.Settings, cancellationToken);
        await using var large = await ConsoleProcess.StartAsync(full.Settings, cancellationToken);
        await using var bare = await BareKestrel.StartAsync("nothing", StaticPage(), cancellationToken, "text/html; charset=utf-8");
        await using var browser = await Browser.OpenAsync();
        var ofFew = await browser.PageAsync(small.Address, fewCookie, NoteFirstRow);
        var ofMany = await browser.PageAsync(large.Address, fullCookie, NoteFirstRow);
        var plain = await browser.PageAsync(bare.Address, null, NoteFirstRow);
        for (var warm = 0; warm < (pace.Quick ? 5 : 15); warm++)
            _ = (await FirstRowAsync(ofFew, "/fleet"), await FirstRowAsync(ofMany, "/fleet"), await FirstRowAsync(plain, "/"));
        var (a, b, ratio) = await pace.PairsAsync(() => MedianAsync(ofMany, "/fleet"), () => MedianAsync(ofFew, "/fleet"), (x, y) => x / y);
        var (c, d, toPlain) = await pace.PairsAsync(() => MedianAsync(ofMany, "/fleet"), () => MedianAsync(plain, "/"), (x, y) => x / y);
        return
        [
            new Figure(
                $"fleet page in Chromium: first row at {many:N0} agents ÷ at 100",
                ratio,
                "",
                1.15,
                AtLeast: false,
                Detail: $"{a:N1} ms, {b:N1} ms"
            ),
            new Figure("  ÷ a static page of 30 rows", toPlain, "", null, AtLeast: false, Aim: 3, Detail: $"{c:N1} ms, {d:N1} ms"),
        ];
    }

    private static async Task<double> MedianAsync(IPage page, string path)
    {
        var times = new List<double>();
        for (var i = 0; i < 7; i++)
            times.Add(await FirstRowAsync(page, path));
        times.Sort();
        return times[times.Count / 2];
    }

    private static async Task<double> FirstRowAsync(IPage page, string path)
    {
        await page.GotoAsync(path);
        await page.WaitForFunctionAsync("() => window.firstRow");
        return await page.EvaluateAsync<double>("() => window.firstRow");
    }

    private static byte[] StaticPage() =>
        System.Text.Encoding.UTF8.GetBytes(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Rows</title></head><body><table><tbody>"
                + string.Concat(
                    Enumerable
                        .Range(1, 30)
                        .Select(i => $"<tr><td>Agent {i:00000}</td><td>ok</td><td>live</td><td>active</td><td>2.4.1</td><td>prod</td></tr>")
                )
                + "</tbody></table></body></html>"
        );
}
