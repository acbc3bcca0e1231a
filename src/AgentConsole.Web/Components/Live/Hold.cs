using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Components.Live;

/// <summary>
/// Why a list must not move: the page's script watches every element with <c>data-hold</c> and tells when the answer becomes another one.
/// </summary>
public sealed class HoldEventArgs : EventArgs
{
    /// <summary><c>point</c>, <c>focus</c>, <c>typing</c>, <c>select</c> or <c>scroll</c>; anything else lets go.</summary>
    public string? Why { get; set; }
}

/// <summary>The page's script tells what was checked in a list whose rows have boxes with <c>data-select</c>.</summary>
public sealed class PickEventArgs : EventArgs
{
    public IReadOnlyList<string>? Names { get; set; }
    public bool On { get; set; }

    /// <summary>With Shift, where the rows between are not drawn: the other end of the range.</summary>
    public string? From { get; set; }

    /// <summary>All that match were selected, before the page was loaded again.</summary>
    public bool All { get; set; }
}

/// <summary>Whether a person looks at a list so that nothing in it may move, and the words for it.</summary>
public sealed class Hold
{
    private const string Select = "Order held while you select";
    private string? _word;

    public bool On => Word is not null;

    /// <summary>What the page says beside the list; null while it is not held.</summary>
    public string? Word => Selecting ? Select : _word;

    /// <summary>Rows are selected: they keep their places however far away the person looks.</summary>
    public bool Selecting { get; set; }

    /// <summary>The list is empty: its table, which would tell, is no longer in the page.</summary>
    public void Forget() => _word = null;

    /// <returns>Whether this let go of the list: what waits may come in.</returns>
    public bool Hear(HoldEventArgs told)
    {
        var was = On;
        _word = told.Why switch
        {
            "point" => "Order held while you point",
            "focus" => "Order held while you are in it",
            "typing" => "Order held while you type",
            "select" => Select,
            "scroll" => "Order held while you read on",
            _ => null,
        };
        return was && !On;
    }
}

/// <summary>The page's script asks whether the circuit still lives.</summary>
public sealed class BeatEventArgs : EventArgs
{
    public string? Count { get; set; }
}

/// <summary>The events of our own script.</summary>
[EventHandler("onbeat", typeof(BeatEventArgs), enableStopPropagation: true, enablePreventDefault: true)]
[EventHandler("onedited", typeof(EventArgs), enableStopPropagation: true, enablePreventDefault: true)]
[EventHandler("onhold", typeof(HoldEventArgs), enableStopPropagation: true, enablePreventDefault: true)]
[EventHandler("onpick", typeof(PickEventArgs), enableStopPropagation: true, enablePreventDefault: true)]
public static class EventHandlers;
