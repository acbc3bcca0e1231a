using System.Diagnostics;
using AgentConsole.Testing.Processes;

namespace AgentConsole.Benchmarks.Lines;

/// <summary>What the palette answers to each letter of what somebody types, over HTTP with a browser's session, while 100,000 agents are known.</summary>
internal sealed class PaletteAnswers : ILine
{
    private static readonly string[] Typed =
    [
        "agent-00042",
        "pause agent 777",
        "agnt99",
        "ak_live_ab12",
        "9999",
        "invoice-2026-11",
        "olga@example.com",
        "zebra",
    ];

    public string Name => "palette";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken)
    {
        var size = pace.Quick ? 20_000 : 100_000;
        await using var folder = await ConsoleFolder.CreateAsync();
        await AgentSeed.FillAsync(folder, size);
        var (name, value) = await folder.CookieAsync(folder.Cast.Olga);
        await using var console = await ConsoleProcess.StartAsync(folder.Settings, cancellationToken);
        using var browser = console.Client();
        browser.DefaultRequestHeaders.Add("Cookie", $"{name}={value}");
        var questions = Typed.SelectMany(text => Enumerable.Range(1, text.Length).Select(letters => text[..letters])).ToList();
        foreach (var text in questions)
            await AskAsync(browser, text, cancellationToken);
        var times = new List<(double Milliseconds, string Text)>();
        for (var round = 0; round < (pace.Quick ? 5 : 20); round++)
        {
            foreach (var text in questions)
            {
                var start = Stopwatch.GetTimestamp();
                await AskAsync(browser, text, cancellationToken);
                times.Add((Stopwatch.GetElapsedTime(start).TotalMilliseconds, text));
            }
        }
        times.Sort();
        var p95 = times[times.Count * 95 / 100];
        return
        [
            new Figure($"palette: p50 of an answer at {size:N0} agents", times[times.Count / 2].Milliseconds, " ms", 50, AtLeast: false),
            new Figure(
                "  p95",
                p95.Milliseconds,
                " ms",
                50,
                AtLeast: false,
                Detail: $"{times.Count:N0} answers; the slowest {times[^1].Milliseconds:N1} ms, to \"{times[^1].Text}\""
            ),
        ];
    }

    private static async Task AskAsync(HttpClient browser, string text, CancellationToken cancellationToken)
    {
        using var answer = await browser.PostAsync(
            new Uri("/palette", UriKind.Relative),
            new FormUrlEncodedContent([new("q", text)]),
            cancellationToken
        );
        answer.EnsureSuccessStatusCode();
        await answer.Content.ReadAsByteArrayAsync(cancellationToken);
    }
}
