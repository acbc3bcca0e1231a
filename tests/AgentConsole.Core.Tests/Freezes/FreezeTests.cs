using AgentConsole.Core.Freezes;

namespace AgentConsole.Core.Tests.Freezes;

/// <summary>When a freeze bites.</summary>
public sealed class FreezeTests
{
    [Fact]
    public void A_weekend_begins_on_friday_evening_where_the_people_are()
    {
        var freeze = Recurring("0 18 * * FRI", 62 * 60, "Europe/Berlin");

        var windows = freeze.Between(At("2026-11-01T00:00Z"), At("2026-11-16T00:00Z")).ToList();

        Assert.Equal(
            [
                (At("2026-10-30T17:00Z"), At("2026-11-02T07:00Z")), // begun before, still biting
                (At("2026-11-06T17:00Z"), At("2026-11-09T07:00Z")),
                (At("2026-11-13T17:00Z"), At("2026-11-16T07:00Z")),
            ],
            windows.Select(w => (w.From, w.To))
        );
        Assert.Null(freeze.At(At("2026-11-06T16:59:59Z")));
        Assert.Equal(At("2026-11-06T17:00Z"), freeze.At(At("2026-11-06T17:00Z"))!.Value.From);
        Assert.NotNull(freeze.At(At("2026-11-09T06:59:59Z")));
        Assert.Null(freeze.At(At("2026-11-09T07:00Z")));
        Assert.Equal(At("2026-11-13T17:00Z"), freeze.NextAt(At("2026-11-09T07:00Z"))!.Value.From);
    }

    [Fact]
    public void A_change_of_the_clocks_moves_the_beginning_with_the_wall_and_the_end_with_the_elapsed_time()
    {
        var freeze = Recurring("0 1 * * *", 120, "Europe/Berlin");

        // On 25 October 2026 the clocks go back at 03:00 (+02:00), on 28 March 2027 forward at 02:00 (+01:00).
        Assert.Equal((At("2026-10-24T23:00Z"), At("2026-10-25T01:00Z")), Only(freeze, "2026-10-24T23:30Z"));
        Assert.Equal((At("2026-10-26T00:00Z"), At("2026-10-26T02:00Z")), Only(freeze, "2026-10-26T00:30Z"));
        Assert.Equal((At("2027-03-28T00:00Z"), At("2027-03-28T02:00Z")), Only(freeze, "2027-03-28T00:30Z"));
        var skipped = Recurring("30 2 * * *", 60, "Europe/Berlin");
        Assert.Equal(At("2027-03-28T01:00Z"), skipped.NextAt(At("2027-03-28T00:00Z"))!.Value.From); // 02:30 is not there
        var repeated = Recurring("30 2 * * *", 10, "Europe/Berlin");
        Assert.Single(repeated.Between(At("2026-10-25T00:00Z"), At("2026-10-25T12:00Z")));
    }

    [Fact]
    public void Windows_that_touch_are_one()
    {
        var freeze = Recurring("0 0 * * MON,TUE", 24 * 60, "UTC");

        Assert.Equal((At("2026-11-23T00:00Z"), At("2026-11-25T00:00Z")), Only(freeze, "2026-11-23T12:00Z"));
        Assert.Equal((At("2026-11-23T00:00Z"), At("2026-11-25T00:00Z")), Only(freeze, "2026-11-24T12:00Z"));
    }

    [Theory]
    [InlineData("0 0 * * *", 1440, true)]
    [InlineData("0 0 * * *", 1439, false)]
    [InlineData("0 0 * * SAT,SUN", 1440, false)]
    [InlineData("0 8-18 * * *", 60, false)]
    public void One_that_runs_into_the_next_for_ever_is_known_as_such(string cron, int minutes, bool endless) =>
        Assert.Equal(endless, Freeze.IsEndless(cron, "UTC", minutes));

    [Fact]
    public void Once_is_once()
    {
        var freeze = New();
        (freeze.StartsAt, freeze.EndsAt) = (At("2026-12-20T00:00Z"), At("2027-01-04T00:00Z"));

        Assert.Equal(At("2026-12-20T00:00Z"), freeze.NextAt(At("2026-11-26T00:00Z"))!.Value.From);
        Assert.NotNull(freeze.At(At("2026-12-31T23:00Z")));
        Assert.Null(freeze.NextAt(At("2027-01-04T00:00Z")));
    }

    [Theory]
    [InlineData("0 18 * * FRI", null)]
    [InlineData("0 0 29 2 *", null)]
    [InlineData("0 * * * *", null)]
    [InlineData("0,30 * * * *", "once an hour")]
    [InlineData("* * * * *", "once an hour")]
    [InlineData("0 0 31 2 *", "Never comes")]
    [InlineData("0 18 * *", "five fields")]
    [InlineData("0 0 18 * * FRI", "five fields")]
    [InlineData("@daily; drop", "five fields")]
    public void A_recurrence_is_bounded(string cron, string? fault)
    {
        var found = Freeze.CronFault(cron, "UTC");
        if (fault is null)
            Assert.Null(found);
        else
            Assert.Contains(fault, found, StringComparison.Ordinal);
    }

    [Fact]
    public void It_covers_its_team_and_environment()
    {
        var (payments, research) = (Guid.NewGuid(), Guid.NewGuid());
        var all = New();
        var narrow = New(payments);
        narrow.Environment = "production";

        Assert.True(all.Covers(research, null));
        Assert.True(narrow.Covers(payments, "Production"));
        Assert.False(narrow.Covers(payments, "staging"));
        Assert.False(narrow.Covers(payments, null));
        Assert.False(narrow.Covers(research, "production"));
    }

    private static (DateTimeOffset, DateTimeOffset) Only(Freeze freeze, string instant)
    {
        var span = freeze.At(At(instant))!.Value;
        return (span.From, span.To);
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static Freeze Recurring(string cron, int minutes, string zone)
    {
        var freeze = New();
        (freeze.Cron, freeze.DurationMinutes, freeze.Zone) = (cron, minutes, zone);
        return freeze;
    }

    private static Freeze New(Guid? team = null) =>
        new()
        {
            TeamId = team,
            Name = "Weekend",
            Zone = "UTC",
            Reason = "Nobody is here",
            CreatedBy = "Olga",
            UpdatedBy = "Olga",
        };
}
