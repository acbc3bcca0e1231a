using AgentConsole.Core.Common;

namespace AgentConsole.Core.Keys;

/// <summary>What makes a key due.</summary>
public enum DueReason
{
    /// <summary>Its newest version is as old as the policy lets one become.</summary>
    Cadence,

    /// <summary>Its newest version expires.</summary>
    Expiry,
}

/// <summary>How near a key is to its due date.</summary>
public enum DueState
{
    Overdue,

    /// <summary>Within <see cref="KeySchedule.SoonDays"/> days.</summary>
    DueSoon,
    Scheduled,

    /// <summary>Neither a cadence nor an expiry says when.</summary>
    NoPolicy,
}

/// <summary>What happens when the date has come.</summary>
public enum ScheduleOutlook
{
    /// <summary>A person rotates it.</summary>
    ByHand,

    /// <summary>It is rotated by itself.</summary>
    Automatic,

    // Automatic by its policy, and held back for the time being.
    NoSink,
    AgentPaused,
    AgentRetired,
    Leaked,
    RotationOpen,
}

/// <summary>
/// When a key is due and what will happen, computed with every change of its versions, agent, rotations and policies. A key without an accepted version
/// has none: there is nothing to rotate.
/// </summary>
public sealed class KeySchedule
{
    public const int SoonDays = 30;

    /// <summary>The orders between which keys in this state lie: greater than the first, at most the second.</summary>
    public static (long After, long Until) Orders(DueState state, DateTimeOffset now)
    {
        var (today, soon) = (Utc.ToMicros(now), Utc.ToMicros(now.AddDays(SoonDays)));
        return state switch
        {
            DueState.Overdue => (long.MinValue, today),
            DueState.DueSoon => (today, soon),
            DueState.Scheduled => (soon, long.MaxValue - 1),
            _ => (long.MaxValue - 1, long.MaxValue),
        };
    }

    public Guid OrganizationId { get; init; }
    public Guid KeyId { get; init; }
    public Guid AgentId { get; init; }

    /// <summary>Number of the newest accepted version, from which it is counted.</summary>
    public int Version { get; set; }
    public DateTimeOffset MadeAt { get; set; }
    public DateTimeOffset? DueAt { get; set; }
    public DueReason? DueBy { get; set; }

    /// <summary>Due instant as microseconds, the greatest number for none, computed by the database: a place in an order.</summary>
    public long DueOrder { get; private set; }
    public ScheduleOutlook Outlook { get; set; }

    /// <summary>When it is rotated by itself; null where that is not to happen.</summary>
    public DateTimeOffset? BeginsAt { get; set; }
    public Guid? SinkId { get; set; }

    /// <summary>Days before the due date of the newest notice for this date; null before the first.</summary>
    public int? NotedDays { get; set; }

    /// <summary>The newest notice while nobody has dismissed it.</summary>
    public int? NoticeDays { get; set; }
    public DateTimeOffset? NoticeAt { get; set; }

    /// <summary>Automatic tries of the rotation that is due or open, and when the next may be.</summary>
    public int Tries { get; set; }
    public DateTimeOffset? TryAt { get; set; }

    /// <summary>Why the last automatic try could not begin, in a sentence for people.</summary>
    public string? Problem { get; set; }

    /// <summary>When its date or what will happen changed last.</summary>
    public DateTimeOffset ChangedAt { get; set; }

    /// <summary>When there is something to do by itself; null for never.</summary>
    public DateTimeOffset? WatchAt { get; set; }
}

/// <summary>A notice that a key is due, one for each step before each date; kept, so that channels can send them.</summary>
public sealed class KeyNotice
{
    /// <summary>Days before the date at which one is told; 0 is the date itself.</summary>
    public static readonly IReadOnlyList<int> Steps = [30, 14, 7, 1, 0];

    public Guid OrganizationId { get; init; }
    public Guid KeyId { get; init; }
    public DateTimeOffset DueAt { get; init; }

    /// <summary>One of <see cref="Steps"/>.</summary>
    public int Days { get; init; }
    public DueReason DueBy { get; init; }

    /// <summary>The key will be rotated by itself: nobody needs to act.</summary>
    public bool Automatic { get; init; }
    public DateTimeOffset At { get; init; }
    public DateTimeOffset? DismissedAt { get; set; }
    public string? DismissedBy { get; set; }
}

/// <summary>How long a version of a key may live. The rotation policies, a floor above, implement it.</summary>
public interface IKeyLifetimes
{
    /// <summary>Most days from its making to its expiry; null for no limit.</summary>
    int? LongestDays(Guid organizationId, Guid agentId, Guid teamId, string? environment);
}
