using AgentConsole.Core.Common;

namespace AgentConsole.Core.Deployments.Timeline;

/// <summary>From the first instant to just before the second.</summary>
public readonly record struct TimelineWindow(DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>Parts of a window; what lies in one of them cannot be told apart.</summary>
    public const int Parts = 32;

    public static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan Longest = TimeSpan.FromDays(400);

    public TimeSpan Length => To - From;
    public TimeSpan Part => Length / Parts;

    /// <summary>Where an instant lies, from 0 to 1 inside the window.</summary>
    public double At(DateTimeOffset at) => (at - From) / Length;

    /// <summary>Why there is no such window; null when there is.</summary>
    public Problem? Fault() =>
        Length < Shortest || Length > Longest
            ? Problem.Invalid("to", "Must be after from, by one minute at least and 400 days at most.")
            : null;
}
