using System.Globalization;
using AgentConsole.Core.Common;
using AgentConsole.Core.Runs;

namespace AgentConsole.Core.Spend;

public enum SpendStep
{
    Hour,
    Day,
    Month,
}

/// <summary>One local hour, day or month as instants. Buckets of a range touch each other, so that their sums are the range's sum.</summary>
/// <param name="Label">The local time at which it begins.</param>
public sealed record SpendSlot(DateTimeOffset Start, DateTimeOffset End, string Label);

/// <summary>
/// Where local days, hours and months begin, in whole quarters of an hour since 1970: those are the smallest parts that spend is kept in, and every
/// zone's offset is a multiple of one. The calendar is asked for each quarter what its clock shows, so that days of 23 and 25 hours, skipped days
/// and changes at midnight come out as the clock of the place has them.
/// </summary>
public static class SpendCalendar
{
    private const long Quarter = RollupScope.FoldMicros;

    /// <summary>The first quarter of an hour at which the clock of the zone shows this day or a later one.</summary>
    public static DateTimeOffset StartOf(DateOnly day, TimeZoneInfo zone)
    {
        // Offsets lie between -12 h and +14 h.
        var midnight = Utc.ToMicros(new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero));
        var (low, high) = (midnight - (15 * 4 * Quarter), midnight + (13 * 4 * Quarter));
        // Nearly always it is the quarter that the offset of the moment says, and the one before shows the day before.
        var guess = midnight - (long)zone.GetUtcOffset(Utc.FromMicros(midnight)).TotalMicroseconds;
        for (var at = guess - Quarter * 8; at <= guess + (Quarter * 8); at += Quarter)
        {
            if (LocalDay(at, zone) >= day && LocalDay(at - Quarter, zone) < day && LocalDay(low, zone) < day)
                return Utc.FromMicros(at);
        }
        for (var at = low; at <= high; at += Quarter)
        {
            if (LocalDay(at, zone) >= day)
                return Utc.FromMicros(at);
        }
        return Utc.FromMicros(high);
    }

    public static DateOnly DayOf(DateTimeOffset at, TimeZoneInfo zone) =>
        DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, zone).DateTime);

    /// <summary>Cuts a range, whose ends lie on quarters of an hour, at every local hour, day or month.</summary>
    public static IReadOnlyList<SpendSlot> Cut(DateTimeOffset from, DateTimeOffset to, SpendStep step, TimeZoneInfo zone)
    {
        var starts = new List<(DateTimeOffset At, string Label)>();
        if (step == SpendStep.Hour)
        {
            for (var at = from; at < to; at = at.AddMinutes(15))
            {
                var local = TimeZoneInfo.ConvertTime(at, zone);
                if (at == from || local.Minute < 15)
                    starts.Add((at, local.ToString("yyyy-MM-dd'T'HH:mm", CultureInfo.InvariantCulture)));
            }
        }
        else
        {
            var day = DayOf(from, zone);
            starts.Add((from, Label(day, step)));
            while (true)
            {
                day = step == SpendStep.Day ? day.AddDays(1) : new DateOnly(day.Year, day.Month, 1).AddMonths(1);
                var at = StartOf(day, zone);
                if (at >= to)
                    break;
                if (at <= starts[^1].At)
                    starts[^1] = (starts[^1].At, Label(day, step)); // a day that the place left out
                else
                    starts.Add((at, Label(day, step)));
            }
        }
        return [.. starts.Select((s, i) => new SpendSlot(s.At, i + 1 < starts.Count ? starts[i + 1].At : to, s.Label))];
    }

    private static string Label(DateOnly day, SpendStep step) =>
        day.ToString(step == SpendStep.Day ? "yyyy-MM-dd" : "yyyy-MM", CultureInfo.InvariantCulture);

    private static DateOnly LocalDay(long micros, TimeZoneInfo zone) => DayOf(Utc.FromMicros(micros), zone);
}
