using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Inactivity;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations.Schedules;
using AgentConsole.Web.Components;

namespace AgentConsole.Web.Overview;

/// <summary>One thing that wants a person: a sentence, since when, and the one button that helps.</summary>
public sealed record Need(
    string Key,
    string Tone,
    string Icon,
    string Subject,
    string Sentence,
    string Detail,
    string Kind,
    DateTimeOffset? Since,
    string SinceWord,
    string Act,
    string Url
)
{
    /// <summary>Where the subject itself is seen, if elsewhere than at <see cref="Url"/>.</summary>
    public string? SubjectUrl { get; init; }

    /// <summary>Agents whose owner was disabled: nobody answers for them.</summary>
    public static Need Of(LostOwner lost) =>
        new(
            "owner-" + lost.Id.ToString("n"),
            "degraded",
            "user-x",
            lost.Agents == 1 ? "1 agent" : $"{lost.Agents.ToString(System.Globalization.CultureInfo.InvariantCulture)} agents",
            lost.Agents == 1
                ? $"has lost its owner since {lost.DisplayName} was disabled"
                : $"have lost their owner since {lost.DisplayName} was disabled",
            $"{lost.Label} · nobody answers for them until somebody is named",
            "Owner",
            lost.DisabledAt,
            "disabled",
            "Assign owner…",
            ConsoleUrls.HandOver(lost.Label)
        )
        {
            SubjectUrl = ConsoleUrls.With(ConsoleUrls.Fleet, ("owner", lost.Label)),
        };

    /// <summary>Agents that an inactivity policy is about to act on, or would if a person agreed.</summary>
    public static Need OfInactivity(InactivityOutlook outlook) =>
        outlook.Braked is { } braked
            ? new Need(
                "inactivity",
                "failing",
                "octagon-pause",
                "An inactivity policy",
                $"waits for you: it would act on {braked.Agents.ToString(CultureInfo.InvariantCulture)} of {braked.Fleet.ToString(CultureInfo.InvariantCulture)} agents at once",
                "Many silent agents at once are more often a broken way to the console.",
                "Inactivity",
                braked.At,
                "waiting",
                "Look at it",
                ConsoleUrls.InactivityOf(braked.Team)
            )
            : new Need(
                "inactivity",
                "degraded",
                "hourglass",
                outlook.Warned == 1 ? "1 idle agent" : $"{outlook.Warned.ToString(CultureInfo.InvariantCulture)} idle agents",
                $"will be acted on by an inactivity policy, the first on {(outlook.FirstDue is { } due ? Words.DayClock(due) : Words.Unknown)}",
                "Exempt what is meant to be quiet.",
                "Inactivity",
                null,
                "warned",
                "Look at them",
                ConsoleUrls.InactivityOf(outlook.FirstTeam)
            );

    /// <summary>Automatic rotations that failed, graces that lengthened by themselves, and keys that are due and wait for a person.</summary>
    public static IEnumerable<Need> OfSchedules(ScheduleNeeds needs)
    {
        foreach (var failed in needs.Failed)
        {
            yield return new Need(
                "schedule-" + failed.KeyId,
                "failing",
                "octagon-x",
                failed.Agent,
                "cannot be rotated by itself",
                failed.Failure ?? failed.KeyName,
                "Rotation",
                failed.DueAt,
                "due",
                "Open",
                failed.Rotation is { } rotation ? ConsoleUrls.Rotation(rotation) : ConsoleUrls.DueKey(failed.KeyId)
            )
            {
                SubjectUrl = ConsoleUrls.Agent(failed.Agent, "keys"),
            };
        }
        foreach (var grace in needs.Extended)
        {
            yield return new Need(
                "extended-" + grace.RotationId.ToString("n"),
                "degraded",
                "hourglass",
                grace.AgentName,
                "still uses its old key: the grace was lengthened by itself",
                $"{grace.KeyName} · the old version is accepted until {(grace.Until is { } until ? Words.DayClock(until) : Words.Unknown)}",
                "Rotation",
                grace.At,
                "lengthened",
                "See who",
                ConsoleUrls.Rotation(IdText.Format(IdText.Rotation, grace.RotationId), "observe")
            )
            {
                SubjectUrl = ConsoleUrls.Agent(grace.AgentSlug, "keys"),
            };
        }
        if (needs is { Noticed: > 0, First: { } first })
            yield return OfNotices(needs.Noticed, first);
    }

    private static Need OfNotices(int count, DueKey first)
    {
        var day = first.DueAt is { } due ? Words.Day(due) : Words.Unknown;
        var past = first.DaysLeft < 0;
        return new Need(
            "due-keys",
            past ? "failing" : "degraded",
            past ? "octagon-x" : "clock-alert",
            count == 1 ? first.Agent : Words.Many(count, "key"),
            count == 1
                ? past
                    ? $"has a key that {(first.Reason == "expiry" ? "has expired" : "is overdue")}"
                    : $"has a key that {(first.Reason == "expiry" ? "expires" : "is due")} on {day}"
                : past
                    ? $"are due for rotation, the first since {day}"
                    : $"are due for rotation, the first on {day}",
            count == 1
                ? $"{first.KeyName} · {first.Team} · {first.Owner ?? "nobody owns it"}"
                : "Rotate them, or dismiss a notice until the next step.",
            "Key",
            first.NoticeAt,
            "told",
            count == 1 ? "Rotate…" : "Look at them",
            count == 1 ? ConsoleUrls.Rotate(first.Agent, first.KeyId) : ConsoleUrls.With(ConsoleUrls.RotationsDue, ("noticed", "true"))
        )
        {
            SubjectUrl = count == 1 ? ConsoleUrls.DueKey(first.KeyId) : null,
        };
    }

    /// <summary>An agent of which something else runs than was declared.</summary>
    public static Need Of(DriftingAgent drift) =>
        new(
            "drift-" + drift.AgentId,
            "degraded",
            drift.Kind == "split" ? "split" : "git-compare-arrows",
            drift.DisplayName,
            drift.Kind == "split" ? "splits its traffic otherwise than declared" : "runs what is not declared",
            drift.Reason,
            "Drift",
            drift.Since,
            "drifting",
            "See which",
            ConsoleUrls.Agent(drift.Agent, "deployments")
        );

    /// <summary>A rollout that a verdict has paused, and that waits for a person; null where none does.</summary>
    public static Need? Of(RolloutBody rollout)
    {
        if (rollout is not { State: "paused", WaitsFor: "fail" or "inconclusive" or "not-enough-data" })
            return null;
        var failed = rollout.WaitsFor == "fail";
        return new Need(
            rollout.Id,
            failed ? "failing" : "degraded",
            failed ? "octagon-x" : "circle-pause",
            rollout.Agent,
            rollout.WaitsFor switch
            {
                "fail" => $"has a rollout that failed: {rollout.CanaryVersion}",
                "inconclusive" => $"has a rollout that is inconclusive: {rollout.CanaryVersion}",
                _ => $"has a rollout with too few runs: {rollout.CanaryVersion}",
            },
            $"{rollout.Says} It still gets {rollout.TargetPercent.ToString("0.##", CultureInfo.InvariantCulture)}\u00a0% of the traffic.",
            "Rollout",
            rollout.StepStartedAt,
            "step began",
            "Decide",
            ConsoleUrls.Rollout(rollout.Id)
        )
        {
            SubjectUrl = ConsoleUrls.Agent(rollout.Agent, "deployments"),
        };
    }

    /// <summary>Agents that report with a good token and are not registered.</summary>
    public static Need OfUnclaimed(int count, DateTimeOffset? since) =>
        new(
            "unclaimed",
            "degraded",
            "shield-question-mark",
            count == 1 ? "1 agent" : $"{count.ToString(System.Globalization.CultureInfo.InvariantCulture)} agents",
            count == 1 ? "reports and is not registered" : "report and are not registered",
            "They use your API tokens; nothing of what they report is stored until somebody claims them.",
            "Unclaimed",
            since,
            "first seen",
            "Claim or block…",
            ConsoleUrls.Unclaimed
        );

    /// <summary>What an agent needs; null when it needs nothing. A paused one is silent because it was told to be.</summary>
    public static Need? Of(AgentRow agent, string team, string? owner)
    {
        var who = $"{team} · {owner ?? "nobody owns it"}";
        var url = ConsoleUrls.Agent(agent.Slug);
        if (agent.Health != Health.Ok)
        {
            var failing = agent.Health == Health.Failing;
            return new Need(
                agent.Slug,
                failing ? "failing" : "degraded",
                failing ? "octagon-x" : "triangle-alert",
                agent.DisplayName,
                failing ? "is failing" : "is degraded",
                $"{agent.HealthReason} · {who}",
                "Health",
                agent.HealthSince,
                KebabCase.Of(agent.Health),
                "Open",
                url
            );
        }
        if (agent.Lifecycle == Lifecycle.Paused || agent.Liveness is not (Liveness.Silent or Liveness.Late))
            return null;
        var silent = agent.Liveness == Liveness.Silent;
        return new Need(
            agent.Slug,
            silent ? "failing" : "degraded",
            silent ? "circle-slash" : "clock-alert",
            agent.DisplayName,
            silent ? "is silent" : "is late",
            $"Expected every {agent.LeaseSeconds} s · {who}",
            "Liveness",
            agent.LastSeenAt,
            "since heard",
            "Open",
            url
        );
    }

    /// <summary>A break-glass account that was used and waits for its review.</summary>
    public static Need Of(BreakGlassCard use) =>
        new(
            use.Id.ToString("n"),
            "failing",
            "lock-open",
            "Break-glass",
            $"was used: {use.Name}",
            use.Reason,
            "Account",
            use.UsedAt,
            "used",
            "Review",
            ConsoleUrls.BreakGlassReview
        );

    /// <summary>A key that somebody reported as leaked. It is disabled already; a person decides what follows.</summary>
    public static Need Of(KeyRow key) =>
        new(
            key.VersionId.ToString("n"),
            "failing",
            "shield-alert",
            key.AgentName,
            $"has a leaked key, {key.Prefix}…{key.Last4}",
            "Disabled when it was reported. Make a new one, then revoke it.",
            "Key",
            key.LeakReportedAt,
            "reported",
            "Open keys",
            ConsoleUrls.Agent(key.AgentSlug, "keys")
        );
}
