using AgentConsole.Core.Common;

namespace AgentConsole.Core.Search;

/// <summary>
/// How well a text answers what somebody typed, word by word: whole, then as a beginning, then at the start of a word, then anywhere, then with
/// letters left out. Allocates nothing.
/// </summary>
public sealed class Fuzzy
{
    /// <summary>Further words of a query say nothing more, and each is looked for in every text.</summary>
    public const int MostWords = 8;

    private readonly string[] _words;

    public Fuzzy(string query)
    {
        _words = [.. query.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(MostWords)];
        foreach (var word in _words)
            Needs |= Letters.Of(word);
    }

    /// <summary>What a text must have to match; see <see cref="Letters"/>.</summary>
    public ulong Needs { get; }

    /// <summary>0 when a word is in neither text; else the higher, the better.</summary>
    public int Score(string one, string other)
    {
        var sum = 0;
        foreach (var word in _words)
        {
            var score = Word(one, word);
            if (!ReferenceEquals(one, other))
                score = Math.Max(score, Word(other, word));
            if (score == 0)
                return 0;
            sum += score;
        }
        return sum;
    }

    private static int Word(ReadOnlySpan<char> text, string word)
    {
        var at = text.IndexOf(word, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return word.Length < 3 ? 0 : Scattered(text, word);
        if (at == 0)
            return text.Length == word.Length ? 1000 : 800 - Math.Min(100, text.Length);
        var first = at;
        while (!Starts(text, at))
        {
            var next = text[(at + 1)..].IndexOf(word, StringComparison.OrdinalIgnoreCase);
            if (next < 0)
                return 400 - Math.Min(100, first);
            at += next + 1;
        }
        return 600 - Math.Min(100, at);
    }

    // Each letter in its order; better where it begins a word or follows the one before it.
    private static int Scattered(ReadOnlySpan<char> text, string word)
    {
        var (at, score) = (-1, 100);
        foreach (var c in word)
        {
            var next = at + 1;
            while (next < text.Length && char.ToLowerInvariant(text[next]) != char.ToLowerInvariant(c))
                next++;
            if (next == text.Length)
                return 0;
            if (next == at + 1 || Starts(text, next))
                score += 15;
            else
                score -= Math.Min(20, next - at);
            at = next;
        }
        return Math.Clamp(score, 1, 299);
    }

    private static bool Starts(ReadOnlySpan<char> text, int at) => at == 0 || !char.IsLetterOrDigit(text[at - 1]);
}
