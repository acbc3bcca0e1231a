using AgentConsole.Core.Common;

namespace AgentConsole.Core.Live;

/// <summary>
/// Whether what this node holds in memory of keys and rights is known to be the store's present state. Always so with a single writer; with a shared
/// store the link to the other nodes must have read the news within the last 2 s.
/// </summary>
public sealed class StoreConfirmation
{
    public static readonly Problem Unconfirmed = Problem.Unavailable(
        "store_unconfirmed",
        "This node has not heard from the store for 2 s and cannot tell whether a key is still good. Try again, or ask another node."
    );

    private Func<bool> _isConfirmed = static () => true;

    public bool IsConfirmed => _isConfirmed();

    /// <summary>Called once by the link to the other nodes.</summary>
    public void AskOf(Func<bool> isConfirmed) => _isConfirmed = isConfirmed;
}
