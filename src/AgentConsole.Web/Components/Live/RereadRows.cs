using AgentConsole.Core.Common;

namespace AgentConsole.Web.Components.Live;

/// <summary>
/// Rows of a list that is read again when something changed, in whatever order. While it is held, rows change in their place and the new order
/// waits behind "n changed".
/// </summary>
/// <param name="id">What a row is known by from one reading to the next.</param>
/// <param name="read">Reads a page.</param>
/// <param name="clock">Of when what is shown is.</param>
/// <param name="size">Rows of a page; a reading covers as many rows as are shown, up to the most a page may have.</param>
public sealed class RereadRows<T>(Func<T, Guid> id, Func<PageRequest, Task<Outcome<Paged<T>>>> read, TimeProvider clock, int size = 50)
{
    private List<T>? _rows;
    private Paged<T>? _waits;
    private DateTimeOffset? _readAt;
    private bool _before; // the rows are those of the filter before: the one that is asked for has not been read

    /// <summary>What is shown; null until the first reading.</summary>
    public IReadOnlyList<T>? Rows => _rows;

    public bool HasMore => Cursor is not null;

    public Hold Hold { get; } = new();

    /// <summary>Rows that came or moved since, and wait.</summary>
    public int Waiting { get; private set; }

    /// <summary>Rows that came with the last change, to be emphasised once.</summary>
    public IReadOnlySet<Guid> Fresh { get; private set; } = new HashSet<Guid>();

    /// <summary>Why the last reading failed; what is shown is as it was then.</summary>
    public Problem? Problem { get; private set; }

    private string? Cursor { get; set; }

    /// <summary>Begins anew: another filter, or nothing read yet.</summary>
    public async Task LoadAsync()
    {
        _before = _rows is not null;
        (_waits, Waiting) = (null, 0); // of the filter before
        var page = await ReadAsync(new PageRequest(size));
        if (Problem is null)
            Take(page.Value, fresh: false);
        else if (!StoreFault.Is(Problem))
            _rows ??= []; // there is nothing to be read; a store that is away may have everything
    }

    /// <summary>Tries again what failed: reads what is shown once more, and keeps it while it is looked at.</summary>
    public Task AgainAsync() => _rows is null || _before ? LoadAsync() : RereadAsync(mayMove: false);

    /// <summary>Something changed: reads what is shown again.</summary>
    public Task HearAsync() => RereadAsync(mayMove: false);

    /// <summary>The person changed something here: reads what is shown again, and shows it as it is now.</summary>
    public Task ActedAsync() => RereadAsync(mayMove: true);

    private async Task RereadAsync(bool mayMove)
    {
        if (_rows is null)
            return;
        if (_before)
        {
            await LoadAsync(); // rows of another filter are not worth holding
            return;
        }
        var page = await ReadAsync(new PageRequest(Math.Clamp(_rows.Count, size, PageRequest.MaxLimit)));
        if (Problem is not null)
            return;
        if (mayMove || !Hold.On || page.Value.Items.Select(id).SequenceEqual(_rows.Take(PageRequest.MaxLimit).Select(id)))
        {
            Take(page.Value, fresh: true);
            return;
        }
        _waits = page.Value;
        Waiting = Math.Max(1, page.Value.Items.Where((row, at) => at >= _rows.Count || id(_rows[at]) != id(row)).Count());
        var now = page.Value.Items.ToDictionary(id);
        for (var at = 0; at < _rows.Count; at++)
            _rows[at] = now.GetValueOrDefault(id(_rows[at]), _rows[at])!;
    }

    public async Task MoreAsync()
    {
        if (_before)
        {
            await LoadAsync(); // nothing of this filter goes on from rows of another
            return;
        }
        var page = await ReadAsync(new PageRequest(size, Cursor));
        if (Problem is not null)
            return;
        var known = _rows!.Select(id).ToHashSet();
        _rows!.AddRange(page.Value.Items.Where(row => known.Add(id(row))));
        Cursor = page.Value.NextCursor;
    }

    /// <summary>Brings in what waits.</summary>
    public void ShowWaiting()
    {
        if (_waits is { } waits)
            Take(waits, fresh: true);
    }

    /// <summary>The list is looked at, or no longer.</summary>
    public void Hear(HoldEventArgs told)
    {
        if (Hold.Hear(told))
            ShowWaiting();
    }

    private async Task<Outcome<Paged<T>>> ReadAsync(PageRequest page)
    {
        var answer = await StoreFault.CatchAsync(() => read(page), _readAt);
        Problem = _before && answer.Problem is { } problem ? StoreFault.OfFilterBefore(problem) : answer.Problem;
        if (Problem is null)
            _readAt = clock.GetUtcNow();
        return answer;
    }

    private void Take(Paged<T> page, bool fresh)
    {
        var known = _rows?.Select(id).ToHashSet();
        Fresh = fresh && known is not null ? page.Items.Select(id).Where(row => !known.Contains(row)).ToHashSet() : new HashSet<Guid>();
        // Beyond what one reading covers, rows stand as they were read.
        var tail = fresh && page.Items.Count == PageRequest.MaxLimit ? _rows!.Skip(PageRequest.MaxLimit).ToList() : [];
        var current = page.Items.Select(id).ToHashSet();
        tail.RemoveAll(row => current.Contains(id(row)));
        _rows = [.. page.Items, .. tail];
        if (tail.Count == 0)
            Cursor = page.NextCursor;
        (_waits, Waiting, _before) = (null, 0, false);
        if (_rows.Count == 0)
            Hold.Forget();
    }
}
