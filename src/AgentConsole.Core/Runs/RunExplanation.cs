using AgentConsole.Contracts;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Runs;

/// <summary>What a stretch of a run's time was spent on.</summary>
public enum TimeKind
{
    /// <summary>A model was asked.</summary>
    Model,
    Tool,

    /// <summary>A person, or a rule that decides, was waited for.</summary>
    Waiting,

    /// <summary>The agent's own work: another step.</summary>
    Own,

    /// <summary>Nothing was reported.</summary>
    Gap,
}

/// <param name="Share">0 to 1.</param>
/// <param name="Steps">Steps of this kind that took time; of gaps, how many there are.</param>
/// <param name="LongestMs">The longest of them, whole, also where another kind lies over it.</param>
/// <param name="Longest">Its name; of a gap, the step before it.</param>
public sealed record TimePart(TimeKind Kind, long Milliseconds, double Share, int Steps, long LongestMs, string? Longest);

/// <summary>A stretch of time in which nothing was reported.</summary>
/// <param name="After">The step that ended it before; null at the start of the run.</param>
/// <param name="Before">The step that came next; null at the end of the run.</param>
public sealed record TimeGap(long FromMs, long Milliseconds, string? After, string? Before);

/// <summary>Where a run's time went. Steps within steps overlap, and so may siblings: each moment counts once, for the most telling kind under way.</summary>
/// <param name="Parts">The greatest first; together exactly the whole.</param>
/// <param name="Gaps">The longest first; not all where there are many.</param>
public sealed record RunExplanation(long TotalMs, IReadOnlyList<TimePart> Parts, IReadOnlyList<TimeGap> Gaps)
{
    public const int MostGaps = 20;
    private static readonly string Iteration = KebabCase.Of(RunEventKind.Iteration);

    /// <param name="total">Not less than the end of the last step.</param>
    public static RunExplanation Of(IReadOnlyList<WaterfallStep> steps, long total)
    {
        if (total <= 0)
            return new RunExplanation(0, [], []);
        // A round is a frame: its time is that of the steps within it, and of the gaps between them.
        var work = steps.Where(s => s.DurationMs > 0 && !(s.HasChildren && s.Event.Kind == Iteration)).ToList();
        var turns = new List<(long At, TimeKind Kind, int By)>(work.Count * 2);
        foreach (var step in work)
        {
            turns.Add((step.OffsetMs, step.Kind, 1));
            turns.Add((step.OffsetMs + step.DurationMs, step.Kind, -1));
        }
        turns.Sort((a, b) => a.At.CompareTo(b.At));
        var underWay = new int[5];
        var spent = new long[5];
        var gaps = new List<(long From, long To)>();
        long at = 0;
        foreach (var turn in turns)
        {
            Spend(turn.At);
            underWay[(int)turn.Kind] += turn.By;
        }
        Spend(total);

        void Spend(long until)
        {
            if (until == at)
                return;
            var kind = Telling(underWay);
            spent[(int)kind] += until - at;
            if (kind == TimeKind.Gap)
            {
                if (gaps.Count > 0 && gaps[^1].To == at)
                    gaps[^1] = (gaps[^1].From, until);
                else
                    gaps.Add((at, until));
            }
            at = until;
        }

        var named = gaps.OrderByDescending(g => g.To - g.From).ThenBy(g => g.From).Take(MostGaps).Select(g => Name(g, work)).ToList();
        var parts = new List<TimePart>();
        foreach (var kind in Enum.GetValues<TimeKind>().Where(kind => spent[(int)kind] > 0))
        {
            var share = spent[(int)kind] / (double)total;
            if (kind == TimeKind.Gap)
            {
                parts.Add(new TimePart(kind, spent[(int)kind], share, gaps.Count, named[0].Milliseconds, named[0].After));
                continue;
            }
            var own = work.Where(s => s.Kind == kind).ToList();
            var longest = own.MaxBy(s => s.DurationMs)!;
            parts.Add(new TimePart(kind, spent[(int)kind], share, own.Count, longest.DurationMs, NameOf(longest)));
        }
        return new RunExplanation(total, [.. parts.OrderByDescending(p => p.Milliseconds)], named);
    }

    public ExplainBody ToBody(RunBody run, bool truncated) =>
        new(
            run.Id,
            run.Status,
            TotalMs,
            [
                .. Parts.Select(p => new ExplainedPart(
                    KebabCase.Of(p.Kind),
                    p.Milliseconds,
                    Math.Round(p.Share, 6),
                    p.Steps,
                    p.LongestMs,
                    p.Longest
                )),
            ],
            [.. Gaps.Select(g => new ExplainedGap(g.FromMs, g.Milliseconds, g.After, g.Before))],
            truncated
        );

    private static TimeGap Name((long From, long To) gap, List<WaterfallStep> work) =>
        new(
            gap.From,
            gap.To - gap.From,
            work.Where(s => s.OffsetMs + s.DurationMs <= gap.From).MaxBy(s => s.OffsetMs + s.DurationMs) is { } before
                ? NameOf(before)
                : null,
            work.Where(s => s.OffsetMs >= gap.To).MinBy(s => s.OffsetMs) is { } next ? NameOf(next) : null
        );

    private static string NameOf(WaterfallStep step) => step.Event.Name ?? step.Event.Kind;

    private static TimeKind Telling(int[] underWay) =>
        underWay[(int)TimeKind.Waiting] > 0 ? TimeKind.Waiting
        : underWay[(int)TimeKind.Tool] > 0 ? TimeKind.Tool
        : underWay[(int)TimeKind.Model] > 0 ? TimeKind.Model
        : underWay[(int)TimeKind.Own] > 0 ? TimeKind.Own
        : TimeKind.Gap;
}
