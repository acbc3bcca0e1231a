using AgentConsole.Contracts;
using AgentConsole.Core.Runs;

namespace AgentConsole.Core.Tests.Runs;

/// <summary>Where the time went: every moment once, and none forgotten.</summary>
public sealed class RunExplanationTests
{
    private static WaterfallStep Step(TimeKind kind, long from, long ms, string? name = null, bool round = false) =>
        new(
            new EventBody
            {
                Id = "evt_x",
                Run = "run_x",
                Kind = round ? "iteration" : "log",
                Name = name,
                At = default,
                DurationMs = ms,
            },
            0,
            from,
            ms,
            round,
            false,
            kind,
            null
        );

    [Fact]
    public void Overlaps_count_once_for_the_most_telling_and_gaps_are_named()
    {
        var explained = RunExplanation.Of(
            [
                Step(TimeKind.Own, 0, 9_000, "round", round: true),
                Step(TimeKind.Model, 1_000, 4_000, "chat"),
                Step(TimeKind.Tool, 3_000, 3_000, "search"), // 2 s of it while the model was still asked
                Step(TimeKind.Tool, 3_500, 500, "fetch"),
                Step(TimeKind.Waiting, 8_000, 500, "approve"),
            ],
            10_000
        );

        Assert.Equal(
            [(TimeKind.Gap, 4_500L, 3), (TimeKind.Tool, 3_000L, 2), (TimeKind.Model, 2_000L, 1), (TimeKind.Waiting, 500L, 1)],
            explained.Parts.Select(p => (p.Kind, p.Milliseconds, p.Steps))
        );
        Assert.Equal(
            [(6_000L, 2_000L, "search", "approve"), (8_500L, 1_500L, "approve", null), (0L, 1_000L, null, "chat")],
            explained.Gaps.Select(g => (g.FromMs, g.Milliseconds, g.After, g.Before))
        );
        Assert.Equal(("search", 3_000L), (explained.Parts[1].Longest, explained.Parts[1].LongestMs));
    }

    [Fact]
    public void A_run_without_steps_is_one_gap_and_one_without_time_is_nothing()
    {
        Assert.Equal([(TimeKind.Gap, 700L)], RunExplanation.Of([], 700).Parts.Select(p => (p.Kind, p.Milliseconds)));
        Assert.Empty(RunExplanation.Of([Step(TimeKind.Tool, 0, 0)], 0).Parts);
    }

    [Fact]
    public void Whatever_overlaps_the_parts_are_what_a_clock_would_count()
    {
        var random = new Random(20261124);
        TimeKind[] kinds = [TimeKind.Model, TimeKind.Tool, TimeKind.Waiting, TimeKind.Own];
        TimeKind[] telling = [TimeKind.Waiting, TimeKind.Tool, TimeKind.Model, TimeKind.Own];
        for (var round = 0; round < 500; round++)
        {
            var total = random.Next(1, 400);
            var steps = Enumerable
                .Range(0, random.Next(0, 30))
                .Select(_ =>
                {
                    var from = random.Next(0, total + 1);
                    return Step(kinds[random.Next(4)], from, random.Next(0, total - from + 1), round: random.Next(5) == 0);
                })
                .ToList();

            var explained = RunExplanation.Of(steps, total);

            var counted = new Dictionary<TimeKind, long>();
            for (var ms = 0; ms < total; ms++)
            {
                var under = steps
                    .Where(s => s.Event.Kind != "iteration" && s.OffsetMs <= ms && ms < s.OffsetMs + s.DurationMs)
                    .Select(s => s.Kind)
                    .ToHashSet();
                var kind = telling.Cast<TimeKind?>().FirstOrDefault(k => under.Contains(k!.Value)) ?? TimeKind.Gap;
                counted[kind] = counted.GetValueOrDefault(kind) + 1;
            }
            Assert.Equal(
                counted.OrderBy(p => p.Key),
                explained.Parts.Select(p => KeyValuePair.Create(p.Kind, p.Milliseconds)).OrderBy(p => p.Key)
            );
            Assert.Equal(total, explained.Parts.Sum(p => p.Milliseconds));
            Assert.Equal(1, explained.Parts.Sum(p => p.Share), 9);
            var gaps = explained.Parts.FirstOrDefault(p => p.Kind == TimeKind.Gap);
            Assert.Equal(gaps?.Steps ?? 0, explained.Gaps.Count < RunExplanation.MostGaps ? explained.Gaps.Count : gaps!.Steps);
        }
    }
}
