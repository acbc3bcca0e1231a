using AgentConsole.Core.Common;
using AgentConsole.Web.Components.Live;

namespace AgentConsole.Web.Tests.Components;

public sealed class RereadRowsTests
{
    private sealed record Row(Guid Id, string Text);

    private readonly List<Row> _store = [.. "abcdef".Select(c => new Row(Guid.NewGuid(), c.ToString()))];
    private readonly RereadRows<Row> _rows;
    private readonly ManualClock _clock = new();
    private Problem? _fault;
    private Exception? _broken;

    public RereadRowsTests() => _rows = new RereadRows<Row>(row => row.Id, ReadAsync, _clock, size: 3);

    private string Texts => string.Concat(_rows.Rows!.Select(row => row.Text));

    // The cursor is the text after which it goes on.
    private Task<Outcome<Paged<Row>>> ReadAsync(PageRequest page)
    {
        if (_broken is not null)
            throw _broken;
        if (_fault is not null)
            return Task.FromResult<Outcome<Paged<Row>>>(_fault);
        var from = page.Cursor is null ? 0 : _store.FindIndex(row => row.Text == page.Cursor) + 1;
        var items = _store.Skip(from).Take(page.Limit).ToList();
        return Task.FromResult<Outcome<Paged<Row>>>(new Paged<Row>(items, from + items.Count < _store.Count ? items[^1].Text : null));
    }

    private void Look(string? why) => _rows.Hear(new HoldEventArgs { Why = why });

    [Fact]
    public async Task A_store_that_does_not_answer_leaves_the_rows_and_says_of_when_they_are_until_it_does()
    {
        await _rows.LoadAsync();
        var read = _clock.GetUtcNow();
        _clock.Advance(TimeSpan.FromMinutes(5));
        _broken = new Microsoft.Data.Sqlite.SqliteException("disk I/O error", 10);

        await _rows.HearAsync();
        await _rows.MoreAsync();

        Assert.Equal("abc", Texts);
        Assert.Equal("store_unavailable", _rows.Problem!.Code);
        Assert.Contains($"as it was at {read:HH:mm:ss} UTC", _rows.Problem.Detail, StringComparison.Ordinal);
        // As the data layer wraps what is worth another attempt.
        _broken = new InvalidOperationException("transient", _broken);
        await _rows.AgainAsync();
        Assert.NotNull(_rows.Problem);
        (_broken, _store[0]) = (null, new Row(Guid.NewGuid(), "z"));
        await _rows.AgainAsync();
        Assert.Null(_rows.Problem);
        Assert.Equal("zbc", Texts);
    }

    [Fact]
    public async Task Rows_of_the_filter_before_say_so_until_the_new_one_is_read_and_are_not_held()
    {
        await _rows.LoadAsync();
        Look("point");
        _store[0] = new Row(Guid.NewGuid(), "z");
        await _rows.HearAsync();
        Assert.Equal(1, _rows.Waiting);
        _broken = new Microsoft.Data.Sqlite.SqliteException("disk I/O error", 10);

        await _rows.LoadAsync();

        Assert.Equal("abc", Texts);
        Assert.Equal(0, _rows.Waiting);
        Assert.EndsWith("still those of the filter before.", _rows.Problem!.Detail, StringComparison.Ordinal);
        await _rows.HearAsync();
        Assert.EndsWith("still those of the filter before.", _rows.Problem!.Detail, StringComparison.Ordinal);
        _broken = null;
        await _rows.HearAsync();
        Assert.Null(_rows.Problem);
        Assert.Equal("zbc", Texts);
    }

    [Fact]
    public async Task A_fault_of_the_code_is_none_of_the_store()
    {
        _broken = new InvalidOperationException("wrong");

        await Assert.ThrowsAsync<InvalidOperationException>(() => _rows.LoadAsync());
    }

    [Fact]
    public async Task A_change_comes_in_at_once_while_nobody_looks_and_what_is_new_is_fresh()
    {
        await _rows.LoadAsync();
        _store.Insert(0, new Row(Guid.NewGuid(), "z"));

        await _rows.HearAsync();

        Assert.Equal("zab", Texts);
        Assert.Equal([_store[0].Id], _rows.Fresh);
    }

    [Theory]
    [InlineData("point")]
    [InlineData("focus")]
    [InlineData("select")]
    [InlineData("scroll")]
    public async Task While_somebody_looks_rows_change_in_their_place_and_the_new_order_waits_until_they_leave(string why)
    {
        await _rows.LoadAsync();
        Look(why);
        _store[1] = _store[1] with { Text = "B" };
        _store.Insert(0, new Row(Guid.NewGuid(), "z"));

        await _rows.HearAsync();

        Assert.Equal("aBc", Texts);
        Assert.Equal(3, _rows.Waiting);
        Look(null);
        Assert.Equal("zaB", Texts);
        Assert.Equal(0, _rows.Waiting);
    }

    [Fact]
    public async Task A_change_that_moves_nothing_is_shown_though_the_list_is_held()
    {
        await _rows.LoadAsync();
        Look("point");
        _store[2] = _store[2] with { Text = "C" };

        await _rows.HearAsync();

        Assert.Equal("abC", Texts);
        Assert.Equal(0, _rows.Waiting);
    }

    [Fact]
    public async Task Reading_on_goes_on_where_the_list_ends_and_a_change_keeps_what_was_read()
    {
        await _rows.LoadAsync();
        await _rows.MoreAsync();
        Assert.Equal("abcdef", Texts);
        Assert.False(_rows.HasMore);

        _store.Insert(0, new Row(Guid.NewGuid(), "z"));
        await _rows.HearAsync();
        Assert.Equal("zabcde", Texts);
        await _rows.MoreAsync();

        Assert.Equal("zabcdef", Texts);
    }

    [Fact]
    public async Task A_list_that_became_empty_under_the_pointer_is_no_longer_held()
    {
        await _rows.LoadAsync();
        Look("point");
        _store.Clear();
        await _rows.ActedAsync();
        _store.Add(new Row(Guid.NewGuid(), "z"));

        await _rows.HearAsync();

        Assert.Equal("z", Texts);
        Assert.Equal(0, _rows.Waiting);
    }

    [Fact]
    public async Task A_reading_that_fails_says_so_and_leaves_what_is_shown()
    {
        await _rows.LoadAsync();
        _fault = Problem.Invalid("q", "Not now.");

        await _rows.HearAsync();

        Assert.Equal("abc", Texts);
        Assert.Equal("Not now.", _rows.Problem!.Errors!["q"][0]);
    }
}
