using AgentConsole.Core.Common;
using AgentConsole.Core.Spend;
using FsCheck;
using FsCheck.Fluent;

namespace AgentConsole.Core.Tests.Spend;

/// <summary>Where local days begin, in zones that make it hard.</summary>
public sealed class SpendCalendarTests
{
    internal static readonly string[] HardZones =
    [
        "UTC",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Australia/Adelaide",
        "America/New_York",
        "America/St_Johns",
        "Europe/Berlin",
        "Pacific/Apia",
        "Pacific/Chatham",
        "Pacific/Kiritimati",
        "Asia/Kolkata",
        "America/Sao_Paulo",
        "America/Havana",
        "Africa/Cairo",
        "Asia/Beirut",
        "Africa/Casablanca",
        "Atlantic/Azores",
        "Etc/GMT+12",
    ];

    [Theory]
    [InlineData("Europe/Berlin", "2026-03-29", 23 * 60)]
    [InlineData("Europe/Berlin", "2026-10-25", 25 * 60)]
    [InlineData("America/New_York", "2026-03-08", 23 * 60)]
    [InlineData("America/New_York", "2026-11-01", 25 * 60)]
    [InlineData("Australia/Lord_Howe", "2026-04-05", (24 * 60) + 30)]
    [InlineData("Australia/Lord_Howe", "2026-10-04", (24 * 60) - 30)]
    [InlineData("Asia/Kathmandu", "2026-03-29", 24 * 60)]
    public void A_day_is_as_long_as_the_clock_of_the_place_has_it(string id, string day, int minutes)
    {
        var zone = Zones.Of(id);
        var first = DateOnly.Parse(day, System.Globalization.CultureInfo.InvariantCulture);
        var slots = SpendCalendar.Cut(
            SpendCalendar.StartOf(first, zone),
            SpendCalendar.StartOf(first.AddDays(1), zone),
            SpendStep.Day,
            zone
        );
        var slot = Assert.Single(slots);
        Assert.Equal((day, minutes), (slot.Label, (int)(slot.End - slot.Start).TotalMinutes));
        var hours = SpendCalendar.Cut(slot.Start, slot.End, SpendStep.Hour, zone);
        Assert.Equal(minutes, hours.Sum(h => (h.End - h.Start).TotalMinutes));
    }

    [Fact]
    public void Apia_left_out_the_30th_of_December_2011()
    {
        var zone = Zones.Of("Pacific/Apia");
        var from = SpendCalendar.StartOf(new DateOnly(2011, 12, 28), zone);
        var slots = SpendCalendar.Cut(from, SpendCalendar.StartOf(new DateOnly(2012, 1, 2), zone), SpendStep.Day, zone);
        Assert.Equal(["2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"], slots.Select(s => s.Label));
        Assert.All(slots, s => Assert.Equal(TimeSpan.FromDays(1), s.End - s.Start));
    }

    [Fact]
    public void Whatever_the_zone_and_the_range_the_cuts_touch_each_other_and_hold_their_own_day()
    {
        var every = Zones.All.Concat(HardZones).Where(id => Zones.Find(id) is not null).ToArray();
        var range =
            from id in Gen.Elements(every)
            from quarter in Gen.Choose(0, 40 * 366 * 96)
            from length in Gen.Choose(1, 60 * 96)
            from step in Gen.Elements(SpendStep.Hour, SpendStep.Day, SpendStep.Month)
            select (id, quarter, length, step);
        Prop.ForAll(
                range.ToArbitrary(),
                r =>
                {
                    var zone = Zones.Of(r.id);
                    var from = new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(15L * r.quarter);
                    var to = from.AddMinutes(15L * r.length);
                    var slots = SpendCalendar.Cut(from, to, r.step, zone);
                    var touching =
                        slots[0].Start == from && slots[^1].End == to && slots.Zip(slots.Skip(1)).All(p => p.First.End == p.Second.Start);
                    var forward = slots.All(s => s.Start < s.End);
                    // Between its first and its last quarter the clock shows the day of the label (a change at one past midnight is the exception that stays within an hour).
                    var own =
                        r.step != SpendStep.Day
                        || slots.All(s =>
                            string.CompareOrdinal(
                                SpendCalendar
                                    .DayOf(s.Start.AddMinutes(90) < s.End ? s.Start.AddMinutes(90) : s.End.AddTicks(-1), zone)
                                    .ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture),
                                s.Label
                            ) == 0
                            || s.End - s.Start < TimeSpan.FromMinutes(120)
                        );
                    return touching && forward && own;
                }
            )
            .QuickCheckThrowOnFailure();
    }
}
