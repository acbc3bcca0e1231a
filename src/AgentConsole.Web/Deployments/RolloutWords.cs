using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Web.Components;

namespace AgentConsole.Web.Deployments;

/// <summary>Plans, metrics and shares as people read them.</summary>
internal static class RolloutWords
{
    private const char Nb = '\u00a0';
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <param name="key">As a reading names it: <c>error-rate</c>, <c>field:score</c>.</param>
    public static string Metric(string key) =>
        key switch
        {
            "error-rate" => "Error rate",
            "tool-failures" => "Tool failures",
            "blocked-decisions" => "Blocked decisions",
            "duration-p50" => "Median duration",
            "duration-p95" => "p95 duration",
            "cost" => "Cost per run",
            "field" => "Field of the run",
            _ => key.StartsWith("field:", StringComparison.Ordinal) ? key["field:".Length..] : key,
        };

    public static string Key(RolloutMetricBody metric) => metric.Metric == "field" ? $"field:{metric.Field}" : metric.Metric ?? "";

    public static bool CountsRuns(string? metric) => metric is "error-rate" or "tool-failures" or "blocked-decisions";

    /// <summary>What the canary may be worse by.</summary>
    public static string Margin(RolloutMetricBody metric)
    {
        var margin = (double)(metric.Margin ?? 0);
        var most = metric switch
        {
            { Relative: true } => $"{Figure(margin * 100)}{Nb}%",
            { Metric: "duration-p50" or "duration-p95" } => $"{Figure(margin)}{Nb}ms",
            { Metric: "cost" } => $"USD{Nb}{Figure(margin)}",
            { Metric: "field" } => Figure(margin),
            _ => $"{Figure(margin * 100)}{Nb}pt",
        };
        return metric.LowerIsWorse == true ? $"at most {most} lower" : $"at most {most} higher";
    }

    public static string Share(decimal percent) => string.Create(Invariant, $"{percent:0.##}{Nb}%");

    public static string Hold(int minutes) =>
        minutes == 0 ? "no hold"
        : minutes % 1440 == 0 ? Words.Many(minutes / 1440, "day")
        : minutes % 60 == 0 ? string.Create(Invariant, $"{minutes / 60}{Nb}h")
        : minutes < 60 ? string.Create(Invariant, $"{minutes}{Nb}min")
        : string.Create(Invariant, $"{minutes / 60}{Nb}h{Nb}{minutes % 60:00}");

    public static string Act(string act) =>
        act switch
        {
            "none" => "Goes on",
            "advance" => "To the next step",
            "promote" => "Promoted",
            "pause" => "Paused",
            "roll-back" => "Rolled back",
            _ => Words.Sentence(act),
        };

    public static string OnFail(string? act) => act == "pause" ? "it pauses, and a person decides" : "it is rolled back";

    /// <summary>Three significant digits, without an exponent.</summary>
    public static string Figure(double value)
    {
        var size = Math.Abs(value);
        var decimals = size == 0 ? 0 : Math.Clamp(2 - (int)Math.Floor(Math.Log10(size)), 0, 6);
        return Math.Round(value, decimals).ToString("#,0." + new string('#', decimals), Invariant).Replace('-', '−');
    }

    /// <summary>As <see cref="Figure"/>, with a sign before what is above zero.</summary>
    public static string Signed(double value) => value > 0 ? "+" + Figure(value) : Figure(value);

    public static string Time(TimeSpan time) =>
        time < TimeSpan.FromMinutes(1) ? "a minute"
        : time < TimeSpan.FromHours(2) ? Words.Many((long)Math.Ceiling(time.TotalMinutes), "minute")
        : time < TimeSpan.FromDays(2) ? Words.Many((long)Math.Ceiling(time.TotalHours), "hour")
        : Words.Many((long)Math.Ceiling(Math.Min(time.TotalDays, 3650)), "day");
}
