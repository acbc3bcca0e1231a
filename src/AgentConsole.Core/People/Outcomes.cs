using AgentConsole.Core.Common;

namespace AgentConsole.Core.People;

internal static class Outcomes
{
    /// <summary>For interfaces, which no implicit conversion reaches.</summary>
    public static Outcome<IReadOnlyList<T>> Of<T>(IReadOnlyList<T> items) => default(Outcome<int>).Map(_ => items);
}
