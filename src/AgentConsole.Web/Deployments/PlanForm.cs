using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Deployments.Rollouts;

namespace AgentConsole.Web.Deployments;

/// <summary>What stands in the fields of a plan. Shares are typed as percent and points, as people say them.</summary>
internal sealed class PlanForm
{
    private const NumberStyles Number = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite;
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    public const int MostFields = 14;

    /// <summary>The kinds that stand in every plan's form, in its order.</summary>
    public static readonly string[] Kinds = ["error-rate", "tool-failures", "blocked-decisions", "duration-p50", "duration-p95", "cost"];

    public sealed class StepLine
    {
        public string Percent { get; set; } = "";
        public string Hold { get; set; } = "30";
        public string Minimum { get; set; } = "100";
        public string Planned { get; set; } = "";
    }

    public sealed class MetricLine(string kind)
    {
        public string Kind { get; } = kind;

        /// <summary>Empty where it is not watched, else <c>decides</c> or <c>dry-run</c>.</summary>
        public string Use { get; set; } = "";
        public string Margin { get; set; } = "";
        public bool Relative { get; set; }
        public string Field { get; set; } = "";
        public bool LowerIsWorse { get; set; }

        /// <summary>Percent and points are typed as such.</summary>
        public decimal Scale => Relative || RolloutWords.CountsRuns(Kind) ? 100 : 1;

        public string Unit =>
            (Relative, Kind) switch
            {
                (true, _) => "% more than stable",
                (_, "duration-p50" or "duration-p95") => "ms",
                (_, "cost") => "USD",
                (_, "field") => "of its unit",
                _ => "points",
            };
    }

    public List<StepLine> Steps { get; } = [];

    /// <summary>One of each of <see cref="Kinds"/>.</summary>
    public List<MetricLine> Metrics { get; } = [.. Kinds.Select(kind => new MetricLine(kind))];
    public List<MetricLine> Fields { get; } = [];
    public string Looks { get; set; } = "3";
    public string FalseRollback { get; set; } = "5";
    public string FalsePass { get; set; } = "5";
    public string OnFail { get; set; } = "roll-back";
    public string ConsecutiveFails { get; set; } = "1";
    public string Patience { get; set; } = "1440";

    public int StepCount
    {
        get => Steps.Count;
        set => Resize(Steps, Math.Clamp(value, 1, 20), () => new StepLine { Percent = Steps.LastOrDefault()?.Percent ?? "" });
    }

    public int FieldCount
    {
        get => Fields.Count;
        set => Resize(Fields, Math.Clamp(value, 0, MostFields), () => new MetricLine("field") { Use = "decides" });
    }

    /// <summary>A careful plan to begin with: three steps, errors decide, durations and costs are watched.</summary>
    public static PlanForm Usual() =>
        Of(
            new RolloutPlanBody
            {
                Steps =
                [
                    new RolloutStepBody
                    {
                        Percent = 5,
                        HoldMinutes = 30,
                        MinimumRuns = 100,
                        PlannedRuns = 600,
                    },
                    new RolloutStepBody
                    {
                        Percent = 25,
                        HoldMinutes = 60,
                        MinimumRuns = 300,
                        PlannedRuns = 1_500,
                    },
                    new RolloutStepBody
                    {
                        Percent = 50,
                        HoldMinutes = 60,
                        MinimumRuns = 300,
                        PlannedRuns = 1_500,
                    },
                ],
                Metrics =
                [
                    new RolloutMetricBody { Metric = "error-rate", Margin = 0.02m },
                    new RolloutMetricBody
                    {
                        Metric = "duration-p95",
                        Margin = 0.5m,
                        Relative = true,
                        DryRun = true,
                    },
                    new RolloutMetricBody
                    {
                        Metric = "cost",
                        Margin = 0.2m,
                        Relative = true,
                        DryRun = true,
                    },
                ],
            }
        );

