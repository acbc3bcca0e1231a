namespace AgentConsole.Contracts;

/// <summary>What should run of an agent in one environment, against what its runs and heartbeats say.</summary>
public sealed record DriftBody
{
    public required string Agent { get; init; }
    public required string AgentId { get; init; }
    public required string Team { get; init; }

    /// <summary>Null where the agent has none.</summary>
    public string? Environment { get; init; }

    /// <summary><c>none</c>, <c>drifting</c>, or <c>unknown</c> where nothing is declared or nothing was reported.</summary>
    public required string Verdict { get; init; }

    /// <summary>The verdict in a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>Since when it drifts, as the last evaluation found it; null when it does not.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>What is active, then the canary.</summary>
    public required IReadOnlyList<RouteShareBody> Declared { get; init; }

    /// <summary>Runs that ended in the last hour, by version.</summary>
    public required IReadOnlyList<DriftShareBody> Hour { get; init; }

    /// <summary>Runs that ended in the last 24 hours, by version.</summary>
    public required IReadOnlyList<DriftShareBody> Day { get; init; }

    /// <summary>Instances heard of in the last hour.</summary>
    public required int Instances { get; init; }

    /// <summary>How many of them report a version that should not run, or should not any more.</summary>
    public required int LaggingInstances { get; init; }

    /// <summary>The first 100 of these, the last heard of first.</summary>
    public required IReadOnlyList<LaggingInstance> Lagging { get; init; }
}

/// <summary>The part of one version in the runs of a time.</summary>
public sealed record DriftShareBody
{
    /// <summary>As runs reported it; null for those that named none.</summary>
    public string? Version { get; init; }

    /// <summary><c>active</c>, <c>canary</c>, <c>elsewhere</c> (declared for another environment), <c>undeclared</c>, or <c>unnamed</c>.</summary>
    public required string Status { get; init; }
    public required long Runs { get; init; }

    /// <summary>Percent of the runs of what is active and of the canary together; null for other versions.</summary>
    public double? Percent { get; init; }

    /// <summary>Bounds of the percentage (Wilson, 99.9 %): what the true split may be, given so few runs.</summary>
    public double? Low { get; init; }

    /// <inheritdoc cref="Low"/>
    public double? High { get; init; }

    /// <summary>What was asked for.</summary>
    public decimal? Target { get; init; }
}

/// <summary>An instance of an agent that reports what should not run.</summary>
public sealed record LaggingInstance
{
    /// <summary>Its name, from <c>X-AgentConsole-Instance</c> or the heartbeat's <c>instance_id</c>; else it is told by user agent and address.</summary>
    public string? Instance { get; init; }
    public string? UserAgent { get; init; }
    public string? Address { get; init; }
    public required string Version { get; init; }

    /// <summary>When it first reported this version.</summary>
    public required DateTimeOffset Since { get; init; }
    public required DateTimeOffset LastSeenAt { get; init; }

    /// <summary>Runs that it reported with this version.</summary>
    public required long Runs { get; init; }
}

/// <summary>An agent that drifts now.</summary>
public sealed record DriftingAgent
{
    public required string Agent { get; init; }
    public required string AgentId { get; init; }
    public required string DisplayName { get; init; }
    public required string Team { get; init; }

    /// <summary><c>version</c> (a version that should not run) or <c>split</c> (another share than asked for).</summary>
    public required string Kind { get; init; }
    public required string Reason { get; init; }
    public required DateTimeOffset Since { get; init; }
}
