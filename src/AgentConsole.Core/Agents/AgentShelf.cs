using AgentConsole.Core.Common;

namespace AgentConsole.Core.Agents;

/// <summary>
/// An organization's agents side by side, for whoever must look at all of them within milliseconds. Written under the directory's lock; a reader sees
/// each card whole, an older or a newer one.
/// </summary>
public sealed class AgentShelf
{
    private readonly Dictionary<Guid, int> _slots = [];
    private AgentCard[] _cards = new AgentCard[16];
    private ulong[] _letters = new ulong[16];
    private int _count;

    /// <summary>Deleted ones included.</summary>
    /// <param name="letters">Beside each card the <see cref="Letters"/> of its slug and name together.</param>
    public ReadOnlySpan<AgentCard> Read(out ReadOnlySpan<ulong> letters)
    {
        var count = Volatile.Read(ref _count);
        letters = Volatile.Read(ref _letters).AsSpan(0, count);
        return Volatile.Read(ref _cards).AsSpan(0, count);
    }

    internal void Put(AgentCard card)
    {
        var letters = Letters.Of(card.Slug) | Letters.Of(card.DisplayName);
        if (_slots.TryGetValue(card.Id, out var slot))
        {
            _letters[slot] = letters;
            Volatile.Write(ref _cards[slot], card);
            return;
        }
        if (_count == _cards.Length)
        {
            // Copies: a reader may still be looking at the shorter ones.
            var (moreCards, moreLetters) = (_cards, _letters);
            Array.Resize(ref moreCards, _count * 2);
            Array.Resize(ref moreLetters, _count * 2);
            Volatile.Write(ref _letters, moreLetters);
            Volatile.Write(ref _cards, moreCards);
        }
        _letters[_count] = letters;
        _cards[_count] = card;
        _slots[card.Id] = _count;
        Volatile.Write(ref _count, _count + 1);
    }
}
