namespace AgentConsole.Web.Components.Live;

/// <summary>Who looks at what, among the people at this node. A look lasts as long as its circuit, and stands in no table.</summary>
public sealed class Onlookers
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<Look>> _looks = new(StringComparer.Ordinal);

    /// <param name="at">What is looked at: an id.</param>
    /// <param name="changed">Called when others come or go; returns at once.</param>
    /// <returns>Dispose to look away.</returns>
    public IDisposable Begin(string at, Guid person, string name, Action changed)
    {
        var look = new Look(this, at, person, name, changed);
        lock (_lock)
        {
            if (!_looks.TryGetValue(at, out var looks))
                _looks[at] = looks = [];
            looks.Add(look);
        }
        Tell(look);
        return look;
    }

    /// <summary>Everybody else who looks at it, by name; a person with two tabs is one.</summary>
    public IReadOnlyList<string> Others(string at, Guid person)
    {
        lock (_lock)
            return _looks.TryGetValue(at, out var looks)
                ?
                [
                    .. looks
                        .Where(l => l.Person != person)
                        .DistinctBy(l => l.Person)
                        .Select(l => l.Name)
                        .Order(StringComparer.OrdinalIgnoreCase),
                ]
                : [];
    }

    private void End(Look look)
    {
        lock (_lock)
        {
            if (!_looks.TryGetValue(look.At, out var looks) || !looks.Remove(look))
                return;
            if (looks.Count == 0)
                _looks.Remove(look.At);
        }
        Tell(look);
    }

    private void Tell(Look look)
    {
        List<Look> others;
        lock (_lock)
            others = _looks.TryGetValue(look.At, out var looks) ? looks.FindAll(l => l.Person != look.Person) : [];
        foreach (var other in others)
            other.Changed();
    }

    private sealed class Look(Onlookers all, string at, Guid person, string name, Action changed) : IDisposable
    {
        public string At => at;
        public Guid Person => person;
        public string Name => name;
        public Action Changed => changed;

        public void Dispose() => all.End(this);
    }
}
