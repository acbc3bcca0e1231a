using AgentConsole.Core.Data;

namespace AgentConsole.Core.Drift;

/// <summary>One instance of an agent, and the version that it reported last.</summary>
public sealed class AgentInstance
{
    /// <summary>Most that are kept of one agent; the longest silent go first.</summary>
    public const int MostOfAgent = 1000;

    /// <summary>How long a silent one is kept.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    public Guid OrganizationId { get; init; }
    public Guid AgentId { get; init; }

    /// <summary>First 16 bytes of a hash over what makes the instance this one, as for callers of keys.</summary>
    public required byte[] Caller { get; init; }
    public string? Instance { get; init; }
    public string? UserAgent { get; init; }
    public string? Address { get; init; }
    public required string Version { get; init; }

    /// <summary>When it first reported this version.</summary>
    public DateTimeOffset Since { get; init; }
    public DateTimeOffset LastSeenAt { get; init; }

    /// <summary>Runs that it reported with this version.</summary>
    public long Runs { get; init; }
}

public enum DriftKind
{
    /// <summary>A version is reported that should not run, or not any more.</summary>
    Version,

    /// <summary>The canary gets another share than was asked for.</summary>
    Split,
}

public enum DriftVerdict
{
    None,
    Drifting,
    Unknown,
}

/// <summary>How an agent stood at the last evaluation that found a change.</summary>
public sealed class AgentDrift : IRevised
{
    public const int MostReason = 400;

    public Guid OrganizationId { get; init; }
    public Guid AgentId { get; init; }
    public bool Drifting { get; private set; }

    /// <summary>Since when it drifts, or does not any more.</summary>
    public DateTimeOffset Since { get; private set; }
    public DriftKind Kind { get; private set; }
    public string Reason { get; private set; } = "";
    public long Revision { get; set; } = 1;

    /// <returns>False when it stands so already.</returns>
    public bool Take(DriftFinding? finding, DateTimeOffset now)
    {
        var (kind, reason) = finding is { } found ? (found.Kind, found.Reason) : (Kind, Reason);
        if (Drifting == finding is not null && Kind == kind && Reason == reason)
            return false;
        if (Drifting != finding is not null)
            Since = now;
        (Drifting, Kind, Reason) = (finding is not null, kind, reason);
        return true;
    }
}

/// <summary>Why an agent drifts.</summary>
public sealed record DriftFinding(DriftKind Kind, string Reason);
