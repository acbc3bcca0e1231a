using System.Globalization;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Web.Components;

namespace AgentConsole.Web.Deployments;

/// <summary>Where an interval lies beside its limit, in percent of the width that is drawn.</summary>
/// <param name="From">0 where it is unbounded.</param>
/// <param name="To">100 where it is unbounded.</param>
/// <param name="Zero">Where nothing differs.</param>
internal sealed record VerdictGauge(double From, double To, double At, double Limit, double Zero, string Says);

/// <summary>One metric of a rollout as the page draws and says it.</summary>
/// <param name="Verdict">Null before the first look.</param>
/// <param name="Difference">Null where nothing was judged.</param>
/// <param name="Of">What the difference is of, where that is not the value itself.</param>
internal sealed record VerdictRow(
    string Key,
    string Margin,
    bool DryRun,
    string? Verdict,
    string Stable,
    string Canary,
    string? Difference,
    string? Of,
    string? Interval,
    VerdictGauge? Gauge
)
{
    private const char Nb = '\u00a0';
    private const double Unbounded = 1e8;
    private const double Padding = 0.08;

    /// <summary>A row for each metric of the plan, always in the same order: with the figures of a decision, or those that are known before one.</summary>
    public static IReadOnlyList<VerdictRow> Read(RolloutBody rollout, RolloutDecisionBody? decision)
    {
        var readings = decision
            ?.Record.GetProperty("decision")
            .GetProperty("readings")
            .EnumerateArray()
            .ToDictionary(r => r.GetProperty("metric").GetString()!, StringComparer.Ordinal);
        return
        [
            .. (rollout.Plan.Metrics ?? []).Select(metric =>
                readings?.TryGetValue(RolloutWords.Key(metric), out var reading) == true ? Judged(metric, reading) : Before(rollout, metric)
            ),
        ];
    }

    private static VerdictRow Before(RolloutBody rollout, RolloutMetricBody metric) =>
        new(
            RolloutWords.Key(metric),
            RolloutWords.Margin(metric),
            metric.DryRun == true,
            null,
            Counted(metric.Metric, rollout.Stable),
            Counted(metric.Metric, rollout.Canary),
            null,
            null,
            null,
            null
        );

    private static string Counted(string? metric, RolloutArmBody arm)
    {
        var hits = metric switch
        {
            "error-rate" => arm.Failed,
            "tool-failures" => arm.ToolFailed,
            "blocked-decisions" => arm.Blocked,
            _ => -1,
        };
        return hits < 0 || arm.Runs == 0 ? Words.Unknown : Share((double)hits / arm.Runs);
    }

    private static VerdictRow Judged(RolloutMetricBody metric, JsonElement reading)
    {
        var measure = reading.GetProperty("measure").GetString()!;
        double? Figure(string name) =>
            reading.GetProperty(name) is { ValueKind: JsonValueKind.Number } figure ? Shown(measure, figure.GetDouble()) : null;
        double limit = Shown(measure, reading.GetProperty("limit").GetDouble());
        var (estimate, lower, upper) = (Figure("estimate"), Figure("lower"), Figure("upper"));
        var unit = Unit(measure, metric.Metric);
        string Said(double? value) => value is not { } known || Math.Abs(known) > Unbounded ? "∞" : RolloutWords.Signed(known);
        return new VerdictRow(
            RolloutWords.Key(metric),
            RolloutWords.Margin(metric),
            metric.DryRun == true,
            reading.GetProperty("verdict").GetString(),
            Value(metric.Metric, reading.GetProperty("stable")),
            Value(metric.Metric, reading.GetProperty("canary")),
            estimate is null ? null : Said(estimate) + unit,
            measure switch
            {
                "rate-above-allowed" => "beyond what is allowed",
                "slow-share" => "slower than allowed",
                _ => metric.LowerIsWorse == true ? "lower" : null,
            },
            estimate is null ? null : $"{(lower is null ? "−∞" : Said(lower))} … {Said(upper)}, limit {RolloutWords.Signed(limit)}",
            estimate is { } at ? Place(at, lower, upper, limit, unit) : null
        );
    }

    private static VerdictGauge Place(double at, double? lower, double? upper, double limit, string unit)
    {
        var (low, high) = (Bounded(lower), Bounded(upper));
        var all = new[] { at, limit, 0, low ?? at, high ?? at };
        var (from, to) = (all.Min(), all.Max());
        var width = Math.Max(to - from, 1e-9);
        (from, width) = (from - (width * Padding), width * (1 + (2 * Padding)));
        double Left(double value) => Math.Round(Math.Clamp((value - from) / width * 100, 0, 100), 1);
        return new VerdictGauge(
            low is { } l ? Left(l) : 0,
            high is { } h ? Left(h) : 100,
            Left(at),
            Left(limit),
            Left(0),
            $"From {(low is { } least ? RolloutWords.Signed(least) : "unbounded")} to {(high is { } most ? RolloutWords.Signed(most) : "unbounded")}{unit}, limit {RolloutWords.Signed(limit)}{unit}"
        );
    }

    private static double? Bounded(double? bound) => bound is { } known && Math.Abs(known) <= Unbounded ? known : null;

    // Shares in points, ratios as percent more.
    private static double Shown(string measure, double figure) =>
        measure switch
        {
            "shift" => figure,
            "ratio" => (figure - 1) * 100,
            _ => figure * 100,
        };

    private static string Unit(string measure, string? metric) =>
        (measure, metric) switch
        {
            ("ratio", _) => $"{Nb}%",
            ("shift", "duration-p50") => $"{Nb}ms",
            ("shift", "cost") => $"{Nb}USD",
            ("shift", _) => "",
            _ => $"{Nb}pt",
        };

    private static string Value(string? metric, JsonElement value) =>
        value.ValueKind != JsonValueKind.Number
            ? Words.Unknown
            : metric switch
            {
                "duration-p50" or "duration-p95" => Words.Duration((long)value.GetDouble()),
                "cost" => $"USD{Nb}{RolloutWords.Figure(value.GetDouble())}",
                "field" => RolloutWords.Figure(value.GetDouble()),
                _ => Share(value.GetDouble()),
            };

    private static string Share(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0#}{Nb}%");
}
