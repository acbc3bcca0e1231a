using AgentConsole.Contracts;

namespace AgentConsole.Core.Runs;

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

/// <summary>The steps of a run as a tree laid out in time: parents before their children, siblings by time.</summary>
/// <param name="TotalMs">Length of the whole picture; for an open run until now.</param>
/// <param name="Explanation">Where the time went.</param>
/// <param name="Truncated">There are more steps than are shown.</param>
public sealed record RunWaterfall(long TotalMs, IReadOnlyList<WaterfallStep> Steps, RunExplanation Explanation, bool Truncated)
{
    public const int MostSteps = 2_000;

    /// <summary>Where the time went, the greatest part first; together the whole.</summary>
    public IReadOnlyList<TimePart> Parts => Explanation.Parts;

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
        return new RunWaterfall(total, steps, RunExplanation.Of(steps, total), events.Count > MostSteps);
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
            _ => TimeKind.Own,
        };
}
