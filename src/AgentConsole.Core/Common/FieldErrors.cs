namespace AgentConsole.Core.Common;

/// <summary>Collects what is wrong with an input, field by field, so that a caller mends everything at once.</summary>
public sealed class FieldErrors
{
    private readonly Dictionary<string, List<string>> _errors = new(StringComparer.Ordinal);

    public bool Any => _errors.Count > 0;

    /// <summary>Sentences so far; who adds some can tell by it whether it did.</summary>
    public int Count => _errors.Values.Sum(list => list.Count);

    public void Add(string field, string sentence)
    {
        if (!_errors.TryGetValue(field, out var list))
            _errors[field] = list = [];
        list.Add(sentence);
    }

    public IReadOnlyDictionary<string, string[]> ToDictionary() =>
        _errors.ToDictionary(e => e.Key, e => e.Value.ToArray(), StringComparer.Ordinal);

    /// <summary>The refusal that names every field, or null when there is none.</summary>
    public Problem? ToProblem(string code = "invalid")
    {
        if (!Any)
            return null;
        var (field, sentences) = _errors.First();
        var more = _errors.Count > 1 ? $" ({_errors.Count - 1} more in errors)" : "";
        return new Problem(ProblemKind.Invalid, code, $"{field}: {sentences[0]}{more}", ToDictionary());
    }
}
