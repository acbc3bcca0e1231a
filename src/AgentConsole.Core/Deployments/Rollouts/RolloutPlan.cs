using System.Globalization;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Deployments.Verdicts;

namespace AgentConsole.Core.Deployments.Rollouts;

public enum OnFail
{
    RollBack,
    Pause,
}

/// <summary>A part of a rollout.</summary>
/// <param name="Percent">Of the traffic for the canary.</param>
/// <param name="MinimumRuns">Of each arm.</param>
/// <param name="PlannedRuns">Of the canary.</param>
public sealed record RolloutStep(decimal Percent, TimeSpan Hold, long MinimumRuns, long PlannedRuns);

/// <summary>How a rollout goes; never changes once it began.</summary>
public sealed record RolloutPlan(
    IReadOnlyList<RolloutStep> Steps,
    IReadOnlyList<Metric> Metrics,
    int Looks,
    ErrorBudget Budget,
    OnFail OnFail,
    int ConsecutiveFails,
    TimeSpan Patience
)
{
    public const int MostLooks = 20;
    public const int MostConsecutive = 10;
    public const int MostMinutes = 43_200;
    public const long MostMinimum = 1_000_000;

    /// <summary>Plan runs of a step for each of its minimum.</summary>
    private const int PlannedForMinimum = 3;

    /// <summary>Metrics that compare values; a stored sample belongs to each, in this order.</summary>
    public IReadOnlyList<Metric> ValueMetrics { get; } = [.. Metrics.Where(m => !m.CountsRuns)];

    /// <summary>Names of run fields, in the order of <see cref="ValueMetrics"/>.</summary>
    public IReadOnlyList<string> Fields { get; } = [.. Metrics.Select(m => m.Field).OfType<string>()];

    public static RolloutPlan? Read(RolloutPlanBody? body, string field, FieldErrors errors)
    {
        if (body is null)
        {
            errors.Add(field, "This is required.");
            return null;
        }
        var before = errors.Count;
        var steps = ReadSteps(body.Steps, $"{field}.steps", errors);
        var metrics = ReadMetrics(body.Metrics, $"{field}.metrics", errors);
        var budget = new ErrorBudget(body.FalseRollback ?? 0.05m, body.FalsePass ?? 0.05m);
        if (budget.Fault() is { } fault)
            errors.Add($"{field}.false_rollback", fault);
        var looks = Whole(body.Looks, 3, 1, MostLooks, $"{field}.looks", errors);
        var fails = Whole(body.ConsecutiveFails, 1, 1, MostConsecutive, $"{field}.consecutive_fails", errors);
        var patience = Whole(body.PatienceMinutes, 1440, 1, MostMinutes, $"{field}.patience_minutes", errors);
        var onFail = KebabCase.Read<OnFail>(body.OnFail, $"{field}.on_fail", errors) ?? OnFail.RollBack;
        if (errors.Count > before)
            return null;
        return new RolloutPlan(steps, metrics, (int)looks, budget, onFail, (int)fails, TimeSpan.FromMinutes(patience));
    }

    /// <exception cref="FormatException">It was not written by <see cref="Write"/>.</exception>
    public static RolloutPlan Parse(string stored)
    {
        var errors = new FieldErrors();
        var body = JsonSerializer.Deserialize<RolloutPlanBody>(stored, ConsoleJson.Options);
        return Read(body, "plan", errors) ?? throw new FormatException(errors.ToProblem()!.Detail);
    }

    /// <summary>Everything is said, defaults too, so that later defaults do not change it.</summary>
    public string Write() => JsonSerializer.Serialize(Body(), ConsoleJson.Options);

    public RolloutPlanBody Body() =>
        new()
        {
            Steps =
            [
                .. Steps.Select(s => new RolloutStepBody
                {
                    Percent = s.Percent,
                    HoldMinutes = (int)s.Hold.TotalMinutes,
                    MinimumRuns = s.MinimumRuns,
                    PlannedRuns = s.PlannedRuns,
                }),
            ],
            Metrics =
            [
                .. Metrics.Select(m => new RolloutMetricBody
                {
                    Metric = KebabCase.Of(m.Kind),
                    Margin = m.Margin,
                    Relative = m.Relative,
                    DryRun = m.DryRun,
                    Field = m.Field,
                    LowerIsWorse = m.Kind == MetricKind.Field ? m.LowerIsWorse : null,
                }),
            ],
            Looks = Looks,
            FalseRollback = Budget.FalseRollback,
            FalsePass = Budget.FalsePass,
            OnFail = KebabCase.Of(OnFail),
            ConsecutiveFails = ConsecutiveFails,
            PatienceMinutes = (int)Patience.TotalMinutes,
        };

    private static List<RolloutStep> ReadSteps(IReadOnlyList<RolloutStepBody>? given, string field, FieldErrors errors)
    {
        var steps = new List<RolloutStep>();
        if (given is not { Count: > 0 and <= Look.MostSteps })
        {
            errors.Add(field, $"1 to {Look.MostSteps} steps are required.");
            return steps;
        }
        for (var i = 0; i < given.Count; i++)
        {
            var (step, at) = (given[i], string.Create(CultureInfo.InvariantCulture, $"{field}[{i}]"));
            var percent = step?.Percent ?? 0;
            if (percent <= 0 || percent >= 100 || percent != decimal.Round(percent, 2))
                errors.Add($"{at}.percent", "Must be above 0 and below 100, with two decimals at most.");
            else if (steps.Count > 0 && percent < steps[^1].Percent)
                errors.Add($"{at}.percent", "Must not be smaller than that of the step before.");
            var hold = Whole(step?.HoldMinutes, 0, 0, MostMinutes, $"{at}.hold_minutes", errors);
            if (step?.MinimumRuns is null)
                errors.Add($"{at}.minimum_runs", "This is required.");
            var minimum = Whole(step?.MinimumRuns, 1, 1, MostMinimum, $"{at}.minimum_runs", errors);
            var planned = Whole(
                step?.PlannedRuns,
                minimum * PlannedForMinimum,
                minimum,
                Look.MostPlannedRuns,
                $"{at}.planned_runs",
                errors
            );
            steps.Add(new RolloutStep(percent, TimeSpan.FromMinutes(hold), minimum, planned));
        }
        return steps;
    }

    private static List<Metric> ReadMetrics(IReadOnlyList<RolloutMetricBody>? given, string field, FieldErrors errors)
    {
        var metrics = new List<Metric>();
        if (given is not { Count: > 0 and <= Evidence.MostMetrics })
        {
            errors.Add(field, $"1 to {Evidence.MostMetrics} metrics are required.");
            return metrics;
        }
        for (var i = 0; i < given.Count; i++)
        {
            var (body, at) = (given[i], string.Create(CultureInfo.InvariantCulture, $"{field}[{i}]"));
            if (body?.Metric is null || KebabCase.Read<MetricKind>(body.Metric, $"{at}.metric", errors) is not { } kind)
            {
                if (body?.Metric is null)
                    errors.Add($"{at}.metric", "This is required.");
                continue;
            }
            if (body.Margin is not { } margin)
            {
                errors.Add($"{at}.margin", "This is required.");
                continue;
            }
            var name = kind == MetricKind.Field ? Texts.Line(body.Field, $"{at}.field", Metric.FieldLength, errors) : body.Field;
            var metric = new Metric(kind, margin, body.Relative ?? false, body.DryRun ?? false, name, body.LowerIsWorse ?? false);
            if (metric.Fault() is { } fault)
                errors.Add(at, fault);
            else if (metrics.Exists(m => m.Key == metric.Key))
                errors.Add(at, "A metric stands in a plan once.");
            else
                metrics.Add(metric);
        }
        if (metrics.Count > 0 && metrics.TrueForAll(m => m.DryRun))
            errors.Add(field, "At least one must decide, that is, be no dry run.");
        return metrics;
    }

    private static long Whole(long? given, long usual, long least, long most, string field, FieldErrors errors)
    {
        var value = given ?? usual;
        if (value >= least && value <= most)
            return value;
        errors.Add(field, string.Create(CultureInfo.InvariantCulture, $"Must be from {least} to {most}."));
        return Math.Clamp(value, least, most);
    }
}
