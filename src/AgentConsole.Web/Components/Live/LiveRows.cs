namespace AgentConsole.Web.Components.Live;

/// <summary>
/// Rows of a live list, newest first, that never move while somebody looks at them: known rows change in their place, new ones wait behind
/// "n new" while the list is held, and come in at once otherwise.
/// </summary>
/// <param name="keep">Most rows that are shown, or as many as were asked for; older ones fall off the end.</param>
public sealed class LiveRows<T>(Func<T, Guid> id, int keep)
{
    private readonly List<T> _rows = [];
    private readonly List<T> _waiting = [];
    private int _asked; // rows that were there after the last page was added below

    public IReadOnlyList<T> Rows => _rows;

    /// <summary>New rows that wait; the chip says this number.</summary>
    public int Waiting => _waiting.Count;

    public Hold Hold { get; } = new();

    /// <summary>Rows that came with the last change, to be emphasised once.</summary>
    public IReadOnlySet<Guid> Fresh { get; private set; } = new HashSet<Guid>();

    /// <summary>Starts over with what was read; nothing waits then.</summary>
    public void Load(IEnumerable<T> rows)
    {
        _rows.Clear();
        _rows.AddRange(rows.Take(keep));
        _waiting.Clear();
        _asked = 0;
        Fresh = new HashSet<Guid>();
        if (_rows.Count == 0)
            Hold.Forget();
    }

    /// <summary>Adds a further page below.</summary>
    public void Append(IEnumerable<T> older)
    {
        var known = _rows.Select(id).ToHashSet();
        _rows.AddRange(older.Where(row => known.Add(id(row))));
        _asked = _rows.Count;
    }

    /// <summary>Takes in what was told, oldest first.</summary>
    public void Hear(IEnumerable<T> changes)
    {
        var fresh = new HashSet<Guid>();
        foreach (var row in changes)
        {
            var key = id(row);
            if (Replace(_rows, key, row) || Replace(_waiting, key, row))
                continue;
            if (Hold.On)
                _waiting.Insert(0, row);
            else
            {
                _rows.Insert(0, row);
                fresh.Add(key);
            }
        }
        Fresh = fresh;
        Cut();
    }

    /// <summary>Removes rows that no longer belong here.</summary>
    public void Drop(Predicate<T> gone)
    {
        _rows.RemoveAll(gone);
        _waiting.RemoveAll(gone);
    }

    /// <summary>Brings in what waits: the chip was pressed, or nobody looks any more.</summary>
    public void ShowWaiting()
    {
        Fresh = _waiting.Select(id).ToHashSet();
        _rows.InsertRange(0, _waiting);
        _waiting.Clear();
        Cut();
    }

    private bool Replace(List<T> list, Guid key, T row)
    {
        var at = list.FindIndex(known => id(known) == key);
        if (at < 0)
            return false;
        list[at] = row;
        return true;
    }

    private void Cut()
    {
        var most = Math.Max(keep, _asked);
        if (_rows.Count > most)
            _rows.RemoveRange(most, _rows.Count - most);
        if (_waiting.Count > keep)
            _waiting.RemoveRange(keep, _waiting.Count - keep);
    }
}
