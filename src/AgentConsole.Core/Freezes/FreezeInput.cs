using AgentConsole.Contracts;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Freezes;

/// <summary>What was given for a freeze, within its bounds.</summary>
internal sealed record FreezeInput(
    string Name,
    string? Environment,
    string? Cron,
    int? DurationMinutes,
    string Zone,
    DateTimeOffset? StartsAt,
    DateTimeOffset? EndsAt,
    OverrideRole OverrideRole,
    string Reason
)
{
    public const int MostName = 60;
    public const int MostReason = 500;

    /// <summary>Null when there are errors.</summary>
    /// <param name="known">Whose members stay where none is given; null for a new one.</param>
    public static FreezeInput? Read(SetFreeze body, Freeze? known, DateTimeOffset now, FieldErrors errors)
    {
        var name = Texts.Line(body.Name ?? known?.Name, "name", MostName, errors, required: true);
        var reason = Texts.Block(body.Reason ?? known?.Reason, "reason", MostReason, errors, required: true);
        var environment = Texts.Line(body.Environment ?? known?.Environment, "environment", 60, errors);
        var zone = Zones.Read(body.Zone ?? known?.Zone, "zone", errors) ?? Zones.Utc;
        var role =
            KebabCase.Read<OverrideRole>(body.OverrideRole, "override_role", errors) ?? known?.OverrideRole ?? OverrideRole.TeamAdmin;
        // Who gives one kind of time takes the other away.
        var once = body.StartsAt is not null || body.EndsAt is not null;
        var again = !string.IsNullOrWhiteSpace(body.Cron) || body.DurationMinutes is not null;
        if (once && again)
            errors.Add("cron", "A freeze comes again and again, or once: give cron and duration_minutes, or starts_at and ends_at.");
        else if (!once && !again && known is null)
            errors.Add("cron", "This is required, with duration_minutes; or starts_at and ends_at for a freeze that comes once.");
        var keepsOnce = once || (!again && known?.StartsAt is not null);
        var cron = keepsOnce ? null : Texts.Line(body.Cron ?? known?.Cron, "cron", Freeze.MostCron, errors);
        var minutes = keepsOnce ? null : body.DurationMinutes ?? known?.DurationMinutes;
        var (starts, ends) = keepsOnce ? (body.StartsAt ?? known?.StartsAt, body.EndsAt ?? known?.EndsAt) : (null, null);
        if (keepsOnce)
            CheckOnce(starts, ends, once ? now : null, errors);
        else if (!(once && again) && (again || known is not null))
            CheckAgain(cron, minutes, zone, errors);
        return errors.Any ? null : new FreezeInput(name!, environment, cron, minutes, zone, Micros(starts), Micros(ends), role, reason!);
    }

    public void Put(Freeze freeze)
    {
        (freeze.Name, freeze.Environment, freeze.Reason, freeze.OverrideRole) = (Name, Environment, Reason, OverrideRole);
        (freeze.Cron, freeze.DurationMinutes, freeze.Zone) = (Cron, DurationMinutes, Zone);
        (freeze.StartsAt, freeze.EndsAt) = (StartsAt, EndsAt);
    }

    private static void CheckOnce(DateTimeOffset? starts, DateTimeOffset? ends, DateTimeOffset? now, FieldErrors errors)
    {
        if (starts is null)
            errors.Add("starts_at", "This is required where ends_at is given.");
        if (ends is null)
            errors.Add("ends_at", "This is required where starts_at is given: a freeze without an end is one nobody remembers.");
        if (starts is null || ends is null)
            return;
        if (ends <= starts || ends - starts > Freeze.LongestOnce)
            errors.Add("ends_at", "Must be after starts_at, by 366 days at most.");
        else if (ends <= now)
            errors.Add("ends_at", "Must lie ahead.");
    }

    private static void CheckAgain(string? cron, int? minutes, string zone, FieldErrors errors)
    {
        if (cron is null)
            errors.Add("cron", "This is required where duration_minutes is given.");
        else if (Freeze.CronFault(cron, zone) is { } fault)
            errors.Add("cron", fault);
        if (minutes is not { } lasts || lasts < 1 || lasts > Freeze.LongestRecurring.TotalMinutes)
            errors.Add("duration_minutes", "Is required with cron, and must be from 1 to 44640 (31 days).");
        else if (cron is not null && Freeze.CronFault(cron, zone) is null && Freeze.IsEndless(cron, zone, lasts))
            errors.Add(
                "duration_minutes",
                "Each one would run into the next, so that it never ends. Make it shorter, or let it begin less often."
            );
    }

    private static DateTimeOffset? Micros(DateTimeOffset? at) => at is { } given ? Utc.FromMicros(Utc.ToMicros(given)) : null;
}
