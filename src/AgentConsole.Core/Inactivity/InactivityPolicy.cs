using AgentConsole.Core.Data;

namespace AgentConsole.Core.Inactivity;

/// <summary>What an agent must not be without for long.</summary>
public enum InactivitySign
{
    /// <summary>Reporting a run.</summary>
    Run,

    /// <summary>Using one of its keys, for whatever.</summary>
    KeyUse,

    /// <summary>A run or a heartbeat.</summary>
    SignOfLife,
}

public enum InactivityAction
{
    /// <summary>Only show it.</summary>
    Flag,
    Pause,

    /// <summary>Disable its accepted key versions, reversibly.</summary>
    DisableKeys,
}

/// <summary>
/// What becomes of agents that do nothing: after so many days without a sign they are warned of, and after a grace the action follows. A team's policy
/// stands in the place of the organization's for the team's agents, also while it is off.
/// </summary>
public sealed class InactivityPolicy : IRevised
{
    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }

    /// <summary>Null for the policy of the organization.</summary>
    public Guid? TeamId { get; init; }
    public bool Enabled { get; set; }
    public InactivitySign Sign { get; set; } = InactivitySign.SignOfLife;
    public int Days { get; set; } = 30;

    /// <summary>Days between the warning and the action.</summary>
    public int GraceDays { get; set; } = 7;
    public InactivityAction Action { get; set; }

    /// <summary>As they travel.</summary>
    public List<string> Lifecycles { get; set; } = ["registered", "active"];
    public string? Environment { get; set; }

    /// <summary>Only agents with one of these; empty for all.</summary>
    public List<string> Tags { get; set; } = [];

    /// <summary>Most of the agents it is for, in percent, that it acts on within a day without a person's confirmation.</summary>
    public int MaxSharePercent { get; set; } = 20;

    /// <summary>A time in which no console ran is a gap from this many hours on.</summary>
    public int GapHours { get; set; } = 4;

    /// <summary>Days after such a gap in which it does not act.</summary>
    public int HoldDays { get; set; } = 3;
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }
    public required string UpdatedBy { get; set; }

    /// <summary>Also the version that trail records name.</summary>
    public long Revision { get; set; } = 1;
}

/// <summary>An agent, or all with a tag, that a policy leaves alone.</summary>
public sealed class InactivityExemption
{
    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public Guid PolicyId { get; init; }
    public Guid? AgentId { get; init; }
    public string? Tag { get; init; }
    public required string Reason { get; init; }
    public DateTimeOffset? Until { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public required string CreatedBy { get; init; }
}

/// <summary>An agent that a policy found without a sign, one for each agent; gone when a sign came, or somebody exempted it.</summary>
public sealed class InactivityWarning
{
    public Guid OrganizationId { get; init; }
    public Guid AgentId { get; init; }
    public Guid TeamId { get; set; }
    public Guid PolicyId { get; set; }
    public long PolicyVersion { get; set; }
    public InactivityAction Action { get; set; }
    public DateTimeOffset IdleSince { get; set; }
    public DateTimeOffset WarnedAt { get; set; }
    public DateTimeOffset DueAt { get; set; }

    /// <summary>When the action was done; null while it is due.</summary>
    public DateTimeOffset? ActedAt { get; set; }
}

/// <summary>A policy that would have acted on more agents at once than it may: it waits for a person.</summary>
public sealed class InactivityBrake
{
    public Guid OrganizationId { get; init; }
    public Guid PolicyId { get; init; }
    public DateTimeOffset At { get; init; }

    /// <summary>Agents it would have acted on, of how many.</summary>
    public int Agents { get; set; }
    public int Fleet { get; set; }
    public DateTimeOffset? ConfirmedAt { get; set; }
    public string? ConfirmedBy { get; set; }

    /// <summary>How many agents the person agreed to.</summary>
    public int ConfirmedAgents { get; set; }
}

/// <summary>A time in which no console ran, and so nobody could be heard.</summary>
public sealed class ConsoleGap
{
    public DateTimeOffset From { get; init; }
    public DateTimeOffset To { get; init; }
}
