using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;

namespace AgentConsole.Web.Freezes;

/// <summary>What stands in the fields of one freeze.</summary>
internal sealed class FreezeForm
{
    private const string Local = "yyyy-MM-dd'T'HH:mm";

    public static readonly (string Title, string Cron, int Minutes)[] Usual =
    [
        ("Weekends, Friday 18:00 to Monday 08:00", "0 18 * * FRI", 62 * 60),
        ("Nights, 20:00 to 07:00", "0 20 * * *", 11 * 60),
        ("The last day of the month", "0 0 L * *", 24 * 60),
    ];

    public string Team { get; set; } = "";
    public string Name { get; set; } = "";
    public string Environment { get; set; } = "";

    /// <summary>It comes once, not again and again.</summary>
    public bool Once { get; set; }
    public string Cron { get; set; } = Usual[0].Cron;
    public string Minutes { get; set; } = Usual[0].Minutes.ToString(CultureInfo.InvariantCulture);
    public string Zone { get; set; } = Zones.Utc;

    /// <summary>On the wall clock of <see cref="Zone"/>.</summary>
    public string Starts { get; set; } = "";
    public string Ends { get; set; } = "";
    public string OverrideRole { get; set; } = "team-admin";
    public string Reason { get; set; } = "";

    public static FreezeForm Of(FreezeBody freeze)
    {
        var zone = Zones.Of(freeze.Zone);
        string Wall(DateTimeOffset? at) =>
            at is { } given ? TimeZoneInfo.ConvertTime(given, zone).ToString(Local, CultureInfo.InvariantCulture) : "";
        return new FreezeForm
        {
            Team = freeze.Team ?? "",
            Name = freeze.Name,
            Environment = freeze.Environment ?? "",
            Once = freeze.Cron is null,
            Cron = freeze.Cron ?? "",
            Minutes = freeze.DurationMinutes?.ToString(CultureInfo.InvariantCulture) ?? "",
            Zone = freeze.Zone,
            Starts = Wall(freeze.StartsAt),
            Ends = Wall(freeze.EndsAt),
            OverrideRole = freeze.OverrideRole,
            Reason = freeze.Reason,
        };
    }

    public SetFreeze ToBody() =>
        new()
        {
            Team = Team,
            Name = Name,
            Environment = Environment,
            Cron = Once ? null : Cron,
            DurationMinutes =
                Once ? null
                : int.TryParse(Minutes, NumberStyles.None, CultureInfo.InvariantCulture, out var lasts) ? lasts
                : 0,
            Zone = Zone,
            StartsAt = Once ? Instant(Starts) : null,
            EndsAt = Once ? Instant(Ends) : null,
            OverrideRole = OverrideRole,
            Reason = Reason,
        };

    private DateTimeOffset? Instant(string wall)
    {
        if (!DateTime.TryParse(wall, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local))
            return null;
        var zone = Zones.Of(Zone);
        local = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        return zone.IsInvalidTime(local) // what a change of the clocks skips begins right after it
            ? new DateTimeOffset(local, zone.GetUtcOffset(local.AddHours(-1))).ToUniversalTime()
            : new DateTimeOffset(local, zone.GetUtcOffset(local)).ToUniversalTime();
    }
}
