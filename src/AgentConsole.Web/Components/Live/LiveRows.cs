namespace AgentConsole.Web.Components.Live;

/// <summary>
/// Rows of a live list, newest first, that never move under the pointer: known rows change in their place, new ones wait behind "n new" while
/// the list is held (hovered, focused, something selected) and come in at once otherwise.
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

    public bool Held { get; private set; }

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
    }

    /// <summary>Adds a further page below.</summary>
    public void Append(IEnumerable<T> older)
    {
        var known = _rows.Select(id).ToHashSet();
        _rows.AddRange(older.Where(row => known.Add(id(row))));
        _asked = _rows.Count;
    }

    public void Hold() => Held = true;

    /// <summary>Lets go; what waits stays behind the chip until somebody asks for it, so that leaving the list moves nothing either.</summary>
    public void Release() => Held = false;

    /// <summary>Takes in what was told, oldest first. True when something visible changed.</summary>
    public bool Hear(IEnumerable<T> changes)
    {
        var fresh = new HashSet<Guid>();
        var seen = false;
        foreach (var row in changes)
        {
            var key = id(row);
            seen = true;
            if (Replace(_rows, key, row) || Replace(_waiting, key, row))
                continue;
            if (Held || _waiting.Count > 0)
                _waiting.Insert(0, row);
            else
            {
                _rows.Insert(0, row);
                fresh.Add(key);
            }
        }
        Fresh = fresh;
        Cut();
        return seen;
    }

    /// <summary>Removes rows that no longer belong here.</summary>
    public void Drop(Predicate<T> gone)
    {
        _rows.RemoveAll(gone);
        _waiting.RemoveAll(gone);
    }

    /// <summary>The chip was pressed: brings in what waits.</summary>
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
