using AgentConsole.Core.Common;

namespace AgentConsole.Core.Runs;

/// <summary>Which bucket a figure belongs to.</summary>
public readonly record struct RollupKey(
    Guid OrganizationId,
    Guid AgentId,
    Guid TeamId,
    string Version,
    string Gateway,
    long BucketMicros,
    int BucketSeconds,
    string Model
);

/// <summary>Figures to add to a bucket; negative where an earlier contribution is taken back.</summary>
public sealed class RollupFigures
{
    public long Completed,
        Failed,
        Cancelled,
        TimedOut,
        Skipped,
        Lost,
        Allowed,
        Blocked,
        Redacted,
        Escalated,
        InputTokens,
        OutputTokens,
        CostMicros,
        Unpriced,
        UnpricedInputTokens,
        UnpricedOutputTokens;
    public DurationHistogram Durations { get; } = new();

    public void Add(RollupFigures other)
    {
        Completed += other.Completed;
        Failed += other.Failed;
        Cancelled += other.Cancelled;
        TimedOut += other.TimedOut;
        Skipped += other.Skipped;
        Lost += other.Lost;
        Allowed += other.Allowed;
        Blocked += other.Blocked;
        Redacted += other.Redacted;
        Escalated += other.Escalated;
        InputTokens += other.InputTokens;
        OutputTokens += other.OutputTokens;
        CostMicros += other.CostMicros;
        Unpriced += other.Unpriced;
        UnpricedInputTokens += other.UnpricedInputTokens;
        UnpricedOutputTokens += other.UnpricedOutputTokens;
        Durations.Merge(other.Durations);
    }

    public void Count(RunStatus status, long by)
    {
        _ = status switch
        {
            RunStatus.Completed => Completed += by,
            RunStatus.Failed => Failed += by,
            RunStatus.Cancelled => Cancelled += by,
            RunStatus.TimedOut => TimedOut += by,
            RunStatus.Skipped => Skipped += by,
            RunStatus.Lost => Lost += by,
            _ => throw new ArgumentOutOfRangeException(nameof(status)),
        };
    }

    public void Count(Decision decision, long by)
    {
        _ = decision switch
        {
            Decision.Allowed => Allowed += by,
            Decision.Blocked => Blocked += by,
            Decision.Redacted => Redacted += by,
            _ => Escalated += by,
        };
    }
}

/// <summary>
/// Collects what changes in the rollups, by transitions: a run contributes once, while it is finished, to the minute in which its terminal status was
/// received. What it contributed before is taken back when it changes, so a retried report counts once.
/// </summary>
public sealed class RollupLedger
{
    public const int Minute = 60;
    private Dictionary<RollupKey, RollupFigures>? _figures; // a report of an open run has none

    public IReadOnlyDictionary<RollupKey, RollupFigures> Figures => _figures ??= [];
    public bool IsEmpty => _figures is not { Count: > 0 };

    /// <param name="sign">1 to add the contribution, -1 to take it back.</param>
    public void Run(Run run, int sign)
    {
        if (!run.Status.IsTerminal() || run.FinishedAt is not { } finished)
            return;
        var figures = At(KeyOf(run, finished, Minute, run.Model ?? ""));
        figures.Count(run.Status, sign);
        figures.InputTokens += sign * (run.InputTokens ?? 0);
        figures.OutputTokens += sign * (run.OutputTokens ?? 0);
        figures.CostMicros += sign * (run.CostMicros ?? 0);
        if (run.CostSource == CostSource.Unpriced)
        {
            figures.Unpriced += sign;
            figures.UnpricedInputTokens += sign * (run.InputTokens ?? 0);
            figures.UnpricedOutputTokens += sign * (run.OutputTokens ?? 0);
        }
        if (run.DurationMs is { } duration)
            figures.Durations.Add(duration, sign);
    }

    /// <summary>A decision event of a run, at the minute in which it was received.</summary>
    public void Decision(Run run, Decision decision, DateTimeOffset receivedAt, int sign, long times = 1) =>
        At(KeyOf(run, receivedAt, Minute, model: "")).Count(decision, sign * times);

    public void Merge(RollupLedger other)
    {
        if (other._figures is not { } others)
            return;
        foreach (var (key, figures) in others)
            At(key).Add(figures);
    }

    public RollupFigures At(RollupKey key)
    {
        _figures ??= [];
        if (!_figures.TryGetValue(key, out var figures))
            _figures[key] = figures = new RollupFigures();
        return figures;
    }

    /// <param name="model">Decisions stand under no model: it is often known only when the run ends, and they would have to move then.</param>
    public static RollupKey KeyOf(Run run, DateTimeOffset at, int bucketSeconds, string model)
    {
        var size = bucketSeconds * 1_000_000L;
        var micros = Utc.ToMicros(at);
        return new RollupKey(
            run.OrganizationId,
            run.AgentId,
            run.TeamId,
            run.Version ?? "",
            run.Gateway ?? "",
            micros - (micros % size),
            bucketSeconds,
            model
        );
    }
}
