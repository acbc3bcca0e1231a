using System.Globalization;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.SampleFleet.Client;

namespace AgentConsole.SampleFleet.Running;

/// <summary>
/// A run in progress, as its agent sees it: tools are called through it, decisions and notes are told to it, and it hands them on in small batches
/// while the work goes on.
/// </summary>
public sealed class Work(IStepSink sink, TimeProvider clock, TimeSpan pace, string version = Roster.Version)
{
    /// <summary>Of the agent in this run.</summary>
    public string Version => version;

    /// <summary>A run reports at most this many steps; the rest is one line that says how many were left out.</summary>
    public const int MostSteps = 300;
    private const int BatchSize = 40;
    private static readonly TimeSpan BatchAge = TimeSpan.FromSeconds(1);

    private readonly List<ReportEvent> _unsent = [];
    private long _sentAt = clock.GetTimestamp();
    private string? _iteration;
    private int _steps;
    private int _leftOut;

    /// <summary>Words of text that were read; reported as input tokens, and as nothing else.</summary>
    public long WordsRead { get; private set; }

    /// <summary>Steps handed to the console so far.</summary>
    public int StepsSent { get; private set; }

    /// <summary>Calls a tool and notes how long it took and how it ended. Its exception is noted and passes on.</summary>
    public async Task<T> UseAsync<T>(
        string tool,
        object arguments,
        Func<CancellationToken, Task<T>> call,
        Func<T, object> result,
        CancellationToken cancellationToken
    )
    {
        var at = clock.GetUtcNow();
        var began = clock.GetTimestamp();
        try
        {
            var value = await call(cancellationToken);
            Note(
                Step("tool-call", tool, at) with
                {
                    DurationMs = Since(began),
                    Status = "ok",
                    Arguments = Element(arguments),
                    Result = Element(result(value)),
                }
            );
            await BreatheAsync(cancellationToken);
            return value;
        }
        catch (Exception e)
        {
            Note(
                Step("tool-call", tool, at) with
                {
                    DurationMs = Since(began),
                    Status = "error",
                    Arguments = Element(arguments),
                    Error = Clip($"{e.GetType().Name}: {e.Message}", 500),
                }
            );
            throw;
        }
    }

    /// <summary>As above, for work that does not wait.</summary>
    public Task<T> UseAsync<T>(string tool, object arguments, Func<T> call, Func<T, object> result, CancellationToken cancellationToken) =>
        UseAsync(tool, arguments, _ => Task.FromResult(call()), result, cancellationToken);

    /// <summary>Notes a decision of one of the agent's own rules.</summary>
    /// <param name="decision"><c>allowed</c>, <c>blocked</c>, <c>redacted</c> or <c>escalated</c>.</param>
    public void Decide(string rule, string decision, object about) =>
        Note(Step("decision", rule, clock.GetUtcNow()) with { Decision = decision, Metadata = Element(about) });

    /// <summary>Steps noted until the next call belong to this round.</summary>
    public void BeginRound(string name)
    {
        var round = Step("iteration", name, clock.GetUtcNow()) with { Parent = null };
        _iteration = round.ExternalId;
        Note(round);
    }

    /// <param name="level"><c>debug</c>, <c>info</c>, <c>warn</c> or <c>error</c>.</param>
    public void Say(string level, string text) =>
        Note(Step("log", level, clock.GetUtcNow()) with { Role = level, Content = Element(Clip(text, 2000)) });

    public void CountWords(ReadOnlySpan<char> text)
    {
        var inWord = false;
        foreach (var c in text)
        {
            var isSpace = char.IsWhiteSpace(c);
            if (!isSpace && !inWord)
                WordsRead++;
            inWord = !isSpace;
        }
    }

    /// <summary>Hands everything over that is not handed over yet.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_leftOut > 0)
        {
            var left = _leftOut;
            _leftOut = 0;
            _unsent.Add(
                Step("log", "warn", clock.GetUtcNow()) with
                {
                    Role = "warn",
                    Content = Element(
                        string.Create(CultureInfo.InvariantCulture, $"{left} more steps of this run are not reported one by one.")
                    ),
                }
            );
        }
        if (_unsent.Count == 0)
            return;
        await sink.SendAsync([.. _unsent], cancellationToken);
        StepsSent += _unsent.Count;
        _unsent.Clear();
        _sentAt = clock.GetTimestamp();
    }

    internal static string Clip(string text, int most) => text.Length <= most ? text : text[..(most - 1)] + "…";

    internal static JsonElement? Element(object? value) =>
        value is null ? null : JsonSerializer.SerializeToElement(value, value.GetType(), FleetClient.Json);

    // The fleet shares its machine with the console: it rests between two steps, and tells what it has when that is worth a call.
    private async Task BreatheAsync(CancellationToken cancellationToken)
    {
        if (_unsent.Count >= BatchSize || clock.GetElapsedTime(_sentAt) >= BatchAge)
            await FlushAsync(cancellationToken);
        if (pace > TimeSpan.Zero)
            await Task.Delay(pace, clock, cancellationToken);
    }

    private ReportEvent Step(string kind, string name, DateTimeOffset at) =>
        new()
        {
            Kind = kind,
            Name = name,
            At = at,
            ExternalId = string.Create(CultureInfo.InvariantCulture, $"s{++_steps:0000}"),
            Parent = _iteration,
        };

    private void Note(ReportEvent step)
    {
        if (StepsSent + _unsent.Count >= MostSteps)
            _leftOut++;
        else
            _unsent.Add(step);
    }

    private long Since(long began) => (long)clock.GetElapsedTime(began).TotalMilliseconds;
}
