using System.Data.Common;
using AgentConsole.Core.Common;

namespace AgentConsole.Web.Components.Live;

/// <summary>
/// The database did not answer a list. That is no fault of the page: its rows stay, it says of when they are, and it can be tried again. Every list
/// reads through here.
/// </summary>
public static class StoreFault
{
    private const string Code = "store_unavailable";

    /// <summary>Reads; what the store would not do is a problem as any other.</summary>
    /// <param name="asOf">When what is shown was read; null while nothing is.</param>
    public static async Task<Outcome<T>> CatchAsync<T>(Func<Task<Outcome<T>>> read, DateTimeOffset? asOf)
        where T : notnull
    {
        try
        {
            return await read();
        }
        catch (Exception e) when (Is(e))
        {
            return At(asOf);
        }
    }

    /// <summary>Whether the store failed rather than the code. What is worth another attempt comes wrapped by the data layer.</summary>
    public static bool Is(Exception e) => e is DbException || (e is InvalidOperationException { InnerException: { } inner } && Is(inner));

    public static bool Is(Problem? problem) => problem?.Code == Code;

    /// <summary>As <paramref name="problem"/>, where the filter became another one and its rows could not be read.</summary>
    public static Problem OfFilterBefore(Problem problem) =>
        problem with
        {
            Detail = problem.Detail + " The rows that stand here are still those of the filter before.",
        };

    public static Problem At(DateTimeOffset? asOf) =>
        Problem.Unavailable(
            Code,
            asOf is { } at
                ? $"The database did not answer. What is shown is as it was at {Words.ClockSeconds(at)}."
                : "The database did not answer, so nothing can be shown yet."
        );
}
