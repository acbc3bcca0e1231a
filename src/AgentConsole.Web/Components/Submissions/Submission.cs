namespace AgentConsole.Web.Components.Submissions;

/// <summary>
/// One filled-in form. Its key is made by the browser and kept there with the draft: a press repeated after a lost answer carries the same key, and
/// gets the first result instead of making a second one.
/// </summary>
/// <param name="name">What the form does; one name per act, so that a key never opens the result of another.</param>
public sealed class Submission(string name)
{
    public string Name { get; } = name;

    /// <summary>Null until the browser has handed it over, and for ever in one without scripts: then nothing is repeatable.</summary>
    public string? Key { get; private set; }

    /// <summary>A key that must not be used again although its draft stays; the browser makes another.</summary>
    public string? Spent { get; private set; }

    /// <summary>Takes over what the browser says; what is no key of ours counts as none.</summary>
    public void Take(string? key) =>
        Key = key is { Length: >= 20 and <= 64 } && key.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') ? key : null;

    internal void Spend() => (Spent, Key) = (Key, null);
}
