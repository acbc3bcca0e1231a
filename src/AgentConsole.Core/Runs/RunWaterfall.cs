using AgentConsole.Contracts;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Runs;

/// <summary>What a stretch of a run's time was spent on.</summary>
public enum TimeKind
{
    /// <summary>A model was asked.</summary>
    Model,
    Tool,

    /// <summary>A decision was waited for.</summary>
    Waiting,

    /// <summary>Another step.</summary>
    Step,

    /// <summary>Nothing was reported.</summary>
    Gap,
}

/// <summary>One step in its place.</summary>
/// <param name="Depth">0 for a step that happened within no other.</param>
/// <param name="OffsetMs">From the start of the run; never negative.</param>
/// <param name="Failed">Its status is <c>error</c>, it has an error, or it is a decision that blocked.</param>
public sealed record WaterfallStep(
    EventBody Event,
    int Depth,
    long OffsetMs,
    long DurationMs,
    bool HasChildren,
    bool Failed,
    TimeKind Kind,
    long? CostMicros
);

/// <param name="Share">0 to 1.</param>
public sealed record TimePart(TimeKind Kind, long Milliseconds, double Share);

/// <summary>The steps of a run as a tree laid out in time: parents before their children, siblings by time.</summary>
/// <param name="TotalMs">Length of the whole picture; for an open run until now.</param>
/// <param name="Parts">Where the time went, the greatest part first; together the whole.</param>
/// <param name="Truncated">There are more steps than are shown.</param>
public sealed record RunWaterfall(long TotalMs, IReadOnlyList<WaterfallStep> Steps, IReadOnlyList<TimePart> Parts, bool Truncated)
{
    public const int MostSteps = 2_000;
    private static readonly string Iteration = KebabCase.Of(RunEventKind.Iteration);

    public static RunWaterfall Of(Run run, IReadOnlyList<RunEvent> events, DateTimeOffset now)
    {
        var shown = events.Take(MostSteps).ToList();
        var start = run.StartedAt ?? run.ReceivedAt;
        if (shown.Count > 0 && shown.Min(e => e.At) is var first && first < start)
            start = first;
        var end = run.EndedAt ?? (run.Status.IsTerminal() ? start.AddMilliseconds(run.DurationMs ?? 0) : now);
        var total = Math.Max(0, (long)(end - start).TotalMilliseconds);
        foreach (var step in shown)
            total = Math.Max(total, OffsetOf(step, start) + (step.DurationMs ?? 0));
        var steps = Tree(shown, start);
        return new RunWaterfall(total, steps, PartsOf(steps, total), events.Count > MostSteps);
    }

    private static long OffsetOf(RunEvent step, DateTimeOffset start) => Math.Max(0, (long)(step.At - start).TotalMilliseconds);

    private static List<WaterfallStep> Tree(List<RunEvent> events, DateTimeOffset start)
    {
        var byName = new Dictionary<string, RunEvent>(StringComparer.Ordinal);
        foreach (var step in events)
        {
            if (step.ExternalId is { } name)
                byName[name] = step;
        }
        // A parent that was not reported, and a ring of parents, do not hide a step: it stands at the root.
        RunEvent? ParentOf(RunEvent step) => step.Parent is { } name && byName.TryGetValue(name, out var parent) ? parent : null;
        bool InRing(RunEvent step)
        {
            var seen = new HashSet<Guid> { step.Id };
            for (var up = ParentOf(step); up is not null; up = ParentOf(up))
            {
                if (up.Id == step.Id)
                    return true;
                if (!seen.Add(up.Id))
                    return false;
            }
            return false;
        }
        var roots = new List<RunEvent>();
        var children = new Dictionary<Guid, List<RunEvent>>();
        foreach (var step in events.OrderBy(e => e.At).ThenBy(e => e.Id))
        {
            if (ParentOf(step) is not { } parent || InRing(step))
                roots.Add(step);
            else if (children.TryGetValue(parent.Id, out var siblings))
                siblings.Add(step);
            else
                children[parent.Id] = [step];
        }
        var laid = new List<WaterfallStep>(events.Count);
        var open = new Stack<(RunEvent Step, int Depth)>();
        for (var i = roots.Count - 1; i >= 0; i--)
            open.Push((roots[i], 0));
        while (open.TryPop(out var next))
        {
            var (step, depth) = next;
            var below = children.GetValueOrDefault(step.Id) ?? [];
            laid.Add(
                new WaterfallStep(
                    RunBodies.Of(step),
                    depth,
                    OffsetOf(step, start),
                    step.DurationMs ?? 0,
                    below.Count > 0,
                    step.Status == "error" || step.Error is not null || step.Decision == Decision.Blocked,
                    KindOf(step),
                    step.CostMicros
                )
            );
            for (var i = below.Count - 1; i >= 0; i--)
                open.Push((below[i], depth + 1));
        }
        return laid;
    }

    private static TimeKind KindOf(RunEvent step) =>
        step.Kind switch
        {
            RunEventKind.ToolCall => TimeKind.Tool,
            RunEventKind.Decision => TimeKind.Waiting,
            _ when step.Model is not null || step.Kind == RunEventKind.Message => TimeKind.Model,
            _ => TimeKind.Step,
        };

    // Steps within steps overlap, and so may siblings: each moment counts once, for the most telling kind that was under way.
    private static List<TimePart> PartsOf(List<WaterfallStep> steps, long total)
    {
        if (total == 0)
            return [];
        var turns = new List<(long At, TimeKind Kind, int By)>(steps.Count * 2);
        foreach (var step in steps)
        {
            if (step.DurationMs == 0 || (step.HasChildren && step.Event.Kind == Iteration))
                continue; // a round is a frame: its time is that of the steps within it, and of the gaps between them
            turns.Add((step.OffsetMs, step.Kind, 1));
            turns.Add((step.OffsetMs + step.DurationMs, step.Kind, -1));
        }
        turns.Sort((a, b) => a.At.CompareTo(b.At));
        var underWay = new int[5];
        var spent = new long[5];
        long at = 0;
        foreach (var turn in turns)
        {
            spent[(int)Telling(underWay)] += turn.At - at;
            at = turn.At;
            underWay[(int)turn.Kind] += turn.By;
        }
        spent[(int)TimeKind.Gap] += total - at;
        return
        [
            .. Enum.GetValues<TimeKind>()
                .Where(kind => spent[(int)kind] > 0)
                .Select(kind => new TimePart(kind, spent[(int)kind], spent[(int)kind] / (double)total))
                .OrderByDescending(part => part.Milliseconds),
        ];
    }

    private static TimeKind Telling(int[] underWay) =>
        underWay[(int)TimeKind.Waiting] > 0 ? TimeKind.Waiting
        : underWay[(int)TimeKind.Tool] > 0 ? TimeKind.Tool
        : underWay[(int)TimeKind.Model] > 0 ? TimeKind.Model
        : underWay[(int)TimeKind.Step] > 0 ? TimeKind.Step
        : TimeKind.Gap;
}
