using AgentConsole.Core.Deployments.Timeline;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Timeline;

namespace AgentConsole.Web.Tests.Deployments;

public sealed class TimelineStateTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 19, 9, 42, 17, TimeSpan.Zero);

    [Theory]
    [InlineData("hour", "2026-11-19T09:00:00Z", 1)]
    [InlineData("6h", "2026-11-19T05:30:00Z", 6)]
    [InlineData("day", "2026-11-18T18:00:00Z", 24)]
    [InlineData("week", "2026-11-14T00:00:00Z", 7 * 24)]
    [InlineData("month", "2026-10-30T00:00:00Z", 30 * 24)]
    [InlineData("quarter", "2026-09-21T00:00:00Z", 91 * 24)]
    public void A_window_that_follows_the_time_has_now_in_it_and_stands_for_a_while(string zoom, string from, int hours)
    {
        var window = Of($"?zoom={zoom}").Window(Now);

        Assert.Equal(DateTimeOffset.Parse(from, System.Globalization.CultureInfo.InvariantCulture), window.From);
        Assert.Equal(TimeSpan.FromHours(hours), window.Length);
        Assert.InRange(window.At(Now), 0.6, 0.8);
        Assert.Equal(window, Of($"?zoom={zoom}").Window(Now.AddMinutes(1)));
    }

    [Theory]
    [InlineData("?zoom=century", "zoom")]
    [InlineData("?from=yesterday", "from")]
    [InlineData("?from=1900-01-01T00:00:00Z", "from")]
    [InlineData("?to=2026-11-19T00:00:00Z", "to")]
    [InlineData("?from=2026-11-19T00:00:00Z&to=2026-11-18T00:00:00Z", "to")]
    [InlineData("?from=2024-11-19T00:00:00Z&to=2026-11-18T00:00:00Z", "to")]
    [InlineData("?outcome=splendid", "outcome")]
    public void What_makes_no_sense_is_named_and_left_out(string query, string field)
    {
        var state = Of(query);

        Assert.StartsWith(field, state.Nonsense, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromDays(1), state.Window(Now).Length);
    }

    [Fact]
    public void Closer_and_farther_keep_the_middle_and_there_and_back_is_the_same_place()
    {
        var state = Of("?from=2026-11-01T00:00:00Z&zoom=day&team=payments");
        var window = state.Window(Now);

        var closer = Of(Query(state.ZoomedTo(Zoom.All[1], window)));
        Assert.Equal(window.From.AddHours(9), closer.Window(Now).From);
        Assert.Equal("payments", closer.Filter.Team);
        Assert.Equal(window, Of(Query(closer.ZoomedTo(Zoom.Day, closer.Window(Now)))).Window(Now));
        Assert.Equal(
            window,
            Of(Query(Of(Query(state.Moved(-1, window))).Moved(1, Of(Query(state.Moved(-1, window))).Window(Now)))).Window(Now)
        );
        Assert.True(Of(Query(state.AtNow())).Follows);
    }

    [Fact]
    public void An_address_with_both_ends_is_the_zoom_that_holds_it()
    {
        var state = Of("?from=2026-11-01T00:00:00Z&to=2026-11-03T12:00:00Z&mark=nonsense");

        Assert.Equal("week", state.Zoom.Name);
        Assert.Equal(TimeSpan.FromHours(60), state.Window(Now).Length);
        Assert.Null(state.Mark);
    }

    [Theory]
    [InlineData("UTC", "Wed 18:00|21:00|*Thu 19 Nov|03:00|06:00|09:00|12:00|15:00")]
    [InlineData("Asia/Kathmandu", "*Thu 19 Nov|03:00|06:00|09:00|12:00|15:00|18:00|21:00")]
    public void The_axis_counts_on_the_clock_of_whoever_looks(string zone, string said)
    {
        var from = new DateTimeOffset(2026, 11, 18, 18, 0, 0, TimeSpan.Zero);

        var ticks = Tick.Of(new TimelineWindow(from, from.AddDays(1)), Zone.Of(zone));

        Assert.Equal(said, string.Join("|", ticks.Select(t => (t.Strong ? "*" : "") + t.Word.Replace('\u00a0', ' '))));
    }

    [Fact]
    public void A_change_of_the_clocks_neither_doubles_nor_turns_the_axis()
    {
        var berlin = Zone.Of("Europe/Berlin");
        foreach (var day in (DateTimeOffset[])[new(2026, 3, 28, 18, 0, 0, TimeSpan.Zero), new(2026, 10, 24, 18, 0, 0, TimeSpan.Zero)])
        {
            foreach (var hours in (int[])[1, 6, 24, 168, 720, 2184, 9600])
            {
                var window = new TimelineWindow(day, day.AddHours(hours));
                var ticks = Tick.Of(window, berlin);

                Assert.InRange(ticks.Count, 3, 14);
                Assert.All(ticks, t => Assert.InRange(t.At, window.From, window.To));
                Assert.Equal(ticks.Select(t => t.At).Distinct().Order(), ticks.Select(t => t.At));
                if (hours > 24)
                    Assert.All(ticks, t => Assert.Equal(TimeSpan.Zero, berlin.In(t.At).TimeOfDay));
            }
        }
    }

    private static TimelineState Of(string query) => TimelineState.Parse("http://console.example/deployments" + query);

    private static string Query(string address) => address[address.IndexOf('?', StringComparison.Ordinal)..];
}
