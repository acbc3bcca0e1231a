using AgentConsole.Web.Components.Live;

namespace AgentConsole.Web.Tests.Components;

public sealed class LiveRowsTests
{
    private sealed record Row(Guid Id, string Text);

    private static Row New(string text) => new(Guid.NewGuid(), text);

    private readonly LiveRows<Row> _rows = new(row => row.Id, 3);

    private void Point() => _rows.Hold.Hear(new HoldEventArgs { Why = "point" });

    private IEnumerable<string> Texts => _rows.Rows.Select(row => row.Text);

    [Fact]
    public void A_new_row_comes_in_at_the_top_and_is_fresh()
    {
        _rows.Load([New("old")]);
        var row = New("new");

        _rows.Hear([row]);

        Assert.Equal(["new", "old"], Texts);
        Assert.Contains(row.Id, _rows.Fresh);
    }

    [Fact]
    public void While_the_pointer_rests_new_rows_wait_and_known_ones_change_in_their_place()
    {
        var known = New("running");
        _rows.Load([New("a"), known]);

        Point();
        _rows.Hear([New("b"), known with { Text = "completed" }]);

        Assert.Equal(["a", "completed"], Texts);
        Assert.Equal(1, _rows.Waiting);
    }

    [Fact]
    public void What_waits_comes_in_newest_first_and_nothing_waits_any_more()
    {
        _rows.Load([New("a")]);
        Point();
        _rows.Hear([New("b")]);
        _rows.Hear([New("c")]);
        Assert.Equal(["a"], Texts);

        _rows.ShowWaiting();

        Assert.Equal(["c", "b", "a"], Texts);
        Assert.Equal(0, _rows.Waiting);
    }

    [Fact]
    public void A_list_that_is_empty_after_a_reading_is_no_longer_held()
    {
        _rows.Load([New("a")]);
        Point();
        _rows.Load([]);

        _rows.Hear([New("b")]);

        Assert.Equal(["b"], Texts);
    }

    [Fact]
    public void A_row_that_waits_changes_while_it_waits_and_counts_once()
    {
        var waiting = New("running");
        Point();
        _rows.Hear([waiting]);
        _rows.Hear([waiting with { Text = "failed" }]);
        Assert.Equal(1, _rows.Waiting);

        _rows.ShowWaiting();

        Assert.Equal(["failed"], Texts);
    }

    [Fact]
    public void Old_rows_fall_off_the_end_and_dropped_ones_leave()
    {
        _rows.Load([New("a"), New("b"), New("c"), New("d")]);
        Assert.Equal(["a", "b", "c"], Texts);

        _rows.Hear([New("e")]);
        Assert.Equal(["e", "a", "b"], Texts);

        _rows.Drop(row => row.Text == "a");
        Assert.Equal(["e", "b"], Texts);
    }

    [Fact]
    public void An_older_page_is_added_below_without_repeating_what_stands()
    {
        var shared = New("b");
        _rows.Load([New("a"), shared]);

        _rows.Append([shared, New("c")]);

        Assert.Equal(["a", "b", "c"], Texts);
    }
}