    public static PlanForm Of(RolloutPlanBody plan)
    {
        var form = new PlanForm
        {
            Looks = Text(plan.Looks ?? 3),
            FalseRollback = Text((plan.FalseRollback ?? 0.05m) * 100),
            FalsePass = Text((plan.FalsePass ?? 0.05m) * 100),
            OnFail = plan.OnFail ?? "roll-back",
            ConsecutiveFails = Text(plan.ConsecutiveFails ?? 1),
            Patience = Text(plan.PatienceMinutes ?? 1440),
        };
        foreach (var step in plan.Steps ?? [])
        {
            form.Steps.Add(
                new StepLine
                {
                    Percent = Text(step.Percent),
                    Hold = Text(step.HoldMinutes ?? 0),
                    Minimum = Text(step.MinimumRuns),
                    Planned = Text(step.PlannedRuns),
                }
            );
        }
        foreach (var metric in plan.Metrics ?? [])
        {
            var line = form.Metrics.Find(m => m.Kind == metric.Metric);
            if (line is null)
                form.Fields.Add(line = new MetricLine("field") { Field = metric.Field ?? "" });
            (line.Use, line.Relative, line.LowerIsWorse) = (
                metric.DryRun == true ? "dry-run" : "decides",
                metric.Relative == true,
                metric.LowerIsWorse == true
            );
            line.Margin = Text(metric.Margin * line.Scale);
        }
        return form;
    }

    /// <summary>Lines that are watched, in the order in which the plan names them.</summary>
    public IEnumerable<MetricLine> Watched => Metrics.Concat(Fields).Where(m => m.Use.Length > 0);

    // What is no number becomes one that the plan refuses with its sentence.
    public RolloutPlanBody ToBody() =>
        new()
        {
            Steps =
            [
                .. Steps.Select(step => new RolloutStepBody
                {
                    Percent = Decimal(step.Percent) ?? -1,
                    HoldMinutes = Whole(step.Hold, 0),
                    MinimumRuns = string.IsNullOrWhiteSpace(step.Minimum) ? null : Long(step.Minimum),
                    PlannedRuns = string.IsNullOrWhiteSpace(step.Planned) ? null : Long(step.Planned),
                }),
            ],
            Metrics =
            [
                .. Watched.Select(line => new RolloutMetricBody
                {
                    Metric = line.Kind,
                    Margin = string.IsNullOrWhiteSpace(line.Margin) ? null : (Decimal(line.Margin) ?? -1) / line.Scale,
                    Relative = line.Relative,
                    DryRun = line.Use == "dry-run",
                    Field = line.Kind == "field" ? line.Field : null,
                    LowerIsWorse = line.Kind == "field" ? line.LowerIsWorse : null,
                }),
            ],
            Looks = Whole(Looks, 3),
            FalseRollback = (Decimal(FalseRollback) ?? -1) / 100,
            FalsePass = (Decimal(FalsePass) ?? -1) / 100,
            OnFail = OnFail,
            ConsecutiveFails = Whole(ConsecutiveFails, 1),
            PatienceMinutes = Whole(Patience, 1440),
        };

    /// <summary>The plan as it would be, or null while something in it cannot be.</summary>
    public RolloutPlanBody? Checked()
    {
        var errors = new Core.Common.FieldErrors();
        return RolloutPlan.Read(ToBody(), "plan", errors)?.Body();
    }

    private static void Resize<T>(List<T> lines, int count, Func<T> make)
    {
        while (lines.Count < count)
            lines.Add(make());
        lines.RemoveRange(count, lines.Count - count);
    }

    private static decimal? Decimal(string text) => decimal.TryParse(text, Number, Invariant, out var value) ? value : null;

    private static long Long(string text) => long.TryParse(text.Trim(), NumberStyles.AllowThousands, Invariant, out var value) ? value : -1;

    private static int Whole(string text, int usual) =>
        string.IsNullOrWhiteSpace(text) ? usual
        : int.TryParse(text, NumberStyles.None, Invariant, out var value) ? value
        : -1;

    private static string Text(decimal? value) => value is { } known ? known.ToString("0.######", Invariant) : "";
}
