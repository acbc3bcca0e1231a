namespace AgentConsole.Contracts;

/// <summary>Body of <c>PUT /api/v1/retention</c>: all limits, in days from 1 to 3650; an absent one keeps its kind for ever.</summary>
public sealed record SetRetention
{
    public int? RunDays { get; init; }
    public int? StepDays { get; init; }
    public int? ContentDays { get; init; }
    public int? LivenessDays { get; init; }
    public int? SessionDays { get; init; }

    /// <summary>Stops every removal. Absent, it stays as it is: to set it and to lift it needs a reason.</summary>
    public bool? LegalHold { get; init; }
    public string? HoldReason { get; init; }
}

public sealed record RetentionBody
{
    public int? RunDays { get; init; }
    public int? StepDays { get; init; }
    public int? ContentDays { get; init; }
    public int? LivenessDays { get; init; }
    public int? SessionDays { get; init; }
    public bool LegalHold { get; init; }
    public string? HoldReason { get; init; }
    public DateTimeOffset? ChangedAt { get; init; }
    public string? ChangedBy { get; init; }

    /// <summary>0 until something was set.</summary>
    public long Revision { get; init; }

    /// <summary>The last 20 times that it was applied, newest first.</summary>
    public required IReadOnlyList<PurgeBody> Purges { get; init; }
}

/// <param name="State"><c>running</c>, <c>done</c> or <c>stopped</c>.</param>
public sealed record PurgeBody(
    string Id,
    string State,
    long PolicyRevision,
    DateTimeOffset StartedAt,
    DateTimeOffset? FinishedAt,
    long Runs,
    long Steps,
    long Contents,
    long LivenessChanges,
    long Sessions
);

/// <summary>What would go now.</summary>
/// <param name="LegalHold">Nothing goes while it stands, whatever the rows say.</param>
/// <param name="Bytes">An estimate.</param>
public sealed record RetentionPreview(
    DateTimeOffset At,
    int? RunDays,
    int? StepDays,
    int? ContentDays,
    int? LivenessDays,
    int? SessionDays,
    bool LegalHold,
    long Count,
    long Bytes,
    IReadOnlyList<RetentionRow> Rows
);

/// <param name="Kind"><c>runs</c>, <c>steps</c>, <c>content</c>, <c>liveness</c> or <c>sessions</c>.</param>
public sealed record RetentionRow(string Kind, string? Team, long Count, DateTimeOffset Oldest, DateTimeOffset Newest, long Bytes);
