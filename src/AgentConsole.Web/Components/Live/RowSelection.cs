namespace AgentConsole.Web.Components.Live;

/// <summary>Which rows of a list a person has selected: some by name, or all that match. The browser draws it and tells of it by names alone.</summary>
public sealed class RowSelection
{
    /// <summary>Beyond this one selects all that match.</summary>
    public const int Most = 1000;

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>What rows are selected by, as slugs of agents; empty with <see cref="All"/>.</summary>
    public IReadOnlyCollection<string> Names => _names;

    /// <summary>All that match, however many they are by then.</summary>
    public bool All { get; private set; }

    public bool Any => All || _names.Count > 0;

    public bool Has(string name) => All || _names.Contains(name);

    public void Add(IEnumerable<string> names)
    {
        if (All)
            return;
        foreach (var name in names)
        {
            if (_names.Count < Most && name.Length is > 0 and <= 100)
                _names.Add(name);
        }
    }

    /// <param name="shown">Rows that are drawn: of all that match they stay, but for those taken away.</param>
    public void Remove(IEnumerable<string> names, IEnumerable<string> shown)
    {
        if (All)
        {
            All = false;
            Add(shown);
        }
        _names.ExceptWith(names);
    }

    public void SelectAll()
    {
        All = true;
        _names.Clear();
    }

    public void Clear()
    {
        All = false;
        _names.Clear();
    }
}
