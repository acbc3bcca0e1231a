namespace AgentConsole.Contracts;

/// <summary>
/// Body of <c>POST /api/v1/freezes</c>, and of <c>PATCH</c> with <c>If-Match</c>, where absent members stay and an empty text clears. Either <c>cron</c> with
/// <c>duration_minutes</c>, or <c>starts_at</c> with <c>ends_at</c>.
/// </summary>
public sealed record SetFreeze
{
    /// <summary>At most 60 characters, unique in the organization.</summary>
    public string? Name { get; init; }

    /// <summary>Team slug or id; absent for every team. Never changes.</summary>
    public string? Team { get; init; }

    /// <summary>Only agents of this environment; absent for all.</summary>
    public string? Environment { get; init; }

    /// <summary>Five fields (minute, hour, day of month, month, day of week) in <c>zone</c>; at most one beginning an hour.</summary>
    public string? Cron { get; init; }

    /// <summary>How long each one lasts, in elapsed minutes, so that a change of the clocks moves its end: 1 to 44640 (31 days).</summary>
    public int? DurationMinutes { get; init; }

    /// <summary>IANA id of the zone that <c>cron</c> counts in; UTC when absent.</summary>
    public string? Zone { get; init; }

    /// <summary>For a freeze that happens once.</summary>
    public DateTimeOffset? StartsAt { get; init; }

    /// <summary>At most 366 days after <c>starts_at</c>.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>Who may deploy nevertheless, with a reason: <c>operator</c>, <c>team-admin</c> (default) or <c>org-admin</c>. Each includes those after it.</summary>
    public string? OverrideRole { get; init; }

    /// <summary>Why; shown to whoever is refused.</summary>
    public string? Reason { get; init; }
}

/// <summary>Times in which nothing is deployed unless somebody who may says why. A rollback needs the reason alone.</summary>
public sealed record FreezeBody
{
    public required string Id { get; init; }
    public required string Name { get; init; }

    /// <summary>Slug; null for every team.</summary>
    public string? Team { get; init; }
    public string? Environment { get; init; }
    public string? Cron { get; init; }
    public int? DurationMinutes { get; init; }
    public required string Zone { get; init; }
    public DateTimeOffset? StartsAt { get; init; }
    public DateTimeOffset? EndsAt { get; init; }
    public required string OverrideRole { get; init; }
    public required string Reason { get; init; }

    /// <summary>Whether it bites at this moment.</summary>
    public required bool Active { get; init; }

    /// <summary>The window that bites now, or else the next; null when none comes in the next 400 days.</summary>
    public FreezeWindow? Next { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required string CreatedBy { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public required string UpdatedBy { get; init; }
    public required long Revision { get; init; }
}

/// <summary>One time in which a freeze bites; windows of a freeze that touch are one.</summary>
/// <param name="FreezeId">Null in a preview.</param>
public sealed record FreezeWindow(
    string? FreezeId,
    string Name,
    string? Team,
    string? Environment,
    string OverrideRole,
    string Reason,
    DateTimeOffset StartsAt,
    DateTimeOffset EndsAt
);

/// <summary>Answer of <c>GET /api/v1/freezes/windows</c>: by their beginning.</summary>
/// <param name="Complete">False when there are more than 2,000: ask for a shorter time.</param>
public sealed record FreezeWindows(DateTimeOffset From, DateTimeOffset To, IReadOnlyList<FreezeWindow> Windows, bool Complete);
