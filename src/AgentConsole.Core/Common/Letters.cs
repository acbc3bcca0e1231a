namespace AgentConsole.Core.Common;

/// <summary>Which letters and digits a text has, as bits: a text that lacks one of a question's cannot match it, which is asked 100,000 times a keystroke.</summary>
public static class Letters
{
    public static ulong Of(ReadOnlySpan<char> text)
    {
        var found = 0ul;
        foreach (var c in text)
        {
            var lower = char.ToLowerInvariant(c);
            if (lower != ' ')
                found |= 1ul << Bit(lower);
        }
        return found;
    }

    private static int Bit(char lower) =>
        lower is >= 'a' and <= 'z' ? lower - 'a'
        : lower is >= '0' and <= '9' ? 26 + (lower - '0')
        : 36 + lower % 28;
}
