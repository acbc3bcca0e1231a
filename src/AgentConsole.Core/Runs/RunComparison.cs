using AgentConsole.Contracts;

namespace AgentConsole.Core.Runs;

/// <summary>A step of one run beside the step of the other that does the same; one of them is null where only the other run has it.</summary>
public sealed record ComparedStep(WaterfallStep? A, WaterfallStep? B)
{
    /// <summary>How much longer the second took; null where one has none.</summary>
    public long? DifferenceMs => A?.Event.DurationMs is { } a && B?.Event.DurationMs is { } b ? b - a : null;

    /// <summary>One failed and the other did not.</summary>
    public bool EndsDiffer => A is not null && B is not null && A.Failed != B.Failed;
}

/// <summary>Time of one kind in both runs.</summary>
public sealed record ComparedPart(TimeKind Kind, long A, long B);

/// <summary>Two runs side by side.</summary>
/// <param name="Truncated">Not all steps were laid beside each other.</param>
public sealed record RunComparison(
    RunView A,
    RunView B,
    IReadOnlyList<ComparedPart> Parts,
    IReadOnlyList<ComparedStep> Steps,
    bool Truncated
)
{
    /// <summary>Most steps of each run that are laid beside each other.</summary>
    public const int MostSteps = 500;

    public static RunComparison Of(RunView a, RunView b)
    {
        var parts = Enum.GetValues<TimeKind>()
            .Select(kind => new ComparedPart(kind, Spent(a, kind), Spent(b, kind)))
            .Where(part => part.A > 0 || part.B > 0)
            .OrderByDescending(part => Math.Max(part.A, part.B))
            .ToList();
        var (first, second) = (a.Waterfall.Steps.Take(MostSteps).ToList(), b.Waterfall.Steps.Take(MostSteps).ToList());
        return new RunComparison(
            a,
            b,
            parts,
            Align(first, second),
            a.Waterfall.Truncated
                || b.Waterfall.Truncated
                || first.Count < a.Waterfall.Steps.Count
                || second.Count < b.Waterfall.Steps.Count
        );
    }

    /// <summary>Lays the longest sequence of alike steps beside each other, in order; what is left stands alone, that of the first run first.</summary>
    public static IReadOnlyList<ComparedStep> Align(IReadOnlyList<WaterfallStep> a, IReadOnlyList<WaterfallStep> b)
    {
        var length = new int[a.Count + 1, b.Count + 1];
        for (var i = a.Count - 1; i >= 0; i--)
        {
            for (var j = b.Count - 1; j >= 0; j--)
                length[i, j] = Alike(a[i], b[j]) ? length[i + 1, j + 1] + 1 : Math.Max(length[i + 1, j], length[i, j + 1]);
        }
        var rows = new List<ComparedStep>(Math.Max(a.Count, b.Count));
        var (x, y) = (0, 0);
        while (x < a.Count || y < b.Count)
        {
            if (x < a.Count && y < b.Count && Alike(a[x], b[y]))
                rows.Add(new ComparedStep(a[x++], b[y++]));
            else if (y == b.Count || (x < a.Count && length[x + 1, y] >= length[x, y + 1]))
                rows.Add(new ComparedStep(a[x++], null));
            else
                rows.Add(new ComparedStep(null, b[y++]));
        }
        return rows;
    }

    private static bool Alike(WaterfallStep a, WaterfallStep b) =>
        a.Depth == b.Depth && a.Event.Kind == b.Event.Kind && string.Equals(a.Event.Name, b.Event.Name, StringComparison.Ordinal);

    private static long Spent(RunView run, TimeKind kind) =>
        run.Waterfall.Explanation.Parts.FirstOrDefault(part => part.Kind == kind)?.Milliseconds ?? 0;
}
