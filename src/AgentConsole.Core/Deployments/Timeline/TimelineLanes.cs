using AgentConsole.Contracts;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Deployments.Timeline;

/// <summary>What stands in one lane, made of what the database counted.</summary>
internal static class TimelineLanes
{
    public const string Several = "several";

    public static IReadOnlyList<TimelineSpan> Spans(IEnumerable<TimelineRow> rows, TimelineWindow window) =>
        [
            .. rows.Where(r => r.Status != SnapshotStatus.Retired && (r.EndedAt is null || r.EndedAt > window.From))
                .DistinctBy(r => r.Id)
                .OrderBy(r => r.Last)
                .ThenBy(r => r.Id)
                .Select(r => new TimelineSpan(
                    IdText.Format(IdText.Snapshot, r.Id),
                    r.Version,
                    KebabCase.Of(r.Status),
                    KebabCase.Of(r.Outcome),
                    r.TrafficPercent,
                    r.Last,
                    r.EndedAt,
                    r.Picked
                )),
        ];

    /// <summary>Those that begin in the window. Whatever comes within a part of it after the first of a group belongs to the group.</summary>
    public static IReadOnlyList<TimelineMark> Marks(IEnumerable<TimelineRow> rows, TimelineWindow window)
    {
        var marks = new List<TimelineMark>();
        var group = new List<TimelineRow>();
        foreach (var row in rows.Where(r => r.Picked && r.First >= window.From).OrderBy(r => r.First).ThenBy(r => r.Id))
        {
            if (group.Count > 0 && row.First - group[0].First >= window.Part)
            {
                marks.Add(Mark(group));
                group.Clear();
            }
            group.Add(row);
        }
        if (group.Count > 0)
            marks.Add(Mark(group));
        return marks;
    }

    /// <param name="frozen">Of the lane, by their beginning.</param>
    public static IReadOnlyList<TimelineFreeze> Freezes(IEnumerable<FreezeWindow> frozen, TimelineWindow window)
    {
        var freezes = new List<TimelineFreeze>();
        foreach (var freeze in frozen)
        {
            if (freezes.Count > 0 && freezes[^1] is var last && freeze.StartsAt - last.EndsAt < window.Part / 2)
                freezes[^1] = last with { Count = last.Count + 1, EndsAt = freeze.EndsAt > last.EndsAt ? freeze.EndsAt : last.EndsAt };
            else
                freezes.Add(new TimelineFreeze(freeze.FreezeId!, freeze.Name, 1, freeze.StartsAt, freeze.EndsAt));
        }
        return freezes;
    }

    private static TimelineMark Mark(List<TimelineRow> group)
    {
        var last = group.MaxBy(r => (r.Last, r.Id))!;
        var kinds = group
            .GroupBy(r => r.Move)
            .OrderBy(g => g.Key)
            .ToDictionary(g => KebabCase.Of(g.Key), g => g.Sum(r => r.Count), StringComparer.Ordinal);
        return new TimelineMark(
            kinds.Count == 1 ? kinds.Keys.Single() : Several,
            group.Min(r => r.First),
            last.Last,
            kinds.Values.Sum(),
            kinds,
            IdText.Format(IdText.Snapshot, last.Id),
            last.Version,
            last.TrafficPercent
        );
    }
}
