using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Components.Live;

/// <summary>
/// Why a list must not move: the page's script watches every element with <c>data-hold</c> and tells when the answer becomes another one.
/// </summary>
public sealed class HoldEventArgs : EventArgs
{
    /// <summary><c>point</c>, <c>focus</c>, <c>select</c> or <c>scroll</c>; anything else lets go.</summary>
    public string? Why { get; set; }
}

/// <summary>Whether a person looks at a list so that nothing in it may move, and the words for it.</summary>
public sealed class Hold
{
    public bool On => Word is not null;

    /// <summary>What the page says beside the list; null while it is not held.</summary>
    public string? Word { get; private set; }

    /// <summary>The list is empty: its table, which would tell, is no longer in the page.</summary>
    public void Forget() => Word = null;

    /// <returns>Whether this let go of the list: what waits may come in.</returns>
    public bool Hear(HoldEventArgs told)
    {
        var was = On;
        Word = told.Why switch
        {
            "point" => "Order held while you point",
            "focus" => "Order held while you are in it",
            "select" => "Order held while you select",
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
[EventHandler("onhold", typeof(HoldEventArgs), enableStopPropagation: true, enablePreventDefault: true)]
public static class EventHandlers;
