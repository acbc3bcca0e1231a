using System.Globalization;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Verdicts;
using AgentConsole.Core.Routes;

namespace AgentConsole.Core.Drift;

/// <summary>What became of a version that is not declared.</summary>
/// <param name="EndedAt">When it was last taken out; null when it never was declared.</param>
/// <param name="TakenBack">It was rolled back or failed: nobody may run it, not even for the grace.</param>
internal readonly record struct VersionEnd(DateTimeOffset? EndedAt, bool TakenBack);

/// <summary>When an agent drifts. The arithmetic alone, the same for the evaluation of the fleet and for a reader.</summary>
internal static class DriftRule
{
    /// <summary>How far back runs and instances count.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>With fewer runs of both versions together nothing is said about the split.</summary>
    public const int LeastRuns = 30;

    /// <summary>Of a two-sided interval of 99.9 %, because it is looked at every few seconds.</summary>
    public const double Z = 3.2905267314919255;

    /// <summary>Whether what reports this undeclared version lags, and is not merely on its way.</summary>
    /// <param name="since">When it was first reported so.</param>
    /// <param name="lastSeen">When it was last reported so.</param>
    public static bool Lags(VersionEnd end, DateTimeOffset since, DateTimeOffset lastSeen, DateTimeOffset now, TimeSpan grace) =>
        now - lastSeen <= Window
        && end switch
        {
            { EndedAt: null } => now - since >= grace,
            { EndedAt: { } ended, TakenBack: true } => lastSeen > ended,
            { EndedAt: { } ended } => lastSeen > ended + grace,
        };

    /// <summary>From when on the split may be measured: whole minutes after the last deployment's grace, within the window.</summary>
    public static DateTimeOffset MeasuredFrom(Route route, DateTimeOffset now, TimeSpan grace)
    {
        var settled = route.Split.Max(s => s.DeployedAt) + grace;
        var minute = TimeSpan.TicksPerMinute;
        var whole = new DateTimeOffset((settled.UtcTicks + minute - 1) / minute * minute, TimeSpan.Zero);
        return whole > now - Window ? whole : now - Window;
    }

    /// <summary>Whether the canary's share of the runs is another than asked for, beyond chance and beyond what is worth a word.</summary>
    public static DriftFinding? OfSplit(Route route, IReadOnlyDictionary<string, long> runs)
    {
        if (route.Split is not [{ Status: SnapshotStatus.Active } active, { Status: SnapshotStatus.Canary, Percent: > 0 } canary])
            return null;
        if (active.Version == canary.Version)
            return null;
        var hits = runs.GetValueOrDefault(canary.Version);
        var all = hits + runs.GetValueOrDefault(active.Version);
        if (all < LeastRuns)
            return null;
        var target = (double)canary.Percent / 100;
        var margin = Math.Clamp(Math.Min(target, 1 - target) / 2, 0.01, 0.05);
        var (low, high) = Bounds(hits, all);
        if (low <= target + margin && high >= target - margin)
            return null;
        return new DriftFinding(
            DriftKind.Split,
            string.Create(
                CultureInfo.InvariantCulture,
                $"The canary {canary.Version} gets {(low > target ? "more" : "less")} of the runs than the {canary.Percent:0.##} % asked for."
            )
        );
    }

    /// <param name="versions">That lag, in order.</param>
    public static DriftFinding OfVersions(IReadOnlyList<string> versions, IReadOnlyList<Route> routes)
    {
        var declared = string.Join(" or ", routes.SelectMany(r => r.Split).Select(s => s.Version).Distinct(StringComparer.Ordinal).Take(3));
        var more = versions.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $" and {versions.Count - 1} more") : "";
        return new DriftFinding(
            DriftKind.Version,
            Common.Texts.Clip($"{versions[0]}{more} is reported, {declared} should run.", AgentDrift.MostReason)!
        );
    }

    public static (double Low, double High) Bounds(long hits, long all) =>
        (hits == 0 ? 0 : Proportions.WilsonBound(hits, all, Z, -1), hits == all ? 1 : Proportions.WilsonBound(hits, all, Z, 1));
}
