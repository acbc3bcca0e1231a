using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Cronos;

namespace AgentConsole.Core.Freezes;

/// <summary>The least role that may deploy in a freeze, with a reason.</summary>
public enum OverrideRole
{
    Operator,
    TeamAdmin,
    OrgAdmin,
}

/// <summary>From the first instant to just before the second.</summary>
public readonly record struct FreezeSpan(DateTimeOffset From, DateTimeOffset To);

/// <summary>Times in which nothing is deployed: again and again by <see cref="Cron"/>, or once.</summary>
public sealed class Freeze : IRevised
{
    public static readonly TimeSpan LongestRecurring = TimeSpan.FromDays(31);
    public static readonly TimeSpan LongestOnce = TimeSpan.FromDays(366);
    public const int MostCron = 100;

    /// <summary>Windows that may run into each other to make one.</summary>
    private const int MostMerged = 64;

    /// <summary>How far ahead the next window is looked for.</summary>
    public static readonly TimeSpan Horizon = TimeSpan.FromDays(400);

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }

    /// <summary>Null for every team.</summary>
    public Guid? TeamId { get; init; }

    /// <summary>Null for every environment.</summary>
    public string? Environment { get; set; }
    public required string Name { get; set; }
    public string? Cron { get; set; }
    public int? DurationMinutes { get; set; }
    public required string Zone { get; set; }
    public DateTimeOffset? StartsAt { get; set; }
    public DateTimeOffset? EndsAt { get; set; }
    public OverrideRole OverrideRole { get; set; }
    public required string Reason { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public required string CreatedBy { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }
    public required string UpdatedBy { get; set; }
    public long Revision { get; set; } = 1;

    public bool Covers(Guid teamId, string? environment) =>
        (TeamId is null || TeamId == teamId)
        && (Environment is null || string.Equals(Environment, environment, StringComparison.OrdinalIgnoreCase));

    public bool MayOverride(Actor by, Guid teamId) =>
        OverrideRole switch
        {
            OverrideRole.Operator => by.May(Permission.EditAgents, teamId),
            OverrideRole.TeamAdmin => by.May(Permission.ManageTeam, teamId),
            _ => by.MayEverywhere(Permission.ManageOrganization),
        };

    /// <summary>The window that this instant lies in.</summary>
    public FreezeSpan? At(DateTimeOffset instant) => NextAt(instant) is { } span && span.From <= instant ? span : null;

    /// <summary>The window that this instant lies in, or else the one that begins next, within <see cref="Horizon"/>.</summary>
    public FreezeSpan? NextAt(DateTimeOffset instant)
    {
        foreach (var span in Between(instant, instant + Horizon))
            return span;
        return null;
    }

    /// <summary>
    /// Windows of which some part lies in this time, in order; those that touch are one, as far back as twice the length of one. Cron times follow the
    /// zone's wall clock: one that a change of the clocks skips begins right after it, one that it repeats begins once.
    /// </summary>
    public IEnumerable<FreezeSpan> Between(DateTimeOffset from, DateTimeOffset to)
    {
        if (StartsAt is { } starts && EndsAt is { } ends)
        {
            if (starts < to && ends > from)
                yield return new FreezeSpan(starts, ends);
            yield break;
        }
        if (Cron is null || DurationMinutes is not { } minutes)
            yield break;
        var lasts = TimeSpan.FromMinutes(minutes);
        FreezeSpan? open = null;
        foreach (var begins in Beginnings(from - lasts - lasts, to))
        {
            if (open is { } before && begins <= before.To)
            {
                open = before with { To = begins + lasts };
                continue;
            }
            if (open is { } done && done.To > from)
                yield return done;
            open = new FreezeSpan(begins, begins + lasts);
        }
        if (open is { } last && last.To > from)
            yield return last;
    }

    /// <summary>Why this text is no cron expression that a freeze can have; null when it is.</summary>
    public static string? CronFault(string text, string zone)
    {
        if (text.Length > MostCron || !CronExpression.TryParse(text, CronFormat.Standard, out var cron))
            return "Must be five fields: minute, hour, day of month, month, day of week, as 0 18 * * FRI.";
        // A pattern repeats itself: what sixty-four beginnings in a row keep is kept.
        DateTimeOffset? before = null;
        var seen = 0;
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        foreach (var begins in cron.GetOccurrences(start, start.AddYears(8), Zones.Of(zone)))
        {
            if (begins - before < TimeSpan.FromHours(1))
                return "Must not begin more often than once an hour: a freeze that never ends is one without cron.";
            (before, seen) = (begins, seen + 1);
            if (seen == 64)
                break;
        }
        return seen == 0 ? "Never comes: this day is in no month." : null;
    }

    /// <summary>Whether each window of this recurrence runs into the next, so that it would never end.</summary>
    public static bool IsEndless(string cron, string zone, int minutes)
    {
        var lasts = TimeSpan.FromMinutes(minutes);
        DateTimeOffset? before = null;
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var all = CronExpression.Parse(cron, CronFormat.Standard).GetOccurrences(start, start.AddYears(8), Zones.Of(zone));
        foreach (var begins in all.Take(MostMerged))
        {
            if (begins - before > lasts)
                return false;
            before = begins;
        }
        return true;
    }

    private IEnumerable<DateTimeOffset> Beginnings(DateTimeOffset from, DateTimeOffset to) =>
        CronExpression
            .Parse(Cron!, CronFormat.Standard)
            .GetOccurrences(from, to, Zones.Of(Zone), fromInclusive: true, toInclusive: false)
            .Select(at => at.ToUniversalTime());
}
