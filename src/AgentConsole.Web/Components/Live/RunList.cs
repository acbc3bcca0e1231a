using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;

namespace AgentConsole.Web.Components.Live;

/// <summary>A live list of runs, newest first: read, followed run by run, held while somebody looks.</summary>
/// <param name="clock">Of when what is shown is, and which rows a range that ends now still covers.</param>
/// <param name="size">Rows of a page.</param>
/// <param name="most">Rows that are kept unless more were asked for.</param>
/// <param name="left">Ends when the person leaves the page.</param>
public sealed class RunList(RunService runs, Func<Actor> me, TimeProvider clock, int size, int most, CancellationToken left)
{
    private readonly LiveRows<RunRow> _rows = new(row => row.Id, most);
    private readonly HashSet<Guid> _leaving = []; // no longer match, and stay while the list is held
    private RunFilter _filter = new();
    private bool _before; // the rows are those of the filter before: the one that is asked for has not been read
    private DateTimeOffset? _readAt;

    public IReadOnlyList<RunRow> Rows => _rows.Rows;
    public IReadOnlySet<Guid> Fresh => _rows.Fresh;
    public int Waiting => _rows.Waiting;
    public Hold Hold => _rows.Hold;

    /// <summary>More came at once than was followed: what waits is more than <see cref="Waiting"/>.</summary>
    public bool Missed { get; private set; }

    /// <summary>Whether a first reading succeeded.</summary>
    public bool IsRead { get; private set; }

    public bool IsEmpty => Rows.Count == 0 && Waiting == 0 && Cursor is null;

    /// <summary>Where the next page begins; null at the end.</summary>
    public string? Cursor { get; private set; }

    /// <summary>Why the last reading failed; what is shown is as it was then.</summary>
    public Problem? Problem { get; private set; }

    public Task LoadAsync(RunFilter filter)
    {
        (_filter, _before) = (filter, IsRead);
        return ReloadAsync();
    }

    public async Task ReloadAsync()
    {
        var page = await ReadAsync(new PageRequest(size));
        if (Problem is not null)
        {
            Missed = true; // read anew with the next change, or when it is tried again
            return;
        }
        (IsRead, _before) = (true, false);
        _rows.Load(page.Value.Items);
        _leaving.Clear();
        Missed = false;
        Cursor = page.Value.NextCursor;
    }

    public async Task MoreAsync()
    {
        if (_before)
        {
            await ReloadAsync(); // nothing of this filter goes on from rows of another
            return;
        }
        var page = await ReadAsync(new PageRequest(size, Cursor));
        if (Problem is not null)
            return;
        _rows.Append(page.Value.Items);
        Cursor = page.Value.NextCursor;
    }

    /// <summary>Runs changed; other changes in the batch are left alone.</summary>
    public async Task HearAsync(LiveBatch batch)
    {
        // Rows of another filter are not worth holding, and nothing may come in among them.
        if (_before || ((batch.Overflow || Missed) && !Hold.On))
        {
            await ReloadAsync();
            return;
        }
        Missed |= batch.Overflow;
        foreach (
            var ids in batch
                .Changes.Where(change => change.Noun == "run")
                .Select(change => change.Id)
                .Distinct()
                .Chunk(RunService.MostAtOnce)
        )
            await FollowAsync(ids);
    }

    public async Task ShowWaitingAsync()
    {
        if (Missed)
        {
            await ReloadAsync();
            return;
        }
        OnTop(() =>
        {
            _rows.Drop(row => _leaving.Contains(row.Id));
            _rows.ShowWaiting();
        });
        _leaving.Clear();
        Slide();
    }

    /// <summary>
    /// Drops what a range that ends now, as <c>since=15m</c>, does not cover any more. Nothing tells of that but the time: a page asks for it now and then.
    /// </summary>
    /// <returns>Whether anything left; nothing does while the list is held.</returns>
    public bool Slide()
    {
        if (_filter.Since is not { Ago: not null } since || Hold.On)
            return false;
        var (from, before) = (since.From(clock.GetUtcNow()), Rows.Count);
        _rows.Drop(row => row.ReceivedAt < from);
        return Rows.Count != before;
    }

    /// <summary>The list is looked at, or no longer.</summary>
    public Task HearAsync(HoldEventArgs told) => Hold.Hear(told) ? ShowWaitingAsync() : Task.CompletedTask;

    private async Task FollowAsync(Guid[] ids)
    {
        IReadOnlyList<RunRow> rows;
        try
        {
            rows = await runs.RowsAsync(me(), _filter, ids, left);
        }
        catch (Exception e) when (StoreFault.Is(e))
        {
            Problem = StoreFault.At(_readAt);
            Missed = true; // read anew with the next change, or when it is tried again
            return;
        }
        Known();
        var matching = rows.Select(row => row.Id).ToHashSet();
        _leaving.ExceptWith(matching);
        _leaving.UnionWith(ids.Where(id => !matching.Contains(id)));
        OnTop(() =>
        {
            if (!Hold.On)
            {
                _rows.Drop(row => _leaving.Contains(row.Id));
                _leaving.Clear();
            }
            _rows.Hear(rows.OrderBy(row => IdText.Format(IdText.Run, row.Id), StringComparer.Ordinal));
        });
    }

    private async Task<Outcome<Paged<RunRow>>> ReadAsync(PageRequest page)
    {
        var answer = await StoreFault.CatchAsync(() => runs.RowsAsync(me(), _filter, page, left), _readAt);
        if (answer.Problem is null)
            Known();
        else
            Problem = _before ? StoreFault.OfFilterBefore(answer.Problem) : answer.Problem;
        return answer;
    }

    private void Known() => (Problem, _readAt) = (null, clock.GetUtcNow());

    // What comes in at the top of a full list pushes rows off its end; reading on then begins where the list now ends.
    private void OnTop(Action change)
    {
        Guid? last = Rows.Count == 0 ? null : Rows[^1].Id;
        change();
        if (last is not null && Rows.Count > 0 && Rows[^1].Id != last)
            Cursor = RunService.CursorAfter(Rows[^1].Id);
    }
}
