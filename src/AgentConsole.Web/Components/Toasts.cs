namespace AgentConsole.Web.Components;

/// <summary>What was done, for 10 s, with a way back. One at a time; those that come meanwhile are counted.</summary>
/// <param name="Undo">Takes it back; null for what cannot be.</param>
/// <param name="Url">Where it is seen; null where one sees it already.</param>
/// <param name="Word">What the link is called.</param>
public sealed record Toast(string Text, Func<Task>? Undo, string? Url = null, string? Word = null);

/// <summary>The toasts of one circuit. For things done only: what needs an act stays in the page.</summary>
public sealed class Toasts
{
    private readonly List<Toast> _toasts = [];

    public event Action? Changed;

    public Toast? Current => _toasts.Count > 0 ? _toasts[^1] : null;

    /// <summary>How many stand behind the one that is shown.</summary>
    public int More => Math.Max(0, _toasts.Count - 1);

    public void Show(string text, Func<Task>? undo = null, string? url = null, string word = "Show")
    {
        _toasts.Add(new Toast(text, undo, url, word));
        Changed?.Invoke();
    }

    public void Remove(Toast toast)
    {
        _toasts.Remove(toast);
        Changed?.Invoke();
    }

    public void Clear()
    {
        _toasts.Clear();
        Changed?.Invoke();
    }
}
