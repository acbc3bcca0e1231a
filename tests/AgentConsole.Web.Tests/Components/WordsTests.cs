using AgentConsole.Web.Components;

namespace AgentConsole.Web.Tests.Components;

public sealed class WordsTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(4, "4 s")]
    [InlineData(660, "11 min")]
    [InlineData(7_500, "2 h 05")]
    [InlineData(86_400 * 3, "27 Feb 09:00")]
    [InlineData(86_400 * 90, "2 Dec 2025")]
    public void Ages_are_said_as_people_say_them(int seconds, string expected)
    {
        Assert.Equal(expected, Words.Ago(Now.AddSeconds(-seconds), Now).Replace('\u00a0', ' '));
    }

    [Theory]
    [InlineData(340L, "340 ms")]
    [InlineData(3_240L, "3.2 s")]
    [InlineData(38_000L, "38 s")]
    [InlineData(125_000L, "2 min 5 s")]
    [InlineData(7_500_000L, "2 h 05")]
    [InlineData(null, "—")]
    public void Durations_keep_three_figures(long? milliseconds, string expected)
    {
        Assert.Equal(expected, Words.Duration(milliseconds).Replace('\u00a0', ' '));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(99_999, "99,999")]
    [InlineData(184_020, "184 k")]
    [InlineData(2_340_000, "2.3 M")]
    public void Counts_are_exact_as_long_as_they_can_be_read(long value, string expected)
    {
        Assert.Equal(expected, Words.Count(value).Replace('\u00a0', ' '));
    }

    [Fact]
    public void Shares_money_and_initials_are_written_the_same_everywhere()
    {
        Assert.Equal("14.2 %", Words.Percent(0.142).Replace('\u00a0', ' '));
        Assert.Equal("—", Words.Percent(null));
        Assert.Equal("1,840.00", Words.Money("1840"));
        Assert.Equal("0.0021", Words.Money("0.0021"));
        Assert.Equal("IK", Words.Initials("Ines Keller"));
        Assert.Equal("1 agent", Words.Many(1, "agent").Replace('\u00a0', ' '));
        Assert.Equal("1,219 agents", Words.Many(1219, "agent").Replace('\u00a0', ' '));
    }

    [Theory]
    [InlineData("Asia/Kathmandu", "2026-03-02T09:00:00Z", "2026-03-02 14:45:00 +05:45 Asia/Kathmandu")]
    [InlineData("Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29 01:59:59 +01:00 Europe/Berlin")] // the clock jumps in the next second
    [InlineData("Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29 03:00:00 +02:00 Europe/Berlin")]
    [InlineData("Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25 02:30:00 +02:00 Europe/Berlin")] // the same clock twice, an hour apart
    [InlineData("Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25 02:30:00 +01:00 Europe/Berlin")]
    [InlineData("Nowhere/Land", "2026-03-02T09:00:00Z", "2026-03-02 09:00:00 UTC")]
    [InlineData("../../etc/passwd", "2026-03-02T09:00:00Z", "2026-03-02 09:00:00 UTC")]
    public void Times_are_said_in_the_zone_of_whoever_looks(string zone, string at, string expected)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
        try
        {
            Zone.Of(zone).Use();

            Assert.Equal(expected, Words.Exact(DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture)));
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    [Fact]
    public void A_time_says_its_instant_and_zone_to_whoever_points_at_it()
    {
        var time = Words.Time(Now.AddSeconds(-4), Now).Value;

        Assert.Contains("datetime=\"2026-03-02T08:59:56.000Z\"", time, StringComparison.Ordinal);
        Assert.Contains("title=\"2026-03-02 08:59:56 UTC\"", time, StringComparison.Ordinal);
    }
}
